//! Rounds of several contenders: a round of every one, then the next round of every one, so that what the machine does
//! meanwhile falls on all.

use std::time::{Duration, Instant};

use crate::calls::Series;
use crate::results::{Row, add_cells};
use crate::watch::Watch;

/// A contender at one job, set up, to be measured round by round.
pub trait Rounds {
    /// One round: a number for each of the job's figures, or for the first ones.
    ///
    /// # Errors
    ///
    /// What went wrong.
    fn round(&mut self) -> Result<Vec<f64>, String>;

    /// How many operations the last round did, where a round does not say so by its figures.
    fn operations(&self) -> u64 {
        0
    }

    /// What was taken of single calls, where these are timed: a series for each of the job's figures.
    fn series(&mut self) -> Vec<Series> {
        Vec::new()
    }

    /// Checks that everything that was armed came to what it should have, and stops.
    ///
    /// # Errors
    ///
    /// What is not as it should be.
    fn finish(self: Box<Self>) -> Result<(), String> {
        Ok(())
    }
}

/// A round that needs nothing besides.
impl<F: FnMut() -> Result<Vec<f64>, String>> Rounds for F {
    fn round(&mut self) -> Result<Vec<f64>, String> {
        self()
    }
}

struct Checked<R, C> {
    operations: u64,
    done: u64,
    round: R,
    check: C,
}

/// Rounds of so many operations each; in the end `check` is told how many there were in all.
pub fn checked(
    operations: u64,
    round: impl FnMut() -> Result<Vec<f64>, String> + 'static,
    check: impl FnOnce(u64) -> Result<(), String> + 'static,
) -> Box<dyn Rounds> {
    Box::new(Checked { operations, done: 0, round, check })
}

impl<R: FnMut() -> Result<Vec<f64>, String>, C: FnOnce(u64) -> Result<(), String>> Rounds for Checked<R, C> {
    fn round(&mut self) -> Result<Vec<f64>, String> {
        self.done += self.operations;
        (self.round)()
    }

    fn finish(self: Box<Self>) -> Result<(), String> {
        (self.check)(self.done)
    }
}

/// A contender and how it is set up for a job, if it takes part.
pub struct Start<'a> {
    contender: &'static str,
    start: Box<dyn FnOnce() -> Option<Box<dyn Rounds>> + 'a>,
}

impl<'a> Start<'a> {
    pub fn new(contender: &'static str, start: impl FnOnce() -> Option<Box<dyn Rounds>> + 'a) -> Self {
        Self { contender, start: Box::new(start) }
    }
}

/// How often a step is measured.
pub struct Plan {
    pub rounds: usize,
    /// Rounds before those, which count for the checks alone.
    pub warm_up: usize,
    /// So many rounds are made however long they take.
    pub least: usize,
    /// No other round begins that would not be over by then, as long as the one before it was.
    pub until: Option<Instant>,
    /// Whether all are set up at once, with their rounds interleaved.
    pub together: bool,
}

impl Plan {
    pub fn of_rounds(rounds: usize, warm_up: usize) -> Self {
        Self { rounds, warm_up, least: 1, until: None, together: true }
    }

    /// When the first of `left` contenders, which have the rest of the time in common, has used up its share.
    pub(crate) fn share(&self, left: usize) -> Option<Instant> {
        let now = Instant::now();
        self.until.map(|until| now + until.saturating_duration_since(now) / left.max(1) as u32)
    }
}

/// Measures one step: fills the cells of its `rows`. A contender that fails is noted and left out.
pub fn step(mut rows: Vec<Row>, starts: Vec<Start<'_>>, plan: &Plan, watch: &mut Watch) -> Vec<Row> {
    let mut left = starts.len();
    let mut starts = starts.into_iter();
    while left > 0 {
        let batch: Vec<_> = starts.by_ref().take(if plan.together { left } else { 1 }).collect();
        let until = plan.share(left / batch.len());
        left -= batch.len();
        for (contender, rounds, calls) in interleaved(batch, plan, until, watch) {
            add_cells(&mut rows, contender, &rounds);
            rows.iter_mut().zip(&calls).for_each(|(row, calls)| row.cells.push(calls.cell(contender, rounds.len())));
        }
    }
    rows
}

type Taken = (&'static str, Vec<Vec<f64>>, Vec<Series>);

fn interleaved(starts: Vec<Start<'_>>, plan: &Plan, until: Option<Instant>, watch: &mut Watch) -> Vec<Taken> {
    let mut running = Vec::new();
    for Start { contender, start } in starts {
        watch.says(contender, "is set up");
        running.extend(watch.kept(contender, || Ok(start())).flatten().map(|run| (contender, run, Vec::new())));
    }
    let mut last = Duration::ZERO;
    for round in 0..plan.warm_up + plan.rounds {
        let begun = Instant::now();
        if round >= plan.warm_up + plan.least && until.is_some_and(|until| begun + last > until) {
            break;
        }
        running.retain_mut(|(contender, run, taken)| {
            watch.says(contender, &format!("round {round}"));
            let figures = watch.kept(contender, || run.round());
            let goes_on = figures.is_some();
            if round >= plan.warm_up {
                taken.extend(figures);
            }
            goes_on
        });
        last = begun.elapsed();
    }
    let finished = running.into_iter().filter_map(|(contender, mut run, taken)| {
        watch.says(contender, "is checked");
        let calls = run.series();
        watch.kept(contender, || run.finish()).map(|()| (contender, taken, calls))
    });
    finished.collect()
}
