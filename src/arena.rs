//! Places for timers: each has an index, a generation and, while its timer is armed, a value.
//!
//! Wheel and heap (the *owner*) keep two things of their own beside the value: a link, which says where the timer lies
//! in the owner's structure, and a datum. A place that is not armed is free, and its link leads to the next free one.
//!
//! An id is good only while its place is armed with the id's generation. So ids that have not been given out yet, and
//! those of other containers, find no place that is free. A place whose generations are used up is retired: never given
//! out again (C5).
//!
//! Places lie in pages, so that growing copies none of them (C8). A page without a timer can be given back wherever it
//! lies. The places that later take its indexes start above every generation that it had.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use crate::error::InsertError;
use crate::paged::SMALL;
use crate::timer::TimerId;

/// A link to no place.
const NOWHERE: u32 = u32::MAX;
/// The link of a retired place.
const RETIRED: u32 = u32::MAX - 1;
/// The most places of a page, and the fewest.
const PAGE_LENGTHS: (usize, usize) = if SMALL { (32, 8) } else { (512, 8) };
/// The size of a page, unless its values are so large that even the fewest places need more.
const PAGE_BYTES: usize = 16 * 1024;

/// The layout is fixed so that generation and link lie at one offset in both, and reading or writing them need not look
/// at the tag.
#[repr(u32)]
enum Place<M, T> {
    Free { generation: NonZeroU32, link: u32 },
    Armed { generation: NonZeroU32, link: u32, datum: M, value: T },
}

impl<M, T> Place<M, T> {
    #[inline]
    const fn generation(&self) -> NonZeroU32 {
        let (Self::Free { generation, .. } | Self::Armed { generation, .. }) = self;
        *generation
    }

    #[inline]
    const fn link(&self) -> u32 {
        let (Self::Free { link, .. } | Self::Armed { link, .. }) = self;
        *link
    }

    #[inline]
    const fn is_armed(&self) -> bool {
        matches!(self, Self::Armed { .. })
    }

    /// Takes the value out of an armed place, which becomes the free one before `free`, or is retired.
    #[inline]
    fn vacate(&mut self, free: u32, last_generation: u32) -> Option<T> {
        let generation = self.generation();
        let new = match generation.checked_add(1).filter(|next| next.get() <= last_generation) {
            Some(generation) => Self::Free { generation, link: free },
            None => Self::Free { generation, link: RETIRED },
        };
        match core::mem::replace(self, new) {
            Self::Armed { value, .. } => Some(value),
            Self::Free { .. } => None,
        }
    }
}

/// A page that was given back.
#[derive(Clone, Copy)]
struct GivenBack {
    page: usize,
    /// The generation at which its places start when it comes back.
    generation: NonZeroU32,
}

/// The places of one container.
pub(crate) struct Arena<M, T> {
    /// A page that was given back is empty.
    pages: Vec<Box<[Place<M, T>]>>,
    /// Those that may come back, the first of them last.
    given_back: Vec<GivenBack>,
    /// The free place that was given up last.
    free: u32,
    /// How many more timers may come.
    pub(crate) room: usize,
    max_live: usize,
    /// The most timers that the owner can have.
    capacity: usize,
    /// Places in pages that are there, and the retired ones among them.
    pub(crate) places: usize,
    retired: usize,
    /// The generation at which a page starts that is added at the end.
    first_generation: NonZeroU32,
    last_generation: u32,
}

impl<M: Copy, T> Arena<M, T> {
    /// Places in a page: a power of two.
    const PAGE: usize = {
        let (most, fewest) = PAGE_LENGTHS;
        let mut len = most;
        while len > fewest && len * size_of::<Place<M, T>>() > PAGE_BYTES {
            len /= 2;
        }
        len
    };
    /// As many whole pages as leave out the links that lead to no place.
    const MAX_PAGES: usize = RETIRED as usize / Self::PAGE;

