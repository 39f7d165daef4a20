//! What a wheel has done, in entries: the measure of C8.

/// How many entries a wheel has touched since its creation, by what it did with them.
///
/// A turn's [`Budget`](crate::Budget) is spent in the same coin. See [`TimerWheel::work`](crate::TimerWheel::work).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct WorkCounters {
    /// Handed out as expired.
    pub fired: u64,
    /// Moved down a level by a cascade.
    pub moved: u64,
    /// Met in their slot and filed again, as their timers had been moved to later.
    pub refiled: u64,
    /// Passed over beside others in their slot, as their timers had been cancelled or moved to earlier.
    pub skipped: u64,
}

impl WorkCounters {
    /// All entries touched.
    pub const fn touched(&self) -> u64 {
        self.fired + self.moved + self.refiled + self.skipped
    }
}
