//! Shutting down and pausing, while others arm and callbacks run (L14, L31, L32).

use std::sync::{Arc, Mutex};

use loom::thread;
use tickwheel::{ArmErrorReason, CallbackStatus, Driver};

use crate::support::{Bound, Latch, Runs, at, builder, heap, model, wheel};

#[test]
fn l31_shut_down_against_arm() {
    model(Bound::None, || {
        let timers = builder(at(10)).for_event_loop(wheel(), || {}).unwrap();
        let (handle, runs) = (timers.handle(), Runs::new());
        let (arming, call) = (handle.clone(), runs.callback());
        let armed = thread::spawn(move || {
            let armed = arming.call_at(at(5), call);
            assert!(armed.is_ok() || arming.is_closed(), "it was refused, and the driver is not closed");
            armed
        });
        timers.shutdown();
        match armed.join().unwrap() {
            Ok(guard) => assert_eq!((guard.status(), runs.dropped()), (CallbackStatus::Over, 1), "it was dropped"),
            Err(error) => {
                assert_eq!((error.reason(), runs.dropped()), (ArmErrorReason::Closed, 0));
                drop(error.into_value());
            }
        }
        assert_eq!((handle.pending(), runs.count(), runs.dropped()), (0, 0, 1));
        assert_eq!(handle.call_at(at(5), |_| {}).unwrap_err().reason(), ArmErrorReason::Closed);
    });
}

#[test]
fn l31_shut_down_against_a_running_callback() {
    // Three: all orders are 650,000, and take a minute.
    model(Bound::Preemptions(3), || {
        let timers = builder(at(10)).spawn(wheel()).unwrap();
        let runs = Runs::new();
        let guard = timers.call_at(at(5), runs.callback()).unwrap();
        timers.shutdown();
        assert!(runs.count() <= 1, "it has run whole, or not at all");
        assert_eq!((guard.status(), runs.dropped()), (CallbackStatus::Over, 1));
    });
}

#[test]
fn l14_shut_down_in_its_own_callback() {
    model(Bound::None, || {
        let timers = builder(at(10)).spawn(heap()).unwrap();
        let (handle, own) = (timers.handle(), Arc::new(Mutex::new(None::<Driver>)));
        let (mine, over) = (own.clone(), Latch::new());
        let opens = over.clone();
        *own.lock().unwrap() = Some(timers);
        let call = move |_| {
            mine.lock().unwrap().take().expect("it was put there before").shutdown();
            opens.open();
        };
        handle.call_at(at(5), call).unwrap().detach();
        over.wait();
        assert!(handle.is_closed());
    });
}

#[test]
fn l32_pause_against_fire() {
    // Three, for three threads: all orders are 170,000, and take half a minute.
    model(Bound::Preemptions(3), || {
        let mut timers = builder(at(10)).spawn(wheel()).unwrap();
        let (runs, called) = (Runs::new(), Latch::new());
        let opens = called.clone();
        let guard = timers.call_at(at(5), runs.then(move |_| opens.open())).unwrap();
        timers.pause().unwrap();
        let before = runs.count();
        assert_eq!(guard.status(), if before == 0 { CallbackStatus::Pending } else { CallbackStatus::Over });
        timers.resume().unwrap();
        called.wait(); // for ever, if the pause lost it
        timers.shutdown();
        assert_eq!((runs.count(), runs.dropped()), (1, 1));
    });
}

#[test]
fn l16_shut_down_against_a_callback_on_the_pool() {
    model(Bound::None, || {
        let timers = builder(at(10)).callback_pool(1).for_event_loop(wheel(), || {}).unwrap();
        let runs = Runs::new();
        let guard = timers.call_at(at(5), runs.callback()).unwrap();
        assert_eq!(timers.turn(at(10)).fired, 1);
        timers.shutdown();
        assert!(runs.count() <= 1, "it has run whole, or not at all");
        assert_eq!((guard.status(), runs.dropped()), (CallbackStatus::Over, 1));
    });
}

#[test]
fn l7_cancel_and_wait_against_the_pool() {
    model(Bound::None, || {
        let timers = builder(at(10)).callback_pool(1).for_event_loop(heap(), || {}).unwrap();
        let runs = Runs::new();
        let guard = timers.call_at(at(5), runs.callback()).unwrap();
        assert_eq!(timers.turn(at(10)).fired, 1);
        let status = guard.cancel_and_wait();
        let count = runs.count();
        assert_eq!(count, usize::from(status != CallbackStatus::Pending), "{status:?}");
        assert_eq!(runs.dropped(), 1);
        drop(timers);
        assert_eq!(runs.count(), count, "it is not called after that");
    });
}
