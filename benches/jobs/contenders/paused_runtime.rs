//! A tokio runtime whose clock is moved by hand, which both of tokio's timers need.
//!
//! # Bias
//!
//! The loop of ticks runs inside one `block_on`, and each tick costs one `tokio::time::advance`: a look at the driver
//! without a system call, about 240 ns. That is what harms tokio at 10^3 timers, where most ticks fire nothing; in a
//! program the same step is a whole `epoll_wait`, so it is still favoured. Cooperative budgets are off, or every 128th
//! poll would be refused.

use std::time::Duration;

use tokio::runtime::{Builder, EnterGuard, Runtime};
use tokio::time::Instant;

/// Length of a tick: the resolution of tokio's timers.
const TICK: Duration = Duration::from_millis(1);

/// A current-thread runtime with a paused clock. It is leaked, some kilobytes for each container, so that its guard may
/// outlive a borrow of the container.
#[derive(Clone, Copy)]
pub(crate) struct PausedRuntime {
    runtime: &'static Runtime,
    zero: Instant,
}

impl PausedRuntime {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = Box::leak(Box::new(runtime.expect("a runtime without I/O needs nothing of the system")));
        Self { runtime, zero: runtime.block_on(async { Instant::now() }) }
    }

    pub(crate) fn enter(self) -> EnterGuard<'static> {
        self.runtime.enter()
    }

    /// The moment at which a tick begins.
    pub(crate) fn at(self, ticks: u64) -> Instant {
        self.zero + Duration::from_millis(ticks)
    }

    /// Moves the clock from `from_ticks` to `to_ticks` by `step_ticks` at a time; `before` and `after` see each step.
    pub(crate) fn run<S>(
        self,
        state: &mut S,
        (from_ticks, to_ticks, step_ticks): (u64, u64, u64),
        mut before: impl FnMut(&mut S, u64),
        mut after: impl FnMut(&mut S, u64),
    ) {
        self.runtime.block_on(tokio::task::unconstrained(async {
            let mut now_ticks = from_ticks;
            while now_ticks < to_ticks {
                let next_ticks = to_ticks.min(now_ticks + step_ticks);
                before(state, next_ticks);
                tokio::time::advance(TICK * (next_ticks - now_ticks) as u32).await;
                after(state, next_ticks);
                now_ticks = next_ticks;
            }
        }));
    }
}
