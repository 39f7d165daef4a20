//! One level of the wheel: two turns of its ring of slots, and a bitmap of those that hold something.

use alloc::vec::Vec;
use core::marker::PhantomData;

use super::bitmap::{self, Bitmap};
use super::chunk::{Batch, Chunks, Entry};
use super::geometry::{Geometry, double_slots, shift};
use super::run::Run;

/// A slot with more entries than this is crowded: it does not come down in one go.
const CROWD: u32 = 64;

/// How many slots are prepared at a time.
const PREPARED: usize = 128;

/// What is filed for one span of ticks.
#[derive(Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) run: Run,
    /// The least tick (its low half) that was filed here since the slot was last empty: that of a lone entry.
    least: u32,
    count: u32,
}

impl Slot {
    const EMPTY: Self = Self { run: Run::EMPTY, least: 0, count: 0 };

    /// Entries in the slot.
    pub(crate) const fn count(&self) -> u32 {
        self.count
    }

    /// The entries in order; the flag says which came from above.
    pub(crate) fn entries<'a>(&self, chunks: &'a Chunks) -> impl Iterator<Item = (Entry, bool)> + use<'a> {
        self.run.iter(chunks, self.least)
    }

    /// Adds an entry to one or more.
    #[inline]
    fn join(&mut self, chunks: &mut Chunks, entry: Entry, from_above: bool) {
        let least = self.least;
        // Within a slot ticks differ by less than 2^31, so the sign tells which is the lesser.
        let is_lesser = (entry.expiry.wrapping_sub(least) as i32) < 0;
        self.least = if is_lesser { entry.expiry } else { least };
        self.count += 1;
        if from_above {
            self.run.push_above(chunks, least, entry);
        } else {
            self.run.push(chunks, least, entry);
        }
    }
}

/// One of the five levels.
pub(crate) struct Level<G> {
    /// Allocated when the first timer comes, as most wheels never use the upper levels, and written as far as needed.
    slots: Vec<Slot>,
    /// The slots with entries.
    occupied: Bitmap,
    /// The slots that have been crowded since they were last empty.
    crowded: Bitmap,
    number: usize,
    /// How many ticks a slot spans, as a power of two.
    shift: u32,
    /// What a slot's number in the two turns is masked with.
    mask: usize,
    geometry: PhantomData<G>,
}

impl<G: Geometry> Level<G> {
    pub(crate) const fn new(number: usize) -> Self {
        assert!(double_slots::<G>(number) <= bitmap::CAPACITY, "the bitmap has a bit for each slot");
        let (shift, mask) = (shift::<G>(number), double_slots::<G>(number) - 1);
        Self {
            slots: Vec::new(),
            occupied: Bitmap::EMPTY,
            crowded: Bitmap::EMPTY,
            number,
            shift,
            mask,
            geometry: PhantomData,
        }
    }

    /// The slot of a tick, by its number in the two turns.
    #[inline]
    pub(crate) const fn index(&self, tick: u64) -> usize {
        (tick >> self.shift) as usize & self.mask
    }

    /// As [`index`](Self::index), in tv1.
    #[inline]
    const fn index_in_tv1(&self, tick: u64) -> usize {
        debug_assert!(self.number == 0, "a slot is one tick wide in tv1 alone");
        tick as usize & (double_slots::<G>(0) - 1)
    }

    /// Makes slots up to the one with this number and some more, so that no one call has to write all of tv1's.
    #[cold]
    #[inline(never)]
    fn prepare(&mut self, index: usize) {
        let wanted = (index + 1).next_multiple_of(PREPARED).min(self.mask + 1);
        self.slots.reserve_exact(wanted - self.slots.len());
        self.slots.resize(wanted, Slot::EMPTY);
    }

    /// Makes the first slots.
    pub(crate) fn prepare_some(&mut self) {
        self.prepare(PREPARED - 1);
    }

    /// Files an entry for `tick`: straight into its slot, or as one that comes from the level above.
    #[inline]
    pub(crate) fn push(&mut self, chunks: &mut Chunks, tick: u64, place: u32, from_above: bool) {
        let index = self.index(tick);
        let entry = Entry { expiry: tick as u32, place };
        if index >= self.slots.len() {
            self.prepare(index);
        }
        let slot = &mut self.slots[index];
        if slot.count == 0 {
            *slot = Slot { run: Run::lone(place, from_above), least: entry.expiry, count: 1 };
            self.occupied.insert(index);
            return;
        }
        slot.join(chunks, entry, from_above);
        if slot.count == CROWD + 1 {
            self.crowded.insert(index);
        }
    }

