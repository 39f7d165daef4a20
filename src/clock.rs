//! Where timestamps come from: the machine's clock, or one that is moved by hand.

use crate::sync::Arc;
use crate::time::Timestamp;

/// A source of timestamps that never runs backwards.
///
/// The timers take the time as an argument and never ask a clock themselves; a clock is for those who turn them.
pub trait Clock {
    /// What time it is.
    fn now(&self) -> Timestamp;
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

#[cfg(feature = "std")]
pub use with_std::{ManualClock, MonotonicClock};

#[cfg(feature = "std")]
mod with_std {
    use core::time::Duration;
    use std::time::Instant;

    use super::Clock;
    use crate::sync::{Arc, AtomicU64, Ordering};
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
            Self { zero: Instant::now() }
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
            self.timestamp(Instant::now())
        }
    }

    /// A clock that moves only when it is told to, for tests and simulations. Clones are the same clock, on any thread.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickwheel::{Clock, ManualClock, Timestamp};
    ///
    /// let clock = ManualClock::new();
    /// clock.advance(Duration::from_secs(3600));
    /// assert_eq!(clock.now(), Timestamp::ZERO + Duration::from_secs(3600));
    /// ```
    #[derive(Clone, Debug)]
    pub struct ManualClock {
        nanos: Arc<AtomicU64>,
    }

    impl ManualClock {
        /// A clock that stands at zero.
        pub fn new() -> Self {
            Self::starting_at(Timestamp::ZERO)
        }

        /// A clock that stands at `now`.
        pub fn starting_at(now: Timestamp) -> Self {
            Self { nanos: Arc::new(AtomicU64::new(now.as_nanos())) }
        }

        /// Moves the clock on by `by`, at most to the end of time, and gives the new time.
        pub fn advance(&self, by: Duration) -> Timestamp {
            let mut before = self.now();
            loop {
                let after = before + by;
                match self.nanos.compare_exchange_weak(
                    before.as_nanos(),
                    after.as_nanos(),
                    Ordering::AcqRel,
                    Ordering::Acquire,
                ) {
                    Ok(_) => return after,
                    Err(moved) => before = Timestamp::from_nanos(moved),
                }
            }
        }

        /// Moves the clock on to `to`. A `to` in its past leaves it where it is: no clock runs backwards.
        pub fn advance_to(&self, to: Timestamp) {
            self.nanos.fetch_max(to.as_nanos(), Ordering::AcqRel);
        }
    }

    impl Default for ManualClock {
        fn default() -> Self {
            Self::new()
        }
    }

    impl Clock for ManualClock {
        fn now(&self) -> Timestamp {
            Timestamp::from_nanos(self.nanos.load(Ordering::Acquire))
        }
    }

    #[cfg(test)]
    mod tests {
        use super::{Clock, Duration, ManualClock, MonotonicClock, Timestamp};

        #[test]
        fn l9_a_manual_clock_does_not_run_backwards() {
            let clock = ManualClock::starting_at(Timestamp::from_nanos(10));
            clock.advance_to(Timestamp::from_nanos(5));
            assert_eq!(clock.now(), Timestamp::from_nanos(10));
            assert_eq!(clock.advance(Duration::MAX), Timestamp::MAX);
        }

        #[test]
        fn clones_are_the_same_clock() {
            let clock = ManualClock::new();
            let other = clock.clone();
            std::thread::spawn(move || other.advance(Duration::from_nanos(7))).join().unwrap();
            assert_eq!(clock.now(), Timestamp::from_nanos(7));
        }

        #[test]
        fn a_moment_before_the_zero_is_zero() {
            let before = std::time::Instant::now();
            let clock = MonotonicClock::new();
            assert_eq!(clock.timestamp(before), Timestamp::ZERO);
        }
    }
}
