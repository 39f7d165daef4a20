//! L28: a clock that is moved by hand, by any number of threads and from anywhere.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use tickwheel::{
    Clock, Driver, Handle, ManualClock, Resolution, TaskKind, TimerEvent, TimerHeap, TimerWheel, Timestamp,
};

use crate::common::{MS, at_ms, by_hand, on_both, without_hanging};

#[test]
fn l28_step_by_step_with_what_each_step_fired() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder.shards(3));
        for (n, ms) in [5, 9, 5, 700].into_iter().enumerate() {
            timers.on_shard(n % 3).call_at(at_ms(ms), |_| {}).unwrap().detach();
        }
        let mut stops = BTreeMap::new();
        while let Some(step) = clock.step() {
            assert_eq!(clock.now(), step.now);
            assert!(step.fired.iter().all(|fired| (fired.expiry, fired.kind) == (step.now, TaskKind::Callback)));
            *stops.entry(step.now).or_insert(0) += step.fired.len();
        }
        stops.retain(|_, fired| *fired > 0);
        assert_eq!(stops, [(at_ms(5), 2), (at_ms(9), 1), (at_ms(700), 1)].into());
    });
}

#[test]
fn l28_what_a_callback_arms_on_the_way_fires_at_its_own_time() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        let (sender, receiver) = mpsc::channel();
        fn chain(timers: Handle, left: u32, sender: mpsc::Sender<Timestamp>) {
            let handle = timers.clone();
            let call = move |event: TimerEvent| {
                sender.send(event.now).unwrap();
                if left > 1 {
                    chain(handle, left - 1, sender);
                }
            };
            timers.call_after(7 * MS, call).unwrap().detach();
        }
        chain(timers.handle(), 5, sender);
        assert_eq!(clock.advance(30 * MS), at_ms(30));
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [7, 14, 21, 28].map(at_ms));
        let (step, _) = (clock.step().unwrap(), assert_eq!(clock.now(), at_ms(35)));
        assert_eq!(step.now, at_ms(35));
        assert_eq!((receiver.recv(), clock.step()), (Ok(at_ms(35)), None));
    });
}

#[test]
fn l28_callbacks_of_the_pool_have_run_when_the_clock_has_moved() {
    on_both(|spawn| {
        without_hanging(move || {
            for pool in [1, 2, 4] {
                let (builder, clock) = by_hand();
                let timers = spawn(builder.callback_pool(pool).shards(2));
                let runs = Arc::new(AtomicU64::new(0));
                for n in 0..500 {
                    let runs = runs.clone();
                    let call = move |event: TimerEvent| {
                        thread::yield_now();
                        assert_eq!(event.now, event.due, "the clock stands while it is called");
                        runs.fetch_add(1, Ordering::Relaxed);
                    };
                    timers.on_shard(n % 2).call_at(at_ms(n as u64 / 5), call).unwrap().detach();
                }
                for ms in 0..100 {
                    clock.advance_to(at_ms(ms));
                    assert_eq!(runs.load(Ordering::Relaxed), 5 * (ms + 1));
                }
                assert_eq!(timers.metrics().panics, 0);
            }
        });
    });
}

