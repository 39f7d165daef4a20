//! Numbers that look random and are the same everywhere.

/// Marsaglia's xorshift, of 64 bits.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new() -> Self {
        Self(0x2545_f491_4f6c_dd1d)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// One of `0..end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end
    }

    /// One of `1..1 << bits`, of every magnitude as often.
    pub(crate) fn of_any_magnitude(&mut self, bits: u32) -> u64 {
        let magnitude = 1 << self.below(u64::from(bits));
        magnitude + self.below(magnitude)
    }
}
