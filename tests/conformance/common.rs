//! What the cases share: moments to try, and small steps that many of them take.

use std::time::Duration;

use tickwheel::{Timer, TimerExt, Timestamp};

/// Where the last turn was: at the beginning, at the edges of levels, and past the fifth level.
#[cfg(not(miri))]
pub(crate) const STARTS: [u64; 8] = [0, 1, 255, 256, (1 << 14) - 1, (1 << 20) + 7, (1 << 32) - 2, (1 << 33) + 5];

/// How far ahead: both sides of each level's edge, in either geometry, and beyond the last.
#[cfg(not(miri))]
pub(crate) const DISTANCES: [u64; 27] = [
    1,
    2,
    63,
    64,
    65,
    255,
    256,
    257,
    (1 << 10) - 1,
    1 << 10,
    (1 << 14) - 1,
    1 << 14,
    (1 << 14) + 1,
    (1 << 18) - 1,
    1 << 18,
    (1 << 20) - 1,
    1 << 20,
    (1 << 22) - 1,
    1 << 22,
    (1 << 22) + 1,
    (1 << 26) - 1,
    1 << 26,
    (1 << 26) + 1,
    (1 << 32) - 1,
    1 << 32,
    (1 << 32) + 1,
    1 << 33,
];

#[cfg(miri)]
pub(crate) const STARTS: [u64; 1] = [(1 << 32) - 2];

#[cfg(miri)]
pub(crate) const DISTANCES: [u64; 6] = [1, 64, 256, (1 << 14) + 1, 1 << 26, 1 << 33];

/// So many, or a tenth of them under Miri.
pub(crate) const fn scaled(count: u64) -> u64 {
    if cfg!(miri) { count / 10 } else { count }
}

pub(crate) fn a_nanosecond_before(moment: Timestamp) -> Timestamp {
    moment - Duration::from_nanos(1)
}

/// The values that a turn at `now` hands out.
pub(crate) fn fired<T, C: Timer<T>>(timers: &mut C, now: Timestamp) -> Vec<T> {
    timers.turn(now).map(|expired| expired.value).collect()
}

/// One who sleeps until the next turn each time, and who must not be woken for ever.
#[derive(Default)]
pub(crate) struct Sleeper {
    woken: u32,
}

impl Sleeper {
    pub(crate) fn wakes_at<T>(&mut self, timers: &impl Timer<T>) -> Option<Timestamp> {
        self.woken += 1;
        assert!(self.woken < 20_000, "woken 20,000 times, and {} timers are left", timers.len());
        timers.next_turn()
    }
}
