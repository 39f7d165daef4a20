//! Jobs f to h: every single turn and call timed, for the longest one.
//!
//! On a shared machine any call may be interrupted, so one run says little about the longest call. But a run is the
//! same each time, call by call: it is repeated from an empty container, and each call counts with the least that it
//! took in any of the repeats. What an interruption caused is gone then; what the container caused is there every time.
//! The longest call of all repeats, interruptions included, stands beside it.

use std::time::Instant;

use hdrhistogram::Histogram;

use crate::jobs::contender::{Contender, OnTurn};
use crate::jobs::ledger::Ledger;
use crate::jobs::load::{Held, Load, MAX_DELAY_TICKS, Random, tidy_memory};
use crate::jobs::means::{Hold, timed_ticks, warm_up_ticks};
use crate::jobs::moments::{self, moments};

/// A job whose result is a distribution of single calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stall {
    F,
    G,
    H,
}

impl Stall {
    pub(crate) const ALL: [Self; 3] = [Self::F, Self::G, Self::H];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::F => "f",
            Self::G => "g",
            Self::H => "h",
        }
    }

    pub(crate) fn rows(self) -> &'static [&'static str] {
        match self {
            Self::F => &["f  turn (hold)"],
            Self::G => &["g  insert, growing", "g  insert", "g  cancel", "g  reset", "g  turn (mixed)"],
            Self::H => &moments::ROWS,
        }
    }

    /// One whole run: what each call took, in order; one series for each of [`rows`](Self::rows).
    pub(crate) fn run<C: Contender>(self, count: usize) -> Result<Vec<Series>, String> {
        match self {
            Self::F => turns::<C>(count),
            Self::G => calls::<C>(count),
            Self::H => moments::<C>(count),
        }
    }
}

/// What each call of one kind took, in the order of the calls.
#[derive(Clone, Default)]
pub(crate) struct Series {
    least_ns: Vec<u32>,
    longest_ns: u32,
}

impl Series {
    /// A series that does not grow while it is taken: a copy of it would drive the container out of the caches.
    fn with_room(calls: u64) -> Self {
        let calls = usize::try_from(calls).expect("what is timed fits into memory");
        Self { least_ns: Vec::with_capacity(calls), longest_ns: 0 }
    }

    fn timed<R>(&mut self, call: impl FnOnce() -> R) -> R {
        let start = Instant::now();
        let result = call();
        self.record(start);
        result
    }

    fn record(&mut self, start: Instant) {
        let ns = u32::try_from(start.elapsed().as_nanos()).unwrap_or(u32::MAX);
        self.least_ns.push(ns);
        self.longest_ns = self.longest_ns.max(ns);
    }

    /// Takes a further run of the same calls into account.
    pub(crate) fn repeated(&mut self, again: &Series) {
        assert_eq!(self.least_ns.len(), again.least_ns.len(), "a repeat makes the same calls");
        for (least, again) in self.least_ns.iter_mut().zip(&again.least_ns) {
            *least = (*least).min(*again);
        }
        self.longest_ns = self.longest_ns.max(again.longest_ns);
    }

    pub(crate) fn calls(&self) -> usize {
        self.least_ns.len()
    }

    /// The longest call with every interruption in it.
    pub(crate) fn longest_seen_ns(&self) -> u32 {
        self.longest_ns
    }

    pub(crate) fn histogram(&self) -> Histogram<u64> {
        let mut histogram = Histogram::new(3).expect("three digits are allowed");
        for &ns in &self.least_ns {
            histogram.record(ns.into()).expect("the histogram grows by itself");
        }
        histogram
    }
}

/// Job f: the turns of a hold, of all levels of a wheel (16,384 ticks turn over the second one).
fn turns<C: Contender>(count: usize) -> Result<Vec<Series>, String> {
    let mut load = Load::<C>::without_keys(count);
    load.run_for(warm_up_ticks(count), |ledger, rng| Hold { ledger, rng });
    let turns = load.run_for(timed_ticks(count), |ledger, rng| TimedTurns::of(Hold { ledger, rng })).into_turns();
    load.finish()?;
    Ok(vec![turns])
}

/// Times every turn, and each part of one that is split.
pub(crate) struct TimedTurns<H> {
    of: H,
    watch: Watch,
}

impl<H> TimedTurns<H> {
    pub(crate) fn of(of: H) -> Self {
        Self { of, watch: Watch::new() }
    }

    pub(crate) fn into_turns(self) -> Series {
        self.watch.turns
    }
}

/// Times turns from `before_turn` to `after_turn`.
struct Watch {
    start: Instant,
    turns: Series,
}

impl Watch {
    fn new() -> Self {
        Self { start: Instant::now(), turns: Series::default() }
    }
}