#[test]
fn l28_several_threads_move_the_clock_and_each_callback_sees_its_own_time() {
    on_both(|spawn| {
        without_hanging(move || {
            for pool in [0, 2] {
                let (builder, clock) = by_hand();
                let timers = spawn(builder.callback_pool(pool).shards(3));
                let fired: Arc<Mutex<BTreeMap<u64, u32>>> = Arc::default();
                for n in 0..2_000 {
                    let (fired, seen) = (fired.clone(), clock.clone());
                    let call = move |event: TimerEvent| {
                        thread::yield_now();
                        // Nobody moves the clock on before it has run.
                        assert_eq!((event.now, seen.now()), (event.due, event.due));
                        *fired.lock().unwrap().entry(n).or_insert(0) += 1;
                    };
                    timers.on_shard(n as usize % 3).call_at(at_ms(n), call).unwrap().detach();
                }
                thread::scope(|scope| {
                    for offset in 0..4 {
                        let (clock, fired) = (&clock, &fired);
                        scope.spawn(move || {
                            for ms in (offset..2_000).step_by(37) {
                                clock.advance_to(at_ms(ms));
                                let fired = fired.lock().unwrap();
                                assert!((0..=ms).all(|n| fired.contains_key(&n)), "all that was due by {ms} has run");
                            }
                        });
                    }
                });
                clock.advance_to(at_ms(2_000));
                let fired = fired.lock().unwrap();
                assert!(fired.len() == 2_000 && fired.values().all(|runs| *runs == 1));
                assert_eq!(timers.metrics().panics, 0);
            }
        });
    });
}

#[test]
fn l28_a_callback_moves_the_clock() {
    on_both(|spawn| {
        without_hanging(move || {
            for pool in [0, 1, 2] {
                let (builder, clock) = by_hand();
                let timers = spawn(builder.callback_pool(pool));
                let (sender, receiver) = mpsc::channel();
                let (other, own) = (sender.clone(), clock.clone());
                timers
                    .call_at(at_ms(5), move |_| {
                        own.advance(10 * MS);
                    })
                    .unwrap()
                    .detach();
                timers.call_at(at_ms(8), move |event| other.send(event.due).unwrap()).unwrap().detach();
                timers.call_at(at_ms(20), move |event| sender.send(event.due).unwrap()).unwrap().detach();
                clock.advance_to(at_ms(12));
                assert_eq!(clock.now(), at_ms(15), "its callback had gone further");
                assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [at_ms(8)]);
                clock.advance_to(at_ms(20));
                assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [at_ms(20)]);
                assert_eq!(timers.metrics().panics, 0);
            }
        });
    });
}

#[test]
fn l28_several_drivers_on_one_clock_whose_callbacks_move_it() {
    without_hanging(|| {
        let clock = ManualClock::new();
        let coarse = Driver::builder().clock(clock.clone()).callback_pool(1);
        let coarse = coarse.spawn(TimerWheel::new(Resolution::MILLISECOND)).unwrap();
        let precise = Driver::builder().clock(clock.clone()).callback_pool(1).spawn(TimerHeap::new()).unwrap();
        let (sender, receiver) = mpsc::channel();
        // Both are called at one moment, each on its driver's pool, and each moves the clock.
        for timers in [&coarse, &precise] {
            for ms in 1..50 {
                let (own, sender) = (clock.clone(), sender.clone());
                let call = move |_: TimerEvent| {
                    own.advance(MS / 2);
                    sender.send(()).unwrap();
                };
                timers.call_at(at_ms(ms), call).unwrap().detach();
            }
        }
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| clock.advance_to(at_ms(50)));
            }
        });
        assert_eq!(receiver.try_iter().count(), 98);
    });
}

#[test]
fn l28_with_one_thread_every_run_is_the_same() {
    on_both(|spawn| {
        let run = || {
            let (builder, clock) = by_hand();
            let timers = spawn(builder);
            let log: Arc<Mutex<Vec<(u32, Timestamp)>>> = Arc::default();
            let mut random = fastrand::Rng::with_seed(3);
            let guards: Vec<_> = (0..200)
                .map(|n| {
                    let log = log.clone();
                    let every = Duration::from_micros(random.u64(100..50_000));
                    let call = move |event: TimerEvent| log.lock().unwrap().push((n, event.now));
                    timers.call_every(every, call).unwrap()
                })
                .collect();
            clock.advance(500 * MS);
            drop(guards);
            let log = log.lock().unwrap();
            log.clone()
        };
        let (first, second) = (run(), run());
        assert!(first.len() > 2_000);
        assert_eq!(first, second);
    });
}
