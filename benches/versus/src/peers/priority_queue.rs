//! The crate priority-queue: a binary heap and a hash map of where each item lies, with its default hasher.
//!
//! # Bias
//!
//! Against: a value lies beside its deadline, and is looked at where two deadlines are equal.

use std::cmp::Reverse;

use priority_queue::PriorityQueue;

use jobs::{Contender, Event, OnTurn};

#[derive(Default)]
pub(crate) struct HashedQueue {
    /// The number of each arming, with its deadline and its value.
    queue: PriorityQueue<u64, (Reverse<u64>, u64)>,
    armings: u64,
}

impl Contender for HashedQueue {
    const NAME: &'static str = "priority-queue";
    type Key = u64;
    type Value = u64;

    fn arm(&mut self, due_ticks: u64, value: u64) -> u64 {
        self.armings += 1;
        self.queue.push(self.armings, (Reverse(due_ticks), value));
        self.armings
    }

    fn cancel(&mut self, key: &mut u64) -> Option<u64> {
        self.queue.remove(key).map(|(_, (_, value))| value)
    }

    fn reset(&mut self, key: &mut u64, due_ticks: u64) {
        assert!(self.queue.change_priority_by(key, |timer| timer.0 = Reverse(due_ticks)), "the timer is armed");
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        while self.queue.peek().is_some_and(|(_, timer)| timer.0.0 <= now_ticks) {
            let (_, (_, value)) = self.queue.pop().expect("it has just been seen");
            handler(self, now_ticks, Event::Fired(value));
        }
    }

    fn pending(&self) -> usize {
        self.queue.len()
    }

    fn shrink(&mut self) {
        self.queue.shrink_to_fit();
    }
}
