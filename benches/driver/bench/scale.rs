//! How much of everything there is to be.

use std::time::Duration;

use harness::{NoMore, Options};

pub(crate) struct Scale {
    /// Rounds, of which the table gives the median.
    pub(crate) rounds: usize,
    /// Timers armed and cancelled in a round, by all threads together.
    pub(crate) pairs: u64,
    /// Timers that are pending meanwhile.
    pub(crate) background: u64,
    pub(crate) threads: &'static [usize],
    /// How long a ticker runs in a round.
    pub(crate) ticking: Duration,
    /// Timers of the job `idle`, and how long they are watched.
    pub(crate) idle_timers: u64,
    pub(crate) watched: Duration,
}

impl Scale {
    pub(crate) fn of(options: &Options<NoMore>) -> Self {
        Self {
            rounds: options.rounds(3, 7),
            pairs: options.pick(4_000, 200_000, 400_000),
            background: options.pick(100, 10_000, 10_000),
            threads: options.pick(&[1, 2][..], &[1, 2, 4, 8], &[1, 2, 4, 8]),
            ticking: Duration::from_millis(options.pick(20, 400, 1000)),
            idle_timers: options.pick(10_000, 1_000_000, 1_000_000),
            watched: Duration::from_millis(options.pick(100, 2000, 3000)),
        }
    }
}
