//! Waiting for a moment, with tokio's names.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use super::instant::Instant;
use crate::driver::Handle;
use crate::future::{self, to_instant, to_timestamp, without_error};

/// Waits for a moment; made by [`sleep`] and [`sleep_until`].
///
/// It is this crate's [`Sleep`](crate::Sleep), whose output has no room for an error: when its driver is shut down it
/// stays pending, since completing would be early.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are polled"]
pub struct Sleep {
    inner: future::Sleep,
}

impl Sleep {
    /// Polls it for a time limit, which holds also where the future within has used up the task's budget.
    pub(super) fn poll_unbudgeted(&mut self, context: &mut Context<'_>) -> Poll<()> {
        without_error(ready!(self.inner.poll_unbudgeted(context)))
    }

    /// The moment that it waits for, or waited for.
    pub fn deadline(&self) -> Instant {
        Instant::from_std(to_instant(self.inner.core(), self.inner.deadline()))
    }

    /// Whether its deadline has come and it has fired. One that was never polled has not.
    pub fn is_elapsed(&self) -> bool {
        self.inner.is_elapsed()
    }

    /// Waits for `deadline` instead; also after it was ready. Then it is armed at its next poll, and not before: until
    /// then it wakes nobody, and [`is_elapsed`](Self::is_elapsed) is false. (tokio's is armed at once.)
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        let this = self.get_mut();
        let deadline = to_timestamp(this.inner.core(), deadline.into_std());
        this.inner.reset(deadline);
    }
}

impl Future for Sleep {
    type Output = ();

    /// # Panics
    ///
    /// If the driver has no room for another timer, as tokio's does.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        without_error(ready!(Pin::new(&mut self.inner).poll(context)))
    }
}

/// Waits for `duration` from now on. More than a clock can count is as good as for ever.
///
/// # Panics
///
/// As [`Handle::current_or_default`]. Polling it does if the driver has no room for another timer, as with tokio.
pub fn sleep(duration: Duration) -> Sleep {
    let timers = Handle::current_or_default();
    let deadline = timers.now() + duration;
    Sleep { inner: future::Sleep::new(timers, deadline.into()) }
}

/// Waits for `deadline`. One that has come is ready at the first poll.
///
/// # Panics
///
/// As [`sleep`].
pub fn sleep_until(deadline: Instant) -> Sleep {
    let timers = Handle::current_or_default();
    let deadline = to_timestamp(timers.core(), deadline.into_std());
    Sleep { inner: future::Sleep::new(timers, deadline.into()) }
}
