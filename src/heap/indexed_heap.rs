//! A heap whose entries can be removed and moved: it tells its owner where each one has come to lie.
//!
//! The owner knows its timers by an index, the heap by a position; whenever an entry comes to lie somewhere, the heap
//! calls `moved(index, position)`, and the owner keeps the position for the day when it wants that entry removed or
//! moved. Everything takes a number of steps in the order of the heap's height.
//!
//! # Where entries lie
//!
//! Siblings lie together in a [`Group`] of `d` ([`ARITY`]), in the `d` lanes of one group, so that one step down reads
//! one stretch of memory with one check of bounds. Position `p` is lane `p % d` of group `p / d`. The children of
//! position `p` fill one group, and those of `p + 1` the next one, so the group's number is `p` less a constant; with
//! the root in the last lane of group 0, at `d − 1`, its children in group 1, that constant is `d − 2`:
//!
//! ```text
//! children(p) = group p + 2 − d        from p = d − 1, the root, on
//! parent(g)   = position g + d − 2     from g = 1 on
//!
//! d = 4   group     0 │  1        │  2            │  3            │  4            │  5            │  6 …
//!         position  3 │  4 5 6 7  │  8  9 10 11   │ 12 13 14 15   │ 16 17 18 19   │ 20 21 22 23   │
//!         parent    – │  3        │  4            │  5            │  6            │  7            │  8 …
//! ```
//!
//! Every position from the root on is used, in order, without gaps; the lanes before the root stay vacant, and so do
//! those behind the last entry. Groups are kept in pages, so that growing never copies the heap (C8).

use crate::heap::group::{ARITY, Entry, Group, Key};
use crate::paged::{Paged, SMALL};

/// Groups in a page: 512 entries, as many as a page of the arena has places.
const PAGE: usize = if SMALL { 4 } else { 512 / ARITY };

/// The root's position.
const ROOT: usize = ARITY - 1;

/// The most entries that a heap may have, so that every position fits into 32 bits.
pub(crate) const MAX_ENTRIES: usize = u32::MAX as usize - ROOT;

const fn children(position: usize) -> usize {
    position + 2 - ARITY
}

const fn parent(position: usize) -> usize {
    position / ARITY + ARITY - 2
}

pub(crate) struct IndexedHeap {
    groups: Paged<Group, PAGE>,
    len: usize,
}

