//! How much of everything there is to be.

use std::time::Duration;

use harness::options::{NoMore, Options};

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
        let full = Self {
            rounds: options.rounds(3, 7),
            operations: 400_000,
            armed: 100_000,
            threads: &[1, 2, 4, 8],
            crowd: 1_000_000,
            spread: Duration::from_secs(10),
            lead: Duration::from_secs(5),
            crowd_rounds: options.rounds(3, 3),
            patience: Duration::from_secs(60),
        };
        if options.is_test() {
            Self {
                operations: 2_000,
                armed: 1_000,
                threads: &[1, 2],
                crowd: 2_000,
                spread: Duration::from_millis(100),
                lead: Duration::from_millis(50),
                ..full
            }
        } else if options.quick {
            let (spread, lead) = (Duration::from_secs(2), Duration::from_millis(500));
            Self { operations: 100_000, crowd: 100_000, spread, lead, ..full }
        } else {
            full
        }
    }
}
