//! `--count JOB CONTENDER ROUNDS`: one job of one contender with a fixed number of operations, for a tool that counts
//! the instructions of the process (`scripts/count-work`).
//!
//! Two runs that differ by one round differ by that round's instructions: the setting up is in both. A job of single
//! calls is always one whole run, setting up included. The number of operations is printed.

use jobs::means::Mean;
use jobs::roster::OURS;
use jobs::stalls::Stall;

/// Small enough to be counted in seconds, large enough for all levels of the wheel and all paths.
const TIMERS: usize = 10_000;
/// Enough for what is put off to be done.
const OPERATIONS: u64 = 20_000;

/// Runs what `args` name.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let [job, contender, rounds] = args else { return Err("--count wants a job, a contender and rounds".to_owned()) };
    let entry = OURS.iter().find(|entry| entry.name == contender).ok_or_else(|| format!("no contender {contender}"))?;
    let rounds: u64 = rounds.parse().map_err(|_| format!("{rounds}: expected a whole number"))?;
    let operations = if let Some(mean) = Mean::ALL.into_iter().find(|mean| mean.name() == job) {
        let mut run = (entry.start)(mean, TIMERS);
        let mut operations = 0;
        for _ in 0..rounds {
            operations = run.round(OPERATIONS)?.iter().map(|timed| timed.operations).max().unwrap_or(0);
        }
        operations
    } else {
        let stall = Stall::ALL.into_iter().find(|stall| stall.name() == job).ok_or_else(|| format!("no job {job}"))?;
        let series = (entry.calls(stall, TIMERS).run)()?;
        series.iter().map(|series| series.count() as u64).sum()
    };
    println!("{operations}");
    Ok(())
}
