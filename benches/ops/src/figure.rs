//! What the figures of the jobs are called.

use harness::results::Row;

/// One figure of a job.
pub struct Figure {
    /// Behind the job's name, at the head of a table.
    pub name: &'static str,
    /// In full, for a plot.
    pub title: &'static str,
}

pub(crate) const fn figure(name: &'static str, title: &'static str) -> Figure {
    Figure { name, title }
}

/// A row for each figure of a job, still without cells.
pub fn rows(job: &'static str, figures: &[Figure], unit: &'static str, timers: usize) -> Vec<Row> {
    figures.iter().map(|figure| Row::new(job, figure.name, unit, Some(timers))).collect()
}
