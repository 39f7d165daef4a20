//! The entries of one slot, in order.
//!
//! A run is a list of chunks read front to back, so that a cascade and an expiry go through memory in order instead of
//! from node to node. An entry that is alone in its slot, as most are in a wheel of few timers, needs no chunk: the run
//! keeps its place, and the slot knows its tick.
//!
//! A run has two parts, one behind the other (C3): first what came down from the level above, then what was filed
//! straight into the slot. Whatever comes from above was armed before whatever is filed straight, although it may
//! arrive later.

use super::chunk::{Batch, CHUNK, Chunk, Chunks, Entry, NONE};

/// How many entries go along with one that is taken off the end of its run.
const ALONG: usize = 4;
/// In place of a chunk: there is none, for the one entry is alone, and came from above. No chunk has this number.
const FROM_ABOVE: u32 = NONE - 1;

/// The entries of one slot.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    /// The first chunk; of a lone entry, its place.
    head: u32,
    /// The last chunk of what came from above, if anything did.
    above: u32,
    /// The last chunk. Where there is none it is as `above`, and tells whether a lone entry came from there.
    tail: u32,
}

impl Run {
    pub(crate) const EMPTY: Self = Self { head: NONE, above: NONE, tail: NONE };

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.head == NONE
    }

    /// A run of one entry, that of this place.
    #[inline]
    pub(crate) const fn lone(place: u32, from_above: bool) -> Self {
        let origin = if from_above { FROM_ABOVE } else { NONE };
        Self { head: place, above: origin, tail: origin }
    }

    #[inline]
    const fn has_no_chunk(&self) -> bool {
        self.tail >= FROM_ABOVE
    }

    /// The place of the one entry, if there is just one and no chunk.
    #[inline]
    pub(crate) const fn lone_place(&self) -> Option<u32> {
        if self.has_no_chunk() && self.head != NONE { Some(self.head) } else { None }
    }

    /// Puts a lone entry, which is filed under this tick, on a chunk, where others can join it.
    fn settle_lone(&mut self, chunks: &mut Chunks, expiry: u32) {
        let chunk = chunks.take(Entry { expiry, place: self.head }, NONE, NONE);
        let above = if self.above == FROM_ABOVE { chunk } else { NONE };
        *self = Self { head: chunk, above, tail: chunk };
    }

    /// The first chunk, for the sweep's hand.
    pub(crate) const fn first_chunk(&self) -> u32 {
        if self.has_no_chunk() { NONE } else { self.head }
    }

    /// Appends an entry that is filed straight into the slot, which is not empty. One that was alone so far is filed
    /// under the other tick.
    #[inline]
    pub(crate) fn push(&mut self, chunks: &mut Chunks, lone_expiry: u32, entry: Entry) {
        // What comes from above later goes before it, so it does not share a chunk with that.
        if self.tail == self.above || !Self::push_into(chunks, self.tail, entry) {
            self.push_on_new_chunk(chunks, lone_expiry, entry);
        }
    }

    #[inline(never)]
    fn push_on_new_chunk(&mut self, chunks: &mut Chunks, lone_expiry: u32, entry: Entry) {
        if self.has_no_chunk() {
            self.settle_lone(chunks, lone_expiry);
            if self.above == NONE {
                Self::push_into(chunks, self.tail, entry);
                return;
            }
        }
        let tail = chunks.take(entry, self.tail, NONE);
        chunks.get_mut(self.tail).next = tail;
        self.tail = tail;
    }

    /// As [`push`](Self::push), for an entry that comes from the level above: behind all others from there, before all
    /// that were filed straight.
    #[inline]
    pub(crate) fn push_above(&mut self, chunks: &mut Chunks, lone_expiry: u32, entry: Entry) {
        if self.above >= FROM_ABOVE || !Self::push_into(chunks, self.above, entry) {
            self.push_above_on_new_chunk(chunks, lone_expiry, entry);
        }
    }

    #[inline(never)]
    fn push_above_on_new_chunk(&mut self, chunks: &mut Chunks, lone_expiry: u32, entry: Entry) {
        if self.has_no_chunk() {
            self.settle_lone(chunks, lone_expiry);
            if self.above != NONE {
                Self::push_into(chunks, self.above, entry);
                return;
            }
        }
        let next = if self.above == NONE { self.head } else { chunks.get(self.above).next };
        let above = chunks.take(entry, self.above, next);
        self.link_after(chunks, self.above, above);
        match next {
            NONE => self.tail = above,
            next => chunks.get_mut(next).previous = above,
        }
        self.above = above;
    }

    /// Appends to the chunk itself, if it has room.
    #[inline]
    fn push_into(chunks: &mut Chunks, chunk: u32, entry: Entry) -> bool {
        let chunk = chunks.get_mut(chunk);
        let Some(room) = chunk.entries.get_mut(chunk.len as usize) else { return false };
        *room = entry;
        chunk.len += 1;
        true
    }

    #[inline]
    fn link_after(&mut self, chunks: &mut Chunks, before: u32, chunk: u32) {
        match before {
            NONE => self.head = chunk,
            before => chunks.get_mut(before).next = chunk,
        }
    }

    /// Takes the first chunk's entries, in order, or a lone one, which is filed under this tick.
    #[inline]
    pub(crate) fn pop_front_chunk(&mut self, chunks: &mut Chunks, lone_expiry: u32, batch: &mut Batch) {
        if self.has_no_chunk() {
            batch.fill_with(Entry { expiry: lone_expiry, place: self.head });
            *self = Self::EMPTY;
            return;
        }
        let next = chunks.free_first(self.head, batch);
        if next == NONE {
            *self = Self::EMPTY;
            return;
        }
        chunks.get_mut(next).previous = NONE;
        if self.above == self.head {
            self.above = NONE;
        }
        self.head = next;
    }

    /// Takes the last entry if it is the one of this place, and says whether it was.
    #[inline]
    pub(crate) fn pop_back_if(&mut self, chunks: &mut Chunks, place: u32) -> bool {
        if self.has_no_chunk() {
            let is_lone = self.head == place;
            if is_lone {
                *self = Self::EMPTY;
            }
            return is_lone;
        }
        let chunk = chunks.get_mut(self.tail);
        let last = chunk.len.wrapping_sub(1);
        let is_last = chunk.entries.get(last as usize).is_some_and(|entry| entry.place == place);
        if is_last {
            chunk.len = last;
            if last == 0 {
                self.pop_back_chunk(chunks);
            }
        }
        is_last
    }

    /// Frees the last chunk, which has become empty.
    #[inline]
    fn pop_back_chunk(&mut self, chunks: &mut Chunks) {
        let last = self.tail;
        if self.head == last {
            *self = Self::EMPTY;
        } else {
            self.tail = chunks.get(last).previous;
            chunks.get_mut(self.tail).next = NONE;
            if self.above == last {
                self.above = self.tail;
            }
        }
        chunks.free(last);
    }

    /// Drops up to [`ALONG`] entries off the end of the last chunk, as long as they are stale, and says how many.
    pub(crate) fn drop_back(&mut self, chunks: &mut Chunks, mut is_stale: impl FnMut(u32) -> bool) -> usize {
        if self.has_no_chunk() {
            // A lone entry is left to the sweep.
            return 0;
        }
        let chunk = chunks.get_mut(self.tail);
        let entries = &chunk.entries[..chunk.len as usize];
        let dropped = entries.iter().rev().take(ALONG).take_while(|entry| is_stale(entry.place)).count();
        chunk.len -= dropped as u32;
        if chunk.len == 0 {
            self.pop_back_chunk(chunks);
        }
        dropped
    }

    /// Drops what `is_stale` says is stale of the chunk under the sweep's hand, or a lone entry, tells `drop_stale` of
    /// each, and moves the hand on. Says how many entries it looked at and how many are gone.
    #[inline]
    pub(crate) fn sweep_chunk<O>(
        &mut self,
        chunks: &mut Chunks,
        owner: &mut O,
        is_stale: impl Fn(&O, u32) -> bool,
        drop_stale: impl Fn(&mut O, u32),
    ) -> (usize, usize) {
        if let Some(place) = self.lone_place() {
            let is_stale = is_stale(owner, place);
            if is_stale {
                drop_stale(owner, place);
                *self = Self::EMPTY;
            }
            return (1, usize::from(is_stale));
        }
        let swept = chunks.hand();
        let chunk = chunks.get_mut(swept);
        let next = chunk.next;
        let before = chunk.len as usize;
        // Most entries are good. The marks are read without a branch, all before the first is acted on.
        let bits = chunk.entries[..before]
            .iter()
            .rev()
            .fold(0_u32, |bits, entry| bits << 1 | u32::from(is_stale(owner, entry.place)));
        let mut left = bits;
        while left != 0 {
            drop_stale(owner, chunk.entries[left.trailing_zeros() as usize].place);
            left &= left - 1;
        }
        if bits != 0 {
            let mut kept = 0;
            for at in 0..before {
                let entry = chunk.entries[at];
                chunk.entries[kept] = entry;
                kept += (bits >> at & 1 == 0) as usize;
            }
            chunk.len = kept as u32;
        }
        let kept = chunk.len as usize;
        chunks.point_at(next);
        if kept == 0 {
            self.unlink(chunks, swept);
        } else {
            self.merge_into_previous(chunks, swept);
        }
        (before, before - kept)
    }

    /// Moves a chunk's entries to the end of the chunk before it where they have room there, so that sweeping leaves no
    /// two neighbours less than half full.
    fn merge_into_previous(&mut self, chunks: &mut Chunks, chunk: u32) {
        let this = chunks.get(chunk);
        let (previous, len, entries) = (this.previous, this.len as usize, this.entries);
        if previous == NONE || previous == self.above {
            return;
        }
        let before = chunks.get_mut(previous);
        let end = before.len as usize;
        let Some(room) = before.entries.get_mut(end..end + len) else { return };
        room.copy_from_slice(&entries[..len]);
        before.len += len as u32;
        if self.above == chunk {
            self.above = previous;
        }
        self.unlink(chunks, chunk);
    }

    #[inline(never)]
    fn unlink(&mut self, chunks: &mut Chunks, chunk: u32) {
        let Chunk { previous, next, .. } = *chunks.get(chunk);
        self.link_after(chunks, previous, next);
        match next {
            NONE => self.tail = previous,
            next => chunks.get_mut(next).previous = previous,
        }
        if self.above == chunk {
            self.above = previous;
        }
        chunks.free(chunk);
    }

    /// The entries in order; the flag says which came from above. A lone one is filed under this tick.
    pub(crate) fn iter<'a>(
        &self,
        chunks: &'a Chunks,
        lone_expiry: u32,
    ) -> impl Iterator<Item = (Entry, bool)> + use<'a> {
        let (mut at, above) = (self.first_chunk(), self.above);
        let lone = self.lone_place().map(|place| (Entry { expiry: lone_expiry, place }, above == FROM_ABOVE));
        let mut from_above = above != NONE;
        let chunked = core::iter::from_fn(move || {
            if at == NONE {
                return None;
            }
            let chunk = chunks.get(at);
            let part = from_above;
            from_above &= at != above;
            at = chunk.next;
            Some(chunk.entries[..chunk.len as usize].iter().map(move |entry| (*entry, part)))
        })
        .flatten();
        lone.into_iter().chain(chunked)
    }

    /// Checks that the chunks are linked both ways and none is empty, and counts them.
    ///
    /// # Panics
    ///
    /// If they are not.
    pub(crate) fn check(&self, chunks: &Chunks) -> usize {
        let (mut previous, mut at, mut count) = (NONE, self.first_chunk(), 0);
        let mut seen_above = self.above >= FROM_ABOVE;
        while at != NONE {
            let chunk = chunks.get(at);
            assert_eq!(chunk.previous, previous, "chunks are linked both ways");
            assert!((1..=CHUNK).contains(&(chunk.len as usize)), "no chunk of a run is empty");
            seen_above |= at == self.above;
            (previous, at, count) = (at, chunk.next, count + 1);
        }
        assert!(previous == self.tail || previous == NONE && self.tail == self.above, "the tail is the last chunk");
        assert!(seen_above, "the last chunk from above is one of the run's");
        count
    }
}

