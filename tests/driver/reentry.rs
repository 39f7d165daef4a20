//! L14: a callback may arm, cancel and move any timer, itself included, and end the driver.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use tickwheel::{CallbackGuard, CallbackStatus, Driver, Handle, TimerEvent, TimerHeap};

use crate::common::{LONG, MS, OnDrop, at_ms, by_hand, on_both, without_hanging};

#[test]
fn l14_a_callback_arms_cancels_and_moves_others() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        let (sender, receiver) = mpsc::channel();
        let call = |name: &'static str| {
            let sender = sender.clone();
            move |event: TimerEvent| sender.send((name, event.now)).unwrap()
        };
        let cancelled = timers.call_at(at_ms(7), call("cancelled")).unwrap();
        let later = timers.call_at(at_ms(7), call("later")).unwrap();
        let earlier = timers.call_at(at_ms(70), call("earlier")).unwrap();
        let (handle, new) = (timers.handle(), call("new"));
        let all = move |_: TimerEvent| {
            assert_eq!(cancelled.cancel(), CallbackStatus::Pending);
            assert_eq!(later.reset(at_ms(20)), CallbackStatus::Pending);
            assert_eq!(earlier.reset(at_ms(8)), CallbackStatus::Pending);
            handle.call_at(at_ms(9), new).unwrap().detach();
            later.detach();
            earlier.detach();
        };
        timers.call_at(at_ms(5), all).unwrap().detach();
        clock.advance_to(at_ms(100));
        let fired: Vec<_> = receiver.try_iter().collect();
        assert_eq!(fired, [("earlier", at_ms(8)), ("new", at_ms(9)), ("later", at_ms(20))]);
        assert_eq!((timers.pending(), timers.metrics().panics), (0, 0));
    });
}

/// A guard that its own callback can get at.
type Own = Arc<OnceLock<CallbackGuard>>;

#[test]
fn l14_a_periodic_callback_moves_itself_once() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        let (sender, receiver) = mpsc::channel();
        let own = Own::default();
        let itself = own.clone();
        let call = move |event: TimerEvent| {
            sender.send(event.due).unwrap();
            if event.due == at_ms(10) {
                assert_eq!(itself.get().unwrap().reset(at_ms(17)), CallbackStatus::Running);
            }
        };
        own.set(timers.call_every(5 * MS, call).unwrap()).unwrap();
        clock.advance_to(at_ms(30));
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [5, 10, 17, 22, 27].map(at_ms));
        own.get().unwrap().cancel(); // Its closure holds its guard.
    });
}

#[test]
fn l14_a_callback_cancels_itself_and_does_not_wait_for_itself() {
    on_both(|spawn| {
        without_hanging(move || {
            let (builder, clock) = by_hand();
            let timers = spawn(builder);
            let (sender, receiver) = mpsc::channel();
            let own = Own::default();
            let itself = own.clone();
            let call = move |_: TimerEvent| {
                let own = itself.get().unwrap();
                sender.send((own.status(), own.cancel_and_wait(), own.reset(at_ms(50)))).unwrap();
            };
            own.set(timers.call_every(5 * MS, call).unwrap()).unwrap();
            clock.advance_to(at_ms(100));
            assert_eq!(
                receiver.iter().collect::<Vec<_>>(),
                [(CallbackStatus::Running, CallbackStatus::Running, CallbackStatus::Running)]
            );
            assert_eq!(own.get().unwrap().cancel_and_wait(), CallbackStatus::Over);
        });
    });
}

#[test]
fn l14_a_guard_dropped_in_its_own_callback_ends_it() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        let runs = Arc::new(AtomicU32::new(0));
        let held: Arc<Mutex<Option<CallbackGuard>>> = Arc::default();
        let (itself, counted) = (held.clone(), runs.clone());
        let call = move |_: TimerEvent| {
            counted.fetch_add(1, Ordering::Relaxed);
            drop(itself.lock().unwrap().take());
        };
        *held.lock().unwrap() = Some(timers.call_every(MS, call).unwrap());
        clock.advance(10 * MS);
        assert_eq!((runs.load(Ordering::Relaxed), timers.pending()), (1, 0));
    });
}

#[test]
fn l14_arming_for_now_fires_in_a_later_turn() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        let (sender, receiver) = mpsc::channel();
        again(timers.handle(), 5, sender);
        let before = timers.metrics();
        clock.advance(Duration::ZERO);
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [5, 4, 3, 2, 1, 0]);
        let after = timers.metrics();
        assert_eq!((after.fired - before.fired, after.turns - before.turns), (6, 6));
    });
}

