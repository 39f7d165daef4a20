//! What can be measured.

use harness::{CPU, LATE, PROCESS_CPU, Row, WALL, rows_of_threads};

use strum::{IntoStaticStr, VariantArray};

use crate::crowd::WORKERS;
use crate::scale::Scale;

/// One of the jobs in the table at the top of `main.rs`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum Job {
    Create,
    Poll,
    Ready,
    Pending,
    Hot,
    Random,
    Crowd,
    Contention,
    Workers,
}

impl Job {
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }

    /// On how many threads it is measured, in turn.
    pub(crate) fn threads(self, scale: &Scale) -> &'static [usize] {
        match self {
            Self::Contention => scale.threads,
            Self::Crowd | Self::Workers => &[WORKERS],
            _ => &[1],
        }
    }

    /// Its figures, still without cells.
    pub(crate) fn rows(self, threads: usize) -> Vec<Row> {
        let figures = match self {
            Self::Contention => return rows_of_threads(self.name(), threads),
            Self::Crowd => &[("CPU each", PROCESS_CPU), ("p50 late", LATE), ("p99 late", LATE), ("max late", LATE)][..],
            Self::Workers => &[("2 workers, wall", WALL), ("2 workers, CPU of the process", PROCESS_CPU)],
            _ => &[(self.name(), CPU)],
        };
        figures.iter().map(|(figure, unit)| Row::new(self.name(), *figure, unit, None)).collect()
    }
}