    /// An empty arena for at most `capacity` timers.
    pub(crate) const fn new(capacity: usize) -> Self {
        let most = Self::MAX_PAGES * Self::PAGE;
        let capacity = if capacity < most { capacity } else { most };
        Self {
            pages: Vec::new(),
            given_back: Vec::new(),
            free: NOWHERE,
            room: capacity,
            max_live: capacity,
            capacity,
            places: 0,
            retired: 0,
            first_generation: NonZeroU32::MIN,
            last_generation: u32::MAX,
        }
    }

    /// An empty arena with the limits of this one.
    pub(crate) fn sibling(&self) -> Self {
        let (max_live, last_generation) = (self.max_live, self.last_generation);
        Self { max_live, room: max_live, last_generation, ..Self::new(self.capacity) }
    }

    /// Limits the timers, though never to fewer than there are.
    pub(crate) fn set_max_live(&mut self, max_live: usize) {
        let live = self.live();
        self.max_live = max_live.clamp(live, self.capacity);
        self.room = self.max_live - live;
    }

    /// Narrows generations to `last`, for tests of what happens when they are used up.
    #[cfg(test)]
    pub(crate) const fn set_last_generation(&mut self, last: u32) {
        self.last_generation = last;
    }

    /// How many timers are armed.
    #[inline]
    pub(crate) const fn live(&self) -> usize {
        self.max_live - self.room
    }

    pub(crate) const fn free_places(&self) -> usize {
        self.places - self.retired - self.live()
    }

    #[inline]
    fn place(&self, index: u32) -> Option<&Place<M, T>> {
        self.pages.get(index as usize / Self::PAGE)?.get(index as usize % Self::PAGE)
    }

    #[inline]
    fn place_mut(&mut self, index: u32) -> Option<&mut Place<M, T>> {
        self.pages.get_mut(index as usize / Self::PAGE)?.get_mut(index as usize % Self::PAGE)
    }

    /// Arms a timer if a place is at hand, or else gives the value back.
    #[inline]
    pub(crate) fn insert_at_hand(&mut self, link: u32, datum: M, value: T) -> Result<TimerId, T> {
        let (index, room) = (self.free, self.room);
        let Some(place) = self.place_mut(index).filter(|_| room > 0) else { return Err(value) };
        let (generation, next) = (place.generation(), place.link());
        *place = Place::Armed { generation, link, datum, value };
        (self.free, self.room) = (next, room - 1);
        Ok(TimerId::new(index, generation))
    }

    /// Arms a timer, on a new page if need be.
    #[inline]
    pub(crate) fn insert(&mut self, link: u32, datum: M, value: T) -> Result<TimerId, InsertError<T>> {
        self.insert_at_hand(link, datum, value).or_else(|value| self.insert_on_new_page(link, datum, value))
    }

    #[cold]
    #[inline(never)]
    fn insert_on_new_page(&mut self, link: u32, datum: M, value: T) -> Result<TimerId, InsertError<T>> {
        if self.room > 0 {
            self.grow();
        }
        let limit = self.live();
        self.insert_at_hand(link, datum, value).map_err(|value| InsertError::new(value, limit))
    }

    /// Adds a page of free places, if there may be more, and says whether it did.
    #[cold]
    #[inline(never)]
    pub(crate) fn grow(&mut self) -> bool {
        let GivenBack { page, generation } = match self.given_back.pop() {
            Some(given_back) => given_back,
            None if self.pages.len() < Self::MAX_PAGES => {
                self.pages.push(Box::default());
                GivenBack { page: self.pages.len() - 1, generation: self.first_generation }
            }
            None => return false,
        };
        let first = page * Self::PAGE;
        let link = |at| if at + 1 < Self::PAGE { (first + at + 1) as u32 } else { self.free };
        self.pages[page] = (0..Self::PAGE).map(|at| Place::Free { generation, link: link(at) }).collect();
        self.free = first as u32;
        self.places += Self::PAGE;
        true
    }

    /// The timer that `id` names, if it is armed: its link, its datum and its value.
    #[inline]
    pub(crate) fn find(&self, id: TimerId) -> Option<(u32, M, &T)> {
        match self.place(id.index())? {
            Place::Armed { generation, link, datum, value } if *generation == id.generation() => {
                Some((*link, *datum, value))
            }
            _ => None,
        }
    }

