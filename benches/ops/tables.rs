//! The tables: means beside the peers, and the longest calls.

use crate::jobs::means::Mean;
use crate::jobs::roster::{Entry, FAULTY, OTHERS, OURS, TOKIOS};
use crate::jobs::stalls::Stall;
use crate::jobs::table;
use crate::options::Options;

/// Enough to reach every path in seconds.
pub(crate) const SMALL: usize = 1_000;

/// What `options` ask for.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let Options { means, stalls, sizes, contenders, rounds, .. } = options;
    if !means.is_empty() {
        println!(
            "\nMeans, in thread CPU time, of {rounds} interleaved rounds; lead: the best peer's over the first's."
        );
        table::print_means_heading(contenders);
    }
    for &job in means {
        sizes.iter().try_for_each(|&size| table::print_means(job, size, contenders, *rounds))?;
    }
    if !stalls.is_empty() {
        println!("\nSingle calls, wall time: each call's least of three identical runs, and the longest of all runs.");
        table::print_stalls_heading();
    }
    for &job in stalls {
        sizes.iter().try_for_each(|&size| table::print_stalls(job, size, contenders))?;
    }
    Ok(())
}

/// Every job once for every contender; then the checks are shown to catch each wrong timer.
pub(crate) fn run_all_small() -> Result<(), String> {
    for contender in OURS.iter().chain(TOKIOS).chain(OTHERS) {
        outcome(contender)?;
    }
    for faulty in FAULTY {
        for job in Mean::ALL {
            caught(faulty, job.name(), mean_outcome(faulty, job))?;
        }
        for job in Stall::ALL {
            caught(faulty, job.name(), (faulty.stalls)(job, SMALL).map(drop))?;
        }
    }
    println!("checks: every contender passes all jobs, {} wrong ones fail each", FAULTY.len());
    Ok(())
}

fn outcome(contender: &Entry) -> Result<(), String> {
    Mean::ALL.into_iter().try_for_each(|job| mean_outcome(contender, job))?;
    Stall::ALL.into_iter().try_for_each(|job| (contender.stalls)(job, SMALL).map(drop))
}

fn mean_outcome(contender: &Entry, job: Mean) -> Result<(), String> {
    let mut run = (contender.start)(job, SMALL);
    run.round(2 * SMALL as u64)?;
    run.finish()
}

fn caught(faulty: &Entry, job: &str, outcome: Result<(), String>) -> Result<(), String> {
    match outcome {
        Ok(()) => Err(format!("job {job} does not notice a timer that is wrong: {}", faulty.name)),
        Err(_) => Ok(()),
    }
}
