//! Pages with the values apart from the heads.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::page::{Page, new_head};
use crate::head::Head;
use crate::paged::{SMALL, boxed};

const BITS: u32 = if SMALL { 7 } else { 9 };
const PAGE: usize = 1 << BITS;
/// Bytes of values that are written before they are needed, at most.
const WARM_BYTES: usize = 8192;

const fn min(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

/// Heads in one array, values in another.
///
/// Heads are all there from the beginning, so that no access to them checks how many there are. Values, which may be
/// large, come as they are needed.
pub(crate) struct Apart<M, T> {
    heads: Box<[Head<M>; PAGE]>,
    values: Vec<Option<T>>,
}

impl<M: Copy + Default, T> Page for Apart<M, T> {
    type Datum = M;
    type Value = T;

    const BITS: u32 = BITS;
    // One at least, however large values are.
    const AHEAD: usize = min(Self::WARM + 1, PAGE / 8);

    fn new(first: u32, generation: u32, next_free: u32) -> Self {
        Self { heads: boxed(|at| new_head(at, BITS, first, generation, next_free)), values: Vec::new() }
    }

    #[inline]
    fn head(&self, at: usize) -> &Head<M> {
        &self.heads[at % PAGE]
    }

    #[inline]
    fn head_mut(&mut self, at: usize) -> &mut Head<M> {
        &mut self.heads[at % PAGE]
    }

    fn heads(&self) -> impl Iterator<Item = &Head<M>> {
        self.heads.iter()
    }

    #[inline]
    fn value(&self, at: usize) -> Option<&T> {
        self.values.get(at)?.as_ref()
    }

    #[inline]
    fn value_mut(&mut self, at: usize) -> Option<&mut T> {
        self.values.get_mut(at)?.as_mut()
    }

    #[inline]
    fn put(&mut self, at: usize, value: T) {
        match self.values.get_mut(at) {
            Some(room) => *room = Some(value),
            None => self.put_behind(at, value),
        }
    }

    #[inline]
    fn take(&mut self, at: usize) -> Option<T> {
        self.values.get_mut(at)?.take()
    }

    fn reserve(&mut self, additional: usize) {
        self.values.reserve_exact(additional.min(PAGE - self.values.len()));
    }

    fn lacking(&self) -> usize {
        PAGE.saturating_sub(self.room())
    }

    fn warm(&mut self, places: usize) {
        self.values.reserve_exact(places - self.values.len());
        self.values.resize_with(min(places, Self::WARM).max(self.values.len()), || None);
    }

    fn shrink_to_fit(&mut self) {
        let used = self.values.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        self.values.truncate(used);
        self.values.shrink_to_fit();
    }
}

impl<M, T> Apart<M, T> {
    /// Values that are written before they are needed, at most.
    const WARM: usize = if size_of::<T>() == 0 { PAGE } else { min(WARM_BYTES / size_of::<Option<T>>(), PAGE) };

    /// How many places have room that was written before, or need not be.
    fn room(&self) -> usize {
        if self.values.len() < Self::WARM { self.values.len() } else { self.values.capacity() }
    }

    /// Puts a value behind all others, as most are that come to a new page.
    #[inline]
    fn put_behind(&mut self, at: usize, value: T) {
        if self.values.len() < at {
            self.values.resize_with(at, || None);
        }
        self.values.push(Some(value));
    }
}
