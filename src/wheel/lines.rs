//! Lines: cache lines that hold the places of a slot's timers, in order.
//!
//! A slot's queue is a list of lines. Timers come at its end and leave from anywhere: each timer's place keeps its
//! *position*, the line and the entry in it, and an entry is good only if its place leads back to it. So what leaves
//! writes nothing into the line; how many have gone from it is counted in a small table beside the page's lines, which
//! stays in the cache. A line goes when all that it held have gone.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// Words of a line: three that hold it in its list, and its entries.
pub(crate) const WORDS: usize = 16;
const PREVIOUS: usize = 0;
const NEXT: usize = 1;
const SLOT: usize = 2;
/// The first entry of a line.
pub(crate) const FIRST: usize = 3;
/// Entries of a line.
pub(crate) const ENTRIES: usize = WORDS - FIRST;
/// Lines in a page.
const PAGE: usize = 64;
/// No line: the one at index 0 is never used.
pub(crate) const NONE: u32 = 0;
/// As many lines as there may be. Positions behind the last one have other meanings.
pub(crate) const MAX_LINES: usize = (1 << 28) - 256;

#[repr(align(64))]
struct Page {
    lines: [[u32; WORDS]; PAGE],
    /// How many of its entries have gone from each line.
    gone: [u8; PAGE],
}

/// All lines of a wheel, in use or free.
pub(crate) struct Lines {
    pages: Vec<Box<Page>>,
    /// The free line that was given up last.
    free: u32,
    pub(crate) free_lines: usize,
}

/// The line of a position.
#[inline]
pub(crate) const fn line_of(position: u32) -> u32 {
    position / WORDS as u32
}

/// The position at the beginning of a line.
#[inline]
pub(crate) const fn start_of(line: u32) -> u32 {
    line * WORDS as u32
}

impl Lines {
    pub(crate) const fn new() -> Self {
        Self { pages: Vec::new(), free: NONE, free_lines: 0 }
    }

    /// Lines in use.
    pub(crate) fn in_use(&self) -> usize {
        (self.pages.len() * PAGE).saturating_sub(1) - self.free_lines
    }

    #[inline]
    pub(crate) fn line(&self, line: u32) -> &[u32; WORDS] {
        &self.pages[line as usize / PAGE].lines[line as usize % PAGE]
    }

    #[inline]
    fn line_mut(&mut self, line: u32) -> &mut [u32; WORDS] {
        &mut self.pages[line as usize / PAGE].lines[line as usize % PAGE]
    }

    /// Writes an entry. Nothing is read of its line.
    #[inline]
    pub(crate) fn write(&mut self, position: u32, place: u32) {
        self.line_mut(line_of(position))[position as usize % WORDS] = place;
    }

    /// The lines before and behind this one in its slot.
    pub(crate) fn neighbors(&self, line: u32) -> (u32, u32) {
        let words = self.line(line);
        (words[PREVIOUS], words[NEXT])
    }

    pub(crate) fn next(&self, line: u32) -> u32 {
        self.line(line)[NEXT]
    }

    pub(crate) fn slot(&self, line: u32) -> usize {
        self.line(line)[SLOT] as usize
    }

    /// How many have gone from a line.
    pub(crate) fn gone(&self, line: u32) -> usize {
        self.pages[line as usize / PAGE].gone[line as usize % PAGE] as usize
    }

    /// Counts an entry that has gone, and says whether its line has none left; `None` if the position is in no line.
    #[inline]
    pub(crate) fn count_gone(&mut self, position: u32) -> Option<bool> {
        let line = line_of(position) as usize;
        let gone = &mut self.pages.get_mut(line / PAGE)?.gone[line % PAGE];
        *gone += 1;
        Some(*gone == ENTRIES as u8)
    }

    /// Takes a line for one entry, behind another line of a slot, and gives the entry's position.
    #[inline]
    pub(crate) fn take(&mut self, slot: usize, previous: u32, place: u32) -> u32 {
        if self.free == NONE {
            self.grow();
        }
        let at = self.free;
        let page = &mut self.pages[at as usize / PAGE];
        page.gone[at as usize % PAGE] = 0;
        let line = &mut page.lines[at as usize % PAGE];
        self.free = line[NEXT];
        self.free_lines -= 1;
        (line[PREVIOUS], line[NEXT], line[SLOT], line[FIRST]) = (previous, NONE, slot as u32, place);
        start_of(at) + FIRST as u32
    }

    /// Puts a line behind another one.
    #[inline]
    pub(crate) fn link(&mut self, previous: u32, next: u32) {
        self.line_mut(previous)[NEXT] = next;
    }

    /// Takes a line out of its list, and gives its slot and its neighbors.
    #[inline]
    pub(crate) fn free(&mut self, at: u32) -> (usize, u32, u32) {
        let free = core::mem::replace(&mut self.free, at);
        self.free_lines += 1;
        let line = self.line_mut(at);
        let (slot, previous, next) = (line[SLOT] as usize, line[PREVIOUS], line[NEXT]);
        line[NEXT] = free;
        if next != NONE {
            self.line_mut(next)[PREVIOUS] = previous;
        }
        if previous != NONE {
            self.line_mut(previous)[NEXT] = next;
        }
        (slot, previous, next)
    }

    /// Adds a page of free lines.
    #[cold]
    #[inline(never)]
    pub(crate) fn grow(&mut self) {
        let first = self.pages.len() * PAGE;
        debug_assert!(first < MAX_LINES, "there are no more timers than lines");
        self.pages.push(Box::new(Page { lines: [[0; WORDS]; PAGE], gone: [0; PAGE] }));
        for line in (first.max(1)..first + PAGE).rev() {
            self.line_mut(line as u32)[NEXT] = core::mem::replace(&mut self.free, line as u32);
            self.free_lines += 1;
        }
    }

    /// Checks that the free lines are counted.
    ///
    /// # Panics
    ///
    /// If they are not.
    pub(crate) fn check(&self) {
        let (mut count, mut at) = (0, self.free);
        while at != NONE {
            (count, at) = (count + 1, self.next(at));
        }
        assert_eq!(count, self.free_lines, "the free lines are counted");
    }
}
