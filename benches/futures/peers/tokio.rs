//! tokio's own timers, in its multi-threaded runtime.
//!
//! For: one driver, in the runtime's own threads. Moving one to later is two atomic operations. Against: one lock for
//! all threads, and a millisecond of resolution.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::time;

use crate::peers::{Limits, Peer, Resets, runtime};

pub(crate) struct Tokio(Runtime);

impl Peer for Tokio {
    fn start(threads: usize) -> Self {
        Self(runtime(threads))
    }

    fn runtime(&self) -> &Runtime {
        &self.0
    }

    fn sleep(&self, delay: Duration) -> impl Future<Output: Send> + Send {
        time::sleep(delay)
    }
}

impl Resets for Tokio {
    type Sleep = time::Sleep;
    type Moment = time::Instant;

    fn movable(&self, delay: Duration) -> time::Sleep {
        time::sleep(delay)
    }

    fn moment(&self, at: Instant) -> time::Instant {
        time::Instant::from_std(at)
    }

    fn reset(sleep: Pin<&mut time::Sleep>, to: time::Instant) {
        sleep.reset(to);
    }
}

impl Limits for Tokio {
    fn timeout<F: Future>(&self, delay: Duration, future: F) -> impl Future<Output = Result<F::Output, impl Debug>> {
        time::timeout(delay, future)
    }
}
