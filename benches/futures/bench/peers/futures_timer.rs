//! futures-timer's `Delay`: a heap on a thread of its own, to which every change is sent.
//!
//! Against: it arms when it is made, so that `create` is no less than `poll`; it takes delays only, so that a reset
//! reads the clock; and it wakes its thread at every change, which then works on the other processor, where the
//! processor time of the calling thread does not show it.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_timer::Delay;
use tokio::runtime::Runtime;

use crate::peers::{Peer, Resets, runtime};

pub(crate) struct FuturesTimer;

impl Peer for FuturesTimer {
    fn start(threads: usize) -> (Self, Runtime) {
        (Self, runtime(threads))
    }

    fn sleep(&self, delay: Duration) -> impl Future<Output: Send> + Send {
        Delay::new(delay)
    }
}

impl Resets for FuturesTimer {
    type Sleep = Delay;
    type Moment = Duration;

    fn movable(&self, delay: Duration) -> Delay {
        Delay::new(delay)
    }

    fn moment(&self, at: Instant) -> Duration {
        at.saturating_duration_since(Instant::now())
    }

    fn reset(sleep: Pin<&mut Delay>, to: Duration) {
        sleep.get_mut().reset(to);
    }
}
