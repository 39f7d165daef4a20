//! A connection that ends by itself when its client keeps it waiting for too long.
//!
//! Each connection has one timer. It is armed when the connection is accepted, with the time that its first request may
//! take, and moved to later by every request, every answer and, over HTTP/1, every byte of an answer that the client
//! takes: the pattern that a timing wheel is made for. What the client sends does not move it, or a client could stay
//! for ever by sending a byte now and then. Nor do bytes sent over HTTP/2, since the pings of its keep-alive are among
//! them.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::Version;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::timers::{Sleep, Timers};

/// What the requests of a connection tell its stream.
#[derive(Clone, Default)]
pub(crate) struct Activity(Arc<State>);

#[derive(Default)]
struct State {
    /// Requests that are being answered.
    answering: AtomicUsize,
    /// Whether a request or an answer came since the stream last looked.
    is_new: AtomicBool,
    /// Whether a byte that the client takes is part of an answer.
    is_http1: AtomicBool,
}

/// A request that is being answered, until it is dropped.
pub(crate) struct Answering(Activity);

impl Activity {
    pub(crate) fn answering(&self, version: Version) -> Answering {
        self.0.is_http1.store(version <= Version::HTTP_11, Ordering::Release);
        self.0.answering.fetch_add(1, Ordering::AcqRel);
        self.0.is_new.store(true, Ordering::Release);
        Answering(self.clone())
    }

    /// Whether a request is being answered, or one came or was answered since the last call.
    fn take(&self) -> bool {
        let is_busy = self.0.answering.load(Ordering::Acquire) > 0;
        self.0.is_new.swap(false, Ordering::AcqRel) || is_busy
    }

    fn is_http1(&self) -> bool {
        self.0.is_http1.load(Ordering::Acquire)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        // In this order: a stream that no longer finds the request busy finds the news.
        self.0.0.is_new.store(true, Ordering::Release);
        self.0.0.answering.fetch_sub(1, Ordering::AcqRel);
    }
}

/// How long a client may keep its connection waiting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// For its first request, from when it connected.
    pub(crate) first_request: Duration,
    /// For its next request, or for taking more of an answer.
    pub(crate) idle: Duration,
}

/// A stream that fails with [`ErrorKind::TimedOut`], whether it is read or written, once a limit has passed.
pub(crate) struct IdleLimit<S> {
    stream: S,
    activity: Activity,
    idle: Duration,
    sleep: Sleep,
}

impl<S> IdleLimit<S> {
    pub(crate) fn new(stream: S, activity: Activity, limits: Limits, timers: &Timers) -> Self {
        Self { stream, activity, idle: limits.idle, sleep: timers.sleep(limits.first_request) }
    }

    /// Passes on what the stream said, unless the limit has passed. The limit counts where the stream is ready as well:
    /// a client that never stops sending would otherwise never be asked.
    fn limit<T>(&mut self, context: &mut Context<'_>, said: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if said.is_ready() && !self.sleep.is_elapsed() {
            return said;
        }
        match self.poll_limit(context) {
            Poll::Ready(()) => Poll::Ready(Err(ErrorKind::TimedOut.into())),
            Poll::Pending => said,
        }
    }

    fn poll_limit(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.activity.take() {
            self.sleep.reset(self.idle);
        }
        ready!(Pin::new(&mut self.sleep).poll(context));
        Poll::Ready(())
    }

    fn limit_write(&mut self, context: &mut Context<'_>, said: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(said, Poll::Ready(Ok(1..))) && self.activity.is_http1() {
            self.sleep.reset(self.idle);
        }
        self.limit(context, said)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for IdleLimit<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let said = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.limit(context, said)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for IdleLimit<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let said = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.limit_write(context, said)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let said = Pin::new(&mut self.stream).poll_flush(context);
        self.limit(context, said)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let said = Pin::new(&mut self.stream).poll_shutdown(context);
        self.limit(context, said)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let said = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.limit_write(context, said)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
