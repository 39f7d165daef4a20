//! Single calls, each of them timed, for the longest one and how they are distributed.
//!
//! On a shared machine any call may be interrupted, so one run says little about the longest call. But a run is the
//! same each time, call by call: it is repeated from an empty container, and each call counts with the least that it
//! took in any of the repeats. What an interruption caused is gone then; what the container caused is there every time.
//! The longest call of all repeats, interruptions included, stands beside it.

use std::time::Instant;

use hdrhistogram::Histogram;

use crate::measure::Rounds;
use crate::results::{Calls, Cell, Spread};

/// What each call of one kind took, in the order of the calls.
#[derive(Clone, Default)]
pub struct Series {
    least_ns: Vec<u32>,
    longest_ns: u32,
}

impl Series {
    /// A series that does not grow while it is taken: a copy of it would drive the container out of the caches.
    pub fn with_room(calls: u64) -> Self {
        let calls = usize::try_from(calls).expect("what is timed fits into memory");
        Self { least_ns: Vec::with_capacity(calls), longest_ns: 0 }
    }

    /// Makes a call and records what it took.
    #[inline]
    pub fn timed<R>(&mut self, call: impl FnOnce() -> R) -> R {
        let start = Instant::now();
        let result = call();
        self.record(start);
        result
    }

    /// Records a call that began at `start` and ends now.
    #[inline]
    pub fn record(&mut self, start: Instant) {
        let ns = u32::try_from(start.elapsed().as_nanos()).unwrap_or(u32::MAX);
        self.least_ns.push(ns);
        self.longest_ns = self.longest_ns.max(ns);
    }

    /// Takes a further run of the same calls into account.
    fn repeated(&mut self, again: &Series) {
        assert_eq!(self.least_ns.len(), again.least_ns.len(), "a repeat makes the same calls");
        for (least, again) in self.least_ns.iter_mut().zip(&again.least_ns) {
            *least = (*least).min(*again);
        }
        self.longest_ns = self.longest_ns.max(again.longest_ns);
    }

    pub(crate) fn cell(&self, contender: &'static str, rounds: usize) -> Cell {
        let histogram = histogram(self.least_ns.iter().map(|&ns| ns.into()));
        let longest = histogram.max() as f64;
        let spread = Spread { least: longest, median: longest, greatest: self.longest_ns.into() };
        let [p50, p99, p999, p9999] = [0.5, 0.99, 0.999, 0.9999].map(|share| histogram.value_at_quantile(share));
        let calls = Calls { count: self.least_ns.len(), p50, p99, p999, p9999, tail: tail(&histogram) };
        Cell { contender, spread, rounds, calls: Some(calls) }
    }
}

/// To three digits.
pub fn histogram(values: impl Iterator<Item = u64>) -> Histogram<u64> {
    let mut histogram = Histogram::new(3).expect("three digits are possible");
    values.for_each(|value| histogram.record(value).expect("the histogram grows by itself"));
    histogram
}

/// The share of calls that took at least as long, at each length that occurred.
fn tail(histogram: &Histogram<u64>) -> Vec<(u64, f64)> {
    let all = histogram.len() as f64;
    let mut longer = histogram.len();
    let mut points = Vec::new();
    for bucket in histogram.iter_recorded() {
        points.push((bucket.value_iterated_to(), longer as f64 / all));
        longer -= bucket.count_since_last_iteration();
    }
    points
}

/// Whole runs of the same calls, a series for each figure: every round is one of them.
pub struct Runs<F> {
    run: F,
    taken: Vec<Series>,
}

impl<F> Runs<F> {
    pub fn new(run: F) -> Self {
        Self { run, taken: Vec::new() }
    }
}

impl<F: FnMut() -> Result<Vec<Series>, String>> Rounds for Runs<F> {
    fn round(&mut self) -> Result<Vec<f64>, String> {
        let run = (self.run)()?;
        if self.taken.is_empty() {
            self.taken = run;
        } else {
            self.taken.iter_mut().zip(&run).for_each(|(taken, again)| taken.repeated(again));
        }
        Ok(Vec::new())
    }

    fn operations(&self) -> u64 {
        self.taken.iter().map(|series| series.least_ns.len() as u64).sum()
    }

    fn series(&mut self) -> Vec<Series> {
        std::mem::take(&mut self.taken)
    }
}
