//! Tests that the book catches a wrong timer of each kind, and passes a right one.

use std::time::Duration;

use indicatif::ProgressBar;
use tickwheel::{Resolution, Timer, TimerHeap, TimerWheel};

use crate::book::{Book, Serial, What};
use crate::faulty::{Fault, FaultyTimer};
use crate::replay::{Outcome, replay};
use crate::source::Lines;
use crate::text::Settings;
use crate::timing::{Stopwatch, Watch};
use crate::trace::{Trace, read_lines};
use crate::{Contender, Study, report};

const TICK: Duration = Duration::from_millis(4);

/// Timers 1, 2, 3 and 4: fires; is reset and fires; is cancelled; is pending at the end. Timer 5 is reset by the kernel
/// after an exact timer has fired it. Timer 6 was armed before.
const TRACE: &str = "\
at_ns,op,timer,jiffy,function
1000000,start,1,3,first
1000000,start,2,3,second
2000000,cancel,2,,
2000000,start,2,5,second
2500000,start,3,4,third
3000000,cancel,3,,
3000000,expire,6,2,before
5000000,start,4,2000000,fourth
6000000,start,5,4,fifth
16500000,cancel,1,,
16500000,expire,1,4,first
17000000,cancel,5,,
17000000,start,5,9,fifth
24100000,cancel,2,,
24100000,expire,2,6,second
25000000,start,1,9,first
";

fn trace() -> Trace {
    read(TRACE)
}

fn read(text: &str) -> Trace {
    let lines = Lines::new(std::io::Cursor::new(text.as_bytes().to_vec())).expect("memory can be read");
    let recording = read_lines("trace.csv".as_ref(), lines, Settings::default()).expect("it is well-formed");
    recording.traces.into_iter().next().expect("there is one").with_resets()
}

fn jiffy() -> Resolution {
    Resolution::from_hz(250).expect("a whole number of nanoseconds")
}

fn outcome_of(timer: &mut dyn Timer<Serial>, tick: Duration) -> Outcome {
    replay(&trace(), timer, Book::new(tick), Stopwatch::new(0), &ProgressBar::hidden())
}

fn faults_of(fault: Fault) -> Vec<What> {
    let outcome = outcome_of(&mut FaultyTimer::new(fault), TICK);
    assert_eq!(outcome.book.fault_count() == 0, outcome.book.faults().is_empty());
    outcome.book.faults()
}

#[test]
fn a_timer_that_keeps_its_promises_passes() {
    assert_eq!(faults_of(Fault::None), []);
    for (timer, tick) in [
        (&mut TimerWheel::new(jiffy()) as &mut dyn Timer<Serial>, TICK),
        (&mut TimerHeap::new(), Duration::from_nanos(1)),
    ] {
        assert_eq!(outcome_of(timer, tick).book.faults(), []);
    }
}

#[test]
fn what_differs_from_the_recording_is_counted() {
    let outcome = outcome_of(&mut TimerWheel::new(jiffy()), TICK);
    assert_eq!((outcome.book.armed(), outcome.book.fired(), outcome.book.cancelled()), (7, 6, 1));
    assert_eq!(outcome.oddities.expired_from_before, 1);
    assert_eq!(outcome.oddities.fired_already, 1);
    assert_eq!(outcome.oddities.pending_in_recording, 3);
    assert_eq!(outcome.oddities.pending_but_fired, 0);
    assert_eq!(outcome.at_events.all, 16);
    assert_eq!(outcome.most_pending, 4);
    assert_eq!(outcome.drained_at.as_nanos(), 2_000_000 * 4_000_000);
}

#[test]
fn a_span_without_events_has_as_many_pending_as_it_begins_with() {
    let outcome = outcome_of(&mut FaultyTimer::new(Fault::None), TICK);
    // The trace is 25 ms long: one timer is due in 12, 16 and 20 ms each, one not at all, and nobody starts one.
    let at_ms = |ms: usize| outcome.pending[ms * outcome.pending.len() / 25];
    assert_eq!([0, 1, 8, 13, 18, 22].map(at_ms), [0, 2, 4, 3, 3, 2]);
}

#[test]
fn c1_a_timer_that_fires_early_is_caught() {
    let faults = faults_of(Fault::Early(Duration::from_nanos(1)));
    assert!(!faults.is_empty() && faults.iter().all(|what| matches!(what, What::Early { .. })), "{faults:?}");
}

#[test]
fn c2_a_timer_that_fires_more_than_a_tick_late_is_caught() {
    let faults = faults_of(Fault::Late(TICK + Duration::from_nanos(1)));
    assert!(!faults.is_empty() && faults.iter().all(|what| matches!(what, What::Late { .. })), "{faults:?}");
    assert_eq!(faults_of(Fault::Late(TICK)), [], "a tick is allowed");
}

#[test]
fn c4_a_timer_that_fires_twice_is_caught() {
    let faults = faults_of(Fault::Twice);
    assert!(faults.iter().any(|what| matches!(what, What::Twice { .. })), "{faults:?}");
}

#[test]
fn c4_a_timer_that_never_fires_is_caught() {
    let faults = faults_of(Fault::Never);
    assert!(faults.contains(&What::Never), "{faults:?}");
}

#[test]
fn c4_a_timer_that_fires_after_its_cancellation_is_caught() {
    let faults = faults_of(Fault::Cancelled);
    assert!(faults.iter().any(|what| matches!(what, What::Cancelled { .. })), "{faults:?}");
}

#[test]
fn l11_a_stale_id_that_works_is_caught() {
    let faults = faults_of(Fault::StaleId);
    assert!(faults.contains(&What::StaleIdWorked), "{faults:?}");
}

#[test]
fn ids_that_do_not_belong_to_their_values_are_caught() {
    let faults = faults_of(Fault::Exchanged);
    assert!(!faults.is_empty() && faults.iter().all(|what| *what == What::Exchanged), "{faults:?}");
}

#[test]
fn a_wrong_count_is_caught() {
    let faults = faults_of(Fault::Miscounts);
    assert!(faults.iter().all(|what| matches!(what, What::Miscounted { .. })) && !faults.is_empty(), "{faults:?}");
}

#[test]
fn c6_a_timer_that_wants_turns_without_end_is_caught() {
    let faults = faults_of(Fault::Stuck);
    assert!(faults.iter().any(|what| matches!(what, What::Stuck { .. })), "{faults:?}");
}

#[test]
fn a_fault_names_its_timer_and_takes_the_ok_line_away() {
    let trace = trace();
    for (fault, faultless) in [(Fault::None, true), (Fault::Early(TICK), false)] {
        let outcome = outcome_of(&mut FaultyTimer::new(fault), TICK);
        let make = |_| -> Box<dyn Timer<Serial>> { Box::new(TimerHeap::new()) };
        let replays = [(Contender { name: "Tried", tick: TICK, make, jiffy: jiffy() }, outcome)];

        let mut told = Vec::new();
        assert_eq!(report::tell_faults(&trace, &replays, &mut told).expect("memory takes all"), faultless);
        let told = String::from_utf8(told).expect("it is text");
        assert_eq!(
            told.contains("Tried: timer 1 (first), armed in line 2 for 12000000ns: fired early by 4ms"),
            !faultless
        );

        let trace = read(TRACE);
        let study = Study { trace, replays: replays.into(), advice: Vec::new(), plot: "replay.svg".into() };
        let report = report::report(&study, &[], 1, Watch { cost_ns: 0, resolution_ns: 1 });
        assert_eq!(report.contains("ok: Tried"), faultless);
        assert_eq!(report.contains("FAILED: Tried"), !faultless);
    }
}