    /// As [`find`](Self::find), with the datum and the value to be changed.
    #[inline]
    pub(crate) fn find_mut(&mut self, id: TimerId) -> Option<(u32, &mut M, &mut T)> {
        match self.place_mut(id.index())? {
            Place::Armed { generation, link, datum, value } if *generation == id.generation() => {
                Some((*link, datum, value))
            }
            _ => None,
        }
    }

    /// The link and the datum of the place with this index, if it is armed.
    #[inline]
    pub(crate) fn armed(&self, index: u32) -> Option<(u32, M)> {
        match self.place(index)? {
            Place::Armed { link, datum, .. } => Some((*link, *datum)),
            Place::Free { .. } => None,
        }
    }

    /// The id of the timer with this index, if it is armed.
    pub(crate) fn id(&self, index: u32) -> Option<TimerId> {
        let place = self.place(index).filter(|place| place.is_armed())?;
        Some(TimerId::new(index, place.generation()))
    }

    /// Tells a timer that is armed where it lies now. Nothing is read of its place.
    #[inline]
    pub(crate) fn set_link(&mut self, index: u32, to: u32) {
        if let Some(Place::Free { link, .. } | Place::Armed { link, .. }) = self.place_mut(index) {
            *link = to;
        }
    }

    /// Takes the timer that `id` names: its link and its value.
    #[inline]
    pub(crate) fn remove(&mut self, id: TimerId) -> Option<(u32, T)> {
        let (_, link, value) = self.remove_if(id.index(), |it, _, _| it == id)?;
        Some((link, value))
    }

    /// Takes the timer with this index, if it is armed and `is_it` says so of its id, its link and its datum.
    #[inline]
    pub(crate) fn remove_if<F>(&mut self, index: u32, is_it: F) -> Option<(TimerId, u32, T)>
    where
        F: FnOnce(TimerId, u32, M) -> bool,
    {
        let (free, last) = (self.free, self.last_generation);
        let place = self.place_mut(index)?;
        let &mut Place::Armed { generation, link, datum, .. } = place else { return None };
        let id = TimerId::new(index, generation);
        if !is_it(id, link, datum) {
            return None;
        }
        let value = place.vacate(free, last)?;
        self.gave_up(id, last);
        Some((id, link, value))
    }

    /// Counts a timer out whose place was vacated.
    #[inline]
    fn gave_up(&mut self, id: TimerId, last_generation: u32) {
        self.room += 1;
        if id.generation().get() < last_generation {
            self.free = id.index();
        } else {
            self.retired += 1;
        }
    }

