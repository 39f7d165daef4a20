//! What can be measured, at which sizes, and what it takes.

use jobs::means::Mean;
use jobs::stalls::Stall;

/// One thing to measure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Job {
    Floor,
    Mean(Mean),
    Memory,
    Stall(Stall),
}

impl Job {
    pub(crate) fn all() -> Vec<Self> {
        let means = Mean::ALL.map(Self::Mean).into_iter();
        let stalls = Stall::ALL.map(Self::Stall);
        [Self::Floor].into_iter().chain(means).chain([Self::Memory]).chain(stalls).collect()
    }

    /// For `--jobs`; one name may stand for a mean and for single calls.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Mean(job) => job.name(),
            Self::Memory => "e",
            Self::Stall(job) => job.name(),
        }
    }

    /// What it takes beside the others, about.
    pub(crate) fn weight(self, timers: usize) -> f64 {
        let each = match self {
            Self::Floor => 0.2,
            Self::Mean(Mean::A1 | Mean::B) => 1.0,
            Self::Mean(_) | Self::Memory => 4.0,
            // Single calls are nothing without a second run.
            Self::Stall(Stall::G) => 12.0,
            Self::Stall(_) => 6.0,
        };
        each * (1.0 + timers as f64 / 100_000.0)
    }

    pub(crate) fn is_quick(self) -> bool {
        ["a1", "a2", "b", "b2", "c", "d", "f", "g"].contains(&self.name())
    }

    pub(crate) fn sizes(self) -> &'static [usize] {
        match self {
            Self::Memory => &[1_000, 100_000, 900_000, 1_000_000, 1_100_000, 1_500_000, 10_000_000],
            _ => &[1_000, 100_000, 1_000_000, 10_000_000],
        }
    }
}
