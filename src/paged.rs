//! A vector that grows by pages, so that no push ever copies all that is there (C8).
//!
//! The first page grows by a quarter at a time, so that few elements take little room; each further page is allocated
//! whole and filled one element at a time. A push therefore moves at most a page, and beside it the table of pages, 24
//! bytes for each page.
//!
//! A page that has run empty is kept until the one before it is half empty, so that pushes and pops about the border of
//! two pages do not allocate each time.

use alloc::vec::Vec;
use core::ops::{Index, IndexMut};

/// A vector in pages of `2^BITS` elements.
pub(crate) struct Paged<X, const BITS: u32> {
    /// Full pages, then the one that is being filled, then empty ones with their room.
    pages: Vec<Vec<X>>,
    len: usize,
}

impl<X, const BITS: u32> Paged<X, BITS> {
    const PAGE: usize = 1 << BITS;

    pub(crate) const fn new() -> Self {
        Self { pages: Vec::new(), len: 0 }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&X> {
        self.pages.get(index >> BITS)?.get(index & (Self::PAGE - 1))
    }

    #[inline]
    pub(crate) fn push(&mut self, element: X) {
        match self.pages.get_mut(self.len >> BITS) {
            Some(page) => {
                make_room(page, Self::PAGE);
                page.push(element);
            }
            None => self.push_on_new_page(element),
        }
        self.len += 1;
    }

    #[cold]
    fn push_on_new_page(&mut self, element: X) {
        // Only the first page is small to begin with.
        let mut page = if self.pages.is_empty() { Vec::new() } else { Vec::with_capacity(Self::PAGE) };
        page.push(element);
        self.pages.push(page);
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<X> {
        let last = self.len.checked_sub(1)?;
        let page = last >> BITS;
        let element = self.pages[page].pop();
        self.len = last;
        // One page a call, however many were reserved: no pop does more than its share.
        if self.pages.len() > page + 1 && self.pages[page].len() < Self::PAGE / 2 {
            self.pages.pop();
        }
        element
    }

    /// Makes room for `additional` more elements, so that pushing them allocates nothing.
    pub(crate) fn reserve(&mut self, additional: usize) {
        let wanted = self.len.checked_add(additional).expect("more elements than memory can hold");
        self.pages.reserve(wanted.div_ceil(Self::PAGE).saturating_sub(self.pages.len()));
        let filling = self.len >> BITS;
        if filling == self.pages.len() && wanted > self.len {
            self.pages.push(Vec::new());
        }
        if let Some(page) = self.pages.get_mut(filling) {
            page.reserve_exact((wanted - (filling << BITS)).min(Self::PAGE) - page.len());
        }
        while self.pages.len() << BITS < wanted {
            self.pages.push(Vec::with_capacity(Self::PAGE));
        }
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.pages.truncate(self.len.div_ceil(Self::PAGE));
        if let Some(last) = self.pages.last_mut() {
            last.shrink_to_fit();
        }
        self.pages.shrink_to_fit();
    }

    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &X> {
        self.pages.iter().flatten()
    }
}

/// Makes room for one more element in a page that is not full, and for a quarter of those that are there.
#[inline]
fn make_room<X>(page: &mut Vec<X>, page_size: usize) {
    let len = page.len();
    if len == page.capacity() {
        page.reserve_exact((len / 4).max(8).min(page_size - len));
    }
}

impl<X, const BITS: u32> Index<usize> for Paged<X, BITS> {
    type Output = X;

    #[inline]
    fn index(&self, index: usize) -> &X {
        &self.pages[index >> BITS][index & (Self::PAGE - 1)]
    }
}

impl<X, const BITS: u32> IndexMut<usize> for Paged<X, BITS> {
    #[inline]
    fn index_mut(&mut self, index: usize) -> &mut X {
        &mut self.pages[index >> BITS][index & (Self::PAGE - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::{Paged, Vec};

    #[test]
    fn pushes_and_pops_across_pages() {
        let mut paged = Paged::<usize, 2>::new();
        for n in 0..13 {
            assert_eq!(paged.len(), n);
            paged.push(n);
            assert_eq!(paged[n], n);
        }
        assert!(paged.iter().copied().eq(0..13));
        for n in (0..13).rev() {
            assert_eq!(paged.pop(), Some(n));
            assert_eq!(paged.len(), n);
        }
        assert_eq!(paged.pop(), None);
    }

    #[test]
    fn c8_no_page_moves_once_it_is_whole() {
        let mut paged = Paged::<usize, 4>::new();
        (0..16).for_each(|n| paged.push(n));
        let first = core::ptr::from_ref(&paged[0]);
        (16..10_000).for_each(|n| paged.push(n));
        assert_eq!(core::ptr::from_ref(&paged[0]), first);
    }

    #[test]
    fn reserving_holds_for_what_it_was_asked() {
        for reserved in [0, 1, 15, 16, 17, 100] {
            let mut paged = Paged::<usize, 4>::new();
            paged.push(0);
            paged.reserve(reserved);
            let room = capacity(&paged);
            assert!(room > reserved);
            (0..reserved).for_each(|n| paged.push(n));
            assert_eq!(paged.len(), reserved + 1);
            assert_eq!(capacity(&paged), room, "what was reserved allocates nothing");
        }
    }

    #[test]
    fn c9_an_empty_page_is_kept_only_while_the_one_before_is_half_full() {
        let mut paged = Paged::<usize, 4>::new();
        (0..33).for_each(|n| paged.push(n));
        for _ in 0..100 {
            (0..5).for_each(|_| assert!(paged.pop().is_some()));
            assert_eq!(paged.pages.len(), 3, "the empty page is kept");
            (0..5).for_each(|n| paged.push(n));
            assert_eq!(paged.pages.len(), 3, "no page comes or goes about a border");
        }
        while paged.len() > 0 {
            paged.pop();
            assert!(capacity(&paged) <= 2 * paged.len() + 16);
        }
        assert_eq!(paged.get(0), None);
        paged.shrink_to_fit();
        assert_eq!(capacity(&paged), 0);
    }

    fn capacity<const BITS: u32>(paged: &Paged<usize, BITS>) -> usize {
        paged.pages.iter().map(Vec::capacity).sum()
    }
}
