//! The machine's monotonic clock.

use std::time::Instant;

use super::source::Clock;
use crate::sync::machine_time;
use crate::time::Timestamp;

/// The machine's monotonic clock, counted from this clock's creation. Copies share its zero.
///
/// ```
/// use tickwheel::{Clock, MonotonicClock};
///
/// let clock = MonotonicClock::new();
/// let earlier = clock.now();
/// assert!(clock.now() >= earlier);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MonotonicClock {
    zero: Instant,
}

impl MonotonicClock {
    /// A clock whose zero is now.
    pub fn new() -> Self {
        Self { zero: machine_time() }
    }

    /// The timestamp of a moment on the standard library's clock; zero for those before this clock's creation.
    pub fn timestamp(&self, at: Instant) -> Timestamp {
        Timestamp::from_duration(at.saturating_duration_since(self.zero))
    }
}

impl Default for MonotonicClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for MonotonicClock {
    fn now(&self) -> Timestamp {
        self.timestamp(machine_time())
    }

    fn zero(&self) -> Option<Instant> {
        Some(self.zero)
    }
}

#[cfg(test)]
mod tests {
    use super::{Instant, MonotonicClock, Timestamp};

    #[test]
    fn a_moment_before_the_zero_is_zero() {
        let before = Instant::now();
        let clock = MonotonicClock::new();
        assert_eq!(clock.timestamp(before), Timestamp::ZERO);
    }
}
