//! What the heap is made of: entries, their keys, and groups of siblings.

use crate::paged::Vacant;

/// How many children an entry has. Measured in `docs/decisions/0003-heap-arity.md`.
pub(crate) const ARITY: usize = 8;

const _: () = assert!(ARITY.is_power_of_two() && ARITY >= 2, "a whole number of groups fits into a page");

/// What orders the heap: the hard time, and where that is equal the order of arming.
///
/// Both in one integer, the time in its upper half, so that one comparison without a branch orders both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Key(u128);

impl Key {
    /// Behind every key there is. It is no moment of time that stands apart here but a sequence number that arming
    /// never reaches, so a timer that is due at the end of time still comes before it.
    const BEHIND_ALL: Self = Self(u128::MAX);

    #[inline]
    pub(crate) const fn new(hard_ns: u64, sequence: u64) -> Self {
        debug_assert!(sequence != u64::MAX, "the last sequence number is that of no timer");
        Self((hard_ns as u128) << 64 | sequence as u128)
    }

    #[inline]
    pub(crate) const fn hard_ns(self) -> u64 {
        (self.0 >> 64) as u64
    }

    #[inline]
    pub(crate) const fn sequence(self) -> u64 {
        self.0 as u64
    }
}

/// One timer in the heap: its key, and the index by which the heap's owner knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) index: u32,
}

/// The children of one entry, side by side: 20 bytes each, and for the choice among them the keys without the indexes.
///
/// A lane without an entry holds a key behind all others, so that the first of a group is found without counting how
/// many it has.
// Aligned, so that it is never a part of four cache lines.
#[repr(align(32))]
pub(crate) struct Group {
    keys: [Key; ARITY],
    indexes: [u32; ARITY],
}

impl Vacant for Group {
    const VACANT: Self = Self { keys: [Key::BEHIND_ALL; ARITY], indexes: [0; ARITY] };
}

impl Group {
    #[inline]
    pub(crate) const fn entry(&self, lane: usize) -> Entry {
        Entry { key: self.keys[lane], index: self.indexes[lane] }
    }

    #[inline]
    pub(crate) const fn key(&self, lane: usize) -> Key {
        self.keys[lane]
    }

    #[inline]
    pub(crate) const fn set_key(&mut self, lane: usize, key: Key) {
        self.keys[lane] = key;
    }

    #[inline]
    pub(crate) const fn set(&mut self, lane: usize, entry: Entry) {
        self.keys[lane] = entry.key;
        self.indexes[lane] = entry.index;
    }

    #[inline]
    pub(crate) const fn vacate(&mut self, lane: usize) {
        self.keys[lane] = Key::BEHIND_ALL;
    }

    pub(crate) fn is_vacant(&self, lane: usize) -> bool {
        self.keys[lane] == Key::BEHIND_ALL
    }

    /// The lane whose key comes first.
    #[inline]
    pub(crate) fn first(&self) -> usize {
        // Neighbours first, then the winners: the comparisons of a round do not wait for one another.
        let mut lanes: [usize; ARITY] = core::array::from_fn(|lane| lane);
        let mut keys = self.keys;
        let mut left = ARITY;
        while left > 1 {
            left /= 2;
            for pair in 0..left {
                let second = keys[2 * pair + 1] < keys[2 * pair];
                lanes[pair] = if second { lanes[2 * pair + 1] } else { lanes[2 * pair] };
                keys[pair] = if second { keys[2 * pair + 1] } else { keys[2 * pair] };
            }
        }
        lanes[0]
    }
}
