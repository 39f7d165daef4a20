//! Places for timers: an index and a generation each, and room for a value.
//!
//! What a timer's *owner* (wheel or heap) writes often is its [`Head`]: a link, a datum of the owner's choice, and a
//! word that holds the place's generation and a tag of the owner's. Where the value lies is the owner's choice too:
//! [`Apart`] from the head, so that the heads that are reset at random take few cache lines, or [`Beside`] it, so that
//! a timer that comes or goes takes one.
//!
//! A place goes through: `insert` (the generation is even so good as an id), `take` (the value leaves; the generation
//! moves on, so that every id given out for it is stale from here), `release` (the place may be given out again).
//! Between the last two the owner may keep the place as long as something still refers to its index. A place whose last
//! generation is used up is retired: never given out again (C5).

use alloc::vec::Vec;

pub(crate) use self::apart::Apart;
pub(crate) use self::beside::Beside;
pub(crate) use self::page::Page;
use crate::error::InsertError;
use crate::head::{FREE, Head, LAST_GENERATION};
use crate::timer::TimerId;

/// A link to nowhere. No place has this index.
const NOWHERE: u32 = u32::MAX;

/// What becomes of a place whose value has left.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parting {
    /// It is released.
    Release,
    /// It stays in use, under this tag.
    Keep(u8),
}

/// The places of one container. They are allotted by pages, so that growing never copies more than a page (C8).
pub(crate) struct Arena<P> {
    pages: Vec<P>,
    /// The next page, as long as there is no room for its values.
    coming: Option<P>,
    /// Whether the last page came without room for all of its values.
    came_cold: bool,
    /// The free place that was released last.
    free: u32,
    /// Places with a value.
    live: usize,
    /// Places without a value that the owner keeps.
    kept: usize,
    max_live: usize,
    /// The generation of a place that is new. Above 1 only where shrinking gave places back.
    first_generation: u32,
    last_generation: u32,
    retired: usize,
}

impl<P: Page> Arena<P> {
    /// How many places there can be at the most: as many whole pages as leave out `NOWHERE`.
    const CAPACITY: usize = (NOWHERE as usize >> P::BITS) << P::BITS;

    pub(crate) const fn new() -> Self {
        Self {
            pages: Vec::new(),
            coming: None,
            came_cold: false,
            free: NOWHERE,
            live: 0,
            kept: 0,
            max_live: Self::CAPACITY,
            first_generation: 1,
            last_generation: LAST_GENERATION,
            retired: 0,
        }
    }

    /// An empty arena with the limits of this one.
    pub(crate) fn sibling(&self) -> Self {
        Self { max_live: self.max_live, last_generation: self.last_generation, ..Self::new() }
    }

    pub(crate) const fn set_max_live(&mut self, max_live: usize) {
        self.max_live = if max_live < Self::CAPACITY { max_live } else { Self::CAPACITY };
    }

    /// Narrows generations to `last`, for tests of what happens when they are used up.
    #[cfg(test)]
    pub(crate) const fn set_last_generation(&mut self, last: u32) {
        self.last_generation = last;
    }

    /// Places that hold a value.
    pub(crate) const fn live(&self) -> usize {
        self.live
    }

    /// Places in use: with a value, or kept by the owner after it left.
    pub(crate) const fn in_use(&self) -> usize {
        self.live + self.kept
    }

    /// Free places, without those of the page to come.
    #[inline]
    fn free_places(&self) -> usize {
        self.places() - self.in_use() - self.retired
    }

    /// How many places there are.
    pub(crate) fn places(&self) -> usize {
        self.pages.len() << P::BITS
    }

    /// How many places there will be with the next page.
    pub(crate) fn next_places(&self) -> usize {
        self.places() + (1 << P::BITS)
    }

    /// Whether the next place that is given out is on a new page.
    #[inline]
    pub(crate) const fn is_full(&self) -> bool {
        self.free == NOWHERE
    }

