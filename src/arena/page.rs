//! A page of places: what the arena asks of it, however heads and values lie in it.

use crate::head::{FREE, Head};

/// So many places, all there from the beginning: what one call may have to write when places run out (C8).
pub(crate) trait Page {
    /// What the owner keeps in each head.
    type Datum: Copy + Default;
    type Value;

    /// Places in a page, as a power of two.
    const BITS: u32;
    /// So many free places are to have room when a turn is done, in pages that have none from the beginning.
    const AHEAD: usize = 0;

    /// A page of free places from `first` on, each of which leads to the next and the last one to `next_free`.
    fn new(first: u32, generation: u32, next_free: u32) -> Self;

    fn head(&self, at: usize) -> &Head<Self::Datum>;

    fn head_mut(&mut self, at: usize) -> &mut Head<Self::Datum>;

    /// Every head, in order.
    fn heads(&self) -> impl Iterator<Item = &Head<Self::Datum>>;

    fn value(&self, at: usize) -> Option<&Self::Value>;

    fn value_mut(&mut self, at: usize) -> Option<&mut Self::Value>;

    /// Puts a value into a place that has none.
    fn put(&mut self, at: usize, value: Self::Value);

    /// Takes the value out of a place.
    fn take(&mut self, at: usize) -> Option<Self::Value>;

    // What follows is for pages that have no room for values from the beginning.

    /// Makes room for as many more values as there are places for.
    fn reserve(&mut self, _additional: usize) {}

    /// How many places have no room for a value yet.
    fn lacking(&self) -> usize {
        0
    }

    /// Makes room for the values of the first `places`, and writes it, so that they do not wait for memory.
    fn warm(&mut self, _places: usize) {}

    /// Gives back room for values that is not used.
    fn shrink_to_fit(&mut self) {}

    /// Whether every place may be given out, now or again.
    fn is_free(&self) -> bool {
        self.heads().all(|head| head.tag() == FREE && !head.is_retired())
    }
}

/// The head of the place at `at` in a new page of `1 << bits` places.
pub(super) fn new_head<M: Default>(at: usize, bits: u32, first: u32, generation: u32, next_free: u32) -> Head<M> {
    let link = if at + 1 < 1 << bits { first + at as u32 + 1 } else { next_free };
    Head::new(generation, FREE, link, M::default())
}
