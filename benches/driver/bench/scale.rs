//! How much of everything there is to be.

use std::time::Duration;

use harness::options::{NoMore, Options};

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
        let full = Self {
            rounds: options.rounds(3, 7),
            pairs: 400_000,
            background: 10_000,
            threads: &[1, 2, 4, 8],
            ticking: Duration::from_millis(1000),
            idle_timers: 1_000_000,
            watched: Duration::from_secs(3),
        };
        if options.is_test() {
            Self {
                pairs: 4_000,
                background: 100,
                threads: &[1, 2],
                ticking: Duration::from_millis(20),
                idle_timers: 10_000,
                watched: Duration::from_millis(100),
                ..full
            }
        } else if options.quick {
            Self { pairs: 200_000, ticking: Duration::from_millis(400), watched: Duration::from_secs(2), ..full }
        } else {
            full
        }
    }
}
