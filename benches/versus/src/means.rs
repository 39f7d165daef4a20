//! Jobs a1 to d, and the floor: medians of interleaved rounds.

use std::time::Instant;

use crate::floor::Floor;
use crate::group::{Watch, attempt, batches};
use crate::jobs::means::{Mean, Rounds};
use crate::jobs::stats::Spread;
use crate::results::{Cell, Row, Unit};
use crate::roster::Peer;
use crate::schedule::share;

/// Up to so many timers all rounds are made: they take seconds, whatever is left of the time.
const ALL_ROUNDS_UP_TO: usize = 100_000;

/// A round of every contender, then the next round of every contender: what the machine does meanwhile falls on all.
pub(crate) fn measure(
    job: Mean,
    timers: usize,
    peers: &[&'static Peer],
    rounds: usize,
    deadline: Instant,
    watch: &mut Watch<'_>,
) -> Vec<Row> {
    let mut rows: Vec<_> = job.rows().iter().map(|figure| row(job.name(), figure, timers)).collect();
    let mut left = peers.len();
    for batch in batches(timers, peers) {
        let until = share(deadline, left / batch.len());
        left -= batch.len();
        let mut running: Vec<Running> = Vec::new();
        for &peer in batch {
            watch.says(peer, "fills");
            let set_up = attempt(peer, || Ok((peer.entry.start)(job, timers)));
            running.extend(watch.kept(set_up).map(|run| Running::new(peer, run, job.rows().len())));
        }
        for round in 0..rounds {
            if round > 0 && timers > ALL_ROUNDS_UP_TO && Instant::now() >= until {
                break;
            }
            running.retain_mut(|running| {
                watch.says(running.peer, &format!("round {} of {rounds}", round + 1));
                watch.kept(running.round(job, timers)).is_some()
            });
        }
        for running in running {
            watch.says(running.peer, "is checked");
            let peer = running.peer;
            if let Some(figures) = watch.kept(attempt(peer, || running.finish())) {
                rows.iter_mut().zip(figures).for_each(|(row, taken)| row.cells.push(cell(peer.name(), taken)));
            }
        }
    }
    rows
}

/// The floor under all of them.
pub(crate) fn measure_floor(timers: usize, rounds: usize) -> Vec<Row> {
    let mut floors = [Floor::slab(timers), Floor::lines(timers)];
    let mut taken = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        floors.iter_mut().zip(&mut taken).for_each(|(floor, taken)| taken.push(floor.round()));
    }
    let rows = Floor::FIGURES.into_iter().zip(taken);
    rows.map(|(figure, taken)| Row { cells: vec![cell("floor", taken)], ..row("floor", figure, timers) }).collect()
}

fn row(job: &'static str, figure: &str, timers: usize) -> Row {
    Row { job, figure: tidied(figure), unit: Unit::NsEach, timers, cells: Vec::new() }
}

/// Figures are padded for the columns of the plain tables.
pub(crate) fn tidied(figure: &str) -> String {
    figure.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cell(contender: &'static str, taken: Vec<f64>) -> Cell {
    let rounds = taken.len();
    let Spread { least, median, greatest } = Spread::of(taken);
    Cell { contender, value: median, least, greatest, rounds, calls: None }
}

/// A contender that is set up for a job, and its rounds so far.
struct Running {
    peer: &'static Peer,
    run: Box<dyn Rounds>,
    taken: Vec<Vec<f64>>,
}

impl Running {
    fn new(peer: &'static Peer, run: Box<dyn Rounds>, figures: usize) -> Self {
        Self { peer, run, taken: vec![Vec::new(); figures] }
    }

    fn round(&mut self, job: Mean, timers: usize) -> Result<(), String> {
        let figures = attempt(self.peer, || job.warm_round(self.run.as_mut(), timers))?;
        for (figure, taken) in figures.into_iter().zip(&mut self.taken) {
            taken.push(figure.ns_per_operation());
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<Vec<f64>>, String> {
        self.run.finish()?;
        Ok(self.taken)
    }
}
