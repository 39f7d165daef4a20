//! The slots of all levels. Each is a plain queue: timers come at its end, in the order of arming (C3).
//!
//! A timer that is alone in its slot, as most are in a wheel of few, lies in the slot itself, without a line.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::marker::PhantomData;

use super::bitmap::{Bitmap, CAPACITY};
use super::geometry::{Geometry, all_slots};
use super::lines::{ENTRIES, FIRST, Lines, MAX_LINES, NONE, WORDS, line_of, start_of};

/// A slot with more lines is crowded: it does not come down in one go.
pub(crate) const CROWD: u32 = 6;
/// The position of a timer that is alone in slot 0. Those of the other slots follow.
const LONE: u32 = u32::MAX << 11;
/// The position of a timer that has no slot.
pub(crate) const OUTLIER: u32 = u32::MAX;
/// The most timers that a wheel can hold: each has a line at the worst, and each slot one more (C9).
pub(crate) const MAX_TIMERS: usize = MAX_LINES - 2048;

const _: () = assert!(MAX_LINES * WORDS <= LONE as usize, "a position in a line is told from all others");

/// The timers of one span of ticks.
#[derive(Clone, Copy)]
pub(crate) struct Slot {
    /// The first line; of a lone timer, its place.
    head: u32,
    /// The position behind the last entry, at the start of a line if the last one is full.
    pub(crate) end: u32,
    /// The least tick (its low half) that was filed here since the slot was last empty.
    pub(crate) least: u32,
    pub(crate) lines: u32,
}

impl Slot {
    const EMPTY: Self = Self { head: NONE, end: 0, least: 0, lines: 0 };
    /// The end of a slot with a lone timer. As that of an empty one and a full line it leaves no room in a line.
    const ALONE: u32 = LONE;

    /// Whether the next entry needs no line.
    #[inline]
    pub(crate) const fn has_room(&self) -> bool {
        self.end as usize % WORDS != 0
    }

    /// The place of a timer that is alone.
    #[inline]
    pub(crate) const fn lone(&self) -> Option<u32> {
        if self.end == Self::ALONE { Some(self.head) } else { None }
    }

    #[inline]
    fn lower(&mut self, tick: u32) {
        // Within a slot ticks differ by less than 2^31, so the sign tells which is the lesser.
        if (tick.wrapping_sub(self.least) as i32) < 0 {
            self.least = tick;
        }
    }
}

/// All slots of a wheel, by number, and the lines that they are made of.
pub(crate) struct Slots<G> {
    slots: Box<[Slot]>,
    pub(crate) lines: Lines,
    /// The slots that are not empty. The last line of one may hold no timer any more until the slot is visited.
    pub(crate) occupied: Bitmap,
    /// The slots that have been crowded since they were last empty.
    pub(crate) crowded: Bitmap,
    /// The slot and the position that the last timer got for which there was room in a line.
    last: (usize, u32),
    /// The line whose entries are being met, and how many of them have been.
    meeting: u32,
    met: usize,
    geometry: PhantomData<G>,
}

impl<G: Geometry> Slots<G> {
    pub(crate) fn new() -> Self {
        const { assert!(all_slots::<G>() <= CAPACITY, "the bitmap has a bit for each slot") };
        Self {
            slots: (0..all_slots::<G>()).map(|_| Slot::EMPTY).collect(),
            lines: Lines::new(),
            occupied: Bitmap::EMPTY,
            crowded: Bitmap::EMPTY,
            last: (0, NONE),
            meeting: NONE,
            met: 0,
            geometry: PhantomData,
        }
    }

    #[inline]
    pub(crate) fn get(&self, slot: usize) -> Option<&Slot> {
        self.slots.get(slot)
    }

    /// The position of a timer that is alone in a slot.
    #[inline]
    pub(crate) const fn position_of_lone(slot: usize) -> u32 {
        LONE + slot as u32
    }

    /// The slot of a position, which is not that of an outlier.
    pub(crate) fn number(&self, position: u32) -> usize {
        if position < LONE { self.lines.slot(line_of(position)) } else { (position - LONE) as usize }
    }

