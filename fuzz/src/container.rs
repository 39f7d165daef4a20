//! The kinds of container, behind one type.

use tickwheel::{Resolution, Tick, Timer, TimerHeap, TimerWheel, Timestamp, geometry::Small};

/// A timer that can check itself.
pub(crate) trait Container: Timer<u32> {
    fn check_invariants(&self);

    fn sibling_of_its_kind(&self) -> Box<dyn Container>;
}

macro_rules! containers {
    ($($timer:ty),*) => { $(
        impl Container for $timer {
            fn check_invariants(&self) {
                self.check();
            }

            fn sibling_of_its_kind(&self) -> Box<dyn Container> {
                Box::new(self.sibling())
            }
        }
    )* };
}

containers!(TimerWheel<u32>, TimerWheel<u32, Small>, TimerHeap<u32>);

/// How a container rounds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    To(Resolution),
    /// The heap keeps nanoseconds, and waits with slack.
    None,
}

impl Rounding {
    pub(crate) fn tick_ns(self) -> u64 {
        match self {
            Self::To(resolution) => resolution.start_of(Tick::new(1)).as_nanos(),
            Self::None => 1,
        }
    }

    /// When a timer for this deadline is due.
    pub(crate) fn up(self, deadline: Timestamp) -> Timestamp {
        match self {
            Self::To(resolution) => resolution.start_of(resolution.tick_after(deadline)),
            Self::None => deadline,
        }
    }

    /// What counts as due by `now`.
    pub(crate) fn down(self, now: Timestamp) -> Timestamp {
        match self {
            Self::To(resolution) => resolution.start_of(resolution.tick_before(now)),
            Self::None => now,
        }
    }
}

/// An empty container of a kind, whose last turn was at `start`.
pub(crate) fn make(kind: u8, start: Timestamp) -> (Box<dyn Container>, Rounding) {
    let resolution = match kind / 4 % 3 {
        0 => Resolution::from_hz(1_000_000_000).expect("a nanosecond is a tick"),
        1 => Resolution::MILLISECOND,
        _ => Resolution::from_hz(300).expect("a third of 10 ms is a tick"),
    };
    let mut timers: Box<dyn Container> = match kind % 4 {
        0 | 1 => Box::new(TimerWheel::new(resolution)),
        2 => Box::new(TimerWheel::<u32, Small>::with_geometry(resolution)),
        _ => Box::new(TimerHeap::new()),
    };
    timers.open_turn(start);
    (timers, if kind % 4 == 3 { Rounding::None } else { Rounding::To(resolution) })
}
