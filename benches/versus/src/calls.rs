//! Jobs f to h: the longest single turn and call, and how they are distributed.

use std::time::Instant;

use hdrhistogram::Histogram;

use crate::group::{Watch, attempt, batches};
use crate::jobs::stalls::{Series, Stall};
use crate::means::tidied;
use crate::results::{Calls, Cell, Row, Unit};
use crate::roster::Peer;
use crate::schedule::share;

/// One whole run of every contender, then the next; each call counts with the least that it took in any of them.
pub(crate) fn measure(
    job: Stall,
    timers: usize,
    peers: &[&'static Peer],
    repeats: usize,
    deadline: Instant,
    watch: &mut Watch<'_>,
) -> Vec<Row> {
    let mut taken: Vec<Repeated> = Vec::new();
    let mut left = peers.len();
    for batch in batches(timers, peers) {
        let until = share(deadline, left / batch.len());
        left -= batch.len();
        taken.extend(measure_batch(job, timers, batch, repeats, until, watch));
    }
    let rows = job.rows().iter().enumerate();
    rows.map(|(kind, figure)| Row {
        job: job.name(),
        figure: tidied(figure),
        unit: Unit::NsLongest,
        timers,
        cells: taken.iter().map(|repeated| repeated.cell(kind)).collect(),
    })
    .collect()
}

/// Runs are repeated while there is time for one more, and twice in any case: in a single run a longest call cannot be
/// told from an interruption. Only where contenders are measured one by one the slow ones may be run once; each has the
/// same time there, so that the faster are repeated more often.
fn measure_batch(
    job: Stall,
    timers: usize,
    batch: &[&'static Peer],
    repeats: usize,
    until: Instant,
    watch: &mut Watch<'_>,
) -> Vec<Repeated> {
    let mut taken: Vec<Repeated> = Vec::new();
    let begun = Instant::now();
    for &peer in batch {
        watch.says(peer, "run 1");
        let run = attempt(peer, || (peer.entry.stalls)(job, timers));
        taken.extend(watch.kept(run).map(|series| Repeated { peer, series, runs: 1 }));
    }
    let one_run = begun.elapsed() / batch.len() as u32;
    for repeat in 1..repeats {
        let is_needed = repeat == 1 && batch.len() > 1;
        if !is_needed && Instant::now() + one_run > until {
            break;
        }
        for repeated in &mut taken {
            let peer = repeated.peer;
            watch.says(peer, &format!("run {}", repeat + 1));
            if let Some(again) = watch.kept(attempt(peer, || (peer.entry.stalls)(job, timers))) {
                repeated.again(&again);
            }
        }
    }
    taken
}

struct Repeated {
    peer: &'static Peer,
    series: Vec<Series>,
    runs: usize,
}

impl Repeated {
    fn again(&mut self, again: &[Series]) {
        self.series.iter_mut().zip(again).for_each(|(series, again)| series.repeated(again));
        self.runs += 1;
    }

    fn cell(&self, kind: usize) -> Cell {
        let series = &self.series[kind];
        let histogram = series.histogram();
        let longest = histogram.max() as f64;
        let calls = Calls {
            count: series.calls(),
            p50_ns: histogram.value_at_quantile(0.5),
            p99_ns: histogram.value_at_quantile(0.99),
            p999_ns: histogram.value_at_quantile(0.999),
            tail: tail(&histogram),
        };
        Cell {
            contender: self.peer.name(),
            value: longest,
            least: longest,
            greatest: series.longest_seen_ns().into(),
            rounds: self.runs,
            calls: Some(calls),
        }
    }
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
