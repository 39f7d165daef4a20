//! What a suite needs of a container beside the trait: its rules, and a look at its own invariants.

use tickwheel::geometry::Geometry;
use tickwheel::{Resolution, Timer, TimerExt, TimerHeap, TimerWheel, Timestamp, geometry::Small};

use crate::support::rules::Rules;

/// A container that can be held against the model.
pub(crate) trait Subject: Timer<u64> {
    fn rules(&self) -> Rules;

    /// Panics if an invariant of its own is broken.
    fn check(&self) {}
}

/// A standard wheel that starts at `start`.
pub(crate) fn wheel(resolution: Resolution, start: Timestamp) -> TimerWheel<u64> {
    TimerWheel::starting_at(resolution, start)
}

/// A small wheel that starts at `start`.
pub(crate) fn small_wheel(resolution: Resolution, start: Timestamp) -> TimerWheel<u64, Small> {
    let mut wheel = TimerWheel::<u64, Small>::with_geometry(resolution);
    assert_eq!(wheel.turn(start).count(), 0);
    wheel
}

impl<G: Geometry> Subject for TimerWheel<u64, G> {
    fn rules(&self) -> Rules {
        Rules::Wheel(self.resolution())
    }

    fn check(&self) {
        TimerWheel::check(self);
    }
}

impl Subject for TimerHeap<u64> {
    fn rules(&self) -> Rules {
        Rules::Heap
    }

    fn check(&self) {
        TimerHeap::check(self);
    }
}
