//! The crate priority-queue: a binary heap and a hash map of where each item lies, with its default hasher.

use std::cmp::Reverse;
use std::hash::{Hash, Hasher};

use priority_queue::PriorityQueue;

use jobs::{Contender, Event, OnTurn};

/// An item, told from the others by its id alone.
#[derive(Clone, Copy)]
pub(crate) struct Armed {
    id: u64,
    value: u64,
}

impl PartialEq for Armed {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Armed {}

impl Hash for Armed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

#[derive(Default)]
pub(crate) struct HashedQueue {
    queue: PriorityQueue<Armed, Reverse<u64>>,
    armings: u64,
}

impl Contender for HashedQueue {
    const NAME: &'static str = "priority-queue";
    type Key = Armed;
    type Value = u64;

    fn arm(&mut self, due_ticks: u64, value: u64) -> Armed {
        self.armings += 1;
        let armed = Armed { id: self.armings, value };
        self.queue.push(armed, Reverse(due_ticks));
        armed
    }

    fn cancel(&mut self, key: &mut Armed) -> Option<u64> {
        self.queue.remove(key).map(|(armed, _)| armed.value)
    }

    fn reset(&mut self, key: &mut Armed, due_ticks: u64) {
        self.queue.change_priority(key, Reverse(due_ticks)).expect("the timer is armed");
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        while self.queue.peek().is_some_and(|(_, due_ticks)| due_ticks.0 <= now_ticks) {
            let (armed, _) = self.queue.pop().expect("it has just been seen");
            handler(self, now_ticks, Event::Fired(armed.value));
        }
    }

    fn pending(&self) -> usize {
        self.queue.len()
    }

    fn shrink(&mut self) {
        self.queue.shrink_to_fit();
    }
}
