//! A limit to the time that a future may take.

use core::future::{Future, IntoFuture};
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use pin_project_lite::pin_project;

use super::entry::TimerEntry;
use crate::driver::Handle;
use crate::error::TimeoutError;
use crate::time::Deadline;

pin_project! {
    /// A future that is given up when its time is over; made by [`Handle::timeout`] and [`Handle::timeout_at`], and by
    /// [`FutureExt`](crate::FutureExt).
    ///
    /// The future inside is polled first: one that is ready costs no timer, and wins over a deadline that has come too
    /// (L33). Dropping this drops both. It is 40 bytes larger than the future inside.
    ///
    /// # Errors
    ///
    /// [`TimeoutError::Elapsed`] once the deadline has come; [`TimeoutError::Timer`] if the driver was shut down
    /// before, or its shard is full. [`into_inner`](Self::into_inner) gives the future back, to go on without a limit.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Timeout<F> {
        #[pin]
        future: F,
        entry: TimerEntry,
    }
}

impl<F> Timeout<F> {
    pub(crate) fn after(handle: Handle, delay: Duration, future: F) -> Self {
        Self { future, entry: TimerEntry::after(handle, delay) }
    }

    pub(crate) fn at(handle: Handle, deadline: Deadline, future: F) -> Self {
        Self { future, entry: TimerEntry::new(handle, deadline) }
    }

    /// The future inside.
    pub fn get_ref(&self) -> &F {
        &self.future
    }

    /// The future inside.
    pub fn get_mut(&mut self) -> &mut F {
        &mut self.future
    }

    /// The future inside, pinned.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut F> {
        self.project().future
    }

    /// Gives the future inside back, and cancels its timer.
    pub fn into_inner(self) -> F {
        self.future
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, TimeoutError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(context) {
            return Poll::Ready(Ok(output));
        }
        this.entry.poll(context).map(|waited| Err(TimeoutError::after(waited)))
    }
}

impl Handle {
    /// Gives `future` until `delay` has gone by.
    ///
    /// The delay counts from the first poll that `future` leaves pending: one that is ready at once costs no timer, and
    /// no look at the clock either. [`timeout_at`](Self::timeout_at) counts from a moment of your choice.
    ///
    /// ```
    /// use std::future::{Future, pending, ready};
    /// use std::pin::pin;
    /// use std::task::{Context, Poll, Waker};
    /// use std::time::Duration;
    /// use tickwheel::{Driver, ManualClock, Resolution, TimerWheel};
    ///
    /// let clock = ManualClock::new();
    /// let timers = Driver::builder().clock(clock.clone()).spawn(TimerWheel::new(Resolution::MILLISECOND))?;
    /// let mut context = Context::from_waker(Waker::noop());
    ///
    /// let mut quick = pin!(timers.timeout(Duration::from_secs(1), ready(7)));
    /// assert_eq!(quick.as_mut().poll(&mut context), Poll::Ready(Ok(7)));
    ///
    /// let mut stuck = pin!(timers.timeout(Duration::from_secs(1), pending::<()>()));
    /// assert_eq!(stuck.as_mut().poll(&mut context), Poll::Pending);
    /// clock.advance(Duration::from_secs(1));
    /// let Poll::Ready(Err(error)) = stuck.as_mut().poll(&mut context) else { panic!("its time is over") };
    /// assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::TimedOut);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn timeout<F: IntoFuture>(&self, delay: Duration, future: F) -> Timeout<F::IntoFuture> {
        Timeout::after(self.clone(), delay, future.into_future())
    }

    /// Gives `future` until `deadline`: a [`Timestamp`](crate::Timestamp) of the driver's clock, or a [`Deadline`] with
    /// slack. One that has come still lets `future` be polled, once.
    pub fn timeout_at<F: IntoFuture>(&self, deadline: impl Into<Deadline>, future: F) -> Timeout<F::IntoFuture> {
        Timeout::at(self.clone(), deadline.into(), future.into_future())
    }
}
