//! Whoever goes to sleep until the next timer, and whoever arms an earlier one meanwhile (L4).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::thread;
use tickwheel::{CallbackStatus, LoopDriver};

use crate::support::{Bound, Hand, Latch, at, builder, heap, model, on, wheel};

/// A driver with so many shards that the model turns, and how often it was told of an earlier timer.
fn told(shards: usize) -> (Arc<LoopDriver>, Arc<AtomicUsize>) {
    let told = Arc::new(AtomicUsize::new(0));
    let counted = told.clone();
    let on_earlier = move || {
        counted.fetch_add(1, Ordering::Relaxed);
    };
    let timers = builder(at(1)).shards(shards).for_event_loop(wheel(), on_earlier).unwrap();
    (Arc::new(timers), told)
}

#[test]
fn l4_an_event_loop_sees_an_earlier_timer_or_hears_of_it() {
    model(Bound::None, || {
        let (timers, told) = told(1);
        let _later = timers.call_at(at(50), |_| {}).unwrap();
        let arming = timers.handle();
        let armed = thread::spawn(move || arming.call_at(at(5), |_| {}).unwrap());
        let until = timers.next_turn().expect("two are armed at most, one at least");
        let _earlier = armed.join().unwrap();
        let told = told.load(Ordering::Relaxed);
        assert!(until == at(5) || told == 1, "it sleeps until {until:?} and was told {told} times");
        assert!(until == at(5) || until == at(50));
        assert!(told <= 1, "one timer is no reason to be woken twice");
    });
}

#[test]
fn l20_two_shards_with_one_sleeper() {
    // Four: all orders are some 70,000, and take as long as all other models together.
    model(Bound::Preemptions(4), || {
        let (timers, told) = told(2);
        let (first, second) = (timers.on_shard(0), timers.on_shard(1));
        let near = thread::spawn(move || first.call_at(at(5), |_| {}).unwrap());
        let nearer = thread::spawn(move || second.call_at(at(3), |_| {}).unwrap());
        let until = timers.next_turn();
        let _guards = (near.join().unwrap(), nearer.join().unwrap());
        assert!(
            until == Some(at(3)) || told.load(Ordering::Relaxed) > 0,
            "it sleeps until {until:?} and heard nothing"
        );
    });
}

#[test]
fn l4_lost_wake_up_of_a_sleeping_driver() {
    // Four: all orders are 300,000, for each thread passes some twenty points at which it may be stopped.
    model(Bound::Preemptions(4), || {
        let timers = builder(at(10)).spawn(wheel()).unwrap();
        let called = Latch::new();
        let opens = called.clone();
        let guard = timers.call_at(at(5), move |_| opens.open()).unwrap();
        called.wait(); // for ever, if nobody woke the driver
        drop(guard);
        timers.shutdown();
    });
}

#[test]
fn l4_reset_to_earlier_against_the_park() {
    // Four: all orders take minutes.
    model(Bound::Preemptions(4), || {
        let timers = builder(at(10)).spawn(heap()).unwrap();
        let called = Latch::new();
        let opens = called.clone();
        // The clock stands, so this one is never reached.
        let guard = timers.call_at(at(1000), move |_| opens.open()).unwrap();
        assert_eq!(guard.reset(at(7)), CallbackStatus::Pending);
        called.wait();
        drop(guard);
        timers.shutdown();
    });
}

#[test]
fn l37_a_clock_that_jumps_against_the_park() {
    model(Bound::None, || {
        let told = Arc::new(AtomicUsize::new(0));
        let (counted, clock) = (told.clone(), Hand::new());
        let on_earlier = move || {
            counted.fetch_add(1, Ordering::Relaxed);
        };
        let timers = on(clock.clone()).for_event_loop(heap(), on_earlier).unwrap();
        let _far = timers.call_at(at(50), |_| {}).unwrap();
        let arming = timers.handle();
        let jumps = thread::spawn(move || {
            clock.move_to(60);
            arming.call_at(at(60), |_| {}).unwrap()
        });
        let timeout = timers.timeout().expect("one is armed");
        let _near = jumps.join().unwrap();
        let told = told.load(Ordering::Relaxed);
        assert!(timeout.is_zero() || told == 1, "it sleeps for {timeout:?} and was told {told} times");
    });
}
