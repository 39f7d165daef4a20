//! One whole run: every job at every size, then the reports.

use std::io::IsTerminal;
use std::path::Path;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use crate::group::Watch;
use crate::jobs::clock::timed;
use crate::jobs::contender::{Contender, OnTurn};
use crate::jobs::contenders::DelayQueueTimers;
use crate::options::{Job, Options};
use crate::results::{Results, Row};
use crate::schedule::Schedule;
use crate::{calls, means, memory, report};

/// Measures what `options` ask for and writes it down; `memory` is the program that measures memory.
///
/// # Errors
///
/// A report that cannot be written, or contenders whose run failed its check; the reports are written all the same.
pub fn run(options: &Options, memory: &Path) -> Result<(), String> {
    let groups: Vec<_> = options
        .jobs
        .iter()
        .flat_map(|&job| options.sizes_of(job).into_iter().map(move |timers| (job, timers)))
        .collect();
    let mut schedule = Schedule::new(options.limit, groups.iter().map(|&(job, timers)| job.weight(timers)));
    let bar = bar(groups.len());
    let mut results = Results::default();
    for (job, timers) in groups {
        let what = format!("{} at {timers}", job.name());
        bar.set_message(what.clone());
        let begun = Instant::now();
        let deadline = schedule.next(job.weight(timers));
        let mut watch = Watch { failures: &mut results.failures, bar: &bar, what: what.clone() };
        let rows = measure(options, job, timers, deadline, memory, &mut watch);
        results.rows.extend(rows);
        bar.inc(1);
        if !std::io::stderr().is_terminal() {
            let (took, all) = (begun.elapsed().as_secs_f64(), schedule.elapsed().as_secs());
            eprintln!("{what}: {took:.1} s, {all} s since the start");
        }
    }
    if options.peers.iter().any(|peer| peer.pays_for_clock) {
        results.paused_tick_ns = Some(paused_tick_ns());
    }
    bar.finish_and_clear();
    report::write(options, &results, schedule.elapsed())?;
    if results.failures.is_empty() { Ok(()) } else { Err(results.failures.join("\n")) }
}

fn measure(
    options: &Options,
    job: Job,
    timers: usize,
    deadline: Instant,
    memory: &Path,
    watch: &mut Watch<'_>,
) -> Vec<Row> {
    let peers = &options.peers;
    match job {
        Job::Floor => means::measure_floor(timers, options.rounds),
        Job::Mean(job) => means::measure(job, timers, peers, options.rounds, deadline, watch),
        Job::Memory => memory::measure_all(memory, timers, peers, watch),
        Job::Stall(job) => calls::measure(job, timers, peers, options.repeats(), deadline, watch),
    }
}

fn bar(groups: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {pos}/{len} {msg}");
    ProgressBar::new(groups as u64).with_style(style.expect("the template is well formed"))
}

/// What a turn takes in a paused runtime when nothing is armed: the price of moving its clock.
fn paused_tick_ns() -> f64 {
    const TICKS: u64 = 100_000;
    let mut timers = DelayQueueTimers::new();
    timed(|| timers.run(0, TICKS, 1, &mut NothingFires)).as_nanos() as f64 / TICKS as f64
}

struct NothingFires;

impl OnTurn<DelayQueueTimers> for NothingFires {
    fn fired(&mut self, _timers: &mut DelayQueueTimers, _now_ticks: u64, value: u64) {
        unreachable!("timer {value} was never armed");
    }
}
