//! A time limit for any future, in the middle of a chain of calls.

use core::future::Future;
use core::time::Duration;

use super::timeout::Timeout;
use crate::driver::Handle;
use crate::time::Deadline;

/// A limit to the time that a future may take, as a method of every future.
///
/// ```
/// use std::future::{Future, pending};
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
/// use std::time::Duration;
/// use tickwheel::{Driver, FutureExt, ManualClock, TimerHeap};
///
/// let clock = ManualClock::new();
/// let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new())?;
/// let _entered = timers.enter();
/// let mut context = Context::from_waker(Waker::noop());
///
/// let mut stuck = pin!(pending::<()>().timeout(Duration::from_micros(50)));
/// assert_eq!(stuck.as_mut().poll(&mut context), Poll::Pending);
/// clock.advance(Duration::from_micros(50));
/// assert!(matches!(stuck.as_mut().poll(&mut context), Poll::Ready(Err(error)) if error.is_elapsed()));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Panics
///
/// Those that name no driver do as [`Handle::current_or_default`].
pub trait FutureExt: Future + Sized {
    /// [`Handle::timeout`] on the driver that this thread has entered, else on the process's:
    /// [`Handle::current_or_default`].
    fn timeout(self, delay: Duration) -> Timeout<Self> {
        Timeout::after(Handle::current_or_default(), delay, self)
    }

    /// [`Handle::timeout_at`] on the driver that this thread has entered, else on the process's:
    /// [`Handle::current_or_default`].
    fn timeout_at(self, deadline: impl Into<Deadline>) -> Timeout<Self> {
        Timeout::at(Handle::current_or_default(), deadline.into(), self)
    }

    /// [`Handle::timeout`] on the driver given.
    fn timeout_on(self, timers: &Handle, delay: Duration) -> Timeout<Self> {
        Timeout::after(timers.clone(), delay, self)
    }
}

impl<F: Future> FutureExt for F {}