    /// Appends to a slot that has room in its last line.
    #[inline]
    pub(crate) fn append(&mut self, slot: usize, place: u32, tick: u32) {
        let it = &mut self.slots[slot];
        let position = it.end;
        it.end = position + 1;
        it.lower(tick);
        self.last = (slot, position);
        self.lines.write(position, place);
    }

    /// Appends to a slot and gives the position. `moved` is told of another timer whose position changes by it.
    #[inline]
    pub(crate) fn push(&mut self, slot: usize, place: u32, tick: u32, moved: impl FnOnce(u32, u32)) -> u32 {
        let it = &mut self.slots[slot];
        let position = it.end;
        if it.has_room() {
            self.append(slot, place, tick);
            position
        } else if position == 0 {
            *it = Slot { head: place, end: Slot::ALONE, least: tick, lines: 0 };
            self.occupied.insert(slot);
            Self::position_of_lone(slot)
        } else {
            self.push_on_new_line(slot, place, tick, moved)
        }
    }

    #[inline(never)]
    fn push_on_new_line(&mut self, slot: usize, place: u32, tick: u32, moved: impl FnOnce(u32, u32)) -> u32 {
        let it = &mut self.slots[slot];
        let position;
        if let Some(lone) = it.lone() {
            let first = self.lines.take(slot, NONE, lone);
            moved(lone, first);
            position = first + 1;
            self.lines.write(position, place);
            it.head = line_of(first);
        } else {
            let tail = line_of(it.end - 1);
            position = self.lines.take(slot, tail, place);
            self.lines.link(tail, line_of(position));
        }
        it.end = position + 1;
        it.lines += 1;
        it.lower(tick);
        if it.lines == CROWD + 1 {
            self.crowded.insert(slot);
        }
        position
    }

    /// Notes that a timer has left its position, unless that is the one of an outlier. Says whether it did.
    #[inline]
    pub(crate) fn remove(&mut self, position: u32) -> bool {
        // Many timeouts go before the next one comes. They leave no gap, if they are still the end of their slot. (The
        // first entry of a line is not appended, and stays.)
        let (slot, last) = self.last;
        if position == last && self.slots[slot].end == position + 1 {
            self.slots[slot].end = position;
            return true;
        }
        match self.lines.count_gone(position) {
            Some(false) => {}
            Some(true) => self.drop_line(line_of(position)),
            None if position == OUTLIER => return false,
            None => self.vacate((position - LONE) as usize),
        }
        true
    }

    /// Takes a line out of its slot.
    #[inline(never)]
    pub(crate) fn drop_line(&mut self, line: u32) {
        let (slot, previous, next) = self.lines.free(line);
        if line == self.meeting {
            self.meeting = NONE;
        }
        let it = &mut self.slots[slot];
        it.lines -= 1;
        if it.lines == 0 {
            self.crowded.remove(slot);
            self.vacate(slot);
            return;
        }
        if next == NONE {
            it.end = start_of(previous + 1);
        }
        if previous == NONE {
            it.head = next;
        }
    }

    #[inline]
    pub(crate) fn vacate(&mut self, slot: usize) {
        self.slots[slot] = Slot::EMPTY;
        self.occupied.remove(slot);
    }

    /// The first line of a slot, its entries as far as they are filled, and its position. None are there if a lone
    /// timer is.
    #[inline]
    pub(crate) fn front(&self, slot: usize) -> (u32, &[u32; WORDS], usize) {
        let it = &self.slots[slot];
        let filled = if it.lines == 1 { (it.end - start_of(it.head)) as usize } else { WORDS };
        (it.head, self.lines.line(it.head), filled.min(WORDS))
    }

    /// How many entries of a line have been met.
    #[inline]
    pub(crate) const fn met(&self, line: u32) -> usize {
        if line == self.meeting { self.met } else { 0 }
    }