    /// Which page a place is on, and which of its places it is.
    #[inline]
    fn locate(index: u32) -> (usize, usize) {
        (index as usize >> P::BITS, index as usize & ((1 << P::BITS) - 1))
    }

    /// Gives a place to `value`.
    #[inline]
    pub(crate) fn insert(
        &mut self,
        value: P::Value,
        tag: u8,
        link: u32,
        datum: P::Datum,
    ) -> Result<TimerId, InsertError<P::Value>> {
        if self.live >= self.max_live || !self.has_free_place() {
            return Err(InsertError::new(value, self.max_live.min(self.live)));
        }
        let index = self.free;
        let (page, at) = Self::locate(index);
        let page = &mut self.pages[page];
        let head = page.head_mut(at);
        let next_free = head.occupy(tag, link, datum);
        let id = head.id(index);
        page.put(at, value);
        self.free = next_free;
        self.live += 1;
        Ok(id)
    }

    /// Gives out a place without a value, which no id will name; `None` if there are no more.
    pub(crate) fn allot(&mut self, tag: u8, link: u32, datum: P::Datum) -> Option<u32> {
        if !self.has_free_place() {
            return None;
        }
        let index = self.free;
        self.free = self.head_mut(index).occupy(tag, link, datum);
        self.kept += 1;
        Some(index)
    }

    /// Whether there is a free place, if need be on a new page.
    #[inline]
    fn has_free_place(&mut self) -> bool {
        !self.is_full() || self.add_page()
    }

    #[cold]
    #[inline(never)]
    fn add_page(&mut self) -> bool {
        let has_room = self.places() < Self::CAPACITY;
        if has_room {
            let mut page = self.coming.take().unwrap_or_else(|| self.new_page());
            // The first page's room grows with what it holds. Who needs another one will fill it.
            if !self.pages.is_empty() {
                page.reserve(1 << P::BITS);
            }
            self.append(page);
            self.came_cold = true;
        }
        has_room
    }

    /// The page that comes next.
    fn new_page(&self) -> P {
        P::new(self.places() as u32, self.first_generation, NOWHERE)
    }

    /// Adds the page that comes next. Its places are given out first.
    fn append(&mut self, mut page: P) {
        let first = self.places();
        page.head_mut((1 << P::BITS) - 1).link = self.free;
        self.pages.push(page);
        self.free = first as u32;
    }

    /// Whether fewer than `least` places are free, or only few of them have room for a value.
    #[inline]
    pub(crate) fn is_short_of(&self, least: usize) -> bool {
        self.free_places() < least || self.is_cold()
    }

    #[inline]
    fn is_cold(&self) -> bool {
        let lacking = if self.came_cold { self.pages.last().map_or(0, P::lacking) } else { 0 };
        lacking > 0 && self.free_places() < lacking + P::AHEAD
    }

    /// Takes a step to more free places, so that whoever comes upon them does not wait for memory: to room on the last
    /// page, or to the next page, which takes two.
    pub(crate) fn restock(&mut self) {
        let whole = 1 << P::BITS;
        if self.is_cold() {
            // Twice the room at least: values are copied a few times at the most until the page is full.
            let page = self.pages.last_mut().expect("it is cold");
            let room = whole - page.lacking();
            page.warm(whole.min(room + room.max(P::AHEAD)));
        } else if let Some(mut page) = self.coming.take() {
            page.warm(whole);
            self.append(page);
            self.came_cold = false;
        } else if self.places() < Self::CAPACITY {
            self.coming = Some(self.new_page());
            self.pages.reserve(1);
        }
    }

    /// The id of the timer at `index`, which holds a value.
    pub(crate) fn id(&self, index: u32) -> TimerId {
        self.head(index).id(index)
    }

    /// The index of the timer that `id` names, if it is still there.
    #[inline]
    pub(crate) fn find(&self, id: TimerId) -> Option<u32> {
        // Generations move on when the value leaves, so an equal one means that it is there.
        let (page, at) = Self::locate(id.index());
        let head = self.pages.get(page)?.head(at);
        (head.generation() == id.generation().get()).then_some(id.index())
    }

