//! A clock moved by hand, by several threads at once, while others arm, and while a driver on it is paused or shut down
//! (L28, L31, L32, L52).

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use loom::thread;
use tickwheel::{CallbackGuard, CallbackStatus, Clock, Driver};

use crate::support::{Bound, Runs, at, by_hand, model};

#[test]
fn l28_two_threads_that_move_a_clock() {
    // Four: all orders are 850,000, and take half a minute.
    model(Bound::Preemptions(4), || {
        let (clock, timers) = by_hand(0);
        let (runs, handle) = (Runs::new(), timers.handle());
        let mut more = Some(runs.callback());
        let call = runs.then(move |_| handle.call_at(at(7), more.take().expect("it is called once")).unwrap().detach());
        let _guard = timers.call_at(at(5), call).unwrap();
        let other = clock.clone();
        let seen = runs.clone();
        let moving = thread::spawn(move || {
            other.advance_to(at(10));
            assert_eq!(seen.count(), 2, "what was due by its target has run");
        });
        clock.advance(Duration::from_millis(10));
        assert_eq!(runs.count(), 2, "what was due by its target has run");
        moving.join().unwrap();
        assert!(clock.now() >= at(10));
    });
}

#[test]
fn l52_a_step_against_a_thread_that_arms() {
    model(Bound::None, || {
        let (clock, timers) = by_hand(0);
        let handle = timers.handle();
        let arming = thread::spawn(move || handle.call_at(at(5), |_| {}).unwrap());
        let step = clock.step();
        let stop = step.as_ref().map(|step| step.now);
        assert!(stop.is_none_or(|stop| stop == at(5)) && clock.now() <= at(5), "it went to {stop:?}");
        let guard = arming.join().unwrap();
        assert_eq!(guard.status() == CallbackStatus::Over, step.is_some());
    });
}

#[test]
fn l52_a_step_against_a_thread_that_arms_and_cancels() {
    // Three: all orders take minutes.
    model(Bound::Preemptions(3), || {
        let (clock, timers) = by_hand(0);
        let handle = timers.handle();
        let arming = thread::spawn(move || drop(handle.call_at(at(5), |_| {}).unwrap()));
        let _ = clock.step();
        assert!(clock.now() <= at(5), "it went to {:?}", clock.now());
        arming.join().unwrap();
        assert_eq!(clock.step(), None, "nothing is armed");
    });
}

#[test]
fn l14_two_callbacks_on_the_pool_wait_for_each_other() {
    model(Bound::Preemptions(2), || {
        let (clock, timers) = by_hand(2);
        let guards: Arc<[OnceLock<CallbackGuard>; 2]> = Arc::default();
        let runs = Runs::new();
        for own in 0..2 {
            let others = guards.clone();
            let call = runs.then(move |_| {
                let _ = others[1 - own].get().expect("it was put there before").cancel_and_wait();
            });
            assert!(guards[own].set(timers.call_at(at(5), call).unwrap()).is_ok());
        }
        clock.advance_to(at(10)); // for ever, if each waits for the other
        assert!((1..=2).contains(&runs.count()), "one may be cancelled before it runs");
        assert!(guards.iter().all(|guard| guard.get().unwrap().status() == CallbackStatus::Over));
    });
}

#[test]
fn l31_shut_down_against_a_clock_that_is_moved() {
    // Four: all orders are 750,000, and take half a minute.
    model(Bound::Preemptions(4), || {
        let (clock, timers) = by_hand(0);
        let runs = Runs::new();
        let guard = timers.call_at(at(5), runs.callback()).unwrap();
        let other = clock.clone();
        let moving = thread::spawn(move || other.advance_to(at(10)));
        // Whether the clock still finds the driver is not loom's to see, but who comes to the clock first is.
        clock.advance(Duration::ZERO);
        timers.shutdown();
        assert!(runs.count() <= 1, "it has run whole, or not at all");
        let count = runs.count();
        moving.join().unwrap();
        assert_eq!((guard.status(), runs.count(), runs.dropped()), (CallbackStatus::Over, count, 1));
    });
}

#[test]
fn l32_pause_against_a_clock_that_is_moved() {
    model(Bound::None, || {
        let (clock, mut timers) = by_hand(0);
        let runs = Runs::new();
        let guard = timers.call_at(at(5), runs.callback()).unwrap();
        let other = clock.clone();
        let moving = thread::spawn(move || other.advance_to(at(10)));
        timers.pause().unwrap();
        let before = runs.count();
        moving.join().unwrap();
        assert_eq!(runs.count(), before, "nothing begins while it is paused");
        timers.resume().unwrap();
        clock.advance(Duration::ZERO);
        assert_eq!((runs.count(), guard.status()), (1, CallbackStatus::Over));
    });
}

#[test]
fn l14_shut_down_in_a_callback_on_the_pool() {
    // Four: all orders take minutes.
    model(Bound::Preemptions(4), || {
        let (clock, timers) = by_hand(1);
        let (own, runs) = (Arc::new(Mutex::new(None::<Driver>)), Runs::new());
        let mine = own.clone();
        let ends = move |_| mine.lock().unwrap().take().expect("it was put there before").shutdown();
        timers.call_at(at(5), ends).unwrap().detach();
        let next = timers.call_at(at(5), runs.callback()).unwrap();
        *own.lock().unwrap() = Some(timers);
        clock.advance_to(at(10)); // for ever, if what waits for the pool is left lying there
        assert_eq!((next.status(), runs.count(), runs.dropped()), (CallbackStatus::Over, 0, 1));
    });
}
