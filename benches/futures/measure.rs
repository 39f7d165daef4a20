//! A whole run: a round of every contender, then the next round of every contender, so that what the machine does
//! meanwhile falls on all.

use std::io::IsTerminal;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use crate::job::{Group, Job, Rounds};
use crate::options::Options;
use crate::results::{Cell, Results, Row};
use crate::roster::Contender;
use crate::stats::Spread;

/// Processor time for one operation, on the thread that does it.
const CPU: &str = "ns of thread CPU";

struct Running {
    contender: &'static Contender,
    rounds: Box<dyn Rounds>,
    taken: Vec<Vec<f64>>,
}

/// Measures what `options` ask for.
///
/// # Errors
///
/// In a test, the contenders that failed. Else they are noted, and the others measured all the same.
pub(crate) fn all(options: &Options) -> Result<Results, String> {
    let begun = Instant::now();
    let scale = options.scale();
    let steps: Vec<(Job, usize)> = options.jobs().iter().flat_map(|&job| with_threads(job, scale.threads)).collect();
    let style = ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {pos}/{len} {msg}");
    let bar = ProgressBar::new(steps.len() as u64).with_style(style.expect("the template is well formed"));
    let mut results = Results::default();
    for (job, threads) in steps {
        let rows = measure(options, job, threads, &bar, &mut results.failures);
        results.rows.extend(rows);
        bar.inc(1);
        if !std::io::stderr().is_terminal() && !options.is_test() {
            eprintln!("{}, {}: {} s since the start", job.name(), counted(threads), begun.elapsed().as_secs());
        }
    }
    bar.finish_and_clear();
    results.took = begun.elapsed();
    if options.is_test() && !results.failures.is_empty() {
        return Err(results.failures.join("\n"));
    }
    Ok(results)
}

fn with_threads(job: Job, threads: &[usize]) -> Vec<(Job, usize)> {
    let threads = if job == Job::Contention { threads } else { &[1] };
    threads.iter().map(|&threads| (job, threads)).collect()
}

/// The figures of a job, each with its unit.
fn figures(job: Job, threads: usize) -> Vec<(String, &'static str)> {
    match job.group() {
        Group::OneThread => vec![(job.name(), CPU)],
        Group::Crowd => {
            let late = ["p50 late", "p99 late", "max late"].map(|figure| (figure.to_owned(), "ns late"));
            [&[("CPU each".to_owned(), "ns of process CPU")][..], &late].concat()
        }
        Group::Contention => {
            vec![(format!("{}, CPU", counted(threads)), CPU), (format!("{}, wall", counted(threads)), "ns passed")]
        }
    }
}

pub(crate) fn counted(threads: usize) -> String {
    if threads == 1 { "1 thread".to_owned() } else { format!("{threads} threads") }
}

fn measure(options: &Options, job: Job, threads: usize, bar: &ProgressBar, failures: &mut Vec<String>) -> Vec<Row> {
    let scale = options.scale();
    let mut running: Vec<Running> = Vec::new();
    let what = |contender: &Contender| format!("{}: {}, {}", contender.name, job.name(), counted(threads));
    for contender in options.contenders() {
        let rounds = attempt(|| Ok(contender.start(job, threads, &scale)));
        match rounds {
            Ok(Some(rounds)) => running.push(Running { contender, rounds, taken: Vec::new() }),
            Ok(None) => {}
            Err(failure) => failures.push(format!("{}: {failure}", what(contender))),
        }
    }
    // The first of short rounds is for warming up, and counts for the checks alone.
    let (rounds, warm_up) = if job == Job::Crowd { (scale.crowd_rounds, 0) } else { (scale.rounds, 1) };
    for round in 0..rounds + warm_up {
        running.retain_mut(|Running { contender, rounds, taken }| {
            bar.set_message(format!("{} round {round}", what(contender)));
            bar.tick();
            match attempt(|| rounds.round()) {
                Ok(figures) if round >= warm_up => taken.push(figures),
                Ok(_) => {}
                Err(failure) => {
                    failures.push(format!("{}: {failure}", what(contender)));
                    return false;
                }
            }
            true
        });
    }
    let figures = figures(job, threads).into_iter();
    let mut rows: Vec<_> = figures.map(|(figure, unit)| Row { job, figure, unit, cells: Vec::new() }).collect();
    for Running { contender, rounds, taken } in running {
        bar.set_message(format!("{} is checked", what(contender)));
        bar.tick();
        if let Err(failure) = attempt(|| rounds.finish()) {
            failures.push(format!("{}: {failure}", what(contender)));
            continue;
        }
        // One may have fewer figures than there are.
        for (place, row) in rows.iter_mut().enumerate().take(taken[0].len()) {
            let spread = Spread::of(taken.iter().map(|figures| figures[place]).collect());
            row.cells.push(Cell { contender: contender.name, spread, rounds: taken.len() });
        }
    }
    rows
}

/// A panic in a contender is a failure of that one, not of the run.
fn attempt<R>(work: impl FnOnce() -> Result<R, String>) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let what = panic.downcast_ref::<String>().map(String::as_str);
        Err(format!("panicked: {}", what.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")))
    })
}
