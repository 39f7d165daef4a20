//! A vector that grows by pages, so that no push ever copies all that is there (C8).
//!
//! The first page grows by doubling, as a `Vec` does, so that few elements take little room; each further page is
//! allocated whole and filled one element at a time. A push therefore moves at most half a page, and beside it the table
//! of pages, 24 bytes for each page.

use alloc::vec::Vec;
use core::ops::{Index, IndexMut};

/// A vector in pages of `2^BITS` elements.
pub(crate) struct Paged<X, const BITS: u32> {
    pages: Vec<Vec<X>>,
}

impl<X, const BITS: u32> Paged<X, BITS> {
    const PAGE: usize = 1 << BITS;

    pub(crate) const fn new() -> Self {
        Self { pages: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        match self.pages.last() {
            Some(last) => (self.pages.len() - 1) * Self::PAGE + last.len(),
            None => 0,
        }
    }

    pub(crate) fn push(&mut self, element: X) {
        match self.pages.last_mut() {
            Some(last) if last.len() < Self::PAGE => last.push(element),
            _ => self.push_on_new_page(element),
        }
    }

    #[cold]
    fn push_on_new_page(&mut self, element: X) {
        // Only the first page is small to begin with.
        let mut page = if self.pages.is_empty() { Vec::new() } else { Vec::with_capacity(Self::PAGE) };
        page.push(element);
        self.pages.push(page);
    }

    pub(crate) fn pop(&mut self) -> Option<X> {
        let last = self.pages.last_mut()?;
        let element = last.pop();
        if last.is_empty() {
            self.pages.pop();
        }
        element
    }

    /// Makes room for `additional` more elements.
    pub(crate) fn reserve(&mut self, additional: usize) {
        let wanted = self.len() + additional;
        let pages = wanted.div_ceil(Self::PAGE);
        self.pages.reserve(pages.saturating_sub(self.pages.len()));
        if self.pages.len() <= 1 {
            if self.pages.is_empty() {
                self.pages.push(Vec::new());
            }
            let first = &mut self.pages[0];
            first.reserve(wanted.min(Self::PAGE) - first.len());
        }
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        if let Some(last) = self.pages.last_mut() {
            last.shrink_to_fit();
        }
        self.pages.shrink_to_fit();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &X> {
        self.pages.iter().flatten()
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
    use super::Paged;

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
            (0..reserved).for_each(|n| paged.push(n));
            assert_eq!(paged.len(), reserved + 1);
        }
    }
}
