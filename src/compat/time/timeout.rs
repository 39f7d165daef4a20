//! A limit to the time that a future may take, with tokio's names.

use core::future::{Future, IntoFuture};
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use pin_project_lite::pin_project;

use super::instant::Instant;
use super::sleep::{Sleep, sleep, sleep_until};
use crate::error::Elapsed;

pin_project! {
    /// A future that is given up when its time is over; made by [`timeout`] and [`timeout_at`].
    ///
    /// The future inside is polled first, and wins over a deadline that has come too (L33). When the driver is shut
    /// down there is no limit any more.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Timeout<T> {
        #[pin]
        future: T,
        sleep: Sleep,
    }
}

impl<T> Timeout<T> {
    /// The future inside.
    pub fn get_ref(&self) -> &T {
        &self.future
    }

    /// The future inside.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.future
    }

    /// Gives the future inside back, and cancels its timer.
    pub fn into_inner(self) -> T {
        self.future
    }
}

impl<T: Future> Future for Timeout<T> {
    type Output = Result<T::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(context) {
            return Poll::Ready(Ok(output));
        }
        this.sleep.poll_unbudgeted(context).map(|()| Err(Elapsed::new()))
    }
}

/// Gives `future` until `duration` from now on, whether it is polled meanwhile or not. More than a clock can count is
/// as good as for ever.
///
/// # Panics
///
/// As [`Handle::current_or_default`](crate::Handle::current_or_default). Polling it does if the driver has no room for
/// another timer, as with tokio.
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    Timeout { future: future.into_future(), sleep: sleep(duration) }
}

/// Gives `future` until `deadline`.
///
/// # Panics
///
/// As [`timeout`].
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    Timeout { future: future.into_future(), sleep: sleep_until(deadline) }
}
