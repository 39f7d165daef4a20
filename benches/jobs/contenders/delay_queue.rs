//! tokio-util's `DelayQueue`: one future in the runtime, its own wheel of linked lists behind it.
//!
//! # Bias
//!
//! It is polled with a waker that does nothing, once at each tick and until it is pending; in a program its task is
//! woken, once for each tick with something due. See also [`paused_runtime`](super::paused_runtime).

use std::task::{Context, Poll, Waker};

use tokio::runtime::EnterGuard;
use tokio_util::time::{DelayQueue, delay_queue};

use crate::jobs::contender::{Contender, OnTurn};
use crate::jobs::contenders::paused_runtime::PausedRuntime;

pub(crate) struct DelayQueueTimers {
    queue: DelayQueue<u64>,
    runtime: PausedRuntime,
}

impl DelayQueueTimers {
    #[allow(dead_code, reason = "one of the bench programs measures memory")]
    pub(crate) fn shrink_to_fit(&mut self) {
        self.queue.compact();
    }
}

impl Contender for DelayQueueTimers {
    const NAME: &'static str = "delayqueue";
    type Key = delay_queue::Key;
    type Entered = EnterGuard<'static>;

    fn new() -> Self {
        let runtime = PausedRuntime::new();
        let _entered = runtime.enter();
        Self { queue: DelayQueue::new(), runtime }
    }

    fn arm(&mut self, due_ticks: u64, value: u64) -> Self::Key {
        self.queue.insert_at(value, self.runtime.at(due_ticks))
    }

    fn cancel(&mut self, key: &mut Self::Key) -> Option<u64> {
        self.queue.try_remove(key).map(|expired| expired.into_inner())
    }

    fn reset(&mut self, key: &mut Self::Key, due_ticks: u64) {
        self.queue.reset_at(key, self.runtime.at(due_ticks));
    }

    fn run<H: OnTurn<Self>>(&mut self, from_ticks: u64, to_ticks: u64, step_ticks: u64, handler: &mut H) {
        let runtime = self.runtime;
        runtime.run(
            &mut (self, handler),
            (from_ticks, to_ticks, step_ticks),
            |(timers, handler), now_ticks| handler.before_turn(timers, now_ticks),
            |(timers, handler), now_ticks| {
                timers.turn(now_ticks, *handler);
                handler.after_turn();
            },
        );
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(expired)) = self.queue.poll_expired(&mut context) {
            handler.fired(self, now_ticks, expired.into_inner());
        }
    }

    fn pending(&self) -> usize {
        self.queue.len()
    }

    fn enter(&self) -> Self::Entered {
        self.runtime.enter()
    }
}
