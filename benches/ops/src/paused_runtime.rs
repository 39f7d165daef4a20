//! A tokio runtime whose clock is moved by hand, which both of tokio's timers need.
//!
//! # Bias
//!
//! The loop of ticks runs inside one `block_on`, and each tick costs one `tokio::time::advance`: a look at the driver
//! without a system call, about 240 ns. That is what harms tokio at 10^3 timers, where most ticks fire nothing; in a
//! program the same step is a whole `epoll_wait`, so it is still favored. Cooperative budgets are off, or every 128th
//! poll would be refused.

use std::future::Future;
use std::time::Duration;

use tokio::runtime::{Builder, EnterGuard, Runtime};
use tokio::time::Instant;

/// Length of a tick: the resolution of tokio's timers.
const TICK: Duration = Duration::from_millis(1);

/// A current-thread runtime with a paused clock. It is leaked, some kilobytes for each container, so that its guard may
/// outlive a borrow of the container.
#[derive(Clone, Copy)]
pub struct PausedRuntime {
    runtime: &'static Runtime,
    zero: Instant,
}

impl PausedRuntime {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = Box::leak(Box::new(runtime.expect("a runtime without I/O needs nothing of the system")));
        Self { runtime, zero: runtime.block_on(async { Instant::now() }) }
    }

    pub fn enter(self) -> EnterGuard<'static> {
        self.runtime.enter()
    }

    /// The moment at which a tick begins.
    pub fn at(self, ticks: u64) -> Instant {
        self.zero + Duration::from_millis(ticks)
    }

    /// Runs what moves the clock, by [`advance`](Self::advance).
    pub fn block_on(self, work: impl Future<Output = ()>) {
        self.runtime.block_on(tokio::task::unconstrained(work));
    }

    pub async fn advance(ticks: u64) {
        tokio::time::advance(TICK * ticks as u32).await;
    }
}
