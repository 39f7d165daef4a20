//! Which places have a stale entry: a bit for each, apart from all else about them.
//!
//! A cascade and the sweep ask it of every entry that they meet. The bits of a million places fit into a core's cache;
//! their heads do not.

use crate::paged::{Paged, SMALL};

/// Words in a page: 4,096 places, half a kilobyte.
const PAGE: usize = if SMALL { 2 } else { 64 };

/// A set of places.
pub(crate) struct Marks {
    words: Paged<u64, PAGE>,
    count: usize,
}

impl Marks {
    pub(crate) const fn new() -> Self {
        Self { words: Paged::new(), count: 0 }
    }

    /// No marks, and room for those of so many places.
    pub(crate) fn with_room(places: usize) -> Self {
        let mut marks = Self::new();
        marks.reserve(places);
        marks
    }

    /// For how many places there is room.
    pub(crate) fn room(&self) -> usize {
        self.words.capacity() * 64
    }

    /// How many places are marked.
    #[inline]
    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    #[inline]
    pub(crate) fn contains(&self, place: u32) -> bool {
        let (word, bit) = split(place);
        self.words[word] & bit != 0
    }

    /// Makes room for the marks of so many places.
    pub(crate) fn reserve(&mut self, places: usize) {
        self.words.reserve(places.div_ceil(64));
    }

    /// Marks a place that is not marked.
    #[inline]
    pub(crate) fn insert(&mut self, place: u32) {
        debug_assert!(!self.contains(place), "a place is marked once");
        let (word, bit) = split(place);
        self.words[word] |= bit;
        self.count += 1;
    }

    /// Takes the mark off a place that has one.
    #[inline]
    pub(crate) fn remove(&mut self, place: u32) {
        debug_assert!(self.contains(place), "the place is marked");
        let (word, bit) = split(place);
        self.words[word] &= !bit;
        self.count -= 1;
    }

    /// Checks the count.
    ///
    /// # Panics
    ///
    /// If it is wrong.
    pub(crate) fn check(&self) {
        let ones = (0..self.words.capacity()).map(|word| self.words[word].count_ones() as usize);
        assert_eq!(ones.sum::<usize>(), self.count, "the marks are counted");
    }
}

/// The word that has a place's mark, and its bit there.
#[inline]
const fn split(place: u32) -> (usize, u64) {
    (place as usize / 64, 1 << (place % 64))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::Marks;

    proptest! {
        #[test]
        fn marks_what_a_set_holds(places in prop::collection::vec(0..2_000_u32, 1..400)) {
            let (mut marks, mut model) = (Marks::new(), BTreeSet::new());
            for place in places {
                if model.insert(place) {
                    marks.reserve(place as usize + 1);
                    marks.insert(place);
                } else {
                    model.remove(&place);
                    marks.remove(place);
                }
                prop_assert_eq!(marks.count(), model.len());
                marks.check();
            }
            marks.reserve(2_100);
            prop_assert!((0..2_100).all(|place| marks.contains(place) == model.contains(&place)));
        }
    }
}
