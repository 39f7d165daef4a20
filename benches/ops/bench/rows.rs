//! Criterion's rows: each mean job, for both timers of this crate, at each size.

use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, SamplingMode};
use jobs::means::{Mean, Timing};
use jobs::roster::{Entry, OURS};

pub(crate) const SIZES: [usize; 4] = [1_000, 100_000, 1_000_000, 10_000_000];

/// Runs the rows that criterion's own arguments pick.
pub(crate) fn run(sizes: &[usize]) -> Result<(), String> {
    let mut criterion = Criterion::default()
        .sample_size(10)
        // The setting up of each job warms up; what criterion needs is one call for its estimate.
        .warm_up_time(Duration::from_nanos(1))
        .measurement_time(Duration::from_millis(500))
        .without_plots()
        .configure_from_args();
    for job in Mean::ALL {
        let mut group = criterion.benchmark_group(job.name());
        // Rounds are alike, so that samples of one length serve.
        group.sampling_mode(SamplingMode::Flat);
        for &size in sizes {
            for contender in OURS {
                run_row(&mut group, job, size, contender)?;
            }
        }
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}

fn run_row(group: &mut BenchmarkGroup<'_, WallTime>, job: Mean, size: usize, contender: &Entry) -> Result<(), String> {
    let mut set_up = None;
    let mut failure = Ok(());
    group.bench_function(BenchmarkId::new(contender.name, size), |bencher| {
        // Filled at the first call, so that a row that is filtered out costs nothing.
        let rounds = set_up.get_or_insert_with(|| (contender.start)(job, size));
        bencher.iter_custom(|iterations| match time(&mut **rounds, iterations, job.least_operations(size)) {
            Ok(elapsed) => elapsed,
            Err(what) => {
                failure = Err(what);
                Duration::from_nanos(iterations)
            }
        });
    });
    failure?;
    set_up.map_or(Ok(()), |rounds| rounds.finish())
}

/// What `iterations` operations take, measured over no fewer than `least`; a job may have several figures for one.
fn time(rounds: &mut dyn Timing, iterations: u64, least: u64) -> Result<Duration, String> {
    let figures = rounds.round(iterations.max(least))?;
    let ns_per_operation: f64 = figures.into_iter().map(|figure| figure.ns_per_operation()).sum();
    Ok(Duration::from_secs_f64(ns_per_operation * iterations as f64 / 1e9))
}
