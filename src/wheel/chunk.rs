//! Small entries, in chunks of two cache lines each.
//!
//! What lies in a slot is not the timers themselves but an [`Entry`] for each: the tick under which it was filed, and
//! the timer's place. Here is where the chunks of all slots come from; how those of one slot hang together is told in
//! `run`.

use crate::paged::{Paged, SMALL, Vacant};

/// Entries in a chunk: as many as fit into 128 bytes beside the links.
pub(crate) const CHUNK: usize = 14;
/// Chunks in a page: 4 KB, written when the page comes.
pub(crate) const PAGE: usize = if SMALL { 4 } else { 32 };
/// A link to nowhere.
pub(crate) const NONE: u32 = u32::MAX;

/// One filed timer: the tick under which it was filed (its low half) and its place in the arena.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub(crate) expiry: u32,
    pub(crate) place: u32,
}

/// The entries of a chunk that has been taken out of its run.
#[derive(Clone, Copy)]
pub(crate) struct Batch {
    pub(crate) entries: [Entry; CHUNK],
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Batch {
    pub(crate) const EMPTY: Self = Self { entries: [Entry { expiry: 0, place: 0 }; CHUNK], start: 0, end: 0 };

    #[inline]
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries[self.start as usize..self.end as usize]
    }

    #[inline]
    pub(crate) fn pop_front(&mut self) -> Option<Entry> {
        if self.start >= self.end {
            return None;
        }
        let first = *self.entries.get(self.start as usize)?;
        self.start += 1;
        Some(first)
    }

    /// Fills it with one entry.
    #[inline]
    pub(crate) const fn fill_with(&mut self, entry: Entry) {
        self.entries[0] = entry;
        (self.start, self.end) = (0, 1);
    }
}

// Aligned, so that it is two cache lines and not a part of three.
#[repr(align(64))]
pub(crate) struct Chunk {
    pub(crate) previous: u32,
    /// The next chunk of the run; of a free chunk, the next free one.
    pub(crate) next: u32,
    /// How many entries there are. No chunk of a run is empty.
    pub(crate) len: u32,
    pub(crate) entries: [Entry; CHUNK],
}

impl Vacant for Chunk {
    const VACANT: Self = Self { previous: NONE, next: NONE, len: 0, entries: [Entry { expiry: 0, place: 0 }; CHUNK] };
}

const _: () = assert!(size_of::<Chunk>() == 128, "a chunk is two cache lines");

/// Where all chunks of a wheel come from.
pub(crate) struct Chunks {
    chunks: Paged<Chunk, PAGE>,
    /// How many chunks there are, in runs or free.
    len: usize,
    free: u32,
    /// The chunk that the sweep looks at next: it moves on when that chunk is freed.
    hand: u32,
}

impl Chunks {
    pub(crate) const fn new() -> Self {
        Self { chunks: Paged::new(), len: 0, free: NONE, hand: NONE }
    }

    /// Chunks that hold entries. It goes through those that do not.
    pub(crate) fn in_use(&self) -> usize {
        self.len - self.chain(self.free).count()
    }

    /// A chunk and those that it leads to, if there is one.
    pub(crate) fn chain(&self, first: u32) -> impl Iterator<Item = &Chunk> {
        let get = |chunk: u32| (chunk != NONE).then(|| self.get(chunk));
        core::iter::successors(get(first), move |chunk| get(chunk.next))
    }

    #[inline]
    pub(crate) fn get(&self, chunk: u32) -> &Chunk {
        &self.chunks[chunk as usize]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, chunk: u32) -> &mut Chunk {
        &mut self.chunks[chunk as usize]
    }

    /// A chunk with one entry, between two others or ends.
    #[inline]
    pub(crate) fn take(&mut self, entry: Entry, previous: u32, next: u32) -> u32 {
        let taken = self.free;
        if taken == NONE {
            return self.add(entry, previous, next);
        }
        let chunk = self.get_mut(taken);
        let free = chunk.next;
        (chunk.previous, chunk.next, chunk.len) = (previous, next, 1);
        chunk.entries[0] = entry;
        self.free = free;
        taken
    }

    /// Whether fewer than `least` chunks are left that were never used.
    #[inline]
    pub(crate) fn is_short_of(&self, least: usize) -> bool {
        self.chunks.capacity() - self.len < least
    }

    pub(crate) fn add_page(&mut self) {
        self.chunks.make_room(self.chunks.capacity());
    }

    #[cold]
    #[inline(never)]
    fn add(&mut self, entry: Entry, previous: u32, next: u32) -> u32 {
        let added = self.len;
        self.chunks.make_room(added);
        self.chunks[added] = Chunk { previous, next, len: 1, entries: [entry; CHUNK] };
        self.len += 1;
        // The stock may go down between turns, but not to nothing.
        if self.is_short_of(PAGE / 4) {
            self.add_page();
        }
        added as u32
    }

    #[inline]
    pub(crate) fn free(&mut self, freed: u32) {
        let free = self.free;
        let next = core::mem::replace(&mut self.get_mut(freed).next, free);
        self.free = freed;
        self.pass(freed, next);
    }

    /// Frees the first chunk of a run, and gives its entries and the chunk behind it.
    #[inline]
    pub(crate) fn free_first(&mut self, first: u32, batch: &mut Batch) -> u32 {
        let free = self.free;
        let chunk = self.get_mut(first);
        (batch.start, batch.end) = (0, chunk.len);
        batch.entries = chunk.entries;
        let next = core::mem::replace(&mut chunk.next, free);
        self.free = first;
        self.pass(first, next);
        next
    }

    /// Moves the sweep's hand on from a chunk that is freed.
    #[inline]
    const fn pass(&mut self, freed: u32, next: u32) {
        if self.hand == freed {
            self.hand = next;
        }
    }

    /// The chunk under the sweep's hand.
    pub(crate) const fn hand(&self) -> u32 {
        self.hand
    }

    /// Puts the sweep's hand on a chunk, or away from all.
    pub(crate) const fn point_at(&mut self, chunk: u32) {
        self.hand = chunk;
    }

    /// Whether the sweep's hand has come to the end of its run.
    pub(crate) const fn hand_is_done(&self) -> bool {
        self.hand == NONE
    }
}
