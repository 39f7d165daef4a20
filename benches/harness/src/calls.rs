//! Single calls, each of them timed, for the longest one and how they are distributed.
//!
//! On a shared machine any call may be interrupted, so one run says little about the longest call. But a run is the
//! same each time, call by call: it is repeated from an empty container, and each call counts with the least that it
//! took in any of the repeats. What an interruption caused is gone then; what the container caused is there every time.
//! The longest call of all repeats, interruptions included, stands beside it.

use std::time::Instant;

use hdrhistogram::Histogram;

use crate::measure::Plan;
use crate::results::{Calls, Cell, Row};
use crate::stats::Spread;
use crate::watch::Watch;

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

    pub fn count(&self) -> usize {
        self.least_ns.len()
    }

    /// Takes a further run of the same calls into account.
    fn repeated(&mut self, again: &Series) {
        assert_eq!(self.least_ns.len(), again.least_ns.len(), "a repeat makes the same calls");
        for (least, again) in self.least_ns.iter_mut().zip(&again.least_ns) {
            *least = (*least).min(*again);
        }
        self.longest_ns = self.longest_ns.max(again.longest_ns);
    }

    fn cell(&self, contender: &'static str, rounds: usize) -> Cell {
        let histogram = histogram(self.least_ns.iter().map(|&ns| ns.into()));
        let longest = histogram.max() as f64;
        let spread = Spread { greatest: self.longest_ns.into(), ..Spread::once(longest) };
        let [p50, p99, p999, p9999] = [0.5, 0.99, 0.999, 0.9999].map(|share| histogram.value_at_quantile(share));
        let calls = Calls { count: self.count(), p50, p99, p999, p9999, tail: tail(&histogram) };
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

/// A contender and one whole run of it: a series for each row.
pub struct Run<'a> {
    contender: &'static str,
    run: Box<dyn Fn() -> Result<Vec<Series>, String> + 'a>,
}

impl<'a> Run<'a> {
    pub fn new(contender: &'static str, run: impl Fn() -> Result<Vec<Series>, String> + 'a) -> Self {
        Self { contender, run: Box::new(run) }
    }
}

/// Runs every contender once, then again: fills the cells of `rows`. A contender that fails is noted and left out.
///
/// Runs are repeated while there is time for one more, and twice in any case: in a single run a longest call cannot be
/// told from an interruption. Only where contenders are measured one by one the slow ones may be run once; each has the
/// same time there, so that the faster are repeated more often.
pub fn repeated(mut rows: Vec<Row>, runs: &[Run<'_>], plan: &Plan, watch: &mut Watch) -> Vec<Row> {
    let mut left = runs.len();
    for batch in runs.chunks(if plan.together { left.max(1) } else { 1 }) {
        let until = plan.share(left / batch.len());
        left -= batch.len();
        for (contender, series, repeats) in repeat(batch, plan, until, watch) {
            rows.iter_mut().zip(&series).for_each(|(row, series)| row.cells.push(series.cell(contender, repeats)));
        }
    }
    rows
}

type Repeated = (&'static str, Vec<Series>, usize);

fn repeat(batch: &[Run<'_>], plan: &Plan, until: Option<Instant>, watch: &mut Watch) -> Vec<Repeated> {
    let begun = Instant::now();
    let mut taken: Vec<(&Run<'_>, Vec<Series>, usize)> = Vec::new();
    for run in batch {
        watch.says(run.contender, "run 1");
        taken.extend(watch.kept(run.contender, &run.run).map(|series| (run, series, 1)));
    }
    let one_run = begun.elapsed() / batch.len() as u32;
    for repeat in 1..plan.rounds {
        let is_needed = repeat == 1 && batch.len() > 1;
        if !is_needed && until.is_some_and(|until| Instant::now() + one_run > until) {
            break;
        }
        for (run, series, repeats) in &mut taken {
            watch.says(run.contender, &format!("run {}", repeat + 1));
            if let Some(again) = watch.kept(run.contender, &run.run) {
                series.iter_mut().zip(&again).for_each(|(series, again)| series.repeated(again));
                *repeats += 1;
            }
        }
    }
    taken.into_iter().map(|(run, series, repeats)| (run.contender, series, repeats)).collect()
}