    /// Notes that so many entries of a slot's first line have been met. It goes after the last one.
    #[inline]
    pub(crate) fn set_met(&mut self, line: u32, met: usize, filled: usize) {
        (self.meeting, self.met) = (line, met);
        if FIRST + met >= filled {
            self.drop_line(line);
        }
    }

    /// The entries of a slot, in order, with their positions. They are good only if their places lead back.
    pub(crate) fn entries(&self, slot: usize) -> impl Iterator<Item = (u32, u32)> + use<'_, G> {
        let it = self.slots[slot];
        let lone = it.lone().map(|place| (Self::position_of_lone(slot), place));
        let mut at = if it.lines > 0 { it.head } else { NONE };
        let in_lines = core::iter::from_fn(move || {
            let line = (at != NONE).then_some(at)?;
            at = self.lines.next(line);
            let filled = if at == NONE { (it.end - start_of(line)) as usize } else { WORDS };
            Some((FIRST..filled).map(move |at| (start_of(line) + at as u32, self.lines.line(line)[at])))
        });
        lone.into_iter().chain(in_lines.flatten())
    }

    /// Puts all timers on as few lines as they need. `is_good` tells whether an entry is that of a timer. Gives the
    /// slots' timers and positions, in order, for the caller to tell their places.
    pub(crate) fn repack(&mut self, is_good: impl Fn(u32, u32) -> bool) -> Vec<(u32, u32)> {
        let mut packed = Self::new();
        let mut moved = Vec::new();
        for slot in 0..self.slots.len() {
            let least = self.slots[slot].least;
            for (_, place) in self.entries(slot).filter(|(position, place)| is_good(*place, *position)) {
                let position = packed.push(slot, place, least, |place, position| moved.push((place, position)));
                moved.push((place, position));
            }
        }
        *self = packed;
        moved
    }

    /// Checks that slots, lines and bitmaps agree. `is_good` tells whether an entry is that of a timer.
    ///
    /// # Panics
    ///
    /// If they do not.
    pub(crate) fn check(&self, is_good: impl Fn(u32, u32) -> bool) {
        let mut in_use = 0;
        for (number, slot) in self.slots.iter().enumerate() {
            assert_eq!(self.occupied.contains(number), slot.end != 0, "the bitmap tells which slots are occupied");
            assert!(slot.lines > 0 || !self.crowded.contains(number), "the bitmap tells which slots are crowded");
            assert!(slot.lines <= CROWD || self.crowded.contains(number), "the bitmap tells which slots are crowded");
            assert_eq!(
                slot.lines > 0,
                slot.end != 0 && slot.lone().is_none(),
                "a slot has lines, or one timer, or none"
            );
            in_use += slot.lines as usize;
            if slot.lines == 0 {
                continue;
            }
            let (mut previous, mut at, mut lines) = (NONE, slot.head, 0);
            while at != NONE {
                assert_eq!(self.lines.neighbors(at).0, previous, "lines are linked both ways");
                assert_eq!(self.lines.slot(at), number, "a line knows its slot");
                let next = self.lines.next(at);
                let filled = if next == NONE { (slot.end - start_of(at)) as usize } else { WORDS };
                assert!((FIRST + 1..=WORDS).contains(&filled), "a slot ends behind an entry of its last line");
                let entries = (FIRST..filled).map(|entry| (self.lines.line(at)[entry], start_of(at) + entry as u32));
                let good = entries.filter(|(place, position)| is_good(*place, *position)).count();
                let (gone, met, all) = (self.lines.gone(at), self.met(at), filled - FIRST);
                assert!(good + gone <= all && all <= good + gone + met, "a line counts what has gone");
                assert!(met == 0 || previous == NONE, "a slot is met from its first line on");
                assert!(gone < ENTRIES, "C9: a full line holds a timer that has not gone");
                (previous, at, lines) = (at, next, lines + 1);
            }
            assert_eq!(slot.lines, lines, "a slot counts its lines");
        }
        assert_eq!(in_use, self.lines.in_use(), "every line is in a slot or free");
        self.lines.check();
    }
}
