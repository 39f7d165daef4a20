//! tokio's own timers, in its multi-threaded runtime.
//!
//! For: one driver, in the runtime's own threads. Moving one to later is two atomic operations. Against: one lock for
//! all threads, and a millisecond of resolution. The alternative timer (unstable) has a wheel for each worker, so that
//! a worker takes no lock; other threads hand their timers to one.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::time;

use crate::peers::{Limits, Peer, Resets, of_threads};

/// With tokio's own timer, or with the alternative one.
pub(crate) struct TokioTimer<const ALTERNATIVE: bool>;

pub(crate) type Tokio = TokioTimer<false>;
#[cfg(tokio_unstable)]
pub(crate) type TokioAlt = TokioTimer<true>;

impl<const ALTERNATIVE: bool> Peer for TokioTimer<ALTERNATIVE> {
    fn start(threads: usize) -> (Self, Runtime) {
        let mut builder = of_threads(threads);
        #[cfg(tokio_unstable)]
        if ALTERNATIVE {
            builder.enable_alt_timer();
        }
        (Self, builder.build().expect("the system has more threads"))
    }

    fn sleep(&self, delay: Duration) -> impl Future<Output: Send> + Send {
        time::sleep(delay)
    }
}

named!([const ALTERNATIVE: bool] TokioTimer<ALTERNATIVE>, time);
