//! What a run found, before it is written down in one form or another.

use std::time::Duration;

use crate::job::{Group, Job};
use crate::stats::Spread;

/// One figure of one job, for every contender that has it.
pub(crate) struct Row {
    pub(crate) job: Job,
    pub(crate) figure: String,
    /// All are nanoseconds; what of.
    pub(crate) unit: &'static str,
    pub(crate) cells: Vec<Cell>,
}

pub(crate) struct Cell {
    pub(crate) contender: &'static str,
    pub(crate) spread: Spread,
    pub(crate) rounds: usize,
}

impl Row {
    pub(crate) fn cell(&self, contender: &str) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.contender == contender)
    }

    /// The median, in nanoseconds.
    pub(crate) fn value(&self, contender: &str) -> Option<f64> {
        self.cell(contender).map(|cell| cell.spread.median)
    }
}

/// Everything that a run found.
#[derive(Default)]
pub(crate) struct Results {
    pub(crate) rows: Vec<Row>,
    /// Contenders whose run failed its check, and how.
    pub(crate) failures: Vec<String>,
    pub(crate) took: Duration,
}

impl Results {
    pub(crate) fn of(&self, group: Group) -> Vec<&Row> {
        self.rows.iter().filter(|row| row.job.group() == group).collect()
    }

    pub(crate) fn row(&self, job: Job, figure: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.job == job && row.figure == figure)
    }
}
