//! async-io's `Timer`: a `BTreeMap` in a process-wide reactor, turned by a thread of its own.
//!
//! Against: it is kept for its reactor of sockets, and its timers are few in most programs. Every move allocates
//! nothing but goes through a queue of bounded length, which a caller that finds it full empties into the map.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use async_io::Timer;
use tokio::runtime::Runtime;

use crate::peers::{Peer, Resets, runtime};

pub(crate) struct AsyncIo;

impl Peer for AsyncIo {
    fn start(threads: usize) -> (Self, Runtime) {
        (Self, runtime(threads))
    }

    fn sleep(&self, delay: Duration) -> impl Future<Output: Send> + Send {
        Timer::after(delay)
    }
}

impl Resets for AsyncIo {
    type Sleep = Timer;
    type Moment = Instant;

    fn movable(&self, delay: Duration) -> Timer {
        Timer::after(delay)
    }

    fn moment(&self, at: Instant) -> Instant {
        at
    }

    fn reset(sleep: Pin<&mut Timer>, to: Instant) {
        sleep.get_mut().set_at(to);
    }
}
