//! nexus-timer's `Wheel`: eight-fold levels of linked lists, entries named by pointers.
//!
//! # Bias
//!
//! It has both ways of polling; this is the one that its documentation recommends for a busy wheel. Timers that will
//! not be cancelled are armed without a handle, as it offers; the handle of a timer that has fired is freed, as it
//! demands.

use std::time::{Duration, Instant};

use nexus_timer::{TimerHandle, Wheel};

use jobs::{Contender, Event, OnTurn, Value};

/// Entries in each piece of its storage: the figure of its own documentation.
const CHUNK_CAPACITY: usize = 4096;

pub(crate) struct NexusWheel<V: Value = u64> {
    wheel: Wheel<V>,
    zero: Instant,
    due: Vec<V>,
}

impl<V: Value> NexusWheel<V> {
    fn at(&self, ticks: u64) -> Instant {
        self.zero + Duration::from_millis(ticks)
    }
}

impl<V: Value> Default for NexusWheel<V> {
    fn default() -> Self {
        let zero = Instant::now();
        Self { wheel: Wheel::unbounded(CHUNK_CAPACITY, zero), zero, due: Vec::new() }
    }
}

impl<V: Value> Contender for NexusWheel<V> {
    const NAME: &'static str = "nexus";
    type Key = Option<TimerHandle<V>>;
    type Value = V;

    fn arm(&mut self, due_ticks: u64, value: V) -> Self::Key {
        Some(self.wheel.schedule(self.at(due_ticks), value))
    }

    fn arm_keyless(&mut self, due_ticks: u64, value: V) {
        self.wheel.schedule_forget(self.at(due_ticks), value);
    }

    fn cancel(&mut self, key: &mut Self::Key) -> Option<V> {
        key.take().and_then(|handle| self.wheel.cancel(handle))
    }

    fn release(&mut self, key: &mut Self::Key) {
        if let Some(handle) = key.take() {
            self.wheel.free(handle);
        }
    }

    fn reset(&mut self, key: &mut Self::Key, due_ticks: u64) {
        let handle = key.take().expect("the timer is armed");
        *key = Some(self.wheel.reschedule(handle, self.at(due_ticks)));
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        let mut due = std::mem::take(&mut self.due);
        self.wheel.poll_and_rebalance(self.at(now_ticks), &mut due);
        for value in due.drain(..) {
            handler(self, now_ticks, Event::Fired(value));
        }
        self.due = due;
    }

    fn pending(&self) -> usize {
        self.wheel.len()
    }
}
