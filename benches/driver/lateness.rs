//! Lateness: how long after its moment something runs that is due again and again.
//!
//! A round of everybody at one period, then the next round. Nothing else runs in this process, so that the processor
//! time of the process is what the waiting costs.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::cpu;
use crate::options::Scale;
use crate::page::{Page, micros, short};
use crate::stats::Spread;
use crate::tickers::{Beat, Entry, Run, TICKERS};

const PERIODS: [Duration; 3] = [Duration::from_micros(100), Duration::from_millis(1), Duration::from_millis(10)];
/// Of those who round up.
const TICK: Duration = Duration::from_millis(1);
const QUANTILES: [f64; 4] = [0.5, 0.99, 0.999, 1.0];

/// Lateness in nanoseconds at each of the quantiles, and the share of a processor.
struct Round {
    late_ns: [f64; QUANTILES.len()],
    cpu: f64,
}

pub(crate) fn run(scale: &Scale, page: &mut Page) -> Result<(), String> {
    let what = format!(
        "Microseconds from the moment it was due to the run: median of {} interleaved rounds of {:?} (range). CPU is \
         the processor time of the whole process, in percent of one processor.",
        scale.rounds, scale.ticking
    );
    page.heading("Lateness of periodic callbacks", &what);
    for period in PERIODS {
        let taken = measure(period, scale)?;
        let head = [format!("every {period:?}: µs late"), "p50".into(), "p99".into(), "p99.9".into(), "max".into()];
        page.head(&[&head[..], &["CPU, %".to_owned()]].concat());
        for (entry, rounds) in TICKERS.iter().zip(taken) {
            let mut cells = vec![entry.name.to_owned()];
            cells.extend((0..QUANTILES.len()).map(|at| micros(rounds.iter().map(|round| round.late_ns[at]).collect())));
            let cpu = Spread::of(rounds.iter().map(|round| round.cpu * 100.0).collect());
            cells.push(short(cpu.median));
            page.row(&cells);
        }
        page.line("");
    }
    Ok(())
}

fn measure(period: Duration, scale: &Scale) -> Result<Vec<Vec<Round>>, String> {
    let count = (scale.ticking.as_nanos() / period.as_nanos()).max(1) as usize;
    let mut taken: Vec<Vec<Round>> = TICKERS.iter().map(|_| Vec::new()).collect();
    for round in 0..scale.rounds {
        let first = period + TICK.mul_f64((round as f64 + 0.5) / scale.rounds as f64);
        let beat = Beat { first, period, count };
        for (entry, taken) in TICKERS.iter().zip(&mut taken) {
            let (cpu, begun) = (cpu::of_process(), Instant::now());
            let runs = (entry.tick)(beat);
            let (cpu, passed) = (cpu::of_process() - cpu, begun.elapsed());
            check(entry, beat, &runs).map_err(|what| format!("{} every {period:?}: {what}", entry.name))?;
            taken.push(Round { late_ns: quantiles(&runs), cpu: cpu.as_secs_f64() / passed.as_secs_f64() });
        }
    }
    Ok(taken)
}

/// As many runs as asked for, none early, and none left out where the next is due a period after the last.
fn check(entry: &Entry, beat: Beat, runs: &[Run]) -> Result<(), String> {
    let Beat { period, count, .. } = beat;
    if runs.len() != count {
        return Err(format!("{} runs where {count} were due", runs.len()));
    }
    if let Some(early) = runs.iter().find(|run| run.ran < run.due) {
        return Err(format!("ran {:?} early", early.due - early.ran));
    }
    let in_step = |pair: &[Run]| pair[0].due + period == pair[1].due;
    if entry.keeps_step && !runs.windows(2).all(in_step) {
        return Err("a run is not due just a period after the one before".to_owned());
    }
    Ok(())
}

fn quantiles(runs: &[Run]) -> [f64; QUANTILES.len()] {
    let mut histogram: Histogram<u64> = Histogram::new(3).expect("three digits are possible");
    runs.iter().for_each(|run| histogram += (run.ran - run.due).as_nanos() as u64);
    QUANTILES.map(|quantile| histogram.value_at_quantile(quantile) as f64)
}
