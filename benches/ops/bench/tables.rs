//! The tables: means beside tokio's timers, and the longest calls.

use harness::calls::repeated;
use harness::measure::{Plan, step};
use harness::options::Options;
use harness::report::verdict;
use harness::results::{CPU, LONGEST, Row};
use harness::tables::{Table, median, thousands, times};
use harness::watch::Watch;
use jobs::figure::rows;
use jobs::load::TOGETHER_UP_TO;
use jobs::means::Mean;
use jobs::roster::{Entry, FAULTY, OTHERS, OURS, TOKIOS};
use jobs::stalls::Stall;

use crate::More;

/// Enough to reach every path in seconds.
pub(crate) const SMALL: usize = 1_000;
/// Repeats of a run of single calls, of which each call's least counts.
const REPEATS: usize = 3;

/// What `options` ask for.
pub(crate) fn run(options: &Options<More>) -> Result<(), String> {
    let sizes = if options.more.sizes.is_empty() { &[1_000, 100_000, 1_000_000] } else { &options.more.sizes[..] };
    let entries: Vec<_> = if options.only.is_empty() {
        OURS.iter().chain(TOKIOS).collect()
    } else {
        OURS.iter().chain(TOKIOS).chain(OTHERS).filter(|entry| options.wants(entry.name)).collect()
    };
    let means: Vec<_> = Mean::ALL.into_iter().filter(|job| options.wants_job(job.name())).collect();
    let stalls: Vec<_> = Stall::ALL.into_iter().filter(|job| options.wants_job(job.name())).collect();
    let mut watch = Watch::new((means.len() + stalls.len()) * sizes.len());
    let plan = |rounds, timers| Plan { together: timers <= TOGETHER_UP_TO, ..Plan::of_rounds(rounds, 0) };
    let rounds = options.rounds(5, 5);
    for (job, &timers) in means.iter().flat_map(|job| sizes.iter().map(move |timers| (job, timers))) {
        watch.step(format!("{} at {timers}", job.name()));
        let starts = entries.iter().map(|entry| entry.mean(*job, timers)).collect();
        let rows = rows(job.name(), job.figures(), CPU, timers);
        let rows = step(rows, starts, &plan(rounds, timers), &mut watch);
        watch.found(rows);
    }
    for (job, &timers) in stalls.iter().flat_map(|job| sizes.iter().map(move |timers| (job, timers))) {
        watch.step(format!("{} at {timers}", job.name()));
        let runs: Vec<_> = entries.iter().map(|entry| entry.calls(*job, timers)).collect();
        let rows =
            repeated(rows(job.name(), job.figures(), LONGEST, timers), &runs, &plan(REPEATS, timers), &mut watch);
        watch.found(rows);
    }
    let results = watch.finish();
    let (means, stalls): (Vec<_>, Vec<_>) = results.rows.iter().partition(|row| row.unit == CPU);
    if !means.is_empty() {
        println!(
            "\nMeans, in thread CPU time, of {rounds} interleaved rounds; lead: the best peer's over the first's.\n"
        );
        println!("{}", means_table(&means, &entries));
    }
    if !stalls.is_empty() {
        println!(
            "\nSingle calls, wall time: each call's least of {REPEATS} identical runs, and the longest of all runs.\n"
        );
        println!("{}", stalls_table(&stalls));
    }
    verdict(&results)
}

fn means_table(rows: &[&Row], entries: &[&Entry]) -> Table {
    let heads = ["ns: median (range)", "timers"].into_iter().chain(entries.iter().map(|entry| entry.name));
    let mut table = Table::new(1, heads.chain(["lead"]).map(str::to_owned).collect());
    for row in rows {
        let mut cells = vec![row.name(), row.timers.map_or(String::new(), thousands)];
        cells.extend(entries.iter().map(|it| row.cell(it.name).map_or("–".to_owned(), |cell| median(cell, 1.0))));
        let peers = entries.iter().filter(|entry| !entry.ours).map(|entry| entry.name);
        let lead = row.best_over(entries[0].name, peers).filter(|_| entries[0].ours);
        cells.push(lead.map_or(String::new(), |(_, ratio)| times(ratio)));
        table.row(cells);
    }
    table
}

fn stalls_table(rows: &[&Row]) -> Table {
    let heads = ["ns a call", "", "timers", "calls", "p50", "p99", "p99.9", "p99.99", "longest", "longest seen"]
        .map(str::to_owned);
    let mut table = Table::new(2, heads.into());
    for row in rows {
        for cell in &row.cells {
            let Some(calls) = &cell.calls else { continue };
            let mut cells = vec![row.name(), cell.contender.to_owned(), row.timers.map_or(String::new(), thousands)];
            cells.push(calls.count.to_string());
            cells.extend([calls.p50, calls.p99, calls.p999, calls.p9999].map(|ns| ns.to_string()));
            cells.extend([cell.spread.median, cell.spread.greatest].map(|ns| format!("{ns:.0}")));
            table.row(cells);
        }
    }
    table
}

/// Every job once for every contender; then the checks are shown to catch each wrong timer.
pub(crate) fn run_all_small() -> Result<(), String> {
    let outcomes = |entry: &Entry| -> Vec<(&'static str, Result<(), String>)> {
        let means = Mean::ALL.map(|job| (job.name(), mean_outcome(entry, job)));
        let stalls = Stall::ALL.map(|job| (job.name(), (entry.calls(job, SMALL).run)().map(drop)));
        means.into_iter().chain(stalls).collect()
    };
    for entry in OURS.iter().chain(TOKIOS).chain(OTHERS) {
        for (job, outcome) in outcomes(entry) {
            outcome.map_err(|what| format!("{}, {job}: {what}", entry.name))?;
        }
    }
    for faulty in FAULTY {
        for (job, outcome) in outcomes(faulty) {
            if outcome.is_ok() {
                return Err(format!("job {job} does not notice a timer that is wrong: {}", faulty.name));
            }
        }
    }
    println!("checks: every contender passes all jobs, {} wrong ones fail each", FAULTY.len());
    Ok(())
}

fn mean_outcome(contender: &Entry, job: Mean) -> Result<(), String> {
    let mut run = (contender.start)(job, SMALL);
    run.round(2 * SMALL as u64)?;
    run.finish()
}
