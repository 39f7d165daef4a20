//! L52: a clock moved by hand never goes further than what was armed at some moment, whatever is armed meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tickwheel::{Clock, Driver, DriverBuilder, Timestamp};

use crate::common::{MS, Spawn, at_ms, by_hand, on_both, without_hanging};

const MINUTE: Duration = Duration::from_secs(60);

/// Steps while another thread uses the driver, a few hundred times over.
fn against(settings: fn(DriverBuilder) -> DriverBuilder, spawn: Spawn, act: fn(&Driver)) {
    for _ in 0..150 {
        let (builder, clock) = by_hand();
        let timers = spawn(settings(builder));
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                act(&timers);
                is_over.store(true, Ordering::SeqCst);
            });
            let mut last = false;
            while !last {
                last = is_over.load(Ordering::SeqCst);
                if let Some(step) = clock.step() {
                    assert!(step.now <= at_ms(61_000), "it went to {:?}", step.now);
                }
            }
        });
        assert!(clock.now() <= at_ms(61_000));
    }
}

#[test]
fn l52_a_step_while_another_thread_arms_goes_no_further_than_that() {
    on_both(|spawn| {
        without_hanging(move || {
            let arm: fn(&Driver) = |timers| timers.call_at(at_ms(60_000), |_| ()).unwrap().detach();
            against(|builder| builder, spawn, arm);
            against(|builder| builder.shards(3), spawn, arm);
        });
    });
}

#[test]
fn l52_a_step_while_another_thread_arms_and_cancels_does_not_go_to_the_end_of_time() {
    on_both(|spawn| {
        without_hanging(move || {
            against(
                |builder| builder.shards(2),
                spawn,
                |timers| (0..5).for_each(|_| drop(timers.call_at(at_ms(60_000), |_| ()).unwrap())),
            );
        });
    });
}

#[test]
fn l52_what_was_cancelled_is_no_stop() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        drop(timers.call_after(MINUTE, |_| ()).unwrap());
        drop(timers.call_at(Timestamp::MAX, |_| ()).unwrap());
        assert_eq!(clock.step(), None);
        assert_eq!(clock.now(), Timestamp::ZERO);
    });
}

#[test]
fn l3_what_is_due_at_the_end_of_time_is_a_stop_there() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        let guard = timers.call_at(Timestamp::MAX, |_| ()).unwrap();
        let mut fired = 0;
        while let Some(step) = clock.step() {
            fired += step.fired.len();
            assert!(step.fired.is_empty() || clock.now() == Timestamp::MAX);
        }
        assert_eq!((fired, clock.now()), (1, Timestamp::MAX));
        drop(guard);
        // And at the end of time as anywhere else.
        timers.call_after(MS, |_| ()).unwrap().detach();
        assert_eq!(clock.step().map(|step| step.fired.len()), Some(1));
        assert_eq!(clock.step(), None);
    });
}

#[test]
fn l3_an_event_loop_hears_of_what_is_due_at_the_end_of_time() {
    let (builder, clock) = by_hand();
    let timers = builder.for_event_loop(tickwheel::TimerHeap::new(), || {}).unwrap();
    assert_eq!(timers.next_turn(), None);
    let guard = timers.call_at(Timestamp::MAX, |_| ()).unwrap();
    assert_eq!(timers.next_turn(), Some(Timestamp::MAX));
    clock.advance_to(Timestamp::MAX);
    assert_eq!((timers.timeout(), timers.turn(clock.now()).fired), (Some(Duration::ZERO), 1));
    assert_eq!((timers.next_turn(), timers.timeout()), (None, None));
    drop(guard);
}
