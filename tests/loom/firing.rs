//! Whoever turns a driver, and whoever arms, cancels, moves or drops a callback meanwhile.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tickwheel::{CallbackGuard, CallbackStatus, Period};

use crate::support::{Bound, Runs, at, heap, model, turn_elsewhere, turned, wheel};

#[test]
fn arm_against_fire() {
    model(Bound::None, || {
        let timers = turned(wheel());
        let runs = Runs::new();
        let turning = turn_elsewhere(&timers);
        let guard = timers.call_at(at(5), runs.callback()).unwrap();
        let fired = turning.join().unwrap() + timers.turn(at(10)).fired;
        assert_eq!((fired, runs.count(), runs.dropped()), (1, 1, 1));
        assert_eq!(guard.status(), CallbackStatus::Over);
    });
}

#[test]
fn l7_cancel_against_fire() {
    model(Bound::None, || {
        let timers = turned(heap());
        let runs = Runs::new();
        let guard = timers.call_at(at(5), runs.callback()).unwrap();
        let turning = turn_elsewhere(&timers);
        let status = guard.cancel();
        if status == CallbackStatus::Pending {
            assert_eq!(runs.dropped(), 1, "what is cancelled is gone at once");
        }
        turning.join().unwrap();
        assert_eq!(runs.count(), usize::from(status != CallbackStatus::Pending), "{status:?}");
        assert_eq!((runs.dropped(), guard.status(), timers.pending()), (1, CallbackStatus::Over, 0));
    });
}

#[test]
fn l7_reset_to_later_against_fire() {
    model(Bound::None, || {
        let timers = turned(wheel());
        let runs = Runs::new();
        let guard = timers.call_at(at(5), runs.callback()).unwrap();
        let turning = turn_elsewhere(&timers);
        let status = guard.reset(at(20));
        turning.join().unwrap();
        if status == CallbackStatus::Pending {
            assert_eq!(
                (runs.count(), guard.status()),
                (0, CallbackStatus::Pending),
                "it was moved: it is not called yet"
            );
            assert_eq!(guard.deadline(), at(20));
        } else {
            assert_eq!(runs.count(), 1, "it was {status:?}: it is called where it was");
        }
        let _ = timers.turn(at(20));
        assert_eq!((runs.count(), guard.status(), timers.pending()), (1, CallbackStatus::Over, 0));
    });
}

#[test]
fn l14_drop_of_a_guard_in_its_own_callback() {
    model(Bound::None, || {
        let timers = turned(wheel());
        let (runs, own) = (Runs::new(), Arc::new(Mutex::new(None::<CallbackGuard>)));
        let taken = own.clone();
        let call = runs.then(move |_| drop(taken.lock().unwrap().take()));
        let period = Period::every(Duration::from_millis(4)).unwrap();
        let guard = timers.call_every_at(at(5), period, call).unwrap();
        *own.lock().unwrap() = Some(guard);
        let turning = turn_elsewhere(&timers);
        let fired = timers.turn(at(10)).fired + turning.join().unwrap();
        assert_eq!((fired, runs.count(), runs.dropped()), (1, 1, 1), "it cancelled itself in its first run");
        assert_eq!((timers.pending(), timers.turn(at(20)).fired), (0, 0));
    });
}

#[test]
fn l14_cancel_and_wait_in_its_own_callback() {
    model(Bound::None, || {
        let timers = turned(heap());
        let (runs, own) = (Runs::new(), Arc::new(Mutex::new(None::<Arc<CallbackGuard>>)));
        let mine = own.clone();
        let call = runs.then(move |_| {
            let guard = mine.lock().unwrap().clone().expect("it was put there before the first turn");
            assert_eq!(guard.cancel_and_wait(), CallbackStatus::Running);
        });
        let guard = Arc::new(timers.call_at(at(5), call).unwrap());
        *own.lock().unwrap() = Some(guard.clone());
        let turning = turn_elsewhere(&timers);
        let status = guard.cancel();
        turning.join().unwrap();
        own.lock().unwrap().take();
        assert_eq!(runs.count(), usize::from(status != CallbackStatus::Pending));
        assert_eq!((guard.status(), runs.dropped()), (CallbackStatus::Over, 1));
    });
}

#[test]
fn cancel_and_wait_against_a_running_callback() {
    model(Bound::None, || {
        let timers = turned(wheel());
        let runs = Runs::new();
        let period = Period::every(Duration::from_millis(10)).unwrap();
        let guard = timers.call_every_at(at(5), period, runs.callback()).unwrap();
        let turning = turn_elsewhere(&timers);
        let status = guard.cancel_and_wait();
        // Not only is it not called any more: what it held is gone as well, for this thread too.
        let count = runs.count();
        assert!(count == 1 || status == CallbackStatus::Pending, "it was {status:?} and ran {count} times");
        assert_eq!((runs.dropped(), guard.status()), (1, CallbackStatus::Over));
        turning.join().unwrap();
        let _ = timers.turn(at(20));
        assert_eq!((runs.count(), timers.pending()), (count, 0));
    });
}

#[test]
fn c4_two_threads_that_turn() {
    model(Bound::None, || {
        let timers = turned(wheel());
        let (once, again) = (Runs::new(), Runs::new());
        let period = Period::every(Duration::from_millis(15)).unwrap();
        let _once = timers.call_at(at(5), once.callback()).unwrap();
        let _again = timers.call_every_at(at(5), period, again.callback()).unwrap();
        let turning = turn_elsewhere(&timers);
        let fired = timers.turn(at(10)).fired + turning.join().unwrap();
        assert_eq!((fired, once.count(), again.count()), (2, 1, 1), "each fired in one of the turns");
        // Without a look at `next_turn` before, which publishes what it sees.
        assert_eq!((timers.turn(at(20)).fired, again.count()), (1, 2), "what was armed while both turned is not lost");
    });
}
