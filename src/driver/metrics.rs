//! What a driver counts, and how late its timers were.

use core::fmt;
use core::time::Duration;

use hdrhistogram::Histogram;

use crate::sync::{Counter, Mutex, Ordering};

/// The longest lateness told apart, in nanoseconds: a minute. What is later counts as that late.
const LATEST_NS: u64 = 60_000_000_000;

/// What a shard counts under its lock.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct ShardCounts {
    pub(crate) armed: u64,
    pub(crate) cancelled: u64,
    pub(crate) reset: u64,
    pub(crate) fired: u64,
    pub(crate) moved: u64,
}

/// What whoever turns the driver counts.
pub(crate) struct TurnCounts {
    pub(crate) turns: Counter,
    pub(crate) empty_turns: Counter,
    pub(crate) longest_turn_ns: Counter,
    pub(crate) panics: Counter,
    pub(crate) not_rearmed: Counter,
    /// Turns that took long enough to be warned of.
    #[cfg(feature = "tracing")]
    pub(crate) long_turns: Counter,
    pub(crate) woken_by_time: Counter,
    pub(crate) woken_by_earlier: Counter,
    pub(crate) woken_by_signal: Counter,
    lateness: Mutex<Histogram<u64>>,
}

impl TurnCounts {
    pub(crate) fn new() -> Self {
        let zero = || Counter::new(0);
        let lateness = Histogram::new_with_bounds(1, LATEST_NS, 2).expect("the bounds are in order");
        Self {
            turns: zero(),
            empty_turns: zero(),
            longest_turn_ns: zero(),
            panics: zero(),
            not_rearmed: zero(),
            #[cfg(feature = "tracing")]
            long_turns: zero(),
            woken_by_time: zero(),
            woken_by_earlier: zero(),
            woken_by_signal: zero(),
            lateness: Mutex::new(lateness),
        }
    }

    pub(crate) fn add(counter: &Counter) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Records how late timers were, in nanoseconds, and empties the list.
    pub(crate) fn record_lateness(&self, late_ns: &mut std::vec::Vec<u64>) {
        let mut histogram = self.lateness.lock();
        late_ns.drain(..).for_each(|ns| histogram.saturating_record(ns));
    }

    pub(crate) fn lateness(&self) -> Lateness {
        Lateness { histogram: self.lateness.lock().clone() }
    }
}

/// What a driver has done since it was made; a copy, taken by [`Handle::metrics`](super::Handle::metrics).
///
/// `armed == cancelled + fired + pending` at any moment at which nobody is using the driver and none of its callbacks
/// waits for the pool, until it is shut down.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Metrics {
    /// Timers armed, each run of a periodic one counted.
    pub armed: u64,
    /// Timers cancelled, or dropped by a shut-down, before they fired.
    pub cancelled: u64,
    /// Timers moved to another deadline.
    pub reset: u64,
    /// Timers that fired: that left their shard in a turn. A callback that was cancelled or moved after that, and
    /// before it was called, counts here all the same.
    pub fired: u64,
    /// Timers that are armed now.
    pub pending: usize,
    /// Turns made.
    pub turns: u64,
    /// Turns in which no timer fired: upkeep, or a timer that had been cancelled or moved to later.
    pub empty_turns: u64,
    /// The longest turn, with all that it called.
    pub longest_turn: Duration,
    /// Entries that turns touched without a timer firing: those that came down a level, or were filed again.
    pub entries_moved: u64,
    /// Panics of callbacks, wakers, hooks, and the clock, and of values being dropped.
    pub panics: u64,
    /// Periodic callbacks, tickers and messages that are over because their shard had no room when they were to be
    /// armed again.
    pub not_rearmed: u64,
    /// Why the driver's thread woke up.
    pub wake_ups: WakeUps,
    /// How late the timers were.
    pub lateness: Lateness,
}

/// How often the thread of a driver woke up, by cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct WakeUps {
    /// The moment had come that it slept for.
    pub time: u64,
    /// A timer was armed, or moved, that is due earlier than what it slept for.
    pub earlier: u64,
    /// It was told to pause or to stop.
    pub signal: u64,
}

impl WakeUps {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.time + self.earlier + self.signal
    }
}

/// How long after their expiry timers fired, to a hundredth, up to a minute.
///
/// It is measured when a timer's waker or callback is called, or is handed to the callback pool, against the last time
/// that the driver has read: at the beginning of the turn, and after each callback. The expiry is the deadline rounded
/// up to the tick: a coarse timer's rounding is not counted as lateness.
#[derive(Clone, PartialEq)]
pub struct Lateness {
    histogram: Histogram<u64>,
}

impl Lateness {
    /// The lateness that this part of the timers did not exceed: `quantile(0.5)` is the median. Zero if none fired.
    pub fn quantile(&self, quantile: f64) -> Duration {
        Duration::from_nanos(self.histogram.value_at_quantile(quantile))
    }

    /// The greatest.
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.histogram.max())
    }

    /// The mean.
    pub fn mean(&self) -> Duration {
        Duration::from_nanos(self.histogram.mean() as u64)
    }

    /// How many timers were measured.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// Each lateness that occurred, to a hundredth, with the number of timers, from the least to the greatest.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        let recorded = self.histogram.iter_recorded();
        recorded.map(|value| (Duration::from_nanos(value.value_iterated_to()), value.count_at_value()))
    }
}

impl fmt::Debug for Lateness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lateness")
            .field("count", &self.count())
            .field("p50", &self.quantile(0.5))
            .field("p99", &self.quantile(0.99))
            .field("max", &self.max())
            .finish()
    }
}
