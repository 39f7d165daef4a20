//! A moment on the clock of a driver, with the names and the arithmetic of tokio's `Instant`.

use core::fmt;
use core::ops::{Add, AddAssign, Sub, SubAssign};
use core::time::Duration;

use crate::driver::Handle;
use crate::future::to_instant;

/// A moment on the standard library's clock; [`now`](Self::now) is the present one of the current driver's clock.
///
/// All arithmetic is the standard library's: adding or subtracting more than it can count panics.
///
/// A driver's [`Timestamp`](crate::Timestamp) of it is [`Handle::to_timestamp`], and the way back is
/// [`Handle::to_instant`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    std: std::time::Instant,
}

impl Instant {
    /// What time it is on the clock of the driver that the thread has entered, else of the process's.
    ///
    /// # Panics
    ///
    /// As [`Handle::current_or_default`].
    pub fn now() -> Self {
        let timers = Handle::current_or_default();
        Self { std: to_instant(timers.core(), timers.now()) }
    }

    /// The same moment.
    pub fn from_std(std: std::time::Instant) -> Self {
        Self { std }
    }

    /// The same moment.
    pub fn into_std(self) -> std::time::Instant {
        self.std
    }

    /// The time from `earlier` to this moment; zero where `earlier` is the later one.
    pub fn duration_since(&self, earlier: Self) -> Duration {
        self.std.saturating_duration_since(earlier.std)
    }

    /// The time from `earlier` to this moment; `None` where `earlier` is the later one.
    pub fn checked_duration_since(&self, earlier: Self) -> Option<Duration> {
        self.std.checked_duration_since(earlier.std)
    }

    /// The time from `earlier` to this moment; zero where `earlier` is the later one.
    pub fn saturating_duration_since(&self, earlier: Self) -> Duration {
        self.std.saturating_duration_since(earlier.std)
    }

    /// The time from this moment to [`now`](Self::now), which can panic; zero if it lies ahead.
    pub fn elapsed(&self) -> Duration {
        Self::now().saturating_duration_since(*self)
    }

    /// The moment `duration` after this one, if it can be counted.
    pub fn checked_add(&self, duration: Duration) -> Option<Self> {
        self.std.checked_add(duration).map(Self::from_std)
    }

    /// The moment `duration` before this one, if it can be counted.
    pub fn checked_sub(&self, duration: Duration) -> Option<Self> {
        self.std.checked_sub(duration).map(Self::from_std)
    }
}

impl From<std::time::Instant> for Instant {
    fn from(std: std::time::Instant) -> Self {
        Self::from_std(std)
    }
}

impl From<Instant> for std::time::Instant {
    fn from(instant: Instant) -> Self {
        instant.into_std()
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self { std: self.std + later }
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, later: Duration) {
        *self = *self + later;
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, earlier: Duration) -> Self {
        Self { std: self.std - earlier }
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, earlier: Duration) {
        *self = *self - earlier;
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.std.fmt(f)
    }
}
