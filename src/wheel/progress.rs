//! How far the two kinds of work have got that are done a little at a time: the cascade and the sweep.

/// How far the cascade has got.
pub(crate) struct Cascade {
    /// Whether the slots of the upper levels that hold `now` are empty, as they must be before anything fires.
    pub(crate) settled: bool,
    /// Whether a feeder may hold something.
    pub(crate) feeding: bool,
    /// The tick up to which feeders have had their share.
    pub(crate) fed_until: u64,
    /// Before this tick nothing has to come down: it is the end of this turn of tv1, once its feeders are empty.
    pub(crate) calm_until: u64,
}

impl Cascade {
    /// Nothing to be done at `now`.
    pub(crate) const fn at(now: u64) -> Self {
        Self { settled: true, feeding: false, fed_until: now, calm_until: now }
    }
}

/// Where the sweep is. The hand itself, which walks the chunks of a slot, is kept by the chunks.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sweep {
    pub(crate) under_way: bool,
    /// Whether calls do its steps, and not turns alone.
    pub(crate) in_a_hurry: bool,
    pub(crate) level: usize,
    /// The slot behind the one under the hand, among the two turns of the level.
    pub(crate) next_slot: usize,
    /// Entries that the hand has yet to come to, at the most.
    pub(crate) ahead: usize,
    /// Entries that became stale after the hand had passed their slot, or while it was there.
    pub(crate) missed: usize,
}

impl Sweep {
    /// At the beginning, with so many entries before the hand.
    pub(crate) fn begin(entries: usize) -> Self {
        Self { under_way: true, ahead: entries, ..Self::default() }
    }

    /// Notes that an entry was filed in a slot of a level.
    #[inline]
    pub(crate) fn note_filed(&mut self, level: usize, slot: usize) {
        if self.under_way && (level, slot + 1) >= (self.level, self.next_slot) {
            self.ahead += 1;
        }
    }

    /// Notes that an entry in a slot of a level is stale.
    #[inline]
    pub(crate) fn note_stale(&mut self, level: usize, slot: usize) {
        if self.under_way && (level, slot) < (self.level, self.next_slot) {
            self.missed += 1;
        }
    }

    /// As [`note_stale`](Self::note_stale), where it is not known which slot that is.
    #[inline]
    pub(crate) const fn note_stale_somewhere(&mut self) {
        self.missed += 1;
    }
}
