//! Periods: when a thing that repeats is due next, and what becomes of the times it was too late for.

use core::time::Duration;

use crate::error::PeriodError;
use crate::time::Timestamp;

/// What becomes of the ticks that a periodic timer was too late for: a callback took long, the machine slept.
///
/// For a period of 10 ms whose tick of 20 ms was handled at 47 ms:
///
/// | | the next ticks are at | drift | for |
/// |---|---|---|---|
/// | `Burst` | 47 (for 30), 47 (for 40), 50, 60 | none | counting: each tick happens, late ones at once |
/// | `Delay` | 57, 67, 77 | yes | load: never less than a period from one tick to the next |
/// | `Skip` | 50, 60, 70 (and says that 2 were missed) | none | clocks and frames: what is past is past |
///
/// # When a tick is handled
///
/// Everything that repeats reckons in the same way, with [`Period::next`], from two moments: when the tick was due, and
/// when it was handled.
///
/// | | a tick is handled |
/// |---|---|
/// | a periodic callback, also of a [`LocalHandle`](crate::LocalHandle) | when its run begins |
/// | a [`Ticker`](crate::Ticker) | when its message is sent, received or not |
/// | an [`Interval`](crate::Interval) | in the poll that gives it |
/// | `interval` of `compat::time` | the same; up to 5 ms late it counts as in time, as in tokio |
///
/// How long the work of a tick takes does not count. Work that takes exactly as long as its period therefore keeps the
/// rate. Longer work gets the tick that came due meanwhile as soon as it is done, and then goes on as chosen. For a
/// period of 20 ms and runs of 30 ms, the first at 20 ms:
///
/// | | runs begin at |
/// |---|---|
/// | `Burst` | 20, 50 (for 40), 80 (for 60), 110 (for 80): without a pause, ever further behind |
/// | `Delay` | 20, 50 (for 40), 80 (for 70), 110 (for 100): without a pause |
/// | `Skip` | 20, 50 (for 40), 80 (for 60), 110 (for 100, and says that 1 was missed) |
///
/// For a pause after each run, let the callback move itself: a period that is moved while it runs, with
/// [`reset_after`](crate::CallbackGuard::reset_after), goes on from there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum MissedTicks {
    /// Makes up for them, one at once after another.
    Burst,
    /// Counts the next period from when the late one was handled.
    Delay,
    /// Leaves them out and goes on in step, after Linux's `hrtimer_forward`.
    #[default]
    Skip,
}

/// A length of time that repeats, and what becomes of missed ticks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Period {
    length: Duration,
    missed: MissedTicks,
}

impl Period {
    /// Every `length`; missed ticks are [skipped](MissedTicks::Skip).
    ///
    /// # Errors
    ///
    /// [`PeriodError`] if `length` is zero.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickwheel::{MissedTicks, Period};
    ///
    /// let frames = Period::every(Duration::from_micros(16_667))?.with_missed_ticks(MissedTicks::Skip);
    /// assert_eq!(frames.length(), Duration::from_micros(16_667));
    /// assert!(Period::every(Duration::ZERO).is_err());
    /// # Ok::<(), tickwheel::PeriodError>(())
    /// ```
    pub const fn every(length: Duration) -> Result<Self, PeriodError> {
        if length.is_zero() {
            return Err(PeriodError::new());
        }
        Ok(Self { length, missed: MissedTicks::Skip })
    }

    /// The same period with another choice for missed ticks.
    pub const fn with_missed_ticks(self, missed: MissedTicks) -> Self {
        Self { missed, ..self }
    }

    /// From one tick to the next.
    pub const fn length(&self) -> Duration {
        self.length
    }

    /// The choice for missed ticks.
    pub const fn missed_ticks(&self) -> MissedTicks {
        self.missed
    }

    /// When the tick after the one of `due` is due, if that one was [handled](MissedTicks#when-a-tick-is-handled) at
    /// `now`, and how many ticks are left out between the two. What would lie beyond the end of time is due there.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickwheel::{MissedTicks, Period, Timestamp};
    ///
    /// let ms = |n: u64| Timestamp::from_nanos(n * 1_000_000);
    /// let period = Period::every(Duration::from_millis(10))?;
    /// assert_eq!(period.next(ms(20), ms(47)), (ms(50), 2));
    /// assert_eq!(period.with_missed_ticks(MissedTicks::Delay).next(ms(20), ms(47)), (ms(57), 0));
    /// assert_eq!(period.with_missed_ticks(MissedTicks::Burst).next(ms(20), ms(47)), (ms(30), 0));
    /// # Ok::<(), tickwheel::PeriodError>(())
    /// ```
    pub fn next(&self, due: Timestamp, now: Timestamp) -> (Timestamp, u64) {
        match self.missed {
            MissedTicks::Burst => (due + self.length, 0),
            MissedTicks::Delay => (now.max(due) + self.length, 0),
            MissedTicks::Skip => {
                let length = Timestamp::from_duration(self.length).as_nanos();
                let missed = now.as_nanos().saturating_sub(due.as_nanos()) / length;
                let next = due.as_nanos().saturating_add(length.saturating_mul(missed.saturating_add(1)));
                (Timestamp::from_nanos(next), missed)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::{Duration, MissedTicks, Period, Timestamp};

    fn at(nanos: u64) -> Timestamp {
        Timestamp::from_nanos(nanos)
    }

    #[test]
    fn l26_skipping_goes_on_in_step_at_every_lateness() {
        let period = Period::every(Duration::from_nanos(10)).unwrap();
        for late in 0..100 {
            let (next, missed) = period.next(at(20), at(20 + late));
            assert!(next > at(20 + late), "the next tick lies ahead");
            assert!(next <= at(20 + late + 10), "and not more than a period");
            assert_eq!(next, at(20 + (missed + 1) * 10), "in step");
        }
    }

    #[test]
    fn l26_burst_never_drifts_and_delay_keeps_its_distance() {
        let period = Period::every(Duration::from_nanos(10)).unwrap();
        assert_eq!(period.with_missed_ticks(MissedTicks::Burst).next(at(20), at(1_000)), (at(30), 0));
        assert_eq!(period.with_missed_ticks(MissedTicks::Delay).next(at(20), at(1_000)), (at(1_010), 0));
        assert_eq!(period.with_missed_ticks(MissedTicks::Delay).next(at(20), at(0)), (at(30), 0));
    }

    #[test]
    fn l2_periods_without_end_stay_at_the_end_of_time() {
        for missed in [MissedTicks::Burst, MissedTicks::Delay, MissedTicks::Skip] {
            let period = Period::every(Duration::MAX).unwrap().with_missed_ticks(missed);
            assert_eq!(period.next(at(7), at(9)).0, Timestamp::MAX);
            let shortest = Period::every(Duration::from_nanos(1)).unwrap().with_missed_ticks(missed);
            assert_eq!(shortest.next(Timestamp::MAX, Timestamp::MAX).0, Timestamp::MAX);
            let at_the_end = shortest.next(Timestamp::ZERO, Timestamp::MAX).0;
            assert_eq!(at_the_end, if missed == MissedTicks::Burst { at(1) } else { Timestamp::MAX });
        }
    }

    #[test]
    fn l27_a_period_of_zero_is_refused() {
        let error = Period::every(Duration::ZERO).unwrap_err();
        assert_eq!(error.to_string(), "a period of zero would be due without end: it must be at least 1 ns long");
    }
}
