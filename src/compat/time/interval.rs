//! Ticks that come again and again, with tokio's names.

use core::future::poll_fn;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use super::instant::Instant;
use crate::driver::Handle;
use crate::future::{self, to_instant, to_timestamp, without_error};
use crate::period::{MissedTicks, Period};
use crate::time::Timestamp;

/// How late a tick may be seen before it counts as late, as tokio has it.
const TOLERANCE: Duration = Duration::from_millis(5);

/// What becomes of the ticks after one that was seen more than 5 ms late.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MissedTickBehavior {
    /// Makes up for them, one at once after another.
    #[default]
    Burst,
    /// Counts the next period from when the late one was seen.
    Delay,
    /// Leaves them out and goes on in step.
    Skip,
}

/// Ticks with a period; made by [`interval`] and [`interval_at`].
///
/// It is this crate's [`Interval`](crate::Interval), whose ticks have no room for an error: when its driver is shut
/// down it stays pending.
#[derive(Debug)]
pub struct Interval {
    inner: future::Interval,
}

impl Interval {
    /// Waits for the next tick, and says when it was due. Dropping the future loses nothing.
    ///
    /// # Panics
    ///
    /// If the driver has no room for another timer.
    pub async fn tick(&mut self) -> Instant {
        poll_fn(|context| self.poll_tick(context)).await
    }

    /// As [`tick`](Self::tick), for who polls. A tick that is ready wakes nobody for the next one.
    ///
    /// # Panics
    ///
    /// If the driver has no room for another timer, as tokio's does.
    pub fn poll_tick(&mut self, context: &mut Context<'_>) -> Poll<Instant> {
        let (due, now) = ready!(without_error(ready!(self.inner.poll_due(context))));
        let next = if now > due + TOLERANCE {
            self.inner.period().next(due, now).0
        } else {
            due + self.inner.period().length()
        };
        self.inner.expect(next);
        Poll::Ready(self.instant(due))
    }

    /// Has the next tick a period from now on, and those after it in step with it.
    pub fn reset(&mut self) {
        self.inner.reset();
    }

    /// Has the next tick now, and those after it in step with it.
    pub fn reset_immediately(&mut self) {
        self.inner.reset_immediately();
    }

    /// Has the next tick `after` from now on, and those after it in step with it.
    pub fn reset_after(&mut self, after: Duration) {
        self.inner.reset_after(after);
    }

    /// Has the next tick at `deadline`, and those after it in step with it.
    pub fn reset_at(&mut self, deadline: Instant) {
        let deadline = to_timestamp(self.inner.core(), deadline.into_std());
        self.inner.reset_at(deadline);
    }

    /// What becomes of ticks that are missed.
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        match self.inner.period().missed_ticks() {
            MissedTicks::Burst => MissedTickBehavior::Burst,
            MissedTicks::Delay => MissedTickBehavior::Delay,
            MissedTicks::Skip => MissedTickBehavior::Skip,
        }
    }

    /// What becomes of ticks that are missed from now on.
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.inner.set_missed_ticks(match behavior {
            MissedTickBehavior::Burst => MissedTicks::Burst,
            MissedTickBehavior::Delay => MissedTicks::Delay,
            MissedTickBehavior::Skip => MissedTicks::Skip,
        });
    }

    /// From one tick to the next.
    pub fn period(&self) -> Duration {
        self.inner.period().length()
    }

    fn instant(&self, at: Timestamp) -> Instant {
        Instant::from_std(to_instant(self.inner.core(), at))
    }
}

/// Ticks every `period`, for the first time at once.
///
/// # Panics
///
/// If `period` is zero, and as [`Handle::current_or_default`]. Waiting for a tick does if the driver has no room for
/// another timer.
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    let period = non_zero(period);
    let timers = Handle::current_or_default();
    let first = timers.now();
    Interval { inner: future::Interval::new(timers, first.into(), period) }
}

/// Ticks every `period`, for the first time at `start`.
///
/// # Panics
///
/// If `period` is zero, and as [`Handle::current_or_default`]. Waiting for a tick does if the driver has no room for
/// another timer.
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    let period = non_zero(period);
    let timers = Handle::current_or_default();
    let first = to_timestamp(timers.core(), start.into_std());
    Interval { inner: future::Interval::new(timers, first.into(), period) }
}

#[track_caller]
fn non_zero(period: Duration) -> Period {
    match Period::every(period) {
        Ok(period) => period.with_missed_ticks(MissedTicks::Burst),
        Err(_) => panic!("`period` must be non-zero."),
    }
}
