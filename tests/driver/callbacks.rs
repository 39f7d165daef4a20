//! Callbacks: once and again, cancelled, moved, and what becomes of those that panic.

use std::sync::mpsc;
use std::time::Duration;

use tickwheel::{Clock, Driver, ManualClock, Resolution, Status, TimerHeap, TimerWheel};

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_callback_is_called_at_its_deadline_and_not_before() {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).spawn(TimerWheel::new(Resolution::MILLISECOND)).unwrap();
    let (sender, receiver) = mpsc::channel();
    let guard = timers.call_after(5 * MS, move |firing| sender.send(firing).unwrap()).unwrap();
    clock.advance(4 * MS);
    assert_eq!(guard.status(), Status::Pending);
    assert!(receiver.try_recv().is_err());
    clock.advance(MS);
    let firing = receiver.try_recv().unwrap();
    assert_eq!((firing.due, firing.now), (clock.now(), clock.now()));
    assert_eq!(guard.status(), Status::Over);
    assert_eq!(timers.metrics().fired, 1);
}

#[test]
fn l26_a_periodic_callback_does_not_drift() {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
    let (sender, receiver) = mpsc::channel();
    let _guard = timers.call_every(3 * MS, move |firing| sender.send(firing.due.as_nanos()).unwrap()).unwrap();
    clock.advance(10 * MS);
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [3_000_000, 6_000_000, 9_000_000]);
}

#[test]
fn on_a_thread_of_its_own() {
    let timers = Driver::builder().callback_pool(2).shards(2).spawn(TimerHeap::new()).unwrap();
    let (sender, receiver) = mpsc::channel();
    for n in [3, 1, 2] {
        let sender = sender.clone();
        timers.call_after(n * 5 * MS, move |_| sender.send(n).unwrap()).unwrap().detach();
    }
    let mut fired = [receiver.recv().unwrap(), receiver.recv().unwrap(), receiver.recv().unwrap()];
    fired.sort();
    assert_eq!(fired, [1, 2, 3]);
    assert_eq!(timers.pending(), 0);
}
