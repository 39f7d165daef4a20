//! Runs jobs for several contenders, interleaved, and prints what they took.
//!
//! A round of every contender, then the next round of every contender: what the machine does meanwhile falls on all.

use crate::jobs::means::{Mean, Rounds};
use crate::jobs::roster::Entry;
use crate::jobs::stalls::{Series, Stall};
use crate::jobs::stats::Spread;

/// Above this many timers contenders are set up one after another, so that they need not all fit into memory.
const TOGETHER_UP_TO: usize = 2_000_000;
/// Repeats of a stall job, of which each call's least counts.
const REPEATS: usize = 3;

/// Prints the means of one job at one size, in nanoseconds, with a row for each of the job's figures.
pub(crate) fn print_means(job: Mean, count: usize, contenders: &[Entry], rounds: usize) -> Result<(), String> {
    let spreads = if count <= TOGETHER_UP_TO {
        measure(job, count, contenders, rounds)?
    } else {
        let each = contenders.iter().map(|&entry| measure(job, count, &[entry], rounds));
        each.collect::<Result<Vec<_>, _>>()?.concat()
    };
    for (figure, row) in job.rows().iter().enumerate() {
        print!("{row:<23}{count:>10}");
        for spreads in &spreads {
            let Spread { least, median, greatest } = spreads[figure];
            print!("{:>20}", format!("{median:.1} ({least:.0}–{greatest:.0})"));
        }
        println!("{:>9}", lead(contenders, |place| spreads[place][figure].median));
    }
    Ok(())
}

/// The heading that [`print_means`] rows stand under.
pub(crate) fn print_means_heading(contenders: &[Entry]) {
    print!("{:<23}{:>10}", "ns: median (range)", "timers");
    contenders.iter().for_each(|contender| print!("{:>20}", contender.name));
    println!("{:>9}", "lead");
}

/// The best peer's figure over that of the first contender, if that one is ours: how far ahead it is.
fn lead(contenders: &[Entry], figure: impl Fn(usize) -> f64) -> String {
    let best_peer = (0..contenders.len()).filter(|&place| !contenders[place].ours).map(&figure).min_by(f64::total_cmp);
    match best_peer {
        Some(best_peer) if contenders[0].ours => format!("{:.2}×", best_peer / figure(0)),
        _ => String::new(),
    }
}

/// For each contender, for each figure of the job, its rounds.
fn measure(job: Mean, count: usize, contenders: &[Entry], rounds: usize) -> Result<Vec<Vec<Spread>>, String> {
    let mut runs: Vec<Box<dyn Rounds>> = contenders.iter().map(|contender| (contender.start)(job, count)).collect();
    let mut taken = vec![vec![Vec::with_capacity(rounds); job.rows().len()]; runs.len()];
    for _ in 0..rounds {
        for (run, taken) in runs.iter_mut().zip(&mut taken) {
            for (figure, taken) in job.warm_round(run.as_mut(), count)?.into_iter().zip(taken) {
                taken.push(figure.ns_per_operation());
            }
        }
    }
    runs.into_iter().try_for_each(|run| run.finish())?;
    Ok(taken.into_iter().map(|figures| figures.into_iter().map(Spread::of).collect()).collect())
}

/// The heading that [`print_stalls`] rows stand under.
pub(crate) fn print_stalls_heading() {
    println!(
        "{:<23}{:>10}  {:<12}{:>10}{:>9}{:>9}{:>9}{:>11}{:>14}",
        "ns a call", "timers", "", "calls", "p50", "p99", "p99.9", "longest", "longest seen"
    );
}

/// Prints the distribution of one stall job's calls at one size, a row for each kind of call and contender.
pub(crate) fn print_stalls(job: Stall, count: usize, contenders: &[Entry]) -> Result<(), String> {
    let mut series: Vec<Vec<Series>> = Vec::new();
    for repeat in 0..REPEATS {
        for (place, contender) in contenders.iter().enumerate() {
            let again = (contender.stalls)(job, count)?;
            if repeat == 0 {
                series.push(again);
            } else {
                series[place].iter_mut().zip(&again).for_each(|(series, again)| series.repeated(again));
            }
        }
    }
    for (kind, row) in job.rows().iter().enumerate() {
        for (series, contender) in series.iter().zip(contenders) {
            print_distribution(row, count, contender.name, &series[kind]);
        }
    }
    Ok(())
}

fn print_distribution(row: &str, count: usize, contender: &str, series: &Series) {
    let histogram = series.histogram();
    println!(
        "{row:<23}{count:>10}  {contender:<12}{:>10}{:>9}{:>9}{:>9}{:>11}{:>14}",
        series.calls(),
        histogram.value_at_quantile(0.5),
        histogram.value_at_quantile(0.99),
        histogram.value_at_quantile(0.999),
        histogram.max(),
        series.longest_seen_ns(),
    );
}
