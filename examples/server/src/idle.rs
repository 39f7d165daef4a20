//! A connection that ends by itself when it has been silent for too long.
//!
//! Each byte that goes over it, in either direction, moves one timer to later: the pattern that a timing wheel is made
//! for. The timer only matters while the connection waits to read and none of its requests is being answered.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::timers::{Sleep, Timers};

/// How many requests of a connection are being answered.
#[derive(Clone, Default)]
pub(crate) struct Busy(Arc<AtomicUsize>);

/// One request that is being answered; until it is dropped.
pub(crate) struct Answering(Arc<AtomicUsize>);

impl Busy {
    pub(crate) fn answering(&self) -> Answering {
        self.0.fetch_add(1, Ordering::Relaxed);
        Answering(self.0.clone())
    }

    fn is_busy(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that answers a read with [`ErrorKind::TimedOut`] once it has been idle for as long as it may be.
pub(crate) struct IdleLimit<S> {
    stream: S,
    busy: Busy,
    limit: Duration,
    sleep: Sleep,
}

impl<S> IdleLimit<S> {
    pub(crate) fn new(stream: S, busy: Busy, limit: Duration, timers: &Timers) -> Self {
        Self { stream, busy, limit, sleep: timers.sleep(limit) }
    }

    fn was_used(&mut self) {
        self.sleep.reset(self.limit);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for IdleLimit<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(context, buffer) {
            self.was_used();
            return Poll::Ready(read);
        }
        ready!(Pin::new(&mut self.sleep).poll(context));
        while self.busy.is_busy() {
            self.was_used();
            ready!(Pin::new(&mut self.sleep).poll(context));
        }
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for IdleLimit<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes));
        self.was_used();
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, parts));
        self.was_used();
        Poll::Ready(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
