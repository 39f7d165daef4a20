//! A driver's timestamps as moments on the standard library's clock, and back.
//!
//! For whatever speaks of `std::time::Instant`: names of `tokio::time`, and libraries that take a timer. With the
//! machine's clock both ways are exact, to the nanosecond, so nothing gets early by the change. A clock moved by hand
//! has no zero there; it gets one that is the same for the whole process.

use core::time::Duration;
use std::time::Instant;

use crate::driver::{Core, Handle};
use crate::sync::OnceLock;
use crate::time::Timestamp;

/// As good as never: some operating systems count no further than a few centuries.
const FAR_OFF: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// The zero of clocks that do not go with the standard library's.
static ZERO: OnceLock<Instant> = OnceLock::new();

fn zero(core: &Core) -> Instant {
    core.clock().zero().unwrap_or_else(|| *ZERO.get_or_init(Instant::now))
}

pub(crate) fn to_instant(core: &Core, at: Timestamp) -> Instant {
    let zero = zero(core);
    let instant = zero.checked_add(at - Timestamp::ZERO);
    instant.or_else(|| zero.checked_add(FAR_OFF)).unwrap_or(zero)
}

pub(crate) fn to_timestamp(core: &Core, at: Instant) -> Timestamp {
    Timestamp::from_duration(at.saturating_duration_since(zero(core)))
}

impl Handle {
    /// The moment on the standard library's clock at which the driver's clock stands, or stood, at `at`.
    ///
    /// For a clock that does not go with the standard library's, such as a [`ManualClock`](crate::ManualClock), zero is
    /// a moment that is the same for the whole process. A moment that the standard library cannot count up to becomes
    /// one that is 30 years off.
    pub fn to_instant(&self, at: Timestamp) -> Instant {
        to_instant(self.core(), at)
    }

    /// The timestamp of a moment on the standard library's clock: the way back of [`to_instant`](Self::to_instant).
    /// Moments before the driver's clock's zero are zero.
    ///
    /// An `Instant` of [`compat::time`](crate::compat::time) is one as well; it says nothing about its driver, so the
    /// handle does.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use tickwheel::{Driver, Resolution, TimerWheel};
    ///
    /// let timers = Driver::spawn(TimerWheel::new(Resolution::MILLISECOND))?;
    /// let moment = Instant::now() + Duration::from_secs(5);
    /// assert_eq!(timers.to_instant(timers.to_timestamp(moment)), moment);
    ///
    /// let moment = tickwheel::compat::time::Instant::from_std(moment);
    /// let sleep = timers.sleep_until(timers.to_timestamp(moment));
    /// assert_eq!(sleep.deadline(), timers.to_timestamp(moment));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn to_timestamp(&self, at: impl Into<Instant>) -> Timestamp {
        to_timestamp(self.core(), at.into())
    }
}
