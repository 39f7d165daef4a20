//! L13 and L20: nothing of the user's runs under a lock, and a turn takes the locks of shards with something due only.

use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

use tickwheel::{CallbackGuard, CallbackStatus, Driver, Handle, LoopDriver, TimerEvent, TimerHeap, Timestamp};

use crate::common::{LONG, MS, OnDrop, at_ms, by_hand, on_both, without_hanging};
use crate::hooked::Hooked;

/// Uses the shard that `handle` arms on in every way. It hangs if this thread holds that shard's lock.
fn use_shard(handle: &Handle) {
    if let Ok(guard) = handle.call_after(3_600_000 * MS, |_| {}) {
        guard.reset_after(60_000 * MS);
        guard.cancel();
    }
    let _ = (handle.pending(), handle.metrics());
}

/// Uses a callback's node in every way. It hangs if this thread holds that node's lock.
fn use_guard(guard: &CallbackGuard) {
    let _ = (guard.status(), guard.deadline(), guard.reset_after(60_000 * MS));
    guard.cancel_and_wait();
}

#[test]
fn l13_a_callback_uses_its_own_shard_and_its_own_guard() {
    on_both(|spawn| {
        without_hanging(move || {
            let (builder, clock) = by_hand();
            let timers = spawn(builder);
            let (give, own) = mpsc::channel::<CallbackGuard>();
            let (ran, has_run) = mpsc::channel();
            let handle = timers.handle();
            let guard = timers.call_every(MS, move |_| {
                use_shard(&handle);
                let own = own.recv().unwrap();
                use_guard(&own);
                ran.send(own.cancel_and_wait()).unwrap();
            });
            give.send(guard.unwrap()).unwrap();
            clock.advance(5 * MS);
            assert_eq!(has_run.try_iter().collect::<Vec<_>>(), [CallbackStatus::Running]);
            assert_eq!((timers.pending(), timers.metrics().panics), (0, 0));
        });
    });
}

#[test]
fn l13_the_drop_of_a_closure_uses_its_own_shard_and_its_own_guard() {
    on_both(|spawn| {
        without_hanging(move || {
            let (builder, clock) = by_hand();
            let mut timers = Some(spawn(builder));
            let handle = timers.as_ref().unwrap().handle();
            let (dropped, drops) = mpsc::channel();
            // Armed with a closure whose drop uses its own guard, which another thread could hold.
            let arm = |due: Timestamp| {
                let own = Arc::new(std::sync::OnceLock::<CallbackGuard>::new());
                let (held, handle, dropped) = (own.clone(), handle.clone(), dropped.clone());
                let on_drop = OnDrop(move || {
                    use_shard(&handle);
                    held.get().map(use_guard).unwrap();
                    dropped.send(()).unwrap();
                });
                let call = move |_: TimerEvent| {
                    let _kept = &on_drop;
                };
                own.set(timers.as_ref().unwrap().call_at(due, call).unwrap()).unwrap();
                own
            };
            let fires = arm(at_ms(1));
            clock.advance(MS);
            assert_eq!(drops.try_iter().count(), 1, "after it has fired");
            let cancelled = arm(at_ms(9));
            cancelled.get().unwrap().cancel();
            assert_eq!(drops.try_iter().count(), 1, "as it is cancelled");
            let left = arm(at_ms(9));
            drop(timers.take());
            assert_eq!(drops.try_iter().count(), 1, "as the driver is shut down");
            assert_eq!([fires, cancelled, left].map(|own| own.get().unwrap().status()), [CallbackStatus::Over; 3]);
        });
    });
}

