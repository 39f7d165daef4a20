//! When a timer is due, by the rules of each kind of container, in bare ticks.

use std::time::Duration;

use tickwheel::{Deadline, Resolution, Tick, Timestamp};

/// How a container rounds, and what slack means to it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rules {
    /// One tick is chosen when the timer is armed.
    Wheel(Resolution),
    /// A tick is a nanosecond; with slack a timer may go from its soft time on and is ordered by its hard time.
    Heap,
}

/// From which tick on a timer may fire, and the tick that it is ordered by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Due {
    pub(crate) soft: u64,
    pub(crate) hard: u64,
}

impl Rules {
    pub(crate) fn due(self, deadline: Deadline) -> Due {
        match self {
            Self::Wheel(resolution) => {
                let tick = resolution.expiry(deadline).get();
                Due { soft: tick, hard: tick }
            }
            Self::Heap => Due { soft: deadline.soft().as_nanos(), hard: deadline.hard().as_nanos() },
        }
    }

    /// The first tick in which the timer could fire, slack or none: if it has begun already, the timer is overdue.
    pub(crate) fn first(self, deadline: Deadline) -> u64 {
        match self {
            Self::Wheel(resolution) => resolution.tick_after(deadline.soft()).get(),
            Self::Heap => deadline.soft().as_nanos(),
        }
    }

    /// The last tick that has begun by `now`.
    pub(crate) fn begun(self, now: Timestamp) -> u64 {
        match self {
            Self::Wheel(resolution) => resolution.tick_before(now).get(),
            Self::Heap => now.as_nanos(),
        }
    }

    pub(crate) fn start_of(self, tick: u64) -> Timestamp {
        match self {
            Self::Wheel(resolution) => resolution.start_of(Tick::new(tick)),
            Self::Heap => Timestamp::from_nanos(tick),
        }
    }

    pub(crate) fn tick_length(self) -> Duration {
        match self {
            Self::Wheel(resolution) => resolution.tick_length(),
            Self::Heap => Duration::from_nanos(1),
        }
    }

    pub(crate) fn tick_ns(self) -> u64 {
        self.tick_length().as_nanos() as u64
    }

    /// Whether `next_expiry` is always exact, cancelled timers or not.
    pub(crate) fn is_exact(self) -> bool {
        matches!(self, Self::Heap)
    }
}