    /// Whether the slot that holds `tick` has entries.
    #[inline]
    pub(crate) fn holds(&self, tick: u64) -> bool {
        self.occupied.contains(self.index(tick))
    }

    /// As [`holds`](Self::holds), in tv1.
    #[inline]
    pub(crate) fn holds_in_tv1(&self, tick: u64) -> bool {
        self.occupied.contains(self.index_in_tv1(tick))
    }

    /// The slot that holds `tick`, if it has entries.
    #[inline]
    pub(crate) fn slot(&self, tick: u64) -> Option<&Slot> {
        self.holds(tick).then(|| &self.slots[self.index(tick)])
    }

    /// Takes the last entry of the slot that holds `tick` if it is the one of this place, and says whether it was.
    #[inline]
    pub(crate) fn pop_back_if(&mut self, chunks: &mut Chunks, tick: u64, place: u32) -> bool {
        let index = self.index(tick);
        let Some(slot) = self.slots.get_mut(index) else { return false };
        let is_last = slot.run.pop_back_if(chunks, place);
        if is_last {
            slot.count -= 1;
            if slot.count == 0 {
                self.vacate(index);
            }
        }
        is_last
    }

    /// Drops some entries off the end of the slot that holds `tick`, as long as they are stale, and says how many.
    #[inline(never)]
    pub(crate) fn drop_back(&mut self, chunks: &mut Chunks, tick: u64, is_stale: impl FnMut(u32) -> bool) -> usize {
        let index = self.index(tick);
        let dropped = self.slots[index].run.drop_back(chunks, is_stale);
        self.forget(index, dropped);
        dropped
    }

    /// Takes the first chunk's entries out of the slot that holds `tick`, which has some.
    #[inline]
    pub(crate) fn pop_front_chunk(&mut self, chunks: &mut Chunks, tick: u64, batch: &mut Batch) {
        let index = self.index(tick);
        let slot = &mut self.slots[index];
        slot.run.pop_front_chunk(chunks, slot.least, batch);
        slot.count -= batch.end;
        if slot.count == 0 {
            self.vacate(index);
        }
    }

    /// Lets the sweep's hand look at a chunk of the slot with this number in the two turns.
    pub(crate) fn sweep_chunk<O>(
        &mut self,
        chunks: &mut Chunks,
        index: usize,
        owner: &mut O,
        is_stale: impl Fn(&O, u32) -> bool,
        drop_stale: impl Fn(&mut O, u32),
    ) -> (usize, usize) {
        let (swept, dropped) = self.slots[index].run.sweep_chunk(chunks, owner, is_stale, drop_stale);
        self.forget(index, dropped);
        (swept, dropped)
    }

    /// Counts entries out that have left a slot.
    #[inline]
    fn forget(&mut self, index: usize, left: usize) {
        let slot = &mut self.slots[index];
        slot.count -= left as u32;
        if slot.count == 0 {
            self.vacate(index);
        }
    }

    /// Notes that a slot has become empty.
    #[inline]
    fn vacate(&mut self, index: usize) {
        self.occupied.remove(index);
        self.crowded.remove(index);
    }

    /// The first slot at `from` or behind it, by number, that has entries.
    pub(crate) fn occupied_from(&self, from: usize) -> Option<(usize, &Slot)> {
        let index = self.occupied.first_in(from, self.mask + 1)?;
        Some((index, &self.slots[index]))
    }

    /// The least tick filed in this level, at `now` or after it. It may be that of an entry that has gone stale.
    #[inline]
    pub(crate) fn least(&self, now: u64) -> Option<u64> {
        let index = self.occupied.first_round(self.index(now), self.mask + 1)?;
        Some(now + u64::from(self.slots[index].least.wrapping_sub(now as u32)))
    }

