//! std's `BinaryHeap` with lazy cancelling, as it is often written: a cancelled timer's entry stays until its deadline.
//!
//! # Bias
//!
//! Where timers are cancelled without the clock running (a2, b), the heap only grows; the table says so.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::peers::stamped::{Lazy, Plain, Stamped};

pub(crate) type LazyBinaryHeap = Lazy<BinaryHeap<Reverse<(u64, Stamped)>>>;

impl Plain for BinaryHeap<Reverse<(u64, Stamped)>> {
    const NAME: &'static str = "binaryheap";

    fn insert(&mut self, due_ticks: u64, name: Stamped) {
        self.push(Reverse((due_ticks, name)));
    }

    fn next_due(&mut self, now_ticks: u64) -> Option<Stamped> {
        self.peek().filter(|first| first.0.0 <= now_ticks)?;
        self.pop().map(|Reverse((_, name))| name)
    }

    fn shrink(&mut self) {
        self.shrink_to_fit();
    }
}