#[cfg(test)]
mod tests {
    use super::{ALONG, Batch, CHUNK, Chunks, Entry, Run};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::vec::Vec;

    #[derive(Clone, Debug)]
    enum Op {
        Push,
        PushAbove,
        PopFrontChunk,
        PopBack,
        DropBack { drop_one_in: u32 },
        Sweep { drop_one_in: u32 },
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            4 => Just(Op::Push),
            3 => Just(Op::PushAbove),
            1 => Just(Op::PopFrontChunk),
            3 => Just(Op::PopBack),
            2 => (1_u32..5).prop_map(|drop_one_in| Op::DropBack { drop_one_in }),
            1 => (1_u32..5).prop_map(|drop_one_in| Op::Sweep { drop_one_in }),
        ]
    }

    /// Two vectors, one behind the other: what a run has to behave like.
    #[derive(Default)]
    struct Model {
        above: Vec<u32>,
        straight: Vec<u32>,
    }

    impl Model {
        fn all(&self) -> Vec<(u32, bool)> {
            let above = self.above.iter().map(|place| (*place, true));
            above.chain(self.straight.iter().map(|place| (*place, false))).collect()
        }

        fn pop_front(&mut self) -> Option<u32> {
            let part = if self.above.is_empty() { &mut self.straight } else { &mut self.above };
            (!part.is_empty()).then(|| part.remove(0))
        }

        fn pop_back(&mut self) -> Option<u32> {
            self.straight.pop().or_else(|| self.above.pop())
        }
    }

    /// What a slot does.
    fn push(run: &mut Run, chunks: &mut Chunks, place: u32, from_above: bool) {
        let entry = Entry { expiry: 0, place };
        if run.is_empty() {
            *run = Run::lone(place, from_above);
            return;
        }
        if from_above { run.push_above(chunks, 0, entry) } else { run.push(chunks, 0, entry) }
    }

    fn sweep(run: &mut Run, chunks: &mut Chunks, drop_one_in: u32) {
        chunks.point_at(run.first_chunk());
        while run.lone_place().is_some_and(|place| place % drop_one_in == 0) || !chunks.hand_is_done() {
            run.sweep_chunk(chunks, &mut (), |_, place| place % drop_one_in == 0, |_, _| {});
        }
    }

    proptest! {
        #[test]
        fn a_run_behaves_like_two_vectors(ops in vec(op(), 1..300)) {
            let mut chunks = Chunks::new();
            let (mut run, mut model) = (Run::EMPTY, Model::default());
            for (place, op) in (0..).zip(ops) {
                match op {
                    Op::Push => (push(&mut run, &mut chunks, place, false), model.straight.push(place)).0,
                    Op::PushAbove => (push(&mut run, &mut chunks, place, true), model.above.push(place)).0,
                    Op::PopFrontChunk => {
                        if !run.is_empty() {
                            let mut batch = Batch::EMPTY;
                            run.pop_front_chunk(&mut chunks, 0, &mut batch);
                            for entry in batch.entries() {
                                prop_assert_eq!(Some(entry.place), model.pop_front());
                            }
                        }
                    }
                    Op::PopBack => {
                        prop_assert!(!run.pop_back_if(&mut chunks, u32::MAX - 1), "only the one asked for");
                        let last = model.pop_back();
                        prop_assert!(last.is_none_or(|last| run.pop_back_if(&mut chunks, last)));
                    }
                    Op::DropBack { drop_one_in } => {
                        let dropped = run.drop_back(&mut chunks, |place| place % drop_one_in == 0);
                        prop_assert!(dropped <= ALONG);
                        (0..dropped).for_each(|_| assert_eq!(model.pop_back().map(|last| last % drop_one_in), Some(0)));
                    }
                    Op::Sweep { drop_one_in } => {
                        sweep(&mut run, &mut chunks, drop_one_in);
                        model.above.retain(|place| place % drop_one_in != 0);
                        model.straight.retain(|place| place % drop_one_in != 0);
                    }
                }
                let all: Vec<_> = run.iter(&chunks, 0).map(|(entry, above)| (entry.place, above)).collect();
                prop_assert_eq!(&all, &model.all());
                prop_assert_eq!(run.check(&chunks), chunks.in_use());
            }
        }
    }

    #[test]
    fn c9_sweeping_leaves_chunks_half_full() {
        let mut chunks = Chunks::new();
        let mut run = Run::EMPTY;
        for place in 0..10_000 {
            push(&mut run, &mut chunks, place, false);
        }
        for drop_one_in in [2, 3, 5, 7] {
            sweep(&mut run, &mut chunks, drop_one_in);
            let left = run.iter(&chunks, 0).count();
            assert!(chunks.in_use() <= 2 * left.div_ceil(CHUNK) + 1, "{left} entries in {} chunks", chunks.in_use());
        }
    }

    #[test]
    fn the_hand_moves_on_when_its_chunk_goes() {
        let mut chunks = Chunks::new();
        let mut run = Run::EMPTY;
        for place in 0..3 * CHUNK as u32 {
            push(&mut run, &mut chunks, place, false);
        }
        chunks.point_at(run.first_chunk());
        let mut batch = Batch::EMPTY;
        run.pop_front_chunk(&mut chunks, 0, &mut batch);
        let mut first = None;
        run.sweep_chunk(&mut chunks, &mut first, |_, _| true, |first, place| _ = first.get_or_insert(place));
        assert_eq!(first, Some(CHUNK as u32), "it looks at the chunk behind the one that went");
        run.pop_front_chunk(&mut chunks, 0, &mut batch);
        assert!(chunks.hand_is_done());
    }
}