impl IndexedHeap {
    pub(crate) const fn new() -> Self {
        Self { groups: Paged::new(), len: 0 }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The entry that comes first.
    #[inline]
    pub(crate) fn first(&self) -> Option<Entry> {
        (self.len > 0).then(|| self.entry(ROOT))
    }

    /// The key of the entry at `position`.
    #[inline]
    pub(crate) fn key(&self, position: u32) -> Key {
        self.groups[position as usize / ARITY].key(position as usize % ARITY)
    }

    /// Whether what lies at `position` comes first.
    #[inline]
    pub(crate) const fn is_first(position: u32) -> bool {
        position == ROOT as u32
    }

    /// The position at which the next entry is added.
    #[inline]
    pub(crate) const fn next_position(&self) -> u32 {
        self.end() as u32
    }

    /// The position behind the last entry.
    #[inline]
    const fn end(&self) -> usize {
        ROOT + self.len
    }

    /// Adds an entry. Its owner is told where it lies only if that is not the [next position](Self::next_position).
    #[inline]
    pub(crate) fn push(&mut self, entry: Entry, mut moved: impl FnMut(u32, u32)) {
        debug_assert!(self.len < MAX_ENTRIES, "positions fit into 32 bits");
        let position = self.end();
        self.groups.make_room(position / ARITY);
        self.len += 1;
        // Most deadlines lie behind most others.
        if position == ROOT || self.entry(parent(position)).key < entry.key {
            self.groups[position / ARITY].set(position % ARITY, entry);
        } else {
            self.sift_up(position, entry, &mut moved);
        }
    }

    /// Removes the entry at `position`.
    #[inline]
    pub(crate) fn remove(&mut self, position: u32, mut moved: impl FnMut(u32, u32)) {
        let hole = position as usize;
        let last = self.pop_last().expect("what is removed is there");
        if hole >= self.end() {
            return;
        }
        self.fill(hole, last, &mut moved);
    }

    /// Puts an entry where another one has gone, or above or below. Out of line, so that cancelling the timer that was
    /// armed last, whose entry is the last one, does not save registers for it.
    #[inline(never)]
    fn fill(&mut self, hole: usize, entry: Entry, moved: &mut impl FnMut(u32, u32)) {
        if hole > ROOT && entry.key < self.entry(parent(hole)).key {
            self.sift_up(hole, entry, moved);
        } else {
            self.sift_down(hole, entry, moved);
        }
    }

    /// Removes the entry that comes first.
    #[inline]
    pub(crate) fn remove_first(&mut self, mut moved: impl FnMut(u32, u32)) {
        let last = self.pop_last().expect("what is removed is there");
        if self.len > 0 {
            self.sift_down(ROOT, last, &mut moved);
        }
    }

    /// Gives the entry at `position` a key that comes before its own.
    #[inline]
    pub(crate) fn bring_forward(&mut self, position: u32, entry: Entry, mut moved: impl FnMut(u32, u32)) {
        debug_assert!(entry.key < self.key(position), "its new key comes before the old one");
        let start = position as usize;
        let end = self.raise(start, entry.key, &mut moved);
        self.settle(start, end, entry, &mut moved);
    }

    /// Gives the entry at `position` a key that comes after its own. That one is not looked at, nor is what lies above,
    /// so that an entry which nothing lies below, as most are, is written and not read.
    #[inline]
    pub(crate) fn put_off(&mut self, position: u32, entry: Entry, mut moved: impl FnMut(u32, u32)) {
        debug_assert!(entry.key > self.key(position), "its new key comes after the old one");
        let start = position as usize;
        let end = self.sink(start, entry.key, &mut moved);
        self.settle(start, end, entry, &mut moved);
    }

    /// Puts an entry that lay at `start` down at `end`, with another key.
    #[inline]
    fn settle(&mut self, start: usize, end: usize, entry: Entry, moved: &mut impl FnMut(u32, u32)) {
        if end == start {
            // The index stays, and its cache line is left alone.
            self.groups[end / ARITY].set_key(end % ARITY, entry.key);
        } else {
            self.set(end, entry, moved);
        }
    }

    /// Takes out the entry at the last position, which nothing lies below: no other one moves.
    #[inline]
    pub(crate) fn pop_last(&mut self) -> Option<Entry> {
        self.len = self.len.checked_sub(1)?;
        let position = self.end();
        let group = &mut self.groups[position / ARITY];
        let entry = group.entry(position % ARITY);
        group.vacate(position % ARITY);
        if position % ARITY == 0 {
            self.groups.gave_up(position / ARITY);
        }
        Some(entry)
    }

    /// Drops all entries, and gives their memory back.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    pub(crate) fn reserve(&mut self, additional: usize) {
        self.groups.reserve((self.end() + additional).div_ceil(ARITY));
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.groups.shrink_to(if self.len == 0 { 0 } else { self.end().div_ceil(ARITY) });
    }

    /// Puts an entry into the hole, or above. Out of line, as most entries that are added stay where they are.
    #[inline(never)]
    fn sift_up(&mut self, hole: usize, entry: Entry, moved: &mut impl FnMut(u32, u32)) {
        let end = self.raise(hole, entry.key, moved);
        self.set(end, entry, moved);
    }

    /// Puts an entry into the hole, or below.
    #[inline]
    fn sift_down(&mut self, hole: usize, entry: Entry, moved: &mut impl FnMut(u32, u32)) {
        let end = self.sink(hole, entry.key, moved);
        self.set(end, entry, moved);
    }

    /// Moves the hole up until an entry with this key may lie in it, and says where that is.
    #[inline]
    fn raise(&mut self, mut hole: usize, key: Key, moved: &mut impl FnMut(u32, u32)) -> usize {
        while hole > ROOT {
            let above = parent(hole);
            let candidate = self.entry(above);
            if candidate.key < key {
                break;
            }
            self.set(hole, candidate, moved);
            hole = above;
        }
        hole
    }

    /// Moves the hole down until an entry with this key may lie in it, and says where that is.
    #[inline]
    fn sink(&mut self, mut hole: usize, key: Key, moved: &mut impl FnMut(u32, u32)) -> usize {
        let end = self.end();
        while children(hole) * ARITY < end {
            let group = &self.groups[children(hole)];
            let lane = group.first();
            let candidate = group.entry(lane);
            if key < candidate.key {
                break;
            }
            self.set(hole, candidate, moved);
            hole = children(hole) * ARITY + lane;
        }
        hole
    }

