//! L40: what the user has the driver's threads do as they start and stop.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::thread;

use tickwheel::{Driver, TimerHeap};

use crate::common::by_hand;

/// The names of threads that have started and not stopped.
type Alive = Arc<Mutex<BTreeSet<String>>>;

fn name() -> String {
    thread::current().name().expect("the driver's threads have names").to_owned()
}

fn watched(pool: usize, builder: tickwheel::DriverBuilder) -> (tickwheel::DriverBuilder, Alive, Alive) {
    let (alive, all) = (Alive::default(), Alive::default());
    let (starts, stops, seen) = (alive.clone(), alive.clone(), all.clone());
    let builder = builder
        .callback_pool(pool)
        .on_thread_start(move || {
            assert!(starts.lock().unwrap().insert(name()), "once each");
            seen.lock().unwrap().insert(name());
        })
        .on_thread_stop(move || assert!(stops.lock().unwrap().remove(&name()), "once each, and after its start"));
    (builder, alive, all)
}

fn names(alive: &Alive) -> Vec<String> {
    alive.lock().unwrap().iter().cloned().collect()
}

/// Waits for threads to have started.
fn come_to(alive: &Alive, expected: &[&str]) {
    let end = std::time::Instant::now() + crate::common::LONG;
    while names(alive) != expected {
        assert!(std::time::Instant::now() < end, "{:?}", names(alive));
        thread::yield_now();
    }
}

#[test]
fn l40_each_thread_of_a_driver_calls_the_hooks() {
    let (builder, alive, _) = watched(2, Driver::builder());
    let mut timers = builder.spawn(TimerHeap::new()).unwrap();
    let all = ["tickwheel", "tickwheel-0", "tickwheel-1"];
    come_to(&alive, &all);
    timers.pause().unwrap();
    assert_eq!(names(&alive), [""; 0], "a thread that was joined has called it");
    timers.resume().unwrap();
    come_to(&alive, &all);
    timers.shutdown();
    assert_eq!(names(&alive), [""; 0]);
}

#[test]
fn l40_of_a_driver_without_a_thread_the_pool_does() {
    let (builder, alive, _) = watched(1, by_hand().0);
    let timers = builder.spawn(TimerHeap::new()).unwrap();
    come_to(&alive, &["tickwheel-0"]);
    drop(timers);
    let (builder, alive, all) = watched(1, Driver::builder());
    drop(builder.for_event_loop(TimerHeap::new(), || {}).unwrap());
    assert_eq!((names(&alive), names(&all)), (vec![], vec!["tickwheel-0".to_owned()]));
}

#[test]
fn l15_l40_a_hook_that_panics_is_reported_and_the_thread_goes_on() {
    let builder = Driver::builder().on_thread_start(|| panic!("start")).on_thread_stop(|| panic!("stop"));
    let timers = builder.callback_pool(1).spawn(TimerHeap::new()).unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    timers.call_after(crate::common::MS, move |_| sender.send(()).unwrap()).unwrap().detach();
    receiver.recv_timeout(crate::common::LONG).unwrap();
    let handle = timers.handle();
    drop(timers);
    assert_eq!(handle.metrics().panics, 4);
}
