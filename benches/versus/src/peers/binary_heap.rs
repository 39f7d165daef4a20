//! std's `BinaryHeap` with lazy cancelling, as it is often written: a cancelled timer's entry stays until its deadline.
//!
//! # Bias
//!
//! In its favour: cancelling and resetting never touch the heap, and what they leave behind is not bounded. Where
//! timers are cancelled without the clock running (a2, b), the heap only grows; the table says so.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::peers::stamped::{Stamped, StampedSlab};
use jobs::{Contender, Event, OnTurn};

#[derive(Default)]
pub(crate) struct LazyBinaryHeap {
    heap: BinaryHeap<Reverse<(u64, Stamped)>>,
    values: StampedSlab,
}

impl Contender for LazyBinaryHeap {
    const NAME: &'static str = "binaryheap";
    type Key = Stamped;
    type Value = u64;

    fn arm(&mut self, due_ticks: u64, value: u64) -> Stamped {
        let name = self.values.insert(value);
        self.heap.push(Reverse((due_ticks, name)));
        name
    }

    fn cancel(&mut self, key: &mut Stamped) -> Option<u64> {
        self.values.take(*key)
    }

    fn reset(&mut self, key: &mut Stamped, due_ticks: u64) {
        self.values.rename(key);
        self.heap.push(Reverse((due_ticks, *key)));
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        while self.heap.peek().is_some_and(|first| first.0.0 <= now_ticks) {
            let Reverse((_, name)) = self.heap.pop().expect("it has just been seen");
            if let Some(value) = self.values.take(name) {
                handler(self, now_ticks, Event::Fired(value));
            }
        }
    }

    fn pending(&self) -> usize {
        self.values.len()
    }

    fn shrink(&mut self) {
        self.heap.shrink_to_fit();
        self.values.shrink_to_fit();
    }
}