    /// The slots that have entries, in the order of their ticks from `now` on, each with the least tick filed in it. It
    /// may be that of an entry that has gone stale.
    pub(crate) fn slots_from(&self, now: u64) -> impl Iterator<Item = (u64, &Slot)> {
        let start = self.index(now);
        let in_range = move |mut from, end| {
            core::iter::from_fn(move || {
                let index = self.occupied.first_in(from, end)?;
                from = index + 1;
                Some(&self.slots[index])
            })
        };
        let slots = in_range(start, self.mask + 1).chain(in_range(0, start));
        slots.map(move |slot| (now + u64::from(slot.least.wrapping_sub(now as u32)), slot))
    }

    /// How many slots after the one that holds `now` the next crowded one is.
    pub(crate) fn next_crowd(&self, now: u64) -> Option<u64> {
        let start = self.index(now);
        let index = self.crowded.first_round(start, self.mask + 1)?;
        Some((index.wrapping_sub(start) & self.mask) as u64)
    }

    /// The first tick in the same turn of tv1's ring as `now`, but after it, whose slot has entries. For tv1 alone.
    #[inline]
    pub(crate) fn next_in_turn(&self, now: u64) -> Option<u64> {
        let start = self.index_in_tv1(now);
        let end = (start | ((1 << shift::<G>(1)) - 1)) + 1;
        self.occupied.first_in(start + 1, end).map(|index| now + (index - start) as u64)
    }

    /// Forgets all entries; the chunks that held them are the caller's to clear.
    pub(crate) fn clear(&mut self) {
        self.slots.fill(Slot::EMPTY);
        (self.occupied, self.crowded) = (Bitmap::EMPTY, Bitmap::EMPTY);
    }

    /// Moves all entries that `keep` keeps, slot by slot and in order, into other chunks.
    pub(crate) fn repack(&mut self, from: &Chunks, to: &mut Chunks, mut keep: impl FnMut(u32) -> bool) {
        for slot in self.slots.iter_mut().filter(|slot| slot.count != 0) {
            let mut packed = Slot::EMPTY;
            for (entry, from_above) in slot.entries(from).filter(|(entry, _)| keep(entry.place)) {
                if packed.count == 0 {
                    packed = Slot { run: Run::lone(entry.place, from_above), least: entry.expiry, count: 1 };
                } else {
                    packed.join(to, entry, from_above);
                }
            }
            *slot = packed;
        }
        for (index, _) in self.slots.iter().enumerate().filter(|(_, slot)| slot.count == 0) {
            self.occupied.remove(index);
            self.crowded.remove(index);
        }
    }

    /// Gives the slots back, if none of them has entries.
    pub(crate) fn shrink_to_fit(&mut self) {
        if self.occupied == Bitmap::EMPTY {
            self.slots = Vec::new();
        }
    }

    /// Every slot that has entries, with its number in the two turns.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Slot)> {
        self.slots.iter().enumerate().filter(|(_, slot)| slot.count != 0)
    }

    /// Checks bitmap, counts and least ticks at `now`, and gives the chunks in use.
    ///
    /// # Panics
    ///
    /// If one of them is wrong.
    pub(crate) fn check(&self, chunks: &Chunks, now: u64) -> usize {
        let mut in_use = 0;
        for (index, slot) in self.slots.iter().enumerate() {
            assert_eq!(self.occupied.contains(index), slot.count != 0, "the bitmap tells who has entries");
            assert!(slot.count <= CROWD || self.crowded.contains(index), "the bitmap tells who is crowded");
            assert!(slot.count > 0 || !self.crowded.contains(index), "the bitmap tells who is crowded");
            assert_eq!(slot.run.is_empty(), slot.count == 0, "entries are counted");
            assert_eq!(slot.entries(chunks).count(), slot.count as usize, "entries are counted");
            in_use += slot.run.check(chunks);
            for (entry, _) in slot.entries(chunks) {
                let tick = now + u64::from(entry.expiry.wrapping_sub(now as u32));
                assert_eq!(self.index(tick), index, "an entry lies in the slot of its tick");
                assert!(
                    slot.least.wrapping_sub(now as u32) <= entry.expiry.wrapping_sub(now as u32),
                    "the least is least"
                );
                let turn = shift::<G>(self.number + 1);
                assert!((tick >> turn) - (now >> turn) <= 1 || self.number == 4, "a level holds two turns");
            }
        }
        in_use
    }
}
