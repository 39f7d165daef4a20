//! What each operation of the wheel and the heap costs, and what its longest call is, beside tokio's timers.
//!
//! - `cargo bench -p bench-ops`: the tables of means and of the longest calls, from 10^3 to 10^7 timers.
//! - `… -- --quick`: up to 10^6 timers; `--jobs b2,f`, `--sizes 1000,1000000`, `--only wheel,btree`: some of them.
//! - `… -- --test`: everything once, small, with every check and a check of the checks.
//! - `… -- --count JOB CONTENDER ROUNDS`: one job with a fixed number of operations, for `scripts/count-work`, which
//!   counts the instructions of the process. Two runs that differ by one round differ by that round's instructions:
//!   the setting up is in both. A job of single calls is always one whole run. Prints the number of operations.
//!
//! The library beside this program, `jobs`, describes the jobs, the method and the bias.

mod tables;

use std::process::ExitCode;

use clap::Args;
use harness::{Bench, Plan, Sizes, Watch, exit, number, verdict};
use jobs::{BTREE, Entry, FAULTY, Job, OURS, TOGETHER_UP_TO, TOKIOS, measure};

/// Enough to reach every path in seconds.
const SMALL: usize = 1_000;
/// To be counted in seconds, with all levels of the wheel and all paths.
const COUNTED: usize = 10_000;
/// Enough for what is put off to be done.
const OPERATIONS: u64 = 20_000;

/// The options of this bench alone.
#[derive(Args)]
struct More {
    #[command(flatten)]
    sizes: Sizes,

    /// Runs one job of one contender for a tool that counts instructions
    #[arg(long, num_args = 3, value_names = ["JOB", "CONTENDER", "ROUNDS"])]
    count: Option<Vec<String>>,
}

fn main() -> ExitCode {
    exit(run())
}

fn run() -> Result<(), String> {
    let all: Vec<Entry> = OURS.into_iter().chain(TOKIOS).chain([BTREE]).collect();
    let bench = Bench {
        name: "ops",
        about: "What each operation of the wheel and the heap costs, and what its longest call is",
        jobs: Job::all().map(Job::name).collect(),
        contenders: all.iter().map(|entry| entry.name).collect(),
    };
    let options = bench.options::<More>();
    if let Some(args) = &options.more.count {
        return count(args);
    } else if options.is_test() {
        return run_all_small(&all);
    }
    let entries: Vec<Entry> = match options.only.is_empty() {
        true => all[..OURS.len() + TOKIOS.len()].to_vec(),
        false => all.into_iter().filter(|entry| options.wants(entry.name)).collect(),
    };
    let sizes = options.pick(&[][..], &[1_000, 100_000, 1_000_000], &[1_000, 100_000, 1_000_000, 10_000_000]);
    let sizes = options.more.sizes.or(sizes);
    let jobs: Vec<_> = Job::all().filter(|job| options.wants_job(job.name())).collect();
    let mut watch = Watch::new(jobs.len() * sizes.len());
    let rounds = options.rounds(5, 5);
    for (job, &timers) in jobs.into_iter().flat_map(|job| sizes.iter().map(move |timers| (job, timers))) {
        watch.step(format!("{} at {timers}", job.name()));
        let plan = Plan { together: timers <= TOGETHER_UP_TO, ..Plan::of_rounds(rounds, 0) };
        let rows = measure(job, timers, &entries, plan, &mut watch);
        watch.found(rows);
    }
    let results = watch.finish();
    tables::print(&results, &entries, rounds);
    verdict(&results)
}

fn count(args: &[String]) -> Result<(), String> {
    let job = Job::all().find(|job| job.name() == args[0]).ok_or("no such job")?;
    let entry = OURS.into_iter().find(|entry| entry.name == args[1]).ok_or("no such contender of this crate")?;
    let rounds = if job.is_calls() { 1 } else { number(&args[2])? };
    let mut operations = 0;
    if let Some(mut run) = entry.start(job, COUNTED, Some(OPERATIONS)) {
        for _ in 0..rounds {
            run.round()?;
            operations = run.operations();
        }
    }
    println!("{operations}");
    Ok(())
}

/// Every job once for every contender; then the checks are shown to catch each wrong timer.
fn run_all_small(all: &[Entry]) -> Result<(), String> {
    let outcome = |entry: &Entry, job: Job| {
        let mut run = entry.start(job, SMALL, Some(2 * SMALL as u64))?;
        Some(run.round().and_then(|_| run.finish()))
    };
    for (job, entry) in Job::all().flat_map(|job| all.iter().map(move |entry| (job, entry))) {
        outcome(entry, job).unwrap_or(Ok(())).map_err(|what| format!("{}, {}: {what}", entry.name, job.name()))?;
    }
    for (job, faulty) in Job::all().flat_map(|job| FAULTY.iter().map(move |faulty| (job, faulty))) {
        if outcome(faulty, job).is_some_and(|outcome| outcome.is_ok()) {
            return Err(format!("job {} does not notice a timer that is wrong: {}", job.name(), faulty.name));
        }
    }
    println!("checks: every contender passes all jobs, {} wrong ones fail each", FAULTY.len());
    Ok(())
}
