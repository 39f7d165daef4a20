//! The contenders, each as its own documentation has it used; what favors or harms one stands in its file.
//!
//! # Bias
//!
//! - All are polled on threads that have entered a tokio runtime but are not its workers, so that tokio's cooperative
//!   budget, which lets every 129th poll of a task wait, does not interfere; those of the crowd are its tasks.
//! - The waker is a counted one, as those of all runtimes are: cloning and dropping it costs two atomic additions.
//! - A contender that takes a delay reads the clock itself to make a deadline of it; that is part of what it costs.
//! - Delays are drawn before the clock starts.

/// Sleeps that can be moved, and timeouts, from a module of tokio's names.
macro_rules! named {
    ([$($of:tt)*] $peer:ty, $time:ident) => {
        impl<$($of)*> Resets for $peer {
            type Sleep = $time::Sleep;
            type Moment = $time::Instant;

            fn movable(&self, delay: Duration) -> $time::Sleep {
                $time::sleep(delay)
            }

            fn moment(&self, at: Instant) -> $time::Instant {
                $time::Instant::from_std(at)
            }

            fn reset(sleep: Pin<&mut $time::Sleep>, to: $time::Instant) {
                sleep.reset(to);
            }
        }

        impl<$($of)*> Limits for $peer {
            fn timeout<F: Future>(&self, delay: Duration, f: F) -> impl Future<Output = Result<F::Output, impl Debug>> {
                $time::timeout(delay, f)
            }
        }
    };
}

mod async_io;
mod futures_timer;
mod ours;
mod pingora;
mod tokio;

use std::fmt::Debug;
use std::future::Future;
use std::ops::Add;
use std::pin::Pin;
use std::time::{Duration, Instant};

use ::tokio::runtime::{Builder, Runtime};
use harness::Alert;

pub(crate) use async_io::AsyncIo;
pub(crate) use futures_timer::FuturesTimer;
pub(crate) use ours::{HEAP, IN_TOKIO, Named, ONE_SHARD, Ours, WHEEL};
pub(crate) use pingora::Pingora;
pub(crate) use tokio::Tokio;
#[cfg(tokio_unstable)]
pub(crate) use tokio::TokioAlt;

/// Makes futures that sleep.
pub(crate) trait Peer: Send + Sync + Sized + 'static {
    /// How early a sleep may be over by its own design.
    const EARLY: Duration = Duration::ZERO;

    /// One for this many threads that use it at once, and the runtime in which it is used.
    fn start(threads: usize) -> (Self, Runtime);

    /// Where its futures find what they look for, beside the runtime.
    fn enter(&self) -> impl Sized {}

    fn sleep(&self, delay: Duration) -> impl Future<Output: Send> + Send;

    /// Whether it, too, has counted so many sleeps that were armed and cancelled, and none besides.
    fn check(&self, cancelled: u64) -> Result<(), String> {
        let _ = cancelled;
        Ok(())
    }
}

/// Its sleeps can be moved.
pub(crate) trait Resets: Peer {
    type Sleep: Future;
    /// What it takes for a deadline.
    type Moment: Copy + Add<Duration, Output = Self::Moment>;

    /// What [`sleep`](Peer::sleep) makes, with its name.
    fn movable(&self, delay: Duration) -> Self::Sleep;

    fn moment(&self, at: Instant) -> Self::Moment;

    fn reset(sleep: Pin<&mut Self::Sleep>, to: Self::Moment);
}

/// Has a timeout of its own.
pub(crate) trait Limits: Peer {
    fn timeout<F: Future>(&self, delay: Duration, future: F) -> impl Future<Output = Result<F::Output, impl Debug>>;
}

/// A peer in its runtime.
pub(crate) struct In<P> {
    pub(crate) peer: P,
    pub(crate) runtime: Runtime,
    /// What its sleeps are to wake.
    pub(crate) alert: Alert,
}

impl<P: Peer> In<P> {
    pub(crate) fn start(threads: usize) -> Self {
        let (peer, runtime) = P::start(threads);
        Self { peer, runtime, alert: Alert::default() }
    }

    /// Runs `work` on this thread where the peer's futures find what they look for.
    pub(crate) fn within<R>(&self, work: impl FnOnce(&P) -> R) -> R {
        let _entered = (self.runtime.enter(), self.peer.enter());
        work(&self.peer)
    }
}

/// A runtime as most programs have it, with so many threads.
pub(crate) fn runtime(threads: usize) -> Runtime {
    of_threads(threads).build().expect("the system has more threads")
}

pub(crate) fn of_threads(threads: usize) -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(threads).enable_all();
    builder
}
