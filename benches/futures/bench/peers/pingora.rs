//! pingora-timeout's `fast_timeout` and `fast_sleep`: all timers of a thread that fall into the same 10 ms share one
//! entry of a `BTreeMap`.
//!
//! For: once an entry is there, arming is a look at the map and cancelling costs nothing. Against: it fires up to 10 ms
//! late. It also cuts what is below a millisecond off, and so may be that much early, which no other contender is
//! allowed; its sleeps cannot be moved.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use pingora_timeout::fast_timeout::{fast_sleep, fast_timeout};
use tokio::runtime::Runtime;

use crate::peers::{Limits, Peer, runtime};

pub(crate) struct Pingora;

impl Peer for Pingora {
    const EARLY: Duration = Duration::from_millis(1);

    fn start(threads: usize) -> (Self, Runtime) {
        (Self, runtime(threads))
    }

    fn sleep(&self, delay: Duration) -> impl Future<Output: Send> + Send {
        fast_sleep(delay)
    }
}

impl Limits for Pingora {
    fn timeout<F: Future>(&self, delay: Duration, future: F) -> impl Future<Output = Result<F::Output, impl Debug>> {
        fast_timeout(delay, future)
    }
}
