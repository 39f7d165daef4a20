//! A run while it is under way: how far it is, how much of its time is left, and what has failed.

use std::io::IsTerminal;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::results::{Results, Row};

/// A run of several steps.
pub struct Watch {
    bar: ProgressBar,
    begun: Instant,
    step_begun: Instant,
    what: String,
    results: Results,
}

impl Watch {
    pub fn new(steps: usize) -> Self {
        let style = ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {pos}/{len} {msg}");
        let bar = ProgressBar::new(steps as u64).with_style(style.expect("the template is well formed"));
        let now = Instant::now();
        Self { bar, begun: now, step_begun: now, what: String::new(), results: Results::default() }
    }

    /// Begins the next step.
    pub fn step(&mut self, what: String) {
        self.bar.set_message(what.clone());
        self.what = what;
        self.step_begun = Instant::now();
    }

    /// Says what is being done.
    pub fn says(&self, contender: &str, doing: &str) {
        self.bar.set_message(format!("{}: {contender} {doing}", self.what));
        self.bar.tick();
    }

    /// Ends the step with the rows that it found.
    pub fn found(&mut self, rows: Vec<Row>) {
        self.results.rows.extend(rows);
        self.bar.inc(1);
        if !std::io::stderr().is_terminal() {
            let (took, all) = (self.step_begun.elapsed().as_secs_f64(), self.elapsed().as_secs());
            eprintln!("{}: {took:.1} s, {all} s since the start", self.what);
        }
    }

    /// Runs `work` of a contender. If it fails or panics that is noted, and the run goes on without it.
    pub fn kept<R>(&mut self, contender: &str, work: impl FnOnce() -> Result<R, String>) -> Option<R> {
        let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            let what = panic.downcast_ref::<String>().map(String::as_str);
            let what = what.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            Err(format!("panicked: {what}"))
        });
        let note = |failure| self.results.failures.push(format!("{}: {contender}: {failure}", self.what));
        result.map_err(note).ok()
    }

    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Ends the run.
    pub fn finish(mut self) -> Results {
        self.bar.finish_and_clear();
        self.results.seconds = self.elapsed().as_secs();
        self.results
    }
}
