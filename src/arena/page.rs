//! A page of places. Its size is what one call may have to write when places run out (C8).

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::head::{FREE, Head};
use crate::paged::{SMALL, boxed};

/// Places in a page, as a power of two. The heads of a page are written when it comes, by one call.
pub(super) const PAGE_BITS: u32 = if SMALL { 7 } else { 9 };
pub(super) const PAGE: usize = 1 << PAGE_BITS;
/// Words of marks in a page.
const MARK_WORDS: usize = PAGE / 64;

/// Places `n << PAGE_BITS` and on: heads, values and marks apart, but found together.
///
/// Heads and marks are all there from the beginning, so that no access to them checks how many there are. Values, which
/// may be large, are as many as were needed so far.
pub(super) struct Page<M, T> {
    pub(super) heads: Box<[Head<M>; PAGE]>,
    pub(super) values: Vec<Option<T>>,
    /// A bit for each place: the owner's mark. The bits of a million places fit into a core's cache; their heads do
    /// not.
    pub(super) marks: Box<[u64; MARK_WORDS]>,
}

impl<M: Copy + Default, T> Page<M, T> {
    /// A page of free places from `first` on, each of which leads to the next and the last one to `next_free`.
    pub(super) fn new(first: u32, generation: u32, next_free: u32) -> Self {
        let link = |at| if at + 1 < PAGE { first + at as u32 + 1 } else { next_free };
        Self {
            heads: boxed(|at| Head::new(generation, FREE, link(at), M::default())),
            values: Vec::new(),
            marks: Box::new([0; MARK_WORDS]),
        }
    }

    /// Puts a value into a place that has none.
    #[inline]
    pub(super) fn put(&mut self, at: usize, value: T) {
        match self.values.get_mut(at) {
            Some(room) => *room = Some(value),
            None => self.put_behind(at, value),
        }
    }

    /// Puts a value behind all others, as most are that come to a new page.
    #[inline]
    fn put_behind(&mut self, at: usize, value: T) {
        if self.values.len() < at {
            self.values.resize_with(at, || None);
        }
        self.values.push(Some(value));
    }

    /// Makes room for as many more values as there are places for.
    pub(super) fn reserve(&mut self, additional: usize) {
        self.values.reserve_exact(additional.min(PAGE - self.values.len()));
    }

    /// Gives back room for values behind the last one.
    pub(super) fn shrink_to_fit(&mut self) {
        let used = self.values.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        self.values.truncate(used);
        self.values.shrink_to_fit();
    }

    /// Whether every place may be given out, now or again.
    pub(super) fn is_free(&self) -> bool {
        self.heads.iter().all(|head| head.tag() == FREE && !head.is_retired())
    }

    /// The word that has the mark of the place at `at`, and its bit there.
    #[inline]
    pub(super) const fn mark(at: usize) -> (usize, u64) {
        (at / 64 % MARK_WORDS, 1 << (at % 64))
    }

    #[inline]
    pub(super) fn is_marked(&self, at: usize) -> bool {
        let (word, bit) = Self::mark(at);
        self.marks[word] & bit != 0
    }

    /// Every place: its head, and its value if it holds one.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Head<M>, Option<&T>)> {
        self.heads.iter().zip(self.values.iter().map(Option::as_ref).chain(core::iter::repeat(None)))
    }
}