impl<C: Contender, H: OnTurn<C>> OnTurn<C> for TimedTurns<H> {
    fn before_turn(&mut self, timers: &mut C, now_ticks: u64) {
        self.of.before_turn(timers, now_ticks);
        self.watch.start = Instant::now();
    }

    fn fired(&mut self, timers: &mut C, now_ticks: u64, value: u64) {
        self.of.fired(timers, now_ticks, value);
    }

    fn split(&mut self) {
        self.watch.turns.record(self.watch.start);
        self.watch.start = Instant::now();
    }

    fn after_turn(&mut self) {
        self.watch.turns.record(self.watch.start);
    }
}

/// Job g: fills the container, then mixes all calls while the clock runs.
fn calls<C: Contender>(count: usize) -> Result<Vec<Series>, String> {
    let mut load = Load::<C>::empty();
    let mut growing = Series::with_room(count as u64);
    load.held.reserve_exact(count);
    tidy_memory();
    {
        let _entered = load.timers.enter();
        for _ in 0..count {
            growing.timed(|| load.arm_held());
        }
    }
    let mut held = std::mem::take(&mut load.held);
    let vacant = Vec::with_capacity(count);
    let mixed = load.run_for(timed_ticks(count), |ledger, rng| {
        TimedTurns::of(Mixed { held: &mut held, vacant, ledger, rng, calls: MixedCalls::with_room(count) })
    });
    let (calls, turns) = (mixed.of.calls, mixed.watch.turns);
    load.held = held;
    load.finish()?;
    Ok(vec![growing, calls.insert, calls.cancel, calls.reset, turns])
}

struct MixedCalls {
    insert: Series,
    cancel: Series,
    reset: Series,
}

impl MixedCalls {
    fn with_room(count: usize) -> Self {
        let each = calls_before_turn(count) * timed_ticks(count);
        // Half as many fire as are cancelled, and both are armed again.
        Self { insert: Series::with_room(2 * each), cancel: Series::with_room(each), reset: Series::with_room(each) }
    }
}

/// Cancels before each turn, and resets.
fn calls_before_turn(count: usize) -> u64 {
    (count as u64 / (MAX_DELAY_TICKS / 2)).max(1)
}

/// Before each turn as many cancels and resets as timers fire in one, at random; then everything that is gone, fired or
/// cancelled, is armed again. A reset goes anywhere, to earlier or later.
struct Mixed<'a, K> {
    held: &'a mut [Held<K>],
    /// Places that are not armed.
    vacant: Vec<u32>,
    ledger: &'a mut Ledger,
    rng: &'a mut Random,
    calls: MixedCalls,
}

impl<K> Mixed<'_, K> {
    fn cancel<C: Contender<Key = K>>(&mut self, timers: &mut C) {
        let place = self.rng.place(self.held.len());
        if self.held[place].due_ticks == 0 {
            return;
        }
        let key = &mut self.held[place].key;
        let value = self.calls.cancel.timed(|| timers.cancel(key));
        self.ledger.cancelled(value, place as u64);
        self.vacate(place);
    }

    fn reset<C: Contender<Key = K>>(&mut self, timers: &mut C, standing_ticks: u64) {
        let place = self.rng.place(self.held.len());
        let due_ticks = standing_ticks + self.rng.delay_ticks();
        let held = &mut self.held[place];
        if held.due_ticks == 0 {
            return;
        }
        self.calls.reset.timed(|| timers.reset(&mut held.key, due_ticks));
        held.moved_to(due_ticks);
    }

    fn insert<C: Contender<Key = K>>(&mut self, timers: &mut C, place: usize, standing_ticks: u64) {
        let due_ticks = standing_ticks + self.rng.delay_ticks();
        let key = self.calls.insert.timed(|| timers.arm(due_ticks, place as u64));
        self.held[place] = Held::new(key, due_ticks);
        self.ledger.armed(place as u64);
    }

    fn vacate(&mut self, place: usize) {
        self.held[place].due_ticks = 0;
        self.vacant.push(place as u32);
    }
}

impl<C: Contender> OnTurn<C> for Mixed<'_, C::Key> {
    fn before_turn(&mut self, timers: &mut C, now_ticks: u64) {
        let standing_ticks = now_ticks - 1;
        for _ in 0..calls_before_turn(self.held.len()) {
            self.cancel(timers);
            self.reset(timers, standing_ticks);
        }
        while let Some(place) = self.vacant.pop() {
            self.insert(timers, place as usize, standing_ticks);
        }
    }

    fn fired(&mut self, timers: &mut C, now_ticks: u64, value: u64) {
        let place = value as usize;
        self.ledger.fired(value, self.held[place].due_ticks.into(), now_ticks);
        timers.release(&mut self.held[place].key);
        self.vacate(place);
    }
}
