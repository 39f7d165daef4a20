//! What can be measured, and what its figures are called.

use harness::{CPU, LONGEST, Row};

/// A row of the table in the crate's own documentation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Job {
    A1,
    A2,
    B,
    B2,
    C,
    D,
    Clustered,
    Constant,
    A2Wide,
    CWide,
    F,
    G,
    H,
    ClusteredTurns,
}

/// A figure: its name behind the job's, and in full for a plot.
type Figure = (&'static str, &'static str);

/// Each job with its name and figures; first those in nanoseconds for each operation, then those of single calls.
const JOBS: [(Job, &str, &[Figure]); 14] = [
    (Job::A1, "a1", &[("arm, cancel", "Arm a timer, cancel it at once")]),
    (Job::A2, "a2", &[("cancel random, arm", "Cancel a random timer, arm another")]),
    (Job::B, "b", &[("reset random", "Reset a random timer to later")]),
    (Job::B2, "b2", &[("reset, running", "Reset a random timer, clock running")]),
    (Job::C, "c", &[("hold", "Fire and arm again")]),
    (Job::D, "d", &[("arm", "Arm, into an empty container"), ("fire", "Fire, until it is empty")]),
    (Job::Clustered, "clustered", &[("life", "Armed in a second for 30 s, 99 % cancelled")]),
    (Job::Constant, "constant", &[("timeout", "Four fixed timeouts, first in, first out")]),
    (Job::A2Wide, "a2-64", &[("cancel random, arm", "Cancel, arm: values of 64 bytes")]),
    (Job::CWide, "c-64", &[("hold", "Fire and arm again: values of 64 bytes")]),
    (Job::F, "f", &[("turn (hold)", "Turns, each timer armed again")]),
    (Job::G, "g", &CALLS),
    (Job::H, "h", &MOMENTS),
    (Job::ClusteredTurns, "clustered-turns", &[("turn", "Turns, timeouts armed in a second")]),
];
const CALLS: [Figure; 5] = [
    ("insert, growing", "Arm, while timers pile up"),
    ("insert", "Arm, all calls mixed"),
    ("cancel", "Cancel, all calls mixed"),
    ("reset", "Reset, all calls mixed"),
    ("turn (mixed)", "Turns, all calls mixed"),
];
const MOMENTS: [Figure; 3] = [
    ("turn, after idling", "Turns after an hour idle"),
    ("turn, all moved", "Turns after all were reset to later"),
    ("turn, all in a tick", "Turns with all due in one tick"),
];

impl Job {
    pub fn all() -> impl Iterator<Item = Self> {
        JOBS.iter().map(|job| job.0)
    }

    pub fn name(self) -> &'static str {
        JOBS[self as usize].1
    }

    /// Whether it is about single calls.
    pub fn is_calls(self) -> bool {
        self as usize >= Self::F as usize
    }

    /// Whether values have 64 bytes.
    pub(crate) fn is_wide(self) -> bool {
        matches!(self, Self::A2Wide | Self::CWide)
    }

    /// A row for each of its figures, still without cells.
    pub fn rows(self, timers: usize) -> Vec<Row> {
        let unit = if self.is_calls() { LONGEST } else { CPU };
        JOBS[self as usize].2.iter().map(|figure| Row::new(self.name(), figure.0, unit, Some(timers))).collect()
    }
}

/// The full name of a row's figure.
pub fn title(row: &Row) -> &str {
    let mut figures = JOBS.iter().filter(|job| job.1 == row.job).flat_map(|job| job.2);
    figures.find(|figure| figure.0 == row.figure).map_or(&row.figure, |figure| figure.1)
}
