//! Tests that what `Recorded` writes down fires in the same order when it is replayed.

use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use indicatif::ProgressBar;
use tickwheel::{
    Clock, Deadline, ManualClock, Recorded, Resolution, Timer, TimerExt, TimerHeap, TimerId, TimerWheel, Timestamp,
};

use crate::book::{Book, Serial};
use crate::replay::replay;
use crate::source::Lines;
use crate::text::Settings;
use crate::timing::Stopwatch;
use crate::trace::{Trace, read_lines};

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no test panics under it").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("no test panics under it").clone()
    }

    /// The timers' numbers, which count up with arming, in the order in which they expired.
    fn fired(&self) -> Vec<u32> {
        let text = String::from_utf8(self.bytes()).expect("it is text");
        let expiries = text.lines().filter(|line| line.contains(",expire,"));
        expiries.map(|line| line.split(',').nth(2).expect("it has columns").parse().expect("a number")).collect()
    }
}

/// Arms, moves and cancels at random on a clock that stops at each turn that is wanted.
fn use_timers(timers: &mut dyn Timer<()>, clock: &ManualClock, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let mut ids: Vec<TimerId> = Vec::new();
    let turn_until = |timers: &mut dyn Timer<()>, at: Timestamp| {
        while let Some(wanted) = timers.next_turn().filter(|wanted| *wanted < at) {
            clock.advance_to(wanted);
            timers.turn(clock.now()).for_each(drop);
        }
        clock.advance_to(at);
        timers.turn(clock.now()).for_each(drop);
    };
    for _ in 0..4_000 {
        let next = clock.now() + Duration::from_micros(rng.u64(..3_000));
        turn_until(timers, next);
        // Many meet at one tick, and some are armed for what has passed.
        let ahead = Duration::from_millis(rng.u64(..60) * rng.u64(..20)) + Duration::from_nanos(rng.u64(..3));
        let soft = if rng.u8(..20) == 0 { Timestamp::ZERO } else { clock.now() + ahead };
        let slack = if rng.bool() { Duration::ZERO } else { Duration::from_micros(rng.u64(..5_000)) };
        let deadline = Deadline::at(soft).with_slack(slack);
        match rng.u8(..10) {
            0..=5 => ids.push(timers.insert(deadline, ()).expect("no limit was set")),
            6 | 7 if !ids.is_empty() => _ = timers.reset(ids[rng.usize(..ids.len())], deadline),
            _ if !ids.is_empty() => _ = timers.cancel(ids.swap_remove(rng.usize(..ids.len()))),
            _ => {}
        }
    }
    turn_until(timers, clock.now() + Duration::from_secs(60));
}

fn read(bytes: Vec<u8>, hz: u32) -> Trace {
    let lines = Lines::new(Cursor::new(bytes)).expect("memory can be read");
    let settings = Settings { hz: Some(hz), only: None };
    let recording = read_lines("recorded.csv".as_ref(), lines, settings).expect("it is well-formed");
    recording.traces.into_iter().next().expect("there is one").with_resets()
}

fn assert_same_order<A, B>(recorded: A, replayed: B, tick: Duration, seed: u64)
where
    A: Timer<()> + 'static,
    B: Timer<Serial> + 'static,
{
    let (clock, first, second) = (ManualClock::new(), Shared::default(), Shared::default());
    let mut timers = Recorded::new(recorded, clock.clone(), first.clone());
    use_timers(&mut timers, &clock, seed);
    let operations = timers.recording().finish().expect("memory takes all");

    let trace = read(first.bytes(), 1000);
    assert_eq!(trace.events.len() as u64, operations, "every operation is an event");
    let mut again = Recorded::new(replayed, ManualClock::new(), second.clone());
    let recording = again.recording();
    let outcome = replay(&trace, &mut again, Book::new(tick), Stopwatch::new(0), &ProgressBar::hidden());
    recording.finish().expect("memory takes all");

    let (wanted, found) = (first.fired(), second.fired());
    assert!(wanted.len() > 1_000, "{} fired", wanted.len());
    assert!(
        wanted == found,
        "the order differs from the {:?}th on",
        wanted.iter().zip(&found).position(|(a, b)| a != b)
    );
    assert_eq!(outcome.book.faults(), []);
    assert_eq!((outcome.oddities.fired_already, outcome.oddities.kernel_was_first), (0, 0));
    assert_eq!((outcome.oddities.not_pending, outcome.oddities.pending_in_recording), (0, 0), "all is accounted for");
}

#[test]
fn c3_a_recorded_heap_fires_in_the_same_order_when_it_is_replayed() {
    for seed in 0..5 {
        assert_same_order(TimerHeap::new(), TimerHeap::new(), Duration::from_nanos(1), seed);
    }
}

#[test]
fn c3_a_recorded_wheel_fires_in_the_same_order_when_it_is_replayed() {
    let ms = Resolution::MILLISECOND;
    for seed in 0..5 {
        assert_same_order(TimerWheel::new(ms), TimerWheel::new(ms), Duration::from_millis(1), seed);
    }
}

/// The comparison can fail.
#[test]
#[should_panic(expected = "the order differs")]
fn another_tick_fires_in_another_order() {
    let tick = Resolution::from_hz(100).expect("there is such a tick");
    assert_same_order(TimerWheel::new(Resolution::MILLISECOND), TimerWheel::new(tick), Duration::from_millis(10), 1);
}
