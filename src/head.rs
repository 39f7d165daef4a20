//! The head of a place: the little that its owner, wheel or heap, looks at often.

use core::num::NonZeroU32;

use crate::timer::TimerId;

/// Bits of a head's word that hold the owner's tag; the generation has the rest.
const TAG_BITS: u32 = 3;
/// The last generation of a place. The next one would not fit beside the tag.
pub(crate) const LAST_GENERATION: u32 = u32::MAX >> TAG_BITS;

/// The tag of a place that may be given out; all others are the owner's.
pub(crate) const FREE: u8 = 0;

/// What an owner keeps about one place.
pub(crate) struct Head<M> {
    /// Generation and tag. Generation 0 is that of a retired place: no id has it.
    word: u32,
    /// The owner's, while the place is in use; in a free place it leads to the next free one.
    pub(crate) link: u32,
    /// The owner's.
    pub(crate) datum: M,
}

impl<M> Head<M> {
    pub(crate) const fn new(generation: u32, tag: u8, link: u32, datum: M) -> Self {
        Self { word: generation << TAG_BITS | tag as u32, link, datum }
    }

    #[inline]
    pub(crate) const fn tag(&self) -> u8 {
        (self.word & ((1 << TAG_BITS) - 1)) as u8
    }

    #[inline]
    pub(crate) const fn set_tag(&mut self, tag: u8) {
        debug_assert!(tag < 1 << TAG_BITS, "a tag fits into its bits");
        self.word = (self.word & !((1 << TAG_BITS) - 1)) | tag as u32;
    }

    #[inline]
    pub(crate) const fn generation(&self) -> u32 {
        self.word >> TAG_BITS
    }

    /// Whether the place's generations are used up.
    #[inline]
    pub(crate) const fn is_retired(&self) -> bool {
        self.generation() == 0
    }

    #[inline]
    pub(crate) fn id(&self, index: u32) -> TimerId {
        let generation = NonZeroU32::new(self.generation());
        TimerId::new(index, generation.expect("a place that holds a value is not retired"))
    }

    /// Takes a free place into use, and gives its link to the next free one.
    #[inline]
    pub(crate) fn occupy(&mut self, tag: u8, link: u32, datum: M) -> u32 {
        debug_assert!(self.tag() == FREE && tag != FREE, "a place in use needs a tag that says so");
        self.word |= u32::from(tag);
        self.datum = datum;
        core::mem::replace(&mut self.link, link)
    }

    /// Gives a place up, as the free one before `next_free`. Says whether it may be given out again.
    #[inline]
    pub(crate) const fn vacate(&mut self, next_free: u32) -> bool {
        self.set_tag(FREE);
        if self.is_retired() {
            return false;
        }
        self.link = next_free;
        true
    }

    /// Moves the generation on and gives the place up, as the free one before `next_free`. Says whether it may be given
    /// out again.
    #[inline]
    pub(crate) const fn leave(&mut self, last_generation: u32, next_free: u32) -> bool {
        if self.generation() >= last_generation {
            self.word = FREE as u32;
            return false;
        }
        self.word = (self.word & !((1 << TAG_BITS) - 1)) + (1 << TAG_BITS) + FREE as u32;
        self.link = next_free;
        true
    }

    /// Moves the generation on, so that ids given out before are stale.
    #[inline]
    pub(crate) const fn age(&mut self, last_generation: u32) {
        if self.generation() < last_generation {
            self.word += 1 << TAG_BITS;
        } else {
            self.word = self.tag() as u32;
        }
    }
}
