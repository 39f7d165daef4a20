//! Elements in pages, so that room for more never means copying all that is there (C8).
//!
//! A page is allocated whole and its elements are all there from the beginning, [`Vacant`] until their owner writes
//! them. So an access checks one bound, that of the table of pages, and adding a page costs the page and, now and then,
//! the table: 8 bytes for each page.
//!
//! How many elements are in use is for the owner to know. It says so when it gives one up, and a page that has run
//! empty goes once the one before it is half empty: to add and to give up about the border of two pages does not
//! allocate each time.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::{Index, IndexMut};

/// Whether pages are small: in the unit tests, which so come past their borders, and under Miri, which writes slowly.
pub(crate) const SMALL: bool = cfg!(any(test, miri));

/// What an element is before it is first written.
pub(crate) trait Vacant {
    const VACANT: Self;
}

impl Vacant for u64 {
    const VACANT: Self = 0;
}

/// Elements in pages of `PAGE`, a power of two.
pub(crate) struct Paged<X, const PAGE: usize> {
    pages: Vec<Box<[X; PAGE]>>,
}

impl<X: Vacant, const PAGE: usize> Paged<X, PAGE> {
    pub(crate) const fn new() -> Self {
        assert!(PAGE.is_power_of_two(), "an index is split by its bits");
        Self { pages: Vec::new() }
    }

    /// How many elements there are, in use or vacant.
    pub(crate) fn capacity(&self) -> usize {
        self.pages.len() * PAGE
    }

    /// Sees to it that the element behind the first `used` is there.
    #[inline]
    pub(crate) fn make_room(&mut self, used: usize) {
        if used / PAGE >= self.pages.len() {
            self.add_page();
        }
    }

    #[cold]
    #[inline(never)]
    fn add_page(&mut self) {
        self.pages.push(boxed(|_| X::VACANT));
    }

    /// Is told that one element less is in use, so that only the first `used` are. One page goes at a time, however
    /// many were reserved.
    #[inline]
    pub(crate) fn gave_up(&mut self, used: usize) {
        if used % PAGE == PAGE / 2 {
            self.give_back(used);
        }
    }

    #[cold]
    #[inline(never)]
    fn give_back(&mut self, used: usize) {
        if self.pages.len() > used / PAGE + 1 {
            self.pages.pop();
        }
    }

    /// Makes room for `wanted` elements, so that using them allocates nothing.
    pub(crate) fn reserve(&mut self, wanted: usize) {
        self.pages.reserve(wanted.div_ceil(PAGE).saturating_sub(self.pages.len()));
        while self.capacity() < wanted {
            self.add_page();
        }
    }

    /// Gives back all pages behind the first `used` elements.
    pub(crate) fn shrink_to(&mut self, used: usize) {
        self.pages.truncate(used.div_ceil(PAGE));
        self.pages.shrink_to_fit();
    }
}

/// An array that is written where it will stay, and never lies on the stack.
pub(crate) fn boxed<X, const LEN: usize>(element: impl FnMut(usize) -> X) -> Box<[X; LEN]> {
    let elements: Box<[X]> = (0..LEN).map(element).collect();
    elements.try_into().unwrap_or_else(|_| unreachable!("there are as many as were asked for"))
}

impl<X, const PAGE: usize> Index<usize> for Paged<X, PAGE> {
    type Output = X;

    #[inline]
    fn index(&self, index: usize) -> &X {
        &self.pages[index / PAGE][index % PAGE]
    }
}

impl<X, const PAGE: usize> IndexMut<usize> for Paged<X, PAGE> {
    #[inline]
    fn index_mut(&mut self, index: usize) -> &mut X {
        &mut self.pages[index / PAGE][index % PAGE]
    }
}

#[cfg(test)]
mod tests {
    use super::{Paged, Vacant};

    impl Vacant for usize {
        const VACANT: Self = usize::MAX;
    }

    /// Writes the elements from `from` on.
    fn fill<const PAGE: usize>(paged: &mut Paged<usize, PAGE>, from: usize, to: usize) {
        for n in from..to {
            paged.make_room(n);
            paged[n] = n;
        }
    }

    #[test]
    fn elements_are_vacant_until_they_are_written() {
        let mut paged = Paged::<usize, 4>::new();
        assert_eq!(paged.capacity(), 0);
        fill(&mut paged, 0, 13);
        assert_eq!(paged.capacity(), 16);
        assert!((0..13).all(|n| paged[n] == n));
        assert!((13..16).all(|n| paged[n] == usize::VACANT));
    }

    #[test]
    fn c8_no_page_moves() {
        let mut paged = Paged::<usize, 16>::new();
        fill(&mut paged, 0, 1);
        let first = core::ptr::from_ref(&paged[0]);
        fill(&mut paged, 1, 10_000);
        assert_eq!(core::ptr::from_ref(&paged[0]), first);
    }

    #[test]
    fn reserving_holds_for_what_it_was_asked() {
        for wanted in [0, 1, 15, 16, 17, 100] {
            let mut paged = Paged::<usize, 16>::new();
            paged.reserve(wanted);
            let capacity = paged.capacity();
            assert!((wanted..wanted + 16).contains(&capacity));
            fill(&mut paged, 0, wanted);
            assert_eq!(paged.capacity(), capacity, "what was reserved allocates nothing");
        }
    }

    #[test]
    fn c9_an_empty_page_is_kept_only_while_the_one_before_is_half_full() {
        let mut paged = Paged::<usize, 16>::new();
        let mut used = 33;
        fill(&mut paged, 0, used);
        for _ in 0..100 {
            (28..33).rev().for_each(|used| paged.gave_up(used));
            assert_eq!(paged.capacity(), 48, "the empty page is kept");
            fill(&mut paged, 28, 33);
            assert_eq!(paged.capacity(), 48, "no page comes or goes about a border");
        }
        while used > 0 {
            used -= 1;
            paged.gave_up(used);
            assert!(paged.capacity() <= used + 24);
        }
        paged.shrink_to(0);
        assert_eq!(paged.capacity(), 0);
    }
}
