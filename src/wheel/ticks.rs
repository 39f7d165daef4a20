//! From points in time to ticks and back, for a wheel that does it in every call.
//!
//! The results are those of its [`Resolution`]. Where that divides, this multiplies by a reciprocal: a 64-bit division
//! occupies the divider for as long as an empty turn takes.

use crate::time::{Deadline, Resolution, Tick, Timestamp};

/// A resolution, and what it takes to divide by it.
#[derive(Clone, Copy)]
pub(crate) struct Ticks {
    resolution: Resolution,
    /// The length of a tick, in nanoseconds.
    length: u64,
    /// ⌊(2⁶⁴ − 1) / length⌋.
    reciprocal: u64,
}

impl Ticks {
    pub(crate) const fn new(resolution: Resolution) -> Self {
        // The end of tick 1 in whole nanoseconds: the length, which fits into 64 bits.
        let length = resolution.start_of(Tick::new(1)).as_nanos();
        Self { resolution, length, reciprocal: u64::MAX / length }
    }

    pub(crate) const fn resolution(&self) -> Resolution {
        self.resolution
    }

    /// A quotient that is exact or one too small, and what is left over, below twice the length.
    ///
    /// With r the reciprocal, r · length = 2⁶⁴ − 1 − e and e < length. So n / length − n · r / 2⁶⁴, which is
    /// n · (1 + e) / (length · 2⁶⁴), is below 1.
    #[inline]
    const fn divided(&self, nanos: u64) -> (u64, u64) {
        let quotient = ((nanos as u128 * self.reciprocal as u128) >> 64) as u64;
        (quotient, nanos - quotient * self.length)
    }

    /// [`Resolution::tick_after`].
    #[inline]
    pub(crate) const fn after(&self, deadline: Timestamp) -> u64 {
        let (quotient, rest) = self.divided(deadline.as_nanos());
        quotient + (rest > 0) as u64 + (rest > self.length) as u64
    }

    /// [`Resolution::tick_before`].
    #[inline]
    pub(crate) const fn before(&self, now: Timestamp) -> u64 {
        if now.as_nanos() == u64::MAX {
            return self.after(now);
        }
        let (quotient, rest) = self.divided(now.as_nanos());
        quotient + (rest >= self.length) as u64
    }

    /// [`Resolution::expiry`].
    pub(crate) const fn expiry(&self, deadline: Deadline) -> u64 {
        self.resolution.expiry(deadline).get()
    }

    /// [`Resolution::start_of`].
    #[inline]
    pub(crate) const fn start_of(&self, tick: u64) -> Timestamp {
        Timestamp::from_nanos(tick.saturating_mul(self.length))
    }
}

#[cfg(test)]
mod tests {
    use super::{Resolution, Tick, Ticks, Timestamp};
    use core::time::Duration;
    use proptest::prelude::*;

    fn number() -> impl Strategy<Value = u64> {
        prop_oneof![any::<u64>(), 0..5_u64, (u64::MAX - 5)..=u64::MAX, (0..64_u32).prop_map(|bits| 1 << bits)]
    }

    proptest! {
        #[test]
        fn c1_ticks_are_those_of_the_resolution(length in number(), factor in number(), nanos in number()) {
            let length = length.max(1);
            let resolution = Resolution::from_duration(Duration::from_nanos(length)).unwrap();
            let ticks = Ticks::new(resolution);
            let edge = length.wrapping_mul(factor);
            for nanos in [nanos, edge, edge.wrapping_sub(1), edge.wrapping_add(1)] {
                let at = Timestamp::from_nanos(nanos);
                prop_assert_eq!(ticks.after(at), resolution.tick_after(at).get());
                prop_assert_eq!(ticks.before(at), resolution.tick_before(at).get());
                prop_assert_eq!(ticks.start_of(nanos), resolution.start_of(Tick::new(nanos)));
            }
        }
    }
}
