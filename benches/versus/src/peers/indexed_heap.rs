//! A slab and an indexed 4-ary heap, as a user would write them: the deadline lies in the heap's array, and each place
//! in the slab knows where its entry is.
//!
//! There are two of them. The plain one has no generations, so that a stale key hits whatever took its place, and no
//! order among equal deadlines. The other keeps both of these promises (C5 and C3), at a stamp in each entry and node.
//!
//! # Bias
//!
//! In favor of both: each array grows by doubling, so that one call copies all of it.

use slab::Slab;

use jobs::{Contender, Event, OnTurn, Value};

const ARITY: usize = 4;

/// What tells armings apart: nothing, or the number of each.
pub(crate) trait Stamp: Copy + Ord + Default + 'static {
    const NAME: &'static str;

    /// The stamp after this one.
    fn next(self) -> Self;
}

impl Stamp for () {
    const NAME: &'static str = "heap4";

    fn next(self) -> Self {}
}

impl Stamp for u64 {
    const NAME: &'static str = "heap4-c3c5";

    fn next(self) -> Self {
        self + 1
    }
}

#[derive(Clone, Copy)]
struct Entry<S> {
    due_ticks: u64,
    armed: S,
    place: u32,
}

impl<S: Stamp> Entry<S> {
    fn order(&self) -> (u64, S) {
        (self.due_ticks, self.armed)
    }
}

struct Node<S, V> {
    value: V,
    generation: S,
    /// Where its entry lies in the heap.
    at: u32,
}

pub(crate) struct IndexedHeap<S = (), V = u64> {
    heap: Vec<Entry<S>>,
    nodes: Slab<Node<S, V>>,
    stamp: S,
}

impl<S: Stamp, V> Default for IndexedHeap<S, V> {
    fn default() -> Self {
        Self { heap: Vec::new(), nodes: Slab::new(), stamp: S::default() }
    }
}

impl<S: Stamp, V> IndexedHeap<S, V> {
    fn put(&mut self, at: usize, entry: Entry<S>) {
        self.heap[at] = entry;
        self.nodes[entry.place as usize].at = at as u32;
    }

    fn sift_up(&mut self, mut at: usize, entry: Entry<S>) {
        while at > 0 {
            let parent = (at - 1) / ARITY;
            if self.heap[parent].order() <= entry.order() {
                break;
            }
            self.put(at, self.heap[parent]);
            at = parent;
        }
        self.put(at, entry);
    }

    fn sift_down(&mut self, mut at: usize, entry: Entry<S>) {
        loop {
            let first = at * ARITY + 1;
            let children = first..self.heap.len().min(first + ARITY);
            let Some(least) = children.min_by_key(|&child| self.heap[child].order()) else { break };
            if self.heap[least].order() >= entry.order() {
                break;
            }
            self.put(at, self.heap[least]);
            at = least;
        }
        self.put(at, entry);
    }

    /// Puts `entry` where it belongs, from `at` on.
    fn settle(&mut self, at: usize, entry: Entry<S>) {
        if at > 0 && self.heap[(at - 1) / ARITY].order() > entry.order() {
            self.sift_up(at, entry);
        } else {
            self.sift_down(at, entry);
        }
    }

    fn remove(&mut self, place: u32) -> Option<V> {
        let node = self.nodes.try_remove(place as usize)?;
        let last = self.heap.pop().expect("every node has an entry");
        if (node.at as usize) < self.heap.len() {
            self.settle(node.at as usize, last);
        }
        Some(node.value)
    }

    fn next_stamp(&mut self) -> S {
        self.stamp = self.stamp.next();
        self.stamp
    }
}

impl<S: Stamp, V: Value> Contender for IndexedHeap<S, V> {
    const NAME: &'static str = S::NAME;
    type Key = (u32, S);
    type Value = V;

    fn arm(&mut self, due_ticks: u64, value: V) -> (u32, S) {
        let (at, stamp) = (self.heap.len(), self.next_stamp());
        let place = self.nodes.insert(Node { value, generation: stamp, at: at as u32 }) as u32;
        let entry = Entry { due_ticks, armed: stamp, place };
        self.heap.push(entry);
        self.sift_up(at, entry);
        (place, stamp)
    }

    fn cancel(&mut self, key: &mut (u32, S)) -> Option<V> {
        let is_good = self.nodes.get(key.0 as usize).is_some_and(|node| node.generation == key.1);
        if is_good { self.remove(key.0) } else { None }
    }

    fn reset(&mut self, key: &mut (u32, S), due_ticks: u64) {
        let node = &self.nodes[key.0 as usize];
        if node.generation == key.1 {
            let (at, armed) = (node.at as usize, self.next_stamp());
            self.settle(at, Entry { due_ticks, armed, place: key.0 });
        }
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        while let Some(&first) = self.heap.first().filter(|first| first.due_ticks <= now_ticks) {
            let value = self.remove(first.place).expect("its entry is there");
            handler(self, now_ticks, Event::Fired(value));
        }
    }

    fn pending(&self) -> usize {
        self.heap.len()
    }

    fn shrink(&mut self) {
        self.heap.shrink_to_fit();
        self.nodes.shrink_to_fit();
    }
}