    /// Every armed timer: its id, link, datum and value.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (TimerId, u32, M, &T)> {
        let places = self.pages.iter().enumerate().flat_map(|(page, places)| {
            places.iter().enumerate().map(move |(at, place)| ((page * Self::PAGE + at) as u32, place))
        });
        places.filter_map(|(index, place)| match place {
            Place::Armed { generation, link, datum, value } => {
                Some((TimerId::new(index, *generation), *link, *datum, value))
            }
            Place::Free { .. } => None,
        })
    }

    /// Makes room for `additional` more timers, or as many as there may be, and says how many that is.
    ///
    /// # Panics
    ///
    /// If there is no limit and they are more than the arena can have.
    pub(crate) fn reserve(&mut self, additional: usize) -> usize {
        let is_limited = self.max_live < self.capacity;
        assert!(is_limited || additional <= self.room, "capacity overflow: there is no room for {additional} timers");
        let wanted = additional.min(self.room);
        let missing = wanted.saturating_sub(self.free_places()).div_ceil(Self::PAGE);
        self.pages.reserve(missing.saturating_sub(self.given_back.len()));
        while self.free_places() < wanted && self.grow() {}
        wanted
    }

    /// Takes every timer out. Their values are in what this gives back, and are to be dropped when the owner is in
    /// order too, since a drop may panic.
    #[must_use = "values are dropped last"]
    pub(crate) fn clear(&mut self) -> impl Sized + use<M, T> {
        let pages = self.give_back(|_| true);
        self.room = self.max_live;
        pages
    }

    /// Gives back every page without a timer, and links the free places that are left anew, the lowest first.
    pub(crate) fn shrink_to_fit(&mut self) {
        drop(self.give_back(|page| !page.iter().any(Place::is_armed)));
        self.given_back.shrink_to_fit();
        self.pages.shrink_to_fit();
    }

    /// Takes out the pages that `is_to_go` says are to go.
    fn give_back(&mut self, is_to_go: impl Fn(&[Place<M, T>]) -> bool) -> Vec<Box<[Place<M, T>]>> {
        let mut gone = Vec::new();
        for (number, page) in self.pages.iter_mut().enumerate() {
            if page.is_empty() || !is_to_go(page) {
                continue;
            }
            // What its places come back with is above all that they had.
            let next = page.iter().map(|place| (place.generation().get() - 1) + u32::from(place.has_been_out()));
            let last = next.max().unwrap_or(0);
            if last < self.last_generation {
                let generation = NonZeroU32::MIN.saturating_add(last);
                self.given_back.push(GivenBack { page: number, generation });
            }
            gone.push(core::mem::take(page));
        }
        self.given_back.sort_unstable_by_key(|given_back| core::cmp::Reverse(given_back.page));
        self.forget_the_end();
        self.link_free_places();
        gone
    }

    /// Forgets pages at the end that were given back: those that come there again start above all of them.
    fn forget_the_end(&mut self) {
        let is_at_end = |end: &usize, given_back: &GivenBack| given_back.page + 1 == *end;
        let mut end = self.pages.len();
        let mut forgotten = 0;
        for given_back in &self.given_back {
            if !is_at_end(&end, given_back) {
                break;
            }
            self.first_generation = self.first_generation.max(given_back.generation);
            end -= 1;
            forgotten += 1;
        }
        self.given_back.drain(..forgotten);
        self.pages.truncate(end);
    }

    /// Links the free places, the lowest first, and counts places.
    fn link_free_places(&mut self) {
        (self.free, self.places, self.retired) = (NOWHERE, 0, 0);
        for (number, page) in self.pages.iter_mut().enumerate().rev() {
            self.places += page.len();
            for (at, place) in page.iter_mut().enumerate().rev() {
                match place {
                    Place::Armed { .. } => {}
                    Place::Free { link: RETIRED, .. } => self.retired += 1,
                    Place::Free { link, .. } => {
                        *link = core::mem::replace(&mut self.free, (number * Self::PAGE + at) as u32)
                    }
                }
            }
        }
    }

    /// Checks that counts and links agree.
    ///
    /// # Panics
    ///
    /// If they do not.
    pub(crate) fn check(&self) {
        assert_eq!(self.iter().count(), self.live(), "the live places are counted");
        assert!(self.live() <= self.max_live, "no more live places than allowed");
        let places = || self.pages.iter().flat_map(|page| page.iter());
        assert_eq!(places().count(), self.places, "the places are counted");
        let retired = places().filter(|place| !place.is_armed() && place.link() == RETIRED).count();
        assert_eq!(retired, self.retired, "the retired places are counted");
        let (mut count, mut at) = (0, self.free);
        while at != NOWHERE {
            let place = self.place(at).expect("a free place is on a page that is there");
            assert!(!place.is_armed(), "a free place holds no value");
            assert!(place.generation().get() <= self.last_generation, "a free place has a generation left");
            (count, at) = (count + 1, place.link());
        }
        assert_eq!(count, self.free_places(), "every place is armed, free or retired");
        for page in &self.pages {
            assert!(page.is_empty() || page.len() == Self::PAGE, "a page is there or was given back");
        }
        assert!(self.given_back.is_sorted_by(|one, next| one.page > next.page), "the first page comes back first");
        let is_empty = |given_back: &GivenBack| self.pages.get(given_back.page).is_some_and(|page| page.is_empty());
        assert!(self.given_back.iter().all(is_empty), "a page that may come back is not there");
    }
}

impl<M, T> Place<M, T> {
    /// Whether the generation that the place has was given out: its timer is armed, or it is retired.
    const fn has_been_out(&self) -> bool {
        self.is_armed() || self.link() == RETIRED
    }
}

#[cfg(test)]
mod tests;
