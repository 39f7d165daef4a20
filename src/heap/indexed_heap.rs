//! A heap whose entries can be removed and moved: it tells its owner where each one has come to lie.
//!
//! The owner knows its timers by an index, the heap by a position; whenever an entry comes to lie somewhere, the heap
//! calls `moved(index, position)`, and the owner keeps the position for the day when it wants that entry removed or
//! moved. Everything takes a number of steps in the order of the heap's height.
//!
//! # Where entries lie
//!
//! Siblings lie together in a [`Group`] of `d` ([`ARITY`]), in the `d` lanes of one group, so that one step down reads one
//! stretch of memory with one check of bounds. Position `p` is lane `p % d` of group `p / d`. The children of position `p`
//! fill one group, and those of `p + 1` the next one, so the group's number is `p` less a constant; with the root in the
//! last lane of group 0, at `d − 1`, its children in group 1, that constant is `d − 2`:
//!
//! ```text
//! children(p) = group p − d + 2        from p = d − 1, the root, on
//! parent(g)   = position g + d − 2     from g = 1 on
//!
//! d = 4   group     0 │  1        │  2            │  3            │  4            │  5            │  6 …
//!         position  3 │  4 5 6 7  │  8  9 10 11   │ 12 13 14 15   │ 16 17 18 19   │ 20 21 22 23   │
//!         parent    – │  3        │  4            │  5            │  6            │  7            │  8 …
//! ```
//!
//! Every position from the root on is used, in order, without gaps; the lanes before the root stay empty. Groups are kept
//! in pages, so that growing never copies the heap (C8).

use crate::heap::group::{ARITY, Entry, Group, Key};
use crate::paged::Paged;

/// Groups in a page, as a power of two: 2048 entries, as many as a page of the arena has.
const PAGE_BITS: u32 = 11 - ARITY.ilog2();

/// The root's position.
const ROOT: usize = ARITY - 1;

/// The most entries that a heap may have, so that every position fits into 32 bits.
pub(crate) const MAX_ENTRIES: usize = u32::MAX as usize - ROOT;

const fn children(position: usize) -> usize {
    position - ARITY + 2
}

const fn parent(position: usize) -> usize {
    position / ARITY + ARITY - 2
}

pub(crate) struct IndexedHeap {
    groups: Paged<Group, PAGE_BITS>,
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
        self.entry(position as usize).key
    }

    /// Adds an entry.
    #[inline]
    pub(crate) fn push(&mut self, entry: Entry, moved: impl FnMut(u32, u32)) {
        debug_assert!(self.len < MAX_ENTRIES, "positions fit into 32 bits");
        let position = ROOT + self.len;
        if position / ARITY == self.groups.len() {
            self.groups.push(Group::VACANT);
        }
        self.len += 1;
        self.sift_up(position, entry, moved);
    }

    /// Removes the entry at `position`.
    #[inline]
    pub(crate) fn remove(&mut self, position: u32, moved: impl FnMut(u32, u32)) {
        let hole = position as usize;
        let removed = self.key(position);
        let last = self.pop_last().expect("what is removed is there");
        if hole < ROOT + self.len {
            self.place(hole, removed, last, moved);
        }
    }

    /// Gives the entry at `position` another key.
    #[inline]
    pub(crate) fn update(&mut self, position: u32, key: Key, moved: impl FnMut(u32, u32)) {
        let Entry { key: old, index } = self.entry(position as usize);
        self.place(position as usize, old, Entry { key, index }, moved);
    }

    /// Takes out the entry at the last position, which nothing lies below: no other one moves.
    #[inline]
    pub(crate) fn pop_last(&mut self) -> Option<Entry> {
        self.len = self.len.checked_sub(1)?;
        let position = ROOT + self.len;
        let entry = self.entry(position);
        self.groups[position / ARITY].vacate(position % ARITY);
        // The root's group and every other one goes with the entry that opened it.
        if position % ARITY == 0 || position == ROOT {
            self.groups.pop();
        }
        Some(entry)
    }

    pub(crate) fn reserve(&mut self, additional: usize) {
        self.groups.reserve((ROOT + self.len + additional).div_ceil(ARITY) - self.groups.len());
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.groups.shrink_to_fit();
    }

    /// Puts `entry` at `hole`, where the key `old` was, and from there to where it belongs.
    #[inline]
    fn place(&mut self, hole: usize, old: Key, entry: Entry, moved: impl FnMut(u32, u32)) {
        if entry.key < old {
            self.sift_up(hole, entry, moved);
        } else {
            self.sift_down(hole, entry, moved);
        }
    }

    /// Moves the hole up until `entry` may lie in it.
    #[inline]
    fn sift_up(&mut self, mut hole: usize, entry: Entry, mut moved: impl FnMut(u32, u32)) {
        while hole > ROOT {
            let above = parent(hole);
            let candidate = self.entry(above);
            if candidate.key < entry.key {
                break;
            }
            self.set(hole, candidate, &mut moved);
            hole = above;
        }
        self.set(hole, entry, &mut moved);
    }

    /// Moves the hole down until `entry` may lie in it.
    #[inline]
    fn sift_down(&mut self, mut hole: usize, entry: Entry, mut moved: impl FnMut(u32, u32)) {
        while let Some(group) = self.groups.get(children(hole)) {
            let lane = group.first();
            let candidate = group.entry(lane);
            if entry.key < candidate.key {
                break;
            }
            self.set(hole, candidate, &mut moved);
            hole = children(hole) * ARITY + lane;
        }
        self.set(hole, entry, &mut moved);
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

    /// Checks that no child comes before its parent and that empty lanes are empty, and calls `visit` with each entry and
    /// its position.
    ///
    /// # Panics
    ///
    /// If one does, or one is not.
    pub(crate) fn check(&self, mut visit: impl FnMut(Entry, u32)) {
        let end = ROOT + self.len;
        let groups = if self.len == 0 { 0 } else { end.div_ceil(ARITY) };
        assert_eq!(self.groups.len(), groups, "there is a group for each {ARITY} positions, and no more");
        for position in 0..groups * ARITY {
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
