//! Programs as values.

use arbitrary::Arbitrary;
use tickwheel::Timestamp;

use crate::checked::World;

/// A moment, told in ticks from the last turn's time.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum When {
    Near(u8),
    Soon(u16),
    /// About a power of two ahead, where levels meet.
    Edge {
        bits: u8,
        off: i8,
    },
    /// About a multiple of a power of two, where slots begin.
    Slot {
        bits: u8,
        ahead: u8,
        off: i8,
    },
    Far(u64),
    Past(u16),
    EndOfTime(u16),
}

/// An id to call with.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Pick {
    /// One that some container has given out.
    Known(u16),
    /// One given out lately.
    Late(u8),
    /// Any.
    Strange { index: u16, generation: u8 },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Op {
    Insert { at: When, slack: Option<u16> },
    InsertMany { count: u8, at: When },
    Cancel(Pick),
    CancelMany { first: u16, step: u8 },
    Reset { id: Pick, at: When, slack: Option<u16> },
    RescheduleMany { first: u16, step: u8, at: When },
    Turn { to: When, budget: Option<u8>, inside: u8 },
    Sleep { budget: Option<u8> },
    Clear,
    Shrink,
    Reserve(u8),
    BecomeSibling { of: u8 },
    Look(Pick),
}

/// What is done, and where.
#[derive(Arbitrary, Clone, Debug)]
pub struct Program {
    kinds: [u8; 3],
    start: u8,
    ops: Vec<(u8, Op)>,
}

impl Program {
    /// Runs the program.
    ///
    /// # Panics
    ///
    /// If a container answers wrongly.
    pub fn run(self) {
        let start = match self.start % 6 {
            0 | 1 => 0,
            2 => 0xFFFF_FF00 * 1_000_000,
            3 => (1 << 63) - 5,
            4 => u64::MAX - 3_000_000,
            _ => 16_383_999_999,
        };
        let mut world = World::new(self.kinds, Timestamp::from_nanos(start));
        let mut ops = self.ops.into_iter().take(400);
        while let Some((which, op)) = ops.next() {
            world.apply(usize::from(which), op, &mut ops);
        }
        world.drain();
    }
}
