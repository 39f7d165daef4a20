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
    pub(crate) level: usize,
    /// The slot under the hand, among the two turns of the level.
    pub(crate) slot: usize,
    /// Steps that were left to the next turn.
    pub(crate) owed: u32,
}
