//! How much of everything there is to be.

use std::time::Duration;

use harness::{NoMore, Options};

#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) rounds: usize,
    /// Operations in a round, by all threads together.
    pub(crate) operations: u64,
    /// Sleeps of which a random one is moved.
    pub(crate) armed: usize,
    pub(crate) threads: &'static [usize],
    /// Tasks of the crowd, and over how long their deadlines are spread.
    pub(crate) crowd: usize,
    pub(crate) spread: Duration,
    /// How long the crowd's first deadline is away when the first task is spawned.
    pub(crate) lead: Duration,
    pub(crate) crowd_rounds: usize,
    /// How long after its deadline one of the crowd is lost.
    pub(crate) patience: Duration,
}

impl Scale {
    pub(crate) fn of(options: &Options<NoMore>) -> Self {
        Self {
            rounds: options.rounds(3, 7),
            operations: options.pick(2_000, 100_000, 400_000),
            armed: options.pick(1_000, 100_000, 100_000),
            threads: options.pick(&[1, 2][..], &[1, 2, 4, 8], &[1, 2, 4, 8]),
            crowd: options.pick(2_000, 100_000, 1_000_000),
            spread: Duration::from_millis(options.pick(100, 2_000, 10_000)),
            lead: Duration::from_millis(options.pick(50, 500, 5_000)),
            crowd_rounds: options.rounds(3, 3),
            patience: Duration::from_secs(60),
        }
    }
}
