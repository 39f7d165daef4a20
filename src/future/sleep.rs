//! A future that waits for a moment.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use super::coop;
use super::entry::TimerEntry;
use crate::driver::{Core, Handle};
use crate::error::TimerError;
use crate::time::{Deadline, Timestamp};

/// Waits for a deadline; made by [`Handle::sleep`] and [`Handle::sleep_until`].
///
/// It is `Unpin`, 40 bytes large, and allocates nothing but its place in the timer, at its first poll. Dropping it
/// cancels it. Moving it later with [`reset`](Self::reset) costs a fraction of arming it, and wakes nobody.
///
/// # Errors
///
/// [`TimerError`], if the driver is shut down before the deadline, or if its shard is full.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are polled"]
pub struct Sleep {
    entry: TimerEntry,
}

impl Sleep {
    pub(crate) fn new(handle: Handle, deadline: Deadline) -> Self {
        Self { entry: TimerEntry::new(handle, deadline) }
    }

    pub(crate) fn core(&self) -> &Core {
        self.entry.core()
    }

    /// Polls it without a share in the budget of the task: for who polls it beside what may have used that up, which
    /// must not keep it from firing.
    pub(crate) fn poll_unbudgeted(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TimerError>> {
        self.entry.poll(context)
    }

    /// The deadline that it waits for, or waited for.
    pub fn deadline(&self) -> Timestamp {
        self.entry.deadline().soft()
    }

    /// Whether its deadline has come and it has fired; a poll is ready then. One that was never polled since it was
    /// made, or since it was moved after it had fired, has not. While it is armed this takes its shard's lock.
    pub fn is_elapsed(&self) -> bool {
        self.entry.has_fired()
    }

    /// Waits for `deadline` instead, a [`Timestamp`] or a [`Deadline`] with slack; also after it was ready.
    ///
    /// The task that polled it last is woken at the new deadline. One that was ready is armed at its next poll, and not
    /// before: until then it wakes nobody, and [`is_elapsed`](Self::is_elapsed) is false. A deadline in the past is
    /// ready at the next poll.
    pub fn reset(&mut self, deadline: impl Into<Deadline>) {
        self.entry.reset(deadline.into());
    }

    /// Waits for `delay` from now on instead.
    pub fn reset_after(&mut self, delay: Duration) {
        self.reset(self.entry.now() + delay);
    }
}

impl Future for Sleep {
    type Output = Result<(), TimerError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        coop::poll(&mut self.entry, context)
    }
}

/// What becomes of a wait where there is no room for an error in what it gives: `Pending` if the driver was shut down.
///
/// # Panics
///
/// If the driver has no room for another timer.
pub(crate) fn without_error<T>(waited: Result<T, TimerError>) -> Poll<T> {
    match waited {
        Ok(output) => Poll::Ready(output),
        Err(TimerError::Closed) => Poll::Pending,
        Err(error @ TimerError::Full(_)) => panic!("{error}"),
    }
}

impl Handle {
    /// Waits for `delay` from now on.
    ///
    /// ```
    /// use std::future::Future;
    /// use std::pin::pin;
    /// use std::task::{Context, Poll, Waker};
    /// use std::time::Duration;
    /// use tickwheel::{Driver, ManualClock, Resolution, TimerWheel};
    ///
    /// let clock = ManualClock::new();
    /// let timers = Driver::builder().clock(clock.clone()).spawn(TimerWheel::new(Resolution::MILLISECOND))?;
    /// let mut sleep = pin!(timers.sleep(Duration::from_millis(30)));
    ///
    /// let mut context = Context::from_waker(Waker::noop());
    /// assert_eq!(sleep.as_mut().poll(&mut context), Poll::Pending);
    /// clock.advance(Duration::from_millis(30));
    /// assert_eq!(sleep.as_mut().poll(&mut context), Poll::Ready(Ok(())));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn sleep(&self, delay: Duration) -> Sleep {
        self.sleep_until(self.now() + delay)
    }

    /// Waits for `deadline`: a [`Timestamp`] of the driver's clock, or a [`Deadline`] with slack. One that has come is
    /// ready at the first poll.
    pub fn sleep_until(&self, deadline: impl Into<Deadline>) -> Sleep {
        Sleep::new(self.clone(), deadline.into())
    }
}
