//! Spinning for the last part of a sleep: how long that part should be.

use core::time::Duration;

use crate::sync::spin_loop;

/// The least and the greatest margin, and the one to begin with.
const LEAST: Duration = Duration::from_micros(1);
const FIRST: Duration = Duration::from_micros(50);
const GREATEST: Duration = Duration::from_millis(2);

/// A margin that follows the 95th percentile of how much the system oversleeps.
///
/// Each sleep that overslept by more than the margin raises it by 0.95 · m/16, each other lowers it by 0.05 · m/16: the
/// two are in balance when one sleep in twenty is late.
pub(crate) struct Spin {
    margin: Duration,
}

impl Spin {
    pub(crate) fn new() -> Self {
        Self { margin: FIRST }
    }

    /// How long before the moment to end the sleep.
    pub(crate) fn margin(&self) -> Duration {
        self.margin
    }

    /// Learns from a sleep that went on for `overslept` past its end.
    pub(crate) fn learn(&mut self, overslept: Duration) {
        let step = self.margin / 16;
        let margin = if overslept > self.margin { self.margin + step * 95 / 100 } else { self.margin - step * 5 / 100 };
        self.margin = margin.clamp(LEAST, GREATEST);
    }

    /// Spins until `is_over`.
    pub(crate) fn spin(&self, is_over: impl Fn() -> bool) {
        while !is_over() {
            spin_loop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, GREATEST, LEAST, Spin};

    #[test]
    fn l24_the_margin_settles_where_one_sleep_in_twenty_is_late() {
        let mut spin = Spin::new();
        let mut random = fastrand::Rng::with_seed(7);
        // Oversleeping evenly from 0 to 100 µs: the 95th percentile is 95 µs.
        let mut sum = Duration::ZERO;
        for round in 0..40_000 {
            spin.learn(Duration::from_nanos(random.u64(0..100_000)));
            if round >= 20_000 {
                sum += spin.margin();
            }
        }
        let mean = sum / 20_000;
        assert!((Duration::from_micros(85)..Duration::from_micros(105)).contains(&mean), "{mean:?}");
    }

    #[test]
    fn the_margin_stays_in_its_bounds() {
        let mut spin = Spin::new();
        (0..10_000).for_each(|_| spin.learn(Duration::from_secs(1)));
        assert_eq!(spin.margin(), GREATEST);
        (0..10_000).for_each(|_| spin.learn(Duration::ZERO));
        assert_eq!(spin.margin(), LEAST);
    }
}
