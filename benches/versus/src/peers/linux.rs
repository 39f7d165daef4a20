//! A baseline: Linux's wheel as it stood until 4.8, and as textbooks have it. Five levels (tv1 of 256 slots, tv2 to tv5
//! of 64 each) of doubly linked lists; each 256th jiffy a whole slot of tv2 moves down, each 16,384th one of tv3, and
//! so on.
//!
//! The kernel links the users' own structures by pointers; here nodes lie in a `Vec` and are linked by index.
//!
//! # Bias
//!
//! In its favor: no generations, no order kept beyond what the lists happen to keep, nothing to ask for the next
//! expiry.

use jobs::{Contender, Event, OnTurn, Value};

const TVR_BITS: u32 = 8;
const TVN_BITS: u32 = 6;
const TVR_SIZE: u64 = 1 << TVR_BITS;
const TVN_SIZE: u64 = 1 << TVN_BITS;
const UPPER_LEVELS: u32 = 4;
/// The first nodes are the heads of the slots' lists, tv1's and then each upper level's.
const HEADS: u32 = (TVR_SIZE + UPPER_LEVELS as u64 * TVN_SIZE) as u32;
/// One more head: of the list that is being run or cascaded.
const WORK: u32 = HEADS;
const NIL: u32 = u32::MAX;
/// Longer delays wait in the last slot and are looked at again.
const MAX_TVAL: u64 = (1 << 32) - 1;

#[derive(Clone, Copy)]
struct Node<V> {
    next: u32,
    prev: u32,
    expires: u64,
    value: V,
}

pub(crate) struct LinuxWheel<V = u64> {
    nodes: Vec<Node<V>>,
    free: u32,
    /// The jiffy that is run next.
    timer_jiffies: u64,
    pending: usize,
}

/// The head of the slot of upper level `n` (0 for tv2) that `jiffies` falls into.
fn upper_slot(n: u32, jiffies: u64) -> u32 {
    let index = (jiffies >> (TVR_BITS + n * TVN_BITS)) & (TVN_SIZE - 1);
    (TVR_SIZE + u64::from(n) * TVN_SIZE + index) as u32
}

impl<V: Value> LinuxWheel<V> {
    fn node(&mut self, at: u32) -> &mut Node<V> {
        &mut self.nodes[at as usize]
    }

    fn allocate(&mut self, expires: u64, value: V) -> u32 {
        let node = Node { next: NIL, prev: NIL, expires, value };
        let at = self.free;
        if at == NIL {
            self.nodes.push(node);
            return (self.nodes.len() - 1) as u32;
        }
        self.free = self.node(at).next;
        *self.node(at) = node;
        at
    }

    /// `internal_add_timer`.
    fn link(&mut self, at: u32) {
        let expires = self.nodes[at as usize].expires;
        let delay = expires.wrapping_sub(self.timer_jiffies);
        let head = if (delay as i64) < 0 {
            (self.timer_jiffies & (TVR_SIZE - 1)) as u32
        } else if delay < TVR_SIZE {
            (expires & (TVR_SIZE - 1)) as u32
        } else {
            let level = (0..UPPER_LEVELS - 1).find(|n| delay < 1 << (TVR_BITS + (n + 1) * TVN_BITS));
            let clamped = self.timer_jiffies + delay.min(MAX_TVAL);
            upper_slot(level.unwrap_or(UPPER_LEVELS - 1), clamped)
        };
        self.push_back(head, at);
    }

    /// `list_add_tail`.
    fn push_back(&mut self, head: u32, at: u32) {
        let last = std::mem::replace(&mut self.node(head).prev, at);
        self.node(last).next = at;
        let node = self.node(at);
        (node.prev, node.next) = (last, head);
    }

    /// `detach_timer`.
    fn unlink(&mut self, at: u32) {
        let Node { next, prev, .. } = *self.node(at);
        self.node(prev).next = next;
        self.node(next).prev = prev;
    }

    fn vacate(&mut self, at: u32) -> V {
        let free = self.free;
        let node = self.node(at);
        (node.next, node.prev) = (free, NIL);
        let value = node.value;
        self.free = at;
        self.pending -= 1;
        value
    }

    /// `list_replace_init`: moves a whole list to the work list, which is empty.
    fn take_list(&mut self, head: u32) {
        let Node { next, prev, .. } = *self.node(head);
        if next == head {
            return;
        }
        self.node(next).prev = WORK;
        self.node(prev).next = WORK;
        let work = self.node(WORK);
        (work.next, work.prev) = (next, prev);
        let head_node = self.node(head);
        (head_node.next, head_node.prev) = (head, head);
    }

    fn pop_work(&mut self) -> Option<u32> {
        let first = self.node(WORK).next;
        (first != WORK).then(|| {
            self.unlink(first);
            first
        })
    }

    /// `cascade`: files a slot's timers anew, and says whether the next level's turn has come.
    fn cascade(&mut self, n: u32) -> bool {
        let slot = upper_slot(n, self.timer_jiffies);
        self.take_list(slot);
        while let Some(at) = self.pop_work() {
            self.link(at);
        }
        slot == upper_slot(n, 0)
    }
}

impl<V: Value> Default for LinuxWheel<V> {
    fn default() -> Self {
        let head = |at| Node { next: at, prev: at, expires: 0, value: V::of(0) };
        Self { nodes: (0..=WORK).map(head).collect(), free: NIL, timer_jiffies: 1, pending: 0 }
    }
}

impl<V: Value> Contender for LinuxWheel<V> {
    const NAME: &'static str = "linux";
    type Key = u32;
    type Value = V;

    fn arm(&mut self, due_ticks: u64, value: V) -> u32 {
        let at = self.allocate(due_ticks, value);
        self.link(at);
        self.pending += 1;
        at
    }

    fn cancel(&mut self, key: &mut u32) -> Option<V> {
        // A node on the free list has no predecessor: `timer_pending`.
        (self.node(*key).prev != NIL).then(|| {
            self.unlink(*key);
            self.vacate(*key)
        })
    }

    fn reset(&mut self, key: &mut u32, due_ticks: u64) {
        self.unlink(*key);
        self.node(*key).expires = due_ticks;
        self.link(*key);
    }

    /// `__run_timers`.
    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        while self.timer_jiffies <= now_ticks {
            let index = self.timer_jiffies & (TVR_SIZE - 1);
            if index == 0 {
                let mut levels = 0..UPPER_LEVELS;
                while levels.next().is_some_and(|n| self.cascade(n)) {}
            }
            let now_ticks = self.timer_jiffies;
            self.timer_jiffies += 1;
            self.take_list(index as u32);
            while let Some(at) = self.pop_work() {
                let value = self.vacate(at);
                handler(self, now_ticks, Event::Fired(value));
            }
        }
    }

    fn pending(&self) -> usize {
        self.pending
    }

    fn shrink(&mut self) {
        self.nodes.shrink_to_fit();
    }
}
