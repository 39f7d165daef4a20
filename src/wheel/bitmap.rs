//! A bit for each slot of all levels.

/// Words of a bitmap: enough for the slots of every geometry.
const WORDS: usize = 16;
/// How many slots a bitmap tells apart.
pub(crate) const CAPACITY: usize = WORDS * 64;

/// A set of slots, by their number among all slots of a wheel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bitmap {
    words: [u64; WORDS],
}

impl Bitmap {
    pub(crate) const EMPTY: Self = Self { words: [0; WORDS] };

    #[inline]
    pub(crate) const fn insert(&mut self, slot: usize) {
        self.words[slot / 64 % WORDS] |= 1 << (slot % 64);
    }

    #[inline]
    pub(crate) const fn remove(&mut self, slot: usize) {
        self.words[slot / 64 % WORDS] &= !(1 << (slot % 64));
    }

    #[inline]
    pub(crate) const fn contains(&self, slot: usize) -> bool {
        self.words[slot / 64 % WORDS] >> (slot % 64) & 1 != 0
    }

    /// The first slot of the set in `from..end`.
    #[inline]
    pub(crate) fn first_in(&self, from: usize, end: usize) -> Option<usize> {
        if from >= end {
            return None;
        }
        let mut word = from / 64;
        let mut bits = self.words[word % WORDS] & (!0 << (from % 64));
        while bits == 0 {
            word += 1;
            if word * 64 >= end {
                return None;
            }
            bits = self.words[word % WORDS];
        }
        let slot = word * 64 + bits.trailing_zeros() as usize;
        (slot < end).then_some(slot)
    }

    /// The first slot of the set, going round a ring that has the slots `base..end` from `start`.
    #[inline]
    pub(crate) fn first_round(&self, base: usize, start: usize, end: usize) -> Option<usize> {
        self.first_in(start, end).or_else(|| self.first_in(base, start))
    }
}

#[cfg(test)]
mod tests {
    use super::{Bitmap, CAPACITY};
    use proptest::collection::btree_set;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_bitmap_behaves_like_a_set(
            set in btree_set(0..CAPACITY, 0..12),
            gone in btree_set(0..CAPACITY, 0..12),
            start in 0..CAPACITY,
            end in 0..=CAPACITY,
        ) {
            let mut bitmap = Bitmap::EMPTY;
            set.iter().chain(&gone).for_each(|slot| bitmap.insert(*slot));
            gone.iter().for_each(|slot| bitmap.remove(*slot));
            let set: std::collections::BTreeSet<_> = set.difference(&gone).copied().collect();
            prop_assert!((0..CAPACITY).all(|slot| bitmap.contains(slot) == set.contains(&slot)));
            let first = if start < end { set.range(start..end).next().copied() } else { None };
            prop_assert_eq!(bitmap.first_in(start, end), first);
            let (base, end) = (start / 2, end.max(start));
            let round = set.range(start..end).next().or(set.range(base..end).next()).copied();
            prop_assert_eq!(bitmap.first_round(base, start, end), round);
        }
    }
}