    /// The head of the timer that `id` names, if it is still there.
    #[inline]
    pub(crate) fn find_mut(&mut self, id: TimerId) -> Option<&mut Head<P::Datum>> {
        let (page, at) = Self::locate(id.index());
        let head = self.pages.get_mut(page)?.head_mut(at);
        (head.generation() == id.generation().get()).then_some(head)
    }

    #[inline]
    pub(crate) fn head(&self, index: u32) -> &Head<P::Datum> {
        let (page, at) = Self::locate(index);
        self.pages[page].head(at)
    }

    #[inline]
    pub(crate) fn head_mut(&mut self, index: u32) -> &mut Head<P::Datum> {
        let (page, at) = Self::locate(index);
        self.pages[page].head_mut(at)
    }

    /// Whether the place holds a value; looks at its head too, so that both are at hand afterwards.
    #[inline]
    pub(crate) fn is_live(&self, index: u32) -> bool {
        let (page, at) = Self::locate(index);
        let page = &self.pages[page];
        (page.head(at).tag() != FREE) & page.value(at).is_some()
    }

    #[inline]
    pub(crate) fn value(&self, index: u32) -> Option<&P::Value> {
        let (page, at) = Self::locate(index);
        self.pages[page].value(at)
    }

    #[inline]
    pub(crate) fn value_mut(&mut self, index: u32) -> Option<&mut P::Value> {
        let (page, at) = Self::locate(index);
        self.pages[page].value_mut(at)
    }

    /// Takes the value out of its place, whose ids are stale from now on: gives the one that was good, and the value.
    /// The place stays in use until it is released.
    #[inline]
    pub(crate) fn take(&mut self, index: u32) -> Option<(TimerId, P::Value)> {
        let (page, at) = Self::locate(index);
        let page = &mut self.pages[page];
        let value = page.take(at)?;
        let head = page.head_mut(at);
        let id = head.id(index);
        head.age(self.last_generation);
        self.live -= 1;
        self.kept += 1;
        Some((id, value))
    }

    /// Takes the value of the timer that `id` names, if it is still there. `part` is shown the head, and says what
    /// becomes of the place.
    #[inline]
    pub(crate) fn take_by_id(
        &mut self,
        id: TimerId,
        part: impl FnOnce(&Head<P::Datum>) -> Parting,
    ) -> Option<P::Value> {
        let (page, at) = Self::locate(id.index());
        let page = self.pages.get_mut(page)?;
        if page.head(at).generation() != id.generation().get() {
            return None;
        }
        let value = page.take(at)?;
        self.live -= 1;
        let head = page.head_mut(at);
        match part(head) {
            Parting::Release => {
                let may_return = head.leave(self.last_generation, self.free);
                self.left(id.index(), may_return);
            }
            Parting::Keep(tag) => {
                head.age(self.last_generation);
                head.set_tag(tag);
                self.kept += 1;
            }
        }
        Some(value)
    }

    /// Takes the value out of its place and releases that, at once, if `is_it` says so of the head.
    #[inline]
    pub(crate) fn remove_if(
        &mut self,
        index: u32,
        is_it: impl FnOnce(&Head<P::Datum>) -> bool,
    ) -> Option<(TimerId, P::Value)> {
        let (page, at) = Self::locate(index);
        let page = &mut self.pages[page];
        let head = page.head(at);
        if !is_it(head) {
            return None;
        }
        let id = head.id(index);
        let value = page.take(at)?;
        self.live -= 1;
        let may_return = page.head_mut(at).leave(self.last_generation, self.free);
        self.left(index, may_return);
        Some((id, value))
    }

    /// Notes that a place was given up: it is the first free one, or retired if its generations are used up.
    #[inline]
    const fn left(&mut self, index: u32, may_return: bool) {
        if may_return {
            self.free = index;
        } else {
            self.retired += 1;
        }
    }