/// Is armed for now again, `more` times.
fn again(timers: Handle, more: u32, sender: mpsc::Sender<u32>) {
    let handle = timers.clone();
    let call = move |_: TimerEvent| {
        sender.send(more).unwrap();
        if more > 0 {
            again(handle, more - 1, sender);
        }
    };
    timers.call_at(timers.now(), call).unwrap().detach();
}

#[test]
fn l14_arming_itself_for_now_without_end_holds_up_neither_the_clock_nor_others() {
    fn for_ever(timers: Handle) {
        let handle = timers.clone();
        // Once the driver was shut down it is not armed, and so it ends.
        let armed = timers.call_at(timers.now(), move |_| for_ever(handle));
        if let Ok(guard) = armed {
            guard.detach();
        }
    }
    on_both(|spawn| {
        without_hanging(move || {
            let (builder, clock) = by_hand();
            let timers = spawn(builder);
            let (sender, receiver) = mpsc::channel();
            for_ever(timers.handle());
            timers.call_at(at_ms(5), move |_| sender.send(()).unwrap()).unwrap().detach();
            clock.advance(10 * MS);
            assert_eq!(receiver.try_iter().count(), 1);
            assert_eq!(timers.pending(), 1);
        });
    });
}

#[test]
fn l14_a_periodic_callback_never_overlaps_itself() {
    let timers = Driver::builder().callback_pool(4).shards(2).spawn(TimerHeap::new()).unwrap();
    let (sender, receiver) = mpsc::channel();
    let is_running = Arc::new(AtomicBool::new(false));
    let guard = timers.call_every(Duration::from_micros(50), move |_| {
        let overlaps = is_running.swap(true, Ordering::SeqCst);
        // Longer than its period, so that the next tick is due while it runs.
        let end = std::time::Instant::now() + Duration::from_micros(200);
        while std::time::Instant::now() < end {
            thread::yield_now();
        }
        is_running.store(false, Ordering::SeqCst);
        let _ = sender.send(overlaps);
    });
    for _ in 0..200 {
        assert!(!receiver.recv_timeout(LONG).unwrap());
    }
    assert_ne!(guard.unwrap().cancel_and_wait(), CallbackStatus::Over);
}

/// Gives a driver to a callback of its own, and says what came of the rest: whether the other callback was dropped, and
/// the callback's thread has ended.
fn dropped_in_its_own_callback(driver: Driver) {
    let handle = driver.handle();
    let (give, take) = mpsc::channel::<Driver>();
    let (done, is_done) = mpsc::channel();
    let (dropped, is_dropped) = mpsc::channel();
    let on_drop = OnDrop(move || dropped.send(()).unwrap());
    let other = handle.call_after(Duration::from_secs(3600), move |_| drop(on_drop)).unwrap();
    let weak_thread = Arc::new(());
    let alive = Arc::downgrade(&weak_thread);
    let call = move |_: TimerEvent| {
        thread_local! {
            static ALIVE: std::cell::RefCell<Option<Arc<()>>> = const { std::cell::RefCell::new(None) };
        }
        ALIVE.set(Some(weak_thread));
        drop(take.recv().unwrap());
        done.send(()).unwrap();
    };
    handle.call_after(MS, call).unwrap().detach();
    give.send(driver).unwrap();
    is_done.recv_timeout(LONG).expect("dropping the driver in its own callback hangs");
    is_dropped.recv_timeout(LONG).unwrap();
    assert_eq!(other.status(), CallbackStatus::Over);
    assert!(handle.is_closed());
    assert!(handle.call_after(MS, |_| {}).is_err());
    // The thread ends by itself: its thread-local is dropped.
    let end = std::time::Instant::now() + LONG;
    while alive.strong_count() > 0 {
        assert!(std::time::Instant::now() < end, "the thread goes on");
        thread::yield_now();
    }
}

#[test]
fn l14_the_driver_is_dropped_in_its_own_callback_on_its_thread() {
    on_both(|spawn| dropped_in_its_own_callback(spawn(Driver::builder())));
}

#[test]
fn l14_the_driver_is_dropped_in_its_own_callback_on_the_pool() {
    on_both(|spawn| dropped_in_its_own_callback(spawn(Driver::builder().callback_pool(2).shards(2))));
}

