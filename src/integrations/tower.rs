//! A timeout for tower's services: a layer, and the service that it makes.
//!
//! ```
//! use std::time::Duration;
//! use tickwheel::integrations::tower::{TimeoutError, TimeoutLayer};
//! use tickwheel::{Driver, ManualClock, Resolution, TimerWheel};
//! use tower::{ServiceBuilder, ServiceExt};
//!
//! # smol::block_on(async {
//! let clock = ManualClock::new();
//! let timers = Driver::builder().clock(clock.clone()).spawn(TimerWheel::new(Resolution::MILLISECOND))?;
//! let service = ServiceBuilder::new()
//!     .layer(TimeoutLayer::new(timers.handle(), Duration::from_secs(30)))
//!     .service_fn(|never: std::future::Pending<Result<(), std::io::Error>>| never);
//!
//! let reply = service.oneshot(std::future::pending());
//! let late = async { clock.advance(Duration::from_secs(30)) };
//! let (reply, _) = smol::future::zip(reply, late).await;
//! assert!(matches!(reply, Err(TimeoutError::Elapsed)));
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io;

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::driver::Handle;
use crate::error::SleepError;
use crate::future::Sleep;

/// Gives a service a [`Timeout`].
#[derive(Clone, Debug)]
pub struct TimeoutLayer {
    handle: Handle,
    timeout: Duration,
}

/// A service whose answers have a time limit, which begins with the call.
///
/// A request that takes longer is dropped, and answered with [`TimeoutError::Elapsed`]. One that is ready when it is
/// polled first costs no timer, and one that is ready together with its time limit wins (L18, L33).
#[derive(Clone, Debug)]
pub struct Timeout<S> {
    inner: S,
    handle: Handle,
    timeout: Duration,
}

/// Why there was no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TimeoutError<E> {
    /// The service failed, with its own error.
    Service(E),
    /// The time limit was over first.
    Elapsed,
    /// The limit could not be held: the driver was shut down, or its shard is full.
    Timer(SleepError),
}

pin_project! {
    /// The answer of a [`Timeout`] service.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        answer: F,
        limit: Sleep,
    }
}

impl TimeoutLayer {
    /// A layer of timeouts of length `timeout` on the driver of `handle`.
    pub fn new(handle: Handle, timeout: Duration) -> Self {
        Self { handle, timeout }
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = Timeout<S>;

    fn layer(&self, inner: S) -> Timeout<S> {
        Timeout::new(inner, self.handle.clone(), self.timeout)
    }
}

impl<S> Timeout<S> {
    /// `inner` with a time limit of `timeout`, on the driver of `handle`.
    pub fn new(inner: S, handle: Handle, timeout: Duration) -> Self {
        Self { inner, handle, timeout }
    }

    /// The service within.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service within, to be changed.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service within, alone.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: Service<R>, R> Service<R> for Timeout<S> {
    type Response = S::Response;
    type Error = TimeoutError<S::Error>;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context).map_err(TimeoutError::Service)
    }

    fn call(&mut self, request: R) -> Self::Future {
        ResponseFuture { limit: self.handle.sleep(self.timeout), answer: self.inner.call(request) }
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> Future for ResponseFuture<F> {
    type Output = Result<T, TimeoutError<E>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(answer) = this.answer.poll(context) {
            return Poll::Ready(answer.map_err(TimeoutError::Service));
        }
        match ready!(this.limit.poll_unbudgeted(context)) {
            Ok(()) => Poll::Ready(Err(TimeoutError::Elapsed)),
            Err(error) => Poll::Ready(Err(TimeoutError::Timer(error))),
        }
    }
}

impl<E: fmt::Display> fmt::Display for TimeoutError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(error) => error.fmt(f),
            Self::Elapsed => f.write_str("the request took longer than its time limit"),
            Self::Timer(error) => write!(f, "the request's time limit could not be held: {error}"),
        }
    }
}

/// `Service` is transparent: it reads as the service's own error. So it is an error also around a boxed one, which
/// is none itself.
impl<E: fmt::Debug + fmt::Display> core::error::Error for TimeoutError<E> {}

impl<E: Into<io::Error>> From<TimeoutError<E>> for io::Error {
    fn from(error: TimeoutError<E>) -> Self {
        match error {
            TimeoutError::Service(error) => error.into(),
            TimeoutError::Elapsed => Self::new(io::ErrorKind::TimedOut, "the request took longer than its time limit"),
            TimeoutError::Timer(error) => Self::other(error),
        }
    }
}
