//! What can be measured.

use harness::results::{CPU, LATE, PROCESS_CPU, Row, WALL};
use harness::threads;

use crate::crowd::WORKERS;
use crate::scale::Scale;

/// One of the jobs in the table at the top of `main.rs`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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
    pub(crate) const ALL: [Self; 9] = [
        Self::Create,
        Self::Poll,
        Self::Ready,
        Self::Pending,
        Self::Hot,
        Self::Random,
        Self::Crowd,
        Self::Contention,
        Self::Workers,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Poll => "poll",
            Self::Ready => "ready",
            Self::Pending => "pending",
            Self::Hot => "hot",
            Self::Random => "random",
            Self::Crowd => "crowd",
            Self::Contention => "contention",
            Self::Workers => "workers",
        }
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
        let row = |figure: String, unit| Row::new(self.name(), figure, unit, None);
        match self {
            Self::Crowd => {
                let late = ["p50 late", "p99 late", "max late"].map(|figure| row(figure.to_owned(), LATE));
                [row("CPU each".to_owned(), PROCESS_CPU)].into_iter().chain(late).collect()
            }
            Self::Contention => threads::rows(self.name(), threads),
            Self::Workers => {
                let figure = |what| format!("{threads} workers, {what}");
                vec![row(figure("wall"), WALL), row(figure("CPU of the process"), PROCESS_CPU)]
            }
            _ => vec![row(self.name().to_owned(), CPU)],
        }
    }
}
