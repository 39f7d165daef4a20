//! Ticks that come again and again.

use core::future::poll_fn;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use super::coop;
use super::entry::TimerEntry;
use crate::driver::{Core, Handle, TimerEvent};
use crate::error::{PeriodError, TimerError};
use crate::period::{MissedTicks, Period};
use crate::time::{Deadline, Timestamp};

/// Ticks with a period; made by [`Handle::interval`] and [`Handle::interval_at`].
///
/// The n-th tick is due n periods after the first, however late the others were seen (L26); what becomes of missed ones
/// is the period's choice, see [`MissedTicks`]. Nothing is armed between a tick and the poll for the next one.
#[derive(Debug)]
pub struct Interval {
    entry: TimerEntry,
    period: Period,
    /// Ticks left out before the one that is waited for.
    missed: u64,
}

impl Interval {
    pub(crate) fn new(handle: Handle, first: Deadline, period: Period) -> Self {
        Self { entry: TimerEntry::new(handle, first), period, missed: 0 }
    }

    pub(crate) fn core(&self) -> &Core {
        self.entry.core()
    }

    /// Waits for the next tick, and says when it was due, how many were left out before it, and what time it is.
    ///
    /// Dropping the future loses nothing, so it may stand in a `select!` (L33).
    ///
    /// # Errors
    ///
    /// [`TimerError`], if the driver is shut down before the tick is due, or if its shard is full.
    pub async fn tick(&mut self) -> Result<TimerEvent, TimerError> {
        poll_fn(|context| self.poll_tick(context)).await
    }

    /// As [`tick`](Self::tick), for who polls. A tick that is ready wakes nobody for the next one: poll until it is
    /// pending.
    pub fn poll_tick(&mut self, context: &mut Context<'_>) -> Poll<Result<TimerEvent, TimerError>> {
        let (due, now) = ready!(self.poll_due(context))?;
        let (next, missed_then) = self.period.next(due, now);
        let event = TimerEvent { due, missed: self.missed, now };
        self.expect(next);
        self.missed = missed_then;
        Poll::Ready(Ok(event))
    }

    /// Ready once the next tick is due, with that moment and what time it is. The caller then says when to
    /// [`expect`](Self::expect) the one after.
    pub(crate) fn poll_due(&mut self, context: &mut Context<'_>) -> Poll<Result<(Timestamp, Timestamp), TimerError>> {
        ready!(coop::poll(&mut self.entry, context))?;
        Poll::Ready(Ok((self.entry.deadline().soft(), self.entry.now())))
    }

    /// Waits for `next`, with the slack of the first tick.
    pub(crate) fn expect(&mut self, next: Timestamp) {
        let slack = self.entry.deadline().slack();
        self.reset_at(Deadline::at(next).with_slack(slack));
    }

    /// Has the next tick a period from now on, and those after it in step with it.
    pub fn reset(&mut self) {
        self.reset_after(self.period.length());
    }

    /// Has the next tick now, and those after it in step with it.
    pub fn reset_immediately(&mut self) {
        self.expect(self.entry.now());
    }

    /// Has the next tick `delay` from now on, and those after it in step with it.
    pub fn reset_after(&mut self, delay: Duration) {
        self.expect(self.entry.now() + delay);
    }

    /// Has the next tick at `deadline`, a [`Timestamp`] or a [`Deadline`] with slack, and those after it in step with
    /// it.
    ///
    /// None of the resets counts ticks as missed, and none costs the place in the timer: a task that waits for a tick
    /// goes on waiting, and is woken at the new one.
    pub fn reset_at(&mut self, deadline: impl Into<Deadline>) {
        self.entry.reset(deadline.into());
        self.missed = 0;
    }

    /// From one tick to the next, and the choice for missed ones.
    pub fn period(&self) -> Period {
        self.period
    }

    /// What becomes of ticks that are missed from now on.
    pub fn set_missed_ticks(&mut self, missed: MissedTicks) {
        self.period = self.period.with_missed_ticks(missed);
    }
}

impl Handle {
    /// Ticks every `period`, for the first time at once. Ticks that nobody was there for in time are left out;
    /// [`interval_at`](Self::interval_at) has the other choices.
    ///
    /// # Errors
    ///
    /// [`PeriodError`], if `period` is zero.
    ///
    /// ```
    /// use std::task::{Context, Poll, Waker};
    /// use std::time::Duration;
    /// use tickwheel::{Driver, ManualClock, Resolution, TimerWheel};
    ///
    /// let clock = ManualClock::new();
    /// let timers = Driver::builder().clock(clock.clone()).spawn(TimerWheel::new(Resolution::MILLISECOND))?;
    /// let mut context = Context::from_waker(Waker::noop());
    /// let mut interval = timers.interval(Duration::from_millis(10))?;
    ///
    /// assert!(interval.poll_tick(&mut context).is_ready());
    /// assert!(interval.poll_tick(&mut context).is_pending());
    /// clock.jump(Duration::from_millis(35)); // as over a suspend
    /// let Poll::Ready(Ok(late)) = interval.poll_tick(&mut context) else { panic!("it is due") };
    /// assert_eq!((late.due.as_nanos(), late.missed), (10_000_000, 0));
    /// clock.advance(Duration::from_millis(5));
    /// let Poll::Ready(Ok(next)) = interval.poll_tick(&mut context) else { panic!("it is in step") };
    /// assert_eq!((next.due.as_nanos(), next.missed), (40_000_000, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn interval(&self, period: Duration) -> Result<Interval, PeriodError> {
        Ok(self.interval_at(self.now(), Period::every(period)?))
    }

    /// Ticks at `first`, a [`Timestamp`] of the driver's clock or a [`Deadline`] whose slack then holds for every tick,
    /// and again and again with `period`, which also says what becomes of missed ticks.
    ///
    /// ```
    /// use std::task::{Context, Waker};
    /// use std::time::Duration;
    /// use tickwheel::{Driver, ManualClock, MissedTicks, Period, TimerHeap};
    ///
    /// let clock = ManualClock::new();
    /// let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new())?;
    /// let mut context = Context::from_waker(Waker::noop());
    /// let period = Period::every(Duration::from_micros(10))?.with_missed_ticks(MissedTicks::Burst);
    ///
    /// // The first tick after a period, and not at once.
    /// let mut interval = timers.interval_at(timers.now() + period.length(), period);
    /// assert!(interval.poll_tick(&mut context).is_pending());
    /// clock.jump(Duration::from_micros(25));
    /// assert!(interval.poll_tick(&mut context).is_ready());
    /// assert!(interval.poll_tick(&mut context).is_ready());
    /// assert!(interval.poll_tick(&mut context).is_pending());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn interval_at(&self, first: impl Into<Deadline>, period: Period) -> Interval {
        Interval::new(self.clone(), first.into(), period)
    }
}
