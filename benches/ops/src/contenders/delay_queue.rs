//! tokio-util's `DelayQueue`: one future in the runtime, its own wheel of linked lists behind it.
//!
//! # Bias
//!
//! It is polled with a waker that does nothing, once at each tick and until it is pending; in a program its task is
//! woken, once for each tick with something due. See also [`paused_runtime`](crate::paused_runtime).

use std::task::{Context, Poll, Waker};

use tokio_util::time::{DelayQueue, delay_queue};

use crate::contender::{Contender, Event, OnTurn, Value};
use crate::paused_runtime::PausedRuntime;

pub struct DelayQueueTimers<V = u64> {
    queue: DelayQueue<V>,
    runtime: PausedRuntime,
}

impl<V> Default for DelayQueueTimers<V> {
    fn default() -> Self {
        let runtime = PausedRuntime::new();
        let _entered = runtime.enter();
        Self { queue: DelayQueue::new(), runtime }
    }
}

impl<V: Value> Contender for DelayQueueTimers<V> {
    const NAME: &'static str = "delayqueue";
    const IN_RUNTIME: bool = true;
    type Key = delay_queue::Key;
    type Value = V;

    fn arm(&mut self, due_ticks: u64, value: V) -> Self::Key {
        self.queue.insert_at(value, self.runtime.at(due_ticks))
    }

    fn cancel(&mut self, key: &mut Self::Key) -> Option<V> {
        self.queue.try_remove(key).map(|expired| expired.into_inner())
    }

    fn reset(&mut self, key: &mut Self::Key, due_ticks: u64) {
        self.queue.reset_at(key, self.runtime.at(due_ticks));
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(expired)) = self.queue.poll_expired(&mut context) {
            handler(self, now_ticks, Event::Fired(expired.into_inner()));
        }
    }

    fn pending(&self) -> usize {
        self.queue.len()
    }

    fn shrink(&mut self) {
        self.queue.compact();
    }

    fn runtime(&self) -> Option<PausedRuntime> {
        Some(self.runtime)
    }
}
