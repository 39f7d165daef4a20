//! A runtime for quinn whose timers and clock are a driver's; sockets and tasks stay with the runtime that it wraps.
//!
//! ```
//! use std::sync::Arc;
//! use tickwheel::integrations::quinn::QuinnRuntime;
//! use tickwheel::{Driver, TimerHeap};
//!
//! let timers = Driver::spawn(TimerHeap::new())?;
//! let runtime = Arc::new(QuinnRuntime::new(quinn::SmolRuntime, timers.handle())); // or quinn::TokioRuntime
//! let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
//! let endpoint = quinn::Endpoint::new(quinn::EndpointConfig::default(), None, socket, runtime)?;
//! # drop(endpoint);
//! # Ok::<(), std::io::Error>(())
//! ```

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::boxed::Box;
use std::io;
use std::net::UdpSocket;
use std::time::Instant;

use ::quinn::{AsyncTimer, AsyncUdpSocket, Runtime};

use super::infallible_sleep::InfallibleSleep;
use crate::driver::Handle;
use crate::sync::Arc;

/// A runtime of quinn's with the timers and the clock of a driver.
///
/// QUIC's timers (loss detection, pacing, idle timeout, keep-alive) go down to fractions of a millisecond: a
/// [`TimerHeap`](crate::TimerHeap) keeps them exact, a wheel makes each late by up to a tick. A connection moves its
/// timer with nearly every packet; here that arms nothing anew and allocates nothing.
///
/// quinn's timers cannot fail. So they stay pending once the driver is shut down: completing would be early (L31).
///
/// # Panics
///
/// Polling a timer does, if the driver has no room for another.
#[derive(Clone)]
pub struct QuinnRuntime<R> {
    inner: R,
    handle: Handle,
}

struct QuinnTimer {
    sleep: InfallibleSleep,
    handle: Handle,
}

impl<R: Runtime> QuinnRuntime<R> {
    /// `inner`, such as `quinn::TokioRuntime` or `quinn::SmolRuntime`, with the timers of the driver of `handle`.
    pub fn new(inner: R, handle: Handle) -> Self {
        Self { inner, handle }
    }
}

impl<R: Runtime> Runtime for QuinnRuntime<R> {
    fn new_timer(&self, at: Instant) -> Pin<Box<dyn AsyncTimer>> {
        let sleep = self.handle.sleep_until(self.handle.to_timestamp(at));
        Box::pin(QuinnTimer { sleep: InfallibleSleep::new(sleep), handle: self.handle.clone() })
    }

    #[track_caller]
    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.inner.spawn(future);
    }

    fn wrap_udp_socket(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        self.inner.wrap_udp_socket(socket)
    }

    fn now(&self) -> Instant {
        self.handle.to_instant(self.handle.now())
    }
}

impl AsyncTimer for QuinnTimer {
    fn reset(mut self: Pin<&mut Self>, at: Instant) {
        let at = self.handle.to_timestamp(at);
        self.sleep.reset(at);
    }

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.sleep.poll_unbudgeted(context)
    }
}

impl<R: fmt::Debug> fmt::Debug for QuinnRuntime<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuinnRuntime").field("inner", &self.inner).field("handle", &self.handle).finish_non_exhaustive()
    }
}

impl fmt::Debug for QuinnTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuinnTimer").field("sleep", &self.sleep).finish_non_exhaustive()
    }
}
