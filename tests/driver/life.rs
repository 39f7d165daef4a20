//! L31 and L32: shutting down, pausing and resuming.

use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use tickwheel::{ArmErrorReason, CallbackStatus, Driver, DriverBuilder, LoopDriver, TimerEvent, TimerHeap};

use crate::common::{LONG, MS, OnDrop, at_ms, by_hand, on_both, without_hanging};

/// A closure that says on a channel whether it was called or only dropped.
fn tells(sender: &mpsc::Sender<&'static str>) -> impl FnOnce(TimerEvent) + Send + 'static {
    let (called, dropped) = (sender.clone(), sender.clone());
    let on_drop = OnDrop(move || dropped.send("dropped").unwrap());
    move |_| {
        called.send("called").unwrap();
        drop(on_drop);
    }
}

#[test]
fn l31_what_is_armed_is_dropped_and_arming_gives_the_value_back() {
    on_both(|spawn| {
        for builder in [Driver::builder(), by_hand().0, Driver::builder().callback_pool(2).shards(3)] {
            let timers = spawn(builder);
            let handle = timers.handle();
            let (sender, receiver) = mpsc::channel();
            let hour = Duration::from_secs(3600);
            let guards: Vec<_> = (0..100)
                .map(|n| handle.on_shard(n % handle.shards()).call_after(hour, tells(&sender)).unwrap())
                .collect();
            assert!(!handle.is_closed());
            timers.shutdown();
            assert!(handle.is_closed());
            assert!(receiver.try_iter().eq(std::iter::repeat_n("dropped", 100)));
            for guard in guards {
                assert_eq!((guard.status(), guard.cancel_and_wait()), (CallbackStatus::Over, CallbackStatus::Over));
                assert_eq!(guard.reset_after(MS), CallbackStatus::Over);
            }
            let metrics = handle.metrics();
            assert_eq!((metrics.armed, metrics.cancelled, metrics.fired, metrics.pending), (100, 100, 0, 0));

            let error = handle.call_after(MS, tells(&sender)).unwrap_err();
            assert_eq!(error.reason(), ArmErrorReason::Closed);
            assert_eq!(error.to_string(), "the driver was shut down");
            error.into_value()(event(&spawn));
            assert_eq!(receiver.try_iter().collect::<Vec<_>>(), ["called", "dropped"], "it came back whole");
            assert_eq!(handle.call_every(MS, |_| {}).unwrap_err().reason(), ArmErrorReason::Closed);
        }
    });
}

/// Some firing, to call a closure with.
fn event(spawn: &crate::common::Spawn) -> TimerEvent {
    let (builder, clock) = by_hand();
    let timers = spawn(builder);
    let (sender, receiver) = mpsc::channel();
    timers.call_after(MS, move |event| sender.send(event).unwrap()).unwrap().detach();
    clock.advance(MS);
    receiver.recv().unwrap()
}

#[test]
fn l31_shutting_down_waits_for_callbacks_that_run() {
    for pool in [0, 2] {
        on_both(|spawn| {
            let timers = spawn(Driver::builder().callback_pool(pool));
            let met = Arc::new(Barrier::new(2));
            let (sender, receiver) = mpsc::channel();
            let (begun, closing) = (met.clone(), timers.handle());
            let slow = move |_: TimerEvent| {
                begun.wait();
                while !closing.is_closed() {
                    thread::yield_now();
                }
                sender.send(()).unwrap();
            };
            timers.call_after(Duration::ZERO, slow).unwrap().detach();
            met.wait();
            timers.shutdown();
            assert!(receiver.try_recv().is_ok(), "it had ended");
        });
    }
}

#[test]
fn l31_a_periodic_callback_that_runs_as_the_driver_ends_is_over() {
    let timers = Driver::spawn(TimerHeap::new()).unwrap();
    let handle = timers.handle();
    let (begun, has_begun) = mpsc::channel();
    let guard = timers.call_every(MS, move |_| {
        let _ = begun.send(());
        while !handle.is_closed() {
            thread::yield_now();
        }
    });
    has_begun.recv_timeout(LONG).unwrap();
    timers.shutdown();
    assert_eq!(guard.unwrap().status(), CallbackStatus::Over);
    assert!(has_begun.recv_timeout(LONG).is_err(), "its closure is gone");
}

#[test]
fn l31_shutting_down_drops_what_waits_for_the_pool() {
    on_both(|spawn| {
        without_hanging(move || {
            let timers = spawn(Driver::builder().callback_pool(1));
            let met = Arc::new(Barrier::new(2));
            let (sender, receiver) = mpsc::channel();
            let (begun, closing) = (met.clone(), timers.handle());
            // The one thread of the pool is at it until the driver was shut down.
            let slow = move |_: TimerEvent| {
                begun.wait();
                while !closing.is_closed() {
                    thread::yield_now();
                }
            };
            timers.call_after(Duration::ZERO, slow).unwrap().detach();
            met.wait();
            let guards: Vec<_> = (0..100).map(|_| timers.call_after(Duration::ZERO, tells(&sender)).unwrap()).collect();
            while timers.pending() > 0 {
                thread::yield_now();
            }
            drop(sender);
            timers.shutdown();
            assert!(receiver.iter().eq(std::iter::repeat_n("dropped", 100)));
            assert!(guards.iter().all(|guard| guard.status() == CallbackStatus::Over));
        });
    });
}

#[test]
fn l31_shutting_down_while_another_thread_moves_the_clock() {
    for pool in [0, 1, 2] {
        on_both(|spawn| {
            without_hanging(move || {
                for round in 0..50 {
                    let (builder, clock) = by_hand();
                    let timers = spawn(builder.callback_pool(pool));
                    let (sender, receiver) = mpsc::channel();
                    let (begun, has_begun) = mpsc::channel();
                    for n in 0..100 {
                        let (tells, begun) = (tells(&sender), begun.clone());
                        let call = move |event| {
                            let _ = begun.send(());
                            tells(event);
                        };
                        timers.call_at(at_ms(1 + n / 10), call).unwrap().detach();
                    }
                    drop(sender);
                    let moving = thread::spawn(move || clock.advance(100 * MS));
                    (0..round).for_each(|_| has_begun.recv_timeout(LONG).unwrap());
                    timers.shutdown();
                    let dropped = receiver.try_iter().filter(|what| *what == "dropped").count();
                    assert_eq!(dropped, 100, "each closure is gone when it returns");
                    moving.join().unwrap();
                }
            });
        });
    }
}

#[test]
fn l31_an_event_loops_driver_shuts_down_too() {
    let timers: LoopDriver = Driver::builder().callback_pool(1).for_event_loop(TimerHeap::new(), || {}).unwrap();
    let handle = timers.handle();
    let (sender, receiver) = mpsc::channel();
    let guard = timers.call_after(Duration::from_secs(3600), tells(&sender)).unwrap();
    timers.shutdown();
    assert_eq!((receiver.try_recv(), guard.status()), (Ok("dropped"), CallbackStatus::Over));
    assert!(handle.is_closed() && handle.call_after(MS, |_| {}).is_err());
}

/// The threads of this process that have a name of this front.
#[cfg(target_os = "linux")]
fn threads_named(front: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
    names.filter(|name| name.starts_with(front)).count()
}

/// Waits for the threads to be as many: a thread has its name soon after it was started, and is gone soon after it was
/// joined.
#[cfg(target_os = "linux")]
fn threads_come_to(front: &str, count: usize) {
    let end = std::time::Instant::now() + LONG;
    while threads_named(front) != count {
        assert!(std::time::Instant::now() < end, "{} threads, not {count}", threads_named(front));
        thread::yield_now();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn l32_a_paused_driver_has_no_threads_and_keeps_its_timers() {
    for (pool, name) in [(0, "paused-a"), (2, "paused-b")] {
        let builder = || Driver::builder().thread_name(name).callback_pool(pool).shards(2);
        let mut timers = builder().spawn(TimerHeap::new()).unwrap();
        threads_come_to(name, 1 + pool);
        let (sender, receiver) = mpsc::channel();
        timers.call_after(10 * MS, tells(&sender)).unwrap().detach();
        timers.pause().unwrap();
        threads_come_to(name, 0);
        timers.pause().unwrap();
        // They can be armed, moved and cancelled meanwhile.
        let cancelled = timers.call_after(MS, tells(&sender)).unwrap();
        let moved = timers.call_after(Duration::from_secs(3600), tells(&sender)).unwrap();
        let soon = timers.now() + 2 * MS;
        assert_eq!((cancelled.cancel(), moved.reset(soon)), (CallbackStatus::Pending, CallbackStatus::Pending));
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), ["dropped"]);
        while timers.now() < soon + 10 * MS {
            thread::yield_now();
        }
        assert_eq!((timers.pending(), receiver.try_recv()), (2, Err(mpsc::TryRecvError::Empty)));
        timers.resume().unwrap();
        timers.resume().unwrap();
        threads_come_to(name, 1 + pool);
        let mut said: Vec<_> = (0..4).map(|_| receiver.recv_timeout(LONG).unwrap()).collect();
        said.sort();
        assert_eq!(said, ["called", "called", "dropped", "dropped"]);
        timers.pause().unwrap();
        drop(timers);
        threads_come_to(name, 0);
    }
}

#[test]
fn l32_a_paused_driver_on_a_clock_moved_by_hand_is_not_turned() {
    for pool in [0, 2] {
        on_both(|spawn| {
            without_hanging(move || {
                let (builder, clock) = by_hand();
                let mut timers = spawn(builder.callback_pool(pool));
                let (sender, receiver) = mpsc::channel();
                timers.call_at(at_ms(5), tells(&sender)).unwrap().detach();
                timers.pause().unwrap();
                clock.advance(10 * MS);
                assert_eq!(clock.step(), None);
                assert!(receiver.try_recv().is_err());
                timers.resume().unwrap();
                clock.advance(Duration::ZERO);
                assert_eq!(receiver.try_iter().collect::<Vec<_>>(), ["called", "dropped"]);
                timers.call_at(at_ms(50), tells(&sender)).unwrap().detach();
                timers.pause().unwrap();
                timers.shutdown();
                assert_eq!(receiver.try_iter().collect::<Vec<_>>(), ["dropped"]);
            });
        });
    }
}

/// Pauses a driver in a callback of its own, and gives what that said.
fn paused_in_its_own_callback(builder: DriverBuilder, spawn: crate::common::Spawn, go: impl FnOnce()) -> String {
    let driver = Arc::new(Mutex::new(None));
    let own = driver.clone();
    let (sender, receiver) = mpsc::channel();
    let call = move |_: TimerEvent| {
        let mut own = own.lock().unwrap();
        let own: &mut Driver = Option::as_mut(&mut *own).unwrap();
        sender.send(own.pause().unwrap_err().to_string()).unwrap();
    };
    let mut held = driver.lock().unwrap();
    let timers = held.insert(spawn(builder));
    timers.call_after(MS, call).unwrap().detach();
    let handle = timers.handle();
    drop(held);
    go();
    let said = receiver.recv_timeout(LONG).unwrap();
    // Nothing was done: it goes on.
    if let Some(driver) = driver.lock().unwrap().take() {
        drop(driver);
    }
    assert!(handle.is_closed());
    said
}

#[test]
fn l14_l32_pausing_from_a_callback_of_its_own_is_an_error() {
    let error = "pause() was called from one of the driver's own callbacks; call it from another thread";
    on_both(|spawn| {
        without_hanging(move || {
            for pool in [0, 1] {
                assert_eq!(paused_in_its_own_callback(Driver::builder().callback_pool(pool), spawn, || {}), error);
                let (builder, clock) = by_hand();
                let go = || {
                    clock.advance(MS);
                };
                assert_eq!(paused_in_its_own_callback(builder.callback_pool(pool), spawn, go), error);
            }
        });
    });
}

#[test]
fn l32_pausing_waits_for_what_runs_and_for_what_waits_for_the_pool() {
    for (pool, called) in [(0, 1), (1, 11)] {
        let mut timers = Driver::builder().callback_pool(pool).spawn(TimerHeap::new()).unwrap();
        let (begun, has_begun) = mpsc::channel();
        let (sender, receiver) = mpsc::channel();
        let others = sender.clone();
        let handle = timers.handle();
        let slow = move |_: TimerEvent| {
            begun.send(()).unwrap();
            // With a pool: until the others wait for it.
            while handle.metrics().fired < called {
                thread::yield_now();
            }
            sender.send(()).unwrap();
        };
        timers.call_after(Duration::ZERO, slow).unwrap().detach();
        has_begun.recv_timeout(LONG).unwrap();
        for _ in 1..called {
            let others = others.clone();
            timers.call_after(Duration::ZERO, move |_| others.send(()).unwrap()).unwrap().detach();
        }
        while timers.metrics().fired < called {
            thread::yield_now();
        }
        timers.pause().unwrap();
        assert_eq!(receiver.try_iter().count() as u64, called);
    }
}
