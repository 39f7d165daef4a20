//! From points in time to ticks and back, for a wheel that does it in every call.
//!
//! The results are those of its [`Resolution`]. Where that divides, this multiplies, for the first 2⁶³ ns: a 64-bit
//! division occupies the divider for as long as an empty turn takes.

use crate::time::{Deadline, Resolution, Tick, Timestamp};

/// A resolution, and what it takes to divide by it.
#[derive(Clone, Copy)]
pub(crate) struct Ticks {
    resolution: Resolution,
    /// The length of a tick, in nanoseconds.
    length: u64,
    /// ⌈2^(63 + shift) / length⌉, where 2^shift is the least power not below the length; 0 for a length over 2⁶³.
    factor: u64,
    shift: u32,
}

impl Ticks {
    pub(crate) const fn new(resolution: Resolution) -> Self {
        // The end of tick 1 in whole nanoseconds: the length, which fits into 64 bits.
        let length = resolution.start_of(Tick::new(1)).as_nanos();
        let shift = 64 - (length - 1).leading_zeros();
        if shift == 64 {
            return Self { resolution, length, factor: 0, shift: 0 };
        }
        Self { resolution, length, factor: (1_u128 << (63 + shift)).div_ceil(length as u128) as u64, shift }
    }

    pub(crate) const fn resolution(&self) -> Resolution {
        self.resolution
    }

    /// nanos / length, for nanos below 2⁶³.
    ///
    /// The factor is (2^(63 + shift) + e) / length with e < length. So the product, n · factor / 2^(63 + shift),
    /// exceeds n / length by less than 2^-shift, which is at most 1 / length: not enough to reach the next whole
    /// number.
    #[inline]
    const fn whole(&self, nanos: u64) -> u64 {
        (((2 * nanos) as u128 * self.factor as u128) >> 64) as u64 >> (self.shift & 63)
    }

    /// As [`after`](Self::after), for 0 < nanos < 2⁶³.
    #[inline]
    pub(crate) const fn after_some(&self, nanos: u64) -> u64 {
        self.whole(nanos.wrapping_sub(1)) + 1
    }

    /// [`Resolution::tick_after`].
    pub(crate) const fn after(&self, deadline: Timestamp) -> u64 {
        self.resolution.tick_after(deadline).get()
    }

    /// [`Resolution::tick_before`].
    #[inline]
    pub(crate) const fn before(&self, now: Timestamp) -> u64 {
        let nanos = now.as_nanos();
        if nanos < 1 << 63 { self.whole(nanos) } else { self.resolution.tick_before(now).get() }
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
                if 0 < nanos && nanos < 1 << 63 {
                    prop_assert_eq!(ticks.after_some(nanos), resolution.tick_after(at).get());
                }
                prop_assert_eq!(ticks.before(at), resolution.tick_before(at).get());
                prop_assert_eq!(ticks.start_of(nanos), resolution.start_of(Tick::new(nanos)));
            }
        }
    }
}
