//! The leases in every order in which their timers and their clients can meet.
//!
//! No time passes in a model. Here the clock is moved by hand, and a thread stands for the event loop: it turns the
//! driver once, at a time that it names.
#![cfg(tickwheel_loom)]

use std::sync::Arc;
use std::time::Duration;

use loom::thread;
use loom_user::Leases;
use tickwheel::{Driver, LoopDriver, ManualClock, Resolution, TimerWheel, Timestamp, geometry::Small};

fn at(ms: u64) -> Timestamp {
    Timestamp::ZERO + Duration::from_millis(ms)
}

/// Leases that last for 10 ms. The first client has had the printer since the clock's zero; it is 5 ms now.
fn taken() -> (Arc<LoopDriver>, Leases) {
    let clock = ManualClock::new();
    let wheel = TimerWheel::<_, Small>::with_geometry(Resolution::MILLISECOND); // small: it is made in every order anew
    let timers = Driver::builder().clock(clock.clone()).for_event_loop(wheel, || {}).expect("it starts no thread");
    let leases = Leases::new(timers.handle(), Duration::from_millis(10));
    assert!(leases.take("printer", 1));
    clock.jump(Duration::from_millis(5));
    (Arc::new(timers), leases)
}

/// The event loop comes by at 10 ms.
fn turn_elsewhere(timers: &Arc<LoopDriver>) -> thread::JoinHandle<()> {
    let timers = timers.clone();
    thread::spawn(move || {
        let _ = timers.turn(at(10));
    })
}

#[test]
fn renewal_against_expiry() {
    loom::model(|| {
        let (timers, leases) = taken();
        let turning = turn_elsewhere(&timers);
        let renewed = leases.renew("printer", 1);
        turning.join().unwrap();
        // Who is told that it was renewed keeps it, and who is told that it was not has lost it.
        assert_eq!(leases.holder("printer"), renewed.then_some(1));
        let _ = timers.turn(at(15));
        assert_eq!((leases.holder("printer"), leases.expired()), (None, 1));
    });
}

#[test]
fn a_late_timer_ends_no_lease_but_its_own() {
    loom::model(|| {
        let (timers, leases) = taken();
        let turning = turn_elsewhere(&timers);
        let given_back = leases.give_back("printer", 1);
        assert!(leases.take("printer", 2), "it was given back, or had expired");
        turning.join().unwrap();
        assert_eq!(leases.holder("printer"), Some(2), "this one lasts until 15 ms");
        assert_eq!(leases.expired(), u64::from(!given_back));
    });
}