    #[inline]
    fn entry(&self, position: usize) -> Entry {
        self.groups[position / ARITY].entry(position % ARITY)
    }

    #[inline]
    fn set(&mut self, position: usize, entry: Entry, moved: &mut impl FnMut(u32, u32)) {
        self.groups[position / ARITY].set(position % ARITY, entry);
        moved(entry.index, position as u32);
    }

    /// Checks that no child comes before its parent and that empty lanes are empty, and calls `visit` with each entry
    /// and its position.
    ///
    /// # Panics
    ///
    /// If one does, or one is not.
    pub(crate) fn check(&self, mut visit: impl FnMut(Entry, u32)) {
        let end = self.end();
        assert!(self.len == 0 || self.groups.capacity() * ARITY >= end, "there is a group for each {ARITY} positions");
        for position in 0..self.groups.capacity() * ARITY {
            let used = (ROOT..end).contains(&position);
            assert_eq!(
                self.groups[position / ARITY].is_vacant(position % ARITY),
                !used,
                "only positions in use hold keys"
            );
            if used {
                visit(self.entry(position), position as u32);
            }
        }
        for position in ROOT + 1..end {
            let (above, below) = (self.entry(parent(position)).key, self.entry(position).key);
            assert!(above < below, "the entry at {position} comes after its parent");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::{ARITY, Entry, IndexedHeap, Key, ROOT, children, parent};

    #[test]
    fn children_and_parents_are_each_others_inverse() {
        assert_eq!(children(ROOT), 1);
        for position in ROOT..10_000 {
            for lane in 0..ARITY {
                assert_eq!(parent(children(position) * ARITY + lane), position);
            }
        }
        for position in ROOT..10_000 {
            assert_eq!(children(position + 1), children(position) + 1, "no lane is left out");
        }
    }

    #[derive(Clone, Copy, Debug)]
    enum Op {
        Push(u64),
        PopFirst,
        PopLast,
        Remove(prop::sample::Index),
        Update(prop::sample::Index, u64),
    }

    fn hard() -> impl Strategy<Value = u64> {
        prop_oneof![0..8_u64, 0..1_000_u64, Just(u64::MAX), any::<u64>()]
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            4 => hard().prop_map(Op::Push),
            1 => Just(Op::PopFirst),
            1 => Just(Op::PopLast),
            1 => any::<prop::sample::Index>().prop_map(Op::Remove),
            2 => (any::<prop::sample::Index>(), hard()).prop_map(|(pick, hard)| Op::Update(pick, hard)),
        ]
    }

    /// The heap, a sorted set that holds the same, and what an owner would know.
    struct Pair {
        heap: IndexedHeap,
        model: BTreeSet<(Key, u32)>,
        positions: HashMap<u32, u32>,
        next: u32,
    }

    impl Pair {
        fn new() -> Self {
            Self { heap: IndexedHeap::new(), model: BTreeSet::new(), positions: HashMap::new(), next: 0 }
        }

        fn key(&mut self, hard_ns: u64) -> Key {
            self.next += 1;
            Key::new(hard_ns, u64::from(self.next))
        }

        fn apply(&mut self, op: Op) {
            let picked =
                |pick: prop::sample::Index| self.model.iter().nth(pick.index(self.model.len().max(1))).copied();
            match op {
                Op::Push(hard_ns) => {
                    let key = self.key(hard_ns);
                    let index = self.next;
                    self.model.insert((key, index));
                    let positions = &mut self.positions;
                    positions.insert(index, self.heap.next_position());
                    self.heap.push(Entry { key, index }, |index, position| {
                        positions.insert(index, position);
                    });
                }
                Op::PopFirst => self.remove(self.model.first().copied()),
                Op::Remove(pick) => self.remove(picked(pick)),
                Op::PopLast => {
                    let last = self.heap.pop_last().map(|last| (last.key, last.index));
                    assert_eq!(last.is_none(), self.model.is_empty());
                    if let Some(last) = last {
                        assert!(self.model.remove(&last), "what is popped was there");
                        self.positions.remove(&last.1);
                    }
                }
                Op::Update(pick, hard_ns) => {
                    let Some((old, index)) = picked(pick) else { return };
                    let key = self.key(hard_ns);
                    self.model.remove(&(old, index));
                    self.model.insert((key, index));
                    let (position, positions) = (self.positions[&index], &mut self.positions);
                    let (entry, moved) = (Entry { key, index }, |index, position| {
                        positions.insert(index, position);
                    });
                    if key < old {
                        self.heap.bring_forward(position, entry, moved);
                    } else {
                        self.heap.put_off(position, entry, moved);
                    }
                }
            }
        }

        fn remove(&mut self, entry: Option<(Key, u32)>) {
            let Some((key, index)) = entry else { return };
            self.model.remove(&(key, index));
            let position = self.positions.remove(&index).expect("the position is known");
            assert_eq!(self.heap.key(position), key);
            let positions = &mut self.positions;
            let moved = |index, position| _ = positions.insert(index, position);
            // The first one goes either way.
            if position == ROOT as u32 && index % 2 == 0 {
                self.heap.remove_first(moved);
            } else {
                self.heap.remove(position, moved);
            }
        }

        fn check(&self) {
            let mut seen = 0;
            self.heap.check(|Entry { key, index }, position| {
                seen += 1;
                assert!(self.model.contains(&(key, index)), "the entry {index} is in the model");
                assert_eq!(self.positions.get(&index), Some(&position), "the owner knows where {index} lies");
            });
            assert_eq!((seen, self.heap.len(), self.positions.len()), (self.model.len(), seen, seen));
            let first = self.heap.first().map(|first| (first.key, first.index));
            assert_eq!(first, self.model.first().copied());
        }
    }

    proptest! {
        #[test]
        fn l12_holds_what_a_sorted_set_holds(ops in prop::collection::vec(op(), 1..300)) {
            let mut pair = Pair::new();
            for op in ops {
                pair.apply(op);
                pair.check();
            }
        }
    }

    /// How many entries of a heap of `len` may move at one call: one in each layer, and the hole's own.
    fn height(len: usize) -> usize {
        let (mut layers, mut held, mut layer) = (1, 1, 1);
        while held < len {
            layer *= ARITY;
            held += layer;
            layers += 1;
        }
        layers
    }

    #[test]
    fn c8_no_call_moves_more_than_one_entry_of_each_layer() {
        const TIMERS: u32 = 20_000;
        let mut heap = IndexedHeap::new();
        let mut positions: Vec<u32> = (0..TIMERS).collect();
        let mut sequence = 0;
        let mut key = |hard_ns| {
            sequence += 1;
            Key::new(hard_ns, sequence)
        };
        // Each new one comes first, each one moved goes from the front to the very end: the longest ways there are.
        for index in 0..TIMERS {
            let mut moves = 0;
            positions[index as usize] = heap.next_position();
            heap.push(Entry { key: key(u64::from(TIMERS - index)), index }, |index, position| {
                moves += 1;
                positions[index as usize] = position;
            });
            assert!(moves <= height(heap.len()), "arming moved {moves} of {} entries", heap.len());
        }
        for _ in 0..TIMERS {
            let mut moves = 0;
            let Entry { index, .. } = heap.first().expect("none was removed");
            heap.put_off(ROOT as u32, Entry { key: key(u64::MAX), index }, |_, _| moves += 1);
            assert!(moves <= height(heap.len()), "resetting moved {moves} of {} entries", heap.len());
        }
        while heap.len() > 0 {
            let mut moves = 0;
            heap.remove_first(|_, _| moves += 1);
            assert!(moves <= height(heap.len() + 1), "removing moved {moves} of {} entries", heap.len());
        }
        heap.check(|_, _| {});
    }

    #[test]
    #[should_panic(expected = "comes after its parent")]
    fn check_catches_a_child_before_its_parent() {
        let mut heap = IndexedHeap::new();
        for index in 0..10 {
            heap.push(Entry { key: Key::new(7, u64::from(index)), index }, |_, _| {});
        }
        heap.set(ROOT + 6, Entry { key: Key::new(6, 6), index: 6 }, &mut |_, _| {});
        heap.check(|_, _| {});
    }

    #[test]
    #[should_panic(expected = "only positions in use hold keys")]
    fn check_catches_a_key_that_was_left_behind() {
        let mut heap = IndexedHeap::new();
        for index in 0..3 {
            heap.push(Entry { key: Key::new(7, u64::from(index)), index }, |_, _| {});
        }
        heap.len -= 1;
        heap.check(|_, _| {});
    }
}
