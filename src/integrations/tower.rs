//! A timeout for tower's services: a layer, and the service that it makes.
//!
//! It stands where tower's own `TimeoutLayer` would: its error is a [`BoxError`], in which the service's own error is
//! found as it is, and an [`Elapsed`] where the time limit was over. So what is usual there goes on working, such as
//! axum's `HandleErrorLayer`.
//!
//! ```
//! use std::time::Duration;
//! use tickwheel::integrations::tower::TimeoutLayer;
//! use tickwheel::{Driver, Elapsed, ManualClock, Resolution, TimerWheel};
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
//! assert!(reply.unwrap_err().is::<Elapsed>());
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```

use core::error::Error;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::boxed::Box;
use std::io;

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::driver::Handle;
use crate::error::{Elapsed, TimerError};
use crate::future::Sleep;

/// tower's error of any kind.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Errors are a [`BoxError`], as those of tower's own layer are.
#[derive(Clone, Copy, Debug)]
pub struct Boxed;

/// Errors are a [`TimeoutError`] of the service's own.
#[derive(Clone, Copy, Debug)]
pub struct Typed;

/// Gives a service a [`Timeout`].
#[derive(Clone, Debug)]
pub struct TimeoutLayer<K = Boxed> {
    handle: Handle,
    timeout: Duration,
    kind: PhantomData<K>,
}

/// A service whose answers have a time limit, which begins with the call.
///
/// A request that takes longer is dropped and fails. One that is ready when it is polled first costs no timer, and one
/// that is ready together with its time limit wins.
///
/// # Errors
///
/// A [`BoxError`], which is one of:
///
/// - the service's own error, as it is: it can be downcast to, and its [`source`](Error::source)s follow;
/// - [`Elapsed`], where the time limit was over first;
/// - [`TimerError`], where the limit could not be held: the driver was shut down, or its shard is full.
///
/// A service of the layer that is [`typed`](TimeoutLayer::typed) has a [`TimeoutError`] instead.
#[derive(Clone, Debug)]
pub struct Timeout<S, K = Boxed> {
    inner: S,
    handle: Handle,
    timeout: Duration,
    kind: PhantomData<K>,
}

/// Why there was no answer, where the service's own error keeps its type: see [`TimeoutLayer::typed`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TimeoutError<E> {
    /// The service failed, with its own error.
    Service(E),
    /// The time limit was over first.
    Elapsed(Elapsed),
    /// The limit could not be held: the driver was shut down, or its shard is full.
    Timer(TimerError),
}

pin_project! {
    /// The answer of a [`Timeout`] service.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    pub struct ResponseFuture<F, K = Boxed> {
        #[pin]
        answer: F,
        limit: Sleep,
        kind: PhantomData<K>,
    }
}

impl TimeoutLayer {
    /// A layer of timeouts of length `timeout` on the driver of `handle`.
    pub fn new(handle: Handle, timeout: Duration) -> Self {
        Self { handle, timeout, kind: PhantomData }
    }

    /// The same layer, whose services fail with a [`TimeoutError`] of the inner service's own error.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickwheel::integrations::tower::{TimeoutError, TimeoutLayer};
    /// use tickwheel::{Driver, TimerHeap};
    /// use tower::{ServiceBuilder, ServiceExt};
    ///
    /// # smol::block_on(async {
    /// let timers = Driver::spawn(TimerHeap::new())?;
    /// let service = ServiceBuilder::new()
    ///     .layer(TimeoutLayer::new(timers.handle(), Duration::from_secs(30)).typed())
    ///     .service_fn(|text: &'static str| async move { text.parse::<u32>() });
    /// match service.oneshot("seven").await {
    ///     Err(TimeoutError::Service(error)) => assert_eq!(error, "seven".parse::<u32>().unwrap_err()),
    ///     Err(TimeoutError::Elapsed(_)) => println!("it took longer than half a minute"),
    ///     other => println!("{other:?}"),
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn typed(self) -> TimeoutLayer<Typed> {
        TimeoutLayer { handle: self.handle, timeout: self.timeout, kind: PhantomData }
    }
}

impl<S, K> Layer<S> for TimeoutLayer<K> {
    type Service = Timeout<S, K>;

    fn layer(&self, inner: S) -> Timeout<S, K> {
        Timeout { inner, handle: self.handle.clone(), timeout: self.timeout, kind: PhantomData }
    }
}

impl<S> Timeout<S> {
    /// `inner` with a time limit of `timeout`, on the driver of `handle`.
    pub fn new(inner: S, handle: Handle, timeout: Duration) -> Self {
        Self { inner, handle, timeout, kind: PhantomData }
    }

    /// The same service, which fails with a [`TimeoutError`]: as [`TimeoutLayer::typed`].
    pub fn typed(self) -> Timeout<S, Typed> {
        Timeout { inner: self.inner, handle: self.handle, timeout: self.timeout, kind: PhantomData }
    }
}

impl<S, K> Timeout<S, K> {
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

    fn call_within<R>(&mut self, request: R) -> ResponseFuture<S::Future, K>
    where
        S: Service<R>,
    {
        let limit = self.handle.sleep(self.timeout);
        ResponseFuture { limit, answer: self.inner.call(request), kind: PhantomData }
    }
}

impl<S: Service<R, Error: Into<BoxError>>, R> Service<R> for Timeout<S> {
    type Response = S::Response;
    type Error = BoxError;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: R) -> Self::Future {
        self.call_within(request)
    }
}

impl<S: Service<R>, R> Service<R> for Timeout<S, Typed> {
    type Response = S::Response;
    type Error = TimeoutError<S::Error>;
    type Future = ResponseFuture<S::Future, Typed>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context).map_err(TimeoutError::Service)
    }

    fn call(&mut self, request: R) -> Self::Future {
        self.call_within(request)
    }
}

impl<F, K> ResponseFuture<F, K> {
    fn poll_typed<T, E>(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T, TimeoutError<E>>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let this = self.project();
        if let Poll::Ready(answer) = this.answer.poll(context) {
            return Poll::Ready(answer.map_err(TimeoutError::Service));
        }
        match ready!(this.limit.poll_unbudgeted(context)) {
            Ok(()) => Poll::Ready(Err(TimeoutError::Elapsed(Elapsed::new()))),
            Err(error) => Poll::Ready(Err(TimeoutError::Timer(error))),
        }
    }
}

impl<F: Future<Output = Result<T, E>>, T, E: Into<BoxError>> Future for ResponseFuture<F> {
    type Output = Result<T, BoxError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_typed(context).map_err(TimeoutError::into_boxed)
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> Future for ResponseFuture<F, Typed> {
    type Output = Result<T, TimeoutError<E>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_typed(context)
    }
}

impl<E: Into<BoxError>> TimeoutError<E> {
    /// The error as [`Timeout`] has it if it is not typed: the service's own, an [`Elapsed`] or a [`TimerError`].
    pub fn into_boxed(self) -> BoxError {
        match self {
            Self::Service(error) => error.into(),
            Self::Elapsed(elapsed) => elapsed.into(),
            Self::Timer(error) => error.into(),
        }
    }
}

impl<E: fmt::Display> fmt::Display for TimeoutError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(error) => error.fmt(f),
            Self::Elapsed(_) => f.write_str("the request took longer than its time limit"),
            Self::Timer(error) => write!(f, "the request's time limit could not be held: {error}"),
        }
    }
}

/// `Service` reads as the service's own error, which is also its source, so that it can be found by type.
impl<E: Error + 'static> Error for TimeoutError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Service(error) => Some(error),
            Self::Elapsed(_) => None,
            Self::Timer(error) => Some(error),
        }
    }
}

impl<E: Into<io::Error>> From<TimeoutError<E>> for io::Error {
    fn from(error: TimeoutError<E>) -> Self {
        match error {
            TimeoutError::Service(error) => error.into(),
            TimeoutError::Elapsed(_) => {
                Self::new(io::ErrorKind::TimedOut, "the request took longer than its time limit")
            }
            TimeoutError::Timer(error) => error.into(),
        }
    }
}
