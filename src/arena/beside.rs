//! Pages with each value beside its head.

use alloc::boxed::Box;

use super::page::{Page, new_head};
use crate::head::Head;
use crate::paged::{SMALL, boxed};

const BITS: u32 = if SMALL { 5 } else { 7 };
const PAGE: usize = 1 << BITS;

struct Place<M, T> {
    head: Head<M>,
    value: Option<T>,
}

/// Each place whole: its head, and room for its value.
pub(crate) struct Beside<M, T>(Box<[Place<M, T>; PAGE]>);

impl<M, T> Beside<M, T> {
    #[inline]
    fn place(&self, at: usize) -> &Place<M, T> {
        &self.0[at % PAGE]
    }

    #[inline]
    fn place_mut(&mut self, at: usize) -> &mut Place<M, T> {
        &mut self.0[at % PAGE]
    }
}

impl<M: Copy + Default, T> Page for Beside<M, T> {
    type Datum = M;
    type Value = T;

    const BITS: u32 = BITS;

    fn new(first: u32, generation: u32, next_free: u32) -> Self {
        Self(boxed(|at| Place { head: new_head(at, BITS, first, generation, next_free), value: None }))
    }

    #[inline]
    fn head(&self, at: usize) -> &Head<M> {
        &self.place(at).head
    }

    #[inline]
    fn head_mut(&mut self, at: usize) -> &mut Head<M> {
        &mut self.place_mut(at).head
    }

    fn heads(&self) -> impl Iterator<Item = &Head<M>> {
        self.0.iter().map(|place| &place.head)
    }

    #[inline]
    fn value(&self, at: usize) -> Option<&T> {
        self.place(at).value.as_ref()
    }

    #[inline]
    fn value_mut(&mut self, at: usize) -> Option<&mut T> {
        self.place_mut(at).value.as_mut()
    }

    #[inline]
    fn put(&mut self, at: usize, value: T) {
        self.place_mut(at).value = Some(value);
    }

    #[inline]
    fn take(&mut self, at: usize) -> Option<T> {
        self.place_mut(at).value.take()
    }
}
