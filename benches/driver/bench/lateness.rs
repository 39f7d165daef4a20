//! Lateness: how long after its moment something runs that is due again and again.
//!
//! Nothing else runs in this process meanwhile, so that the processor time of the process is what the waiting costs.

use std::time::{Duration, Instant};

use harness::{
    LATE, NoMore, Options, Plan, Row, Start, Watch, Who, by_contender, contenders, digits, expect, histogram, median,
    of_process, step,
};

use crate::tickers::{Beat, Run, TICKERS, Ticker};

const PERIODS: [Duration; 3] = [Duration::from_micros(100), Duration::from_millis(1), Duration::from_millis(10)];
/// Of those that round up.
const TICK: Duration = Duration::from_millis(1);
const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

pub(crate) fn run(options: &Options<NoMore>, watch: &mut Watch) -> String {
    // How long a ticker runs in a round.
    let (rounds, ticking) = (options.rounds(3, 7), Duration::from_millis(options.pick(20, 400, 1000)));
    let tickers: Vec<_> = TICKERS.iter().filter(|ticker| options.wants(ticker.who.name)).collect();
    let who: Vec<Who> = tickers.iter().map(|ticker| ticker.who).collect();
    let mut text = format!(
        "\n### Lateness of periodic callbacks\n\nMicroseconds from the moment it was due to the run: median of \
         {rounds} interleaved rounds of {ticking:?} (range). CPU is the processor time of the whole process, in \
         percent of one processor.\n\n{}",
        contenders(&who, crate::LOCK)
    );
    for period in PERIODS {
        watch.step(format!("lateness, every {period:?}"));
        let late = QUANTILES.iter().map(|(name, _)| Row::new("lateness", *name, LATE, None));
        let rows = late.chain([Row::new("lateness", "CPU, %", "% of a processor", None)]).collect();
        let count = (ticking.as_nanos() / period.as_nanos()).max(1) as usize;
        let starts = tickers.iter().map(|&ticker| {
            // Where within a tick each round begins.
            let mut starts = (0..rounds).rev().map(move |round| (round as f64 + 0.5) / rounds as f64);
            let mut next = move || {
                let start = starts.next().expect("there is one for each round");
                Beat { first: period + TICK.mul_f64(start), period, count }
            };
            Start::new(ticker.who.name, move || Some(Box::new(move || round(ticker, next()))))
        });
        let rows = step(rows, starts.collect(), &Plan::of_rounds(rounds, 0), watch);
        let corner = format!("every {period:?}: µs late");
        let shown: Vec<_> = rows.iter().collect();
        let table = by_contender(&corner, &shown, &who, |row, cell, _| {
            if row.unit == LATE { median(cell, 1e3) } else { digits(cell.spread.median) }
        });
        text += &format!("\n{table}");
        let named = |row: Row| Row { figure: format!("every {period:?}, {}", row.figure), ..row };
        watch.found(rows.into_iter().map(named).collect());
    }
    text
}

fn round(ticker: &Ticker, beat: Beat) -> Result<Vec<f64>, String> {
    let (cpu, begun) = (of_process(), Instant::now());
    let runs = (ticker.tick)(beat);
    let (cpu, passed) = (of_process() - cpu, begun.elapsed());
    check(ticker, beat, &runs)?;
    let late = histogram(runs.iter().map(|run| (run.ran - run.due).as_nanos() as u64));
    let late = QUANTILES.iter().map(|(_, share)| late.value_at_quantile(*share) as f64);
    Ok(late.chain([cpu.as_secs_f64() / passed.as_secs_f64() * 100.0]).collect())
}

/// As many runs as asked for, none early, and none left out where the next is due a period after the last.
fn check(ticker: &Ticker, beat: Beat, runs: &[Run]) -> Result<(), String> {
    let Beat { period, count, .. } = beat;
    expect(runs.len(), count, "runs")?;
    if let Some(early) = runs.iter().find(|run| run.ran < run.due) {
        return Err(format!("ran {:?} early", early.due - early.ran));
    }
    let in_step = |pair: &[Run]| pair[0].due + period == pair[1].due;
    if ticker.keeps_step && !runs.windows(2).all(in_step) {
        return Err("a run is not due just a period after the one before".to_owned());
    }
    Ok(())
}
