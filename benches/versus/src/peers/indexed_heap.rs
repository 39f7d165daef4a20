//! A slab and an indexed 4-ary heap, as a user would write them: the deadline lies in the heap's array, and each place
//! in the slab knows where its entry is.
//!
//! # Bias
//!
//! In its favour: no generations, so that a stale key hits whatever took its place; and no order among equal deadlines.

use slab::Slab;

use crate::jobs::contender::{Contender, OnTurn};

const ARITY: usize = 4;

#[derive(Clone, Copy)]
struct Entry {
    due_ticks: u64,
    place: u32,
}

struct Node {
    value: u64,
    /// Where its entry lies in the heap.
    at: u32,
}

#[derive(Default)]
pub(crate) struct IndexedHeap {
    heap: Vec<Entry>,
    nodes: Slab<Node>,
}

impl IndexedHeap {
    fn put(&mut self, at: usize, entry: Entry) {
        self.heap[at] = entry;
        self.nodes[entry.place as usize].at = at as u32;
    }

    fn sift_up(&mut self, mut at: usize, entry: Entry) {
        while at > 0 {
            let parent = (at - 1) / ARITY;
            if self.heap[parent].due_ticks <= entry.due_ticks {
                break;
            }
            self.put(at, self.heap[parent]);
            at = parent;
        }
        self.put(at, entry);
    }

    fn sift_down(&mut self, mut at: usize, entry: Entry) {
        loop {
            let first = at * ARITY + 1;
            let children = first..self.heap.len().min(first + ARITY);
            let Some(least) = children.min_by_key(|&child| self.heap[child].due_ticks) else { break };
            if self.heap[least].due_ticks >= entry.due_ticks {
                break;
            }
            self.put(at, self.heap[least]);
            at = least;
        }
        self.put(at, entry);
    }

    /// Puts `entry` where it belongs, from `at` on.
    fn settle(&mut self, at: usize, entry: Entry) {
        if at > 0 && self.heap[(at - 1) / ARITY].due_ticks > entry.due_ticks {
            self.sift_up(at, entry);
        } else {
            self.sift_down(at, entry);
        }
    }

    fn remove(&mut self, place: u32) -> Option<u64> {
        let node = self.nodes.try_remove(place as usize)?;
        let last = self.heap.pop().expect("every node has an entry");
        if (node.at as usize) < self.heap.len() {
            self.settle(node.at as usize, last);
        }
        Some(node.value)
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.heap.shrink_to_fit();
        self.nodes.shrink_to_fit();
    }
}

impl Contender for IndexedHeap {
    const NAME: &'static str = "heap4";
    type Key = u32;
    type Entered = ();

    fn new() -> Self {
        Self::default()
    }

    fn arm(&mut self, due_ticks: u64, value: u64) -> u32 {
        let at = self.heap.len();
        let place = self.nodes.insert(Node { value, at: at as u32 }) as u32;
        let entry = Entry { due_ticks, place };
        self.heap.push(entry);
        self.sift_up(at, entry);
        place
    }

    fn cancel(&mut self, key: &mut u32) -> Option<u64> {
        self.remove(*key)
    }

    fn reset(&mut self, key: &mut u32, due_ticks: u64) {
        let at = self.nodes[*key as usize].at as usize;
        self.settle(at, Entry { due_ticks, place: *key });
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        while let Some(&first) = self.heap.first().filter(|first| first.due_ticks <= now_ticks) {
            let value = self.remove(first.place).expect("its entry is there");
            handler.fired(self, now_ticks, value);
        }
    }

    fn pending(&self) -> usize {
        self.heap.len()
    }

    fn enter(&self) {}
}