#[test]
fn l13_what_wakes_an_event_loop_and_what_hears_of_panics_use_the_driver() {
    without_hanging(|| {
        let handles: Arc<std::sync::OnceLock<Handle>> = Arc::default();
        let (earlier, panicked) = (handles.clone(), handles.clone());
        let (told, tolds) = mpsc::channel();
        let other = told.clone();
        let (builder, clock) = by_hand();
        let timers: LoopDriver = builder
            .on_panic(move |_| {
                panicked.get().map(use_shard).unwrap();
                other.send("panic").unwrap();
            })
            .for_event_loop(TimerHeap::new(), move || {
                earlier.get().map(use_shard).unwrap();
                told.send("earlier").unwrap();
            })
            .unwrap();
        assert!(handles.set(timers.handle()).is_ok());
        assert_eq!(timers.next_turn(), None);
        timers.call_after(MS, |_| panic!("on purpose")).unwrap().detach();
        assert_eq!(tolds.try_recv(), Ok("earlier"));
        clock.advance(MS);
        assert_eq!(timers.turn(clock_now(&timers)).fired, 1);
        assert_eq!(tolds.try_recv(), Ok("panic"));
    });
}

fn clock_now(timers: &LoopDriver) -> Timestamp {
    timers.now()
}

#[test]
fn l13_a_panic_in_what_wakes_an_event_loop_leaves_nothing_armed() {
    let (builder, _clock) = by_hand();
    let timers = builder.for_event_loop(TimerHeap::new(), || panic!("on purpose")).unwrap();
    assert_eq!(timers.next_turn(), None);
    let armed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| timers.call_after(MS, |_| {})));
    assert!(armed.is_err(), "it goes to who arms");
    assert_eq!(timers.pending(), 0);
}

#[test]
fn l13_l15_a_panic_in_what_wakes_an_event_loop_leaves_the_pool_alive() {
    let clock = tickwheel::ManualClock::new();
    let builder = Driver::builder().clock(clock.clone()).callback_pool(1);
    let timers = builder.for_event_loop(TimerHeap::new(), || panic!("on purpose")).unwrap();
    let (sender, receiver) = mpsc::channel();
    let waiting = Arc::new(Barrier::new(2));
    let met = waiting.clone();
    let tick = timers.call_every(MS, move |_| {
        met.wait();
        met.wait();
        sender.send(()).unwrap();
    });
    for round in 1..=3 {
        clock.advance(MS);
        assert_eq!(timers.turn(timers.now()).fired, 1, "round {round}");
        waiting.wait();
        // The loop sleeps for ever: when the run ends it is told of the next one.
        assert_eq!(timers.next_turn(), None);
        waiting.wait();
        receiver.recv_timeout(LONG).unwrap();
        while timers.metrics().panics < round {
            thread::yield_now();
        }
    }
    drop(tick);
}

#[test]
fn l20_a_turn_takes_no_lock_of_a_shard_with_nothing_due() {
    let (reached, is_reached) = mpsc::channel();
    let gate = Arc::new(Barrier::new(2));
    let held = gate.clone();
    // Arming for the end of time waits, under the shard's lock, until the test lets it go on.
    let timer = Hooked::new(
        move |deadline| {
            if deadline.soft() == Timestamp::MAX {
                reached.send(()).unwrap();
                held.wait();
            }
            deadline
        },
        || {},
    );
    let timers = Driver::builder().shards(3).spawn(timer).unwrap();
    // Shard 1 has a timer, far away, and somebody holds its lock.
    timers.on_shard(1).call_after(Duration::from_secs(3600), |_| {}).unwrap().detach();
    let holder = {
        let shard = timers.on_shard(1);
        thread::spawn(move || shard.call_at(Timestamp::MAX, |_| {}).unwrap().detach())
    };
    is_reached.recv_timeout(LONG).unwrap();
    let (sender, receiver) = mpsc::channel();
    for shard in [0, 2] {
        let sender = sender.clone();
        timers.on_shard(shard).call_after(2 * MS, move |_| sender.send(shard).unwrap()).unwrap().detach();
    }
    let mut fired = [receiver.recv_timeout(LONG).expect("the turn hangs"), receiver.recv_timeout(LONG).unwrap()];
    fired.sort();
    assert_eq!(fired, [0, 2]);
    gate.wait();
    holder.join().unwrap();
}