    /// Lets a place without a value be given out again, unless its generations are used up.
    #[inline]
    pub(crate) fn release(&mut self, index: u32) {
        debug_assert!(self.value(index).is_none(), "a place is released after its value has left");
        let free = self.free;
        let head = self.head_mut(index);
        debug_assert!(head.tag() != FREE, "a place is released once");
        let may_return = head.vacate(free);
        self.left(index, may_return);
        self.kept -= 1;
    }

    /// Visits every place that holds a value.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(u32, &Head<P::Datum>, &P::Value)) {
        for (index, head) in self.heads() {
            if let Some(value) = self.value(index) {
                visit(index, head, value);
            }
        }
    }

    /// Every place, with its head.
    pub(crate) fn heads(&self) -> impl Iterator<Item = (u32, &Head<P::Datum>)> {
        (0..).zip(self.pages.iter().flat_map(P::heads))
    }

    /// Drops every value and frees every place.
    pub(crate) fn clear(&mut self) {
        for index in 0..self.places() as u32 {
            // The value is dropped after its place is in order: a drop that panics leaves nothing half done.
            let value = self.take(index).map(|(_, value)| value);
            if self.head(index).tag() != FREE {
                self.release(index);
            }
            drop(value);
        }
    }

    /// Makes room for `additional` more values.
    pub(crate) fn reserve(&mut self, additional: usize) {
        let free = self.free_places();
        for page in &mut self.pages {
            page.reserve(additional);
        }
        let mut missing = additional.saturating_sub(free);
        self.pages.reserve(missing.div_ceil(1 << P::BITS));
        while missing > 0 && self.add_page() {
            let page = self.pages.last_mut().expect("it was added");
            page.reserve(missing);
            missing = missing.saturating_sub(1 << P::BITS);
        }
    }

    /// Gives back the free pages at the end, and room for values that is not used. The generations of places that are
    /// given back are not forgotten: whatever is given out there again starts above all of them.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.coming = None;
        self.came_cold = true;
        while let Some(last) = self.pages.last().filter(|page| page.is_free()) {
            let greatest = last.heads().map(Head::generation).max();
            self.first_generation = self.first_generation.max(greatest.unwrap_or(0));
            self.pages.pop();
        }
        self.pages.iter_mut().for_each(P::shrink_to_fit);
        self.pages.shrink_to_fit();
        self.relink_free_places();
    }

    /// Links the free places anew, the lowest first.
    fn relink_free_places(&mut self) {
        self.free = NOWHERE;
        for index in (0..self.places() as u32).rev() {
            let free = self.free;
            let head = self.head_mut(index);
            if head.tag() == FREE && !head.is_retired() {
                head.link = free;
                self.free = index;
            }
        }
    }

    /// Checks that counts and links agree.
    ///
    /// # Panics
    ///
    /// If they do not.
    pub(crate) fn check(&self) {
        let with_value = self.heads().filter(|(index, _)| self.value(*index).is_some());
        assert_eq!(with_value.count(), self.live, "the live places are counted");
        assert!(self.live <= self.max_live, "no more live places than allowed");

        let mut free_count = 0;
        let mut at = self.free;
        while at != NOWHERE {
            let head = self.head(at);
            assert_eq!(head.tag(), FREE, "a free place is tagged so");
            assert!(!head.is_retired(), "a retired place is not free");
            assert!(self.value(at).is_none(), "a free place holds no value");
            free_count += 1;
            at = head.link;
        }
        assert_eq!(self.in_use() + free_count + self.retired, self.places(), "the places in use are counted");
        let unused = self.heads().filter(|(_, head)| head.tag() == FREE).count();
        assert_eq!(unused, free_count + self.retired, "a place that is not in use is free or retired");
    }
}

mod apart;
mod beside;
mod page;
#[cfg(test)]
mod tests;
