//! Wakers as a driver wakes and drops them: never under a lock (L13), and with panics that stop nothing (L15).

#![cfg(not(tickwheel_loom))]

use std::boxed::Box;
use std::task::{Wake, Waker};
use std::vec::Vec;

use super::builder::DriverBuilder;
use super::core::Key;
use super::handle::Handle;
use super::owner::Driver;
use super::task::{Kind, TimerTask};
use crate::clock::{Clock, ManualClock};
use crate::heap::TimerHeap;
use crate::sync::channel::unbounded;
use crate::sync::{Arc, Mutex};
use crate::time::Timestamp;

type Run = Box<dyn FnMut(&'static str) + Send>;

/// A waker that calls a closure as it is woken, and as it is dropped.
struct Calls(Mutex<Run>);

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        (self.0.lock())("woken");
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        (self.0.get_mut())("dropped");
    }
}

fn waker(run: impl FnMut(&'static str) + Send + 'static) -> Waker {
    Waker::from(Arc::new(Calls(Mutex::new(Box::new(run)))))
}

fn by_hand(settings: impl FnOnce(DriverBuilder) -> DriverBuilder) -> (Driver, ManualClock) {
    let clock = ManualClock::new();
    (settings(Driver::builder().clock(clock.clone())).spawn(TimerHeap::new()).unwrap(), clock)
}

fn wake_at(timers: &Handle, nanos: u64, waker: Waker) -> Key {
    let deadline = Timestamp::from_nanos(nanos).into();
    timers.core().arm(timers.shard(), deadline, TimerTask(Kind::Wake(waker))).unwrap()
}

/// Uses a shard in every way; it hangs if this thread holds the shard's lock.
fn use_shard(timers: &Handle) {
    if let Ok(guard) = timers.call_at(Timestamp::MAX, |_| {}) {
        guard.reset(Timestamp::from_nanos(u64::MAX - 1));
    }
    let _ = (timers.metrics(), timers.dump());
}

#[test]
fn l13_a_waker_uses_the_driver_as_it_is_woken_and_as_it_is_dropped() {
    let (timers, clock) = by_hand(|builder| builder.shards(2));
    let (sender, said) = unbounded();
    let uses = || {
        let (handle, sender) = (timers.handle(), sender.clone());
        waker(move |what| {
            use_shard(&handle);
            sender.send(what).unwrap();
        })
    };
    wake_at(&timers, 5, uses());
    clock.advance_to(Timestamp::from_nanos(5));
    assert_eq!(said.try_iter().collect::<Vec<_>>(), ["woken", "dropped"]);
    let key = wake_at(&timers, 9, uses());
    drop(timers.core().shard(key.shard).cancel(key.id));
    assert_eq!(said.try_iter().collect::<Vec<_>>(), ["dropped"]);
    wake_at(&timers, 9, uses());
    drop(timers);
    assert_eq!(said.try_iter().collect::<Vec<_>>(), ["woken", "dropped"], "woken to find out");
}

#[test]
fn l15_wakers_that_panic_stop_nothing() {
    let (report, reports) = unbounded();
    let (timers, clock) = by_hand(|builder| builder.on_panic(move |_| report.send(()).unwrap()));
    let (sender, said) = unbounded();
    for panics in ["woken", "dropped"] {
        wake_at(&timers, 5, waker(move |what| assert_ne!(what, panics, "on purpose")));
    }
    wake_at(&timers, 5, waker(move |what| sender.send(what).unwrap()));
    clock.advance_to(Timestamp::from_nanos(5));
    assert_eq!(said.try_iter().count(), 2);
    assert_eq!((reports.try_iter().count(), timers.metrics().panics), (2, 2));
    wake_at(&timers, 9, waker(|what| assert_ne!(what, "woken", "on purpose")));
    let handle = timers.handle();
    drop(timers);
    assert_eq!(handle.metrics().panics, 3, "it was woken by the shut-down");
    assert_eq!(clock.now(), Timestamp::from_nanos(5));
}
