//! The crate priority-queue: a binary heap and a hash map of where each item lies, with its default hasher.

use std::cmp::Reverse;
use std::hash::{Hash, Hasher};

use priority_queue::PriorityQueue;

use jobs::contender::{Contender, OnTurn, Value};

/// An item, told from the others by its id alone.
#[derive(Clone, Copy)]
pub(crate) struct Armed<V> {
    id: u64,
    value: V,
}

impl<V> PartialEq for Armed<V> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl<V> Eq for Armed<V> {}

impl<V> Hash for Armed<V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

pub(crate) struct HashedQueue<V = u64> {
    queue: PriorityQueue<Armed<V>, Reverse<u64>>,
    armings: u64,
}

impl<V> Default for HashedQueue<V> {
    fn default() -> Self {
        Self { queue: PriorityQueue::new(), armings: 0 }
    }
}

impl<V: Value> Contender for HashedQueue<V> {
    const NAME: &'static str = "priority-queue";
    type Key = Armed<V>;
    type Value = V;
    type With<W: Value> = HashedQueue<W>;

    fn arm(&mut self, due_ticks: u64, value: V) -> Armed<V> {
        self.armings += 1;
        let armed = Armed { id: self.armings, value };
        self.queue.push(armed, Reverse(due_ticks));
        armed
    }

    fn cancel(&mut self, key: &mut Armed<V>) -> Option<V> {
        self.queue.remove(key).map(|(armed, _)| armed.value)
    }

    fn reset(&mut self, key: &mut Armed<V>, due_ticks: u64) {
        self.queue.change_priority(key, Reverse(due_ticks)).expect("the timer is armed");
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        while self.queue.peek().is_some_and(|(_, due_ticks)| due_ticks.0 <= now_ticks) {
            let (armed, _) = self.queue.pop().expect("it has just been seen");
            handler.fired(self, now_ticks, armed.value);
        }
    }

    fn pending(&self) -> usize {
        self.queue.len()
    }

    fn shrink(&mut self) {
        self.queue.shrink_to_fit();
    }
}