#[test]
fn l14_the_driver_is_dropped_in_its_own_callback_as_the_clock_is_moved() {
    for pool in [0, 1, 2] {
        on_both(|spawn| {
            without_hanging(move || {
                let (builder, clock) = by_hand();
                let driver = spawn(builder.callback_pool(pool));
                let handle = driver.handle();
                let (dropped, drops) = mpsc::channel();
                let call = move |_: TimerEvent| drop(driver);
                handle.call_at(at_ms(5), call).unwrap().detach();
                // These are due with it: with one of them the shut-down comes first.
                let others: Vec<_> = (0..10)
                    .map(|_| {
                        let dropped = dropped.clone();
                        let on_drop = OnDrop(move || dropped.send(()).unwrap());
                        handle.call_at(at_ms(5), move |_| drop(on_drop)).unwrap()
                    })
                    .collect();
                clock.advance(10 * MS);
                assert!(handle.is_closed());
                assert_eq!(drops.try_iter().count(), 10, "each was called or dropped");
                assert!(others.iter().all(|guard| guard.status() == CallbackStatus::Over));
                assert_eq!(handle.metrics().panics, 0);
            });
        });
    }
}

#[test]
fn l14_l31_what_is_due_with_the_shut_down_is_dropped_and_not_called() {
    let (builder, clock) = by_hand();
    let driver = builder.spawn(TimerHeap::new()).unwrap();
    let handle = driver.handle();
    let (sender, receiver) = mpsc::channel::<()>();
    handle.call_at(at_ms(5), move |_| drop(driver)).unwrap().detach();
    handle.call_at(at_ms(5), move |_| sender.send(()).unwrap()).unwrap().detach();
    clock.advance(10 * MS);
    assert_eq!(receiver.recv(), Err(mpsc::RecvError), "its closure is gone, and it was not called");
}

/// Two callbacks, each on a thread of its own, that are both running and then cancel each other and wait.
fn wait_for_each_other(first: &Handle, second: &Handle) {
    let guards: Arc<[OnceLock<CallbackGuard>; 2]> = Arc::default();
    let (both, (sender, receiver)) = (Arc::new(Barrier::new(3)), mpsc::channel());
    for (own, timers) in [first, second].into_iter().enumerate() {
        let (others, both, sender) = (guards.clone(), both.clone(), sender.clone());
        let call = move |_: TimerEvent| {
            both.wait();
            let other = others[1 - own].get().unwrap();
            sender.send((other.cancel_and_wait(), other.status())).unwrap();
        };
        guards[own].set(timers.call_every(MS, call).unwrap()).unwrap();
    }
    both.wait();
    let mut said = [receiver.recv_timeout(LONG).unwrap(), receiver.recv_timeout(LONG).unwrap()];
    said.sort_by_key(|(_, after)| *after == CallbackStatus::Over);
    // The one that asked last did not wait; the other waited until that had ended.
    assert_eq!(
        said,
        [(CallbackStatus::Running, CallbackStatus::Running), (CallbackStatus::Running, CallbackStatus::Over)]
    );
    for guard in &*guards {
        assert_ne!(guard.get().unwrap().cancel_and_wait(), CallbackStatus::Pending, "both were cancelled");
    }
}

#[test]
fn l14_two_callbacks_on_a_pool_that_wait_for_each_other_do_not_wait_for_ever() {
    on_both(|spawn| {
        let timers = spawn(Driver::builder().callback_pool(2));
        wait_for_each_other(&timers, &timers);
    });
}

#[test]
fn l14_two_callbacks_of_two_drivers_that_wait_for_each_other_do_not_wait_for_ever() {
    on_both(|spawn| {
        let (one, other) = (spawn(Driver::builder()), spawn(Driver::builder()));
        wait_for_each_other(&one, &other);
    });
}

#[test]
fn l14_three_callbacks_that_wait_in_a_ring_do_not_wait_for_ever() {
    let timers = Driver::builder().callback_pool(3).spawn(TimerHeap::new()).unwrap();
    let guards: Arc<[OnceLock<CallbackGuard>; 3]> = Arc::default();
    let (all, (sender, receiver)) = (Arc::new(Barrier::new(4)), mpsc::channel());
    for own in 0..3 {
        let (others, all, sender) = (guards.clone(), all.clone(), sender.clone());
        let call = move |_: TimerEvent| {
            all.wait();
            sender.send(others[(own + 1) % 3].get().unwrap().cancel_and_wait()).unwrap();
        };
        guards[own].set(timers.call_after(MS, call).unwrap()).unwrap();
    }
    all.wait();
    let said: Vec<_> = (0..3).map(|_| receiver.recv_timeout(LONG).unwrap()).collect();
    assert_eq!(said, [CallbackStatus::Running; 3]);
}
