//! Linux's cascading wheel as the textbook has it, to count what its cascades move: slots filed by
//! [`home`](tickwheel::geometry::home), and each emptied whole in the jiffy in which the ring below has gone round.

use tickwheel::Tick;
use tickwheel::geometry::{Home, LEVELS, Standard, advance, home, index, shift, slots};

/// The textbook's wheel: only the deadlines of its timers.
pub(crate) struct Textbook {
    /// The next jiffy to be processed.
    next: u64,
    slots: [Vec<Vec<u64>>; LEVELS],
}

/// What one jiffy did.
pub(crate) struct Jiffy {
    /// Timers moved down by cascades.
    pub(crate) moved: usize,
    /// The deadlines that fired.
    pub(crate) fired: Vec<u64>,
}

impl Textbook {
    /// An empty wheel.
    pub(crate) fn new() -> Self {
        Self { next: 0, slots: std::array::from_fn(|level| vec![Vec::new(); slots::<Standard>(level)]) }
    }

    /// Files a timer where the table says.
    pub(crate) fn arm(&mut self, expiry: u64) {
        let Home { level, slot } = home::<Standard>(Tick::new(self.next), Tick::new(expiry));
        self.slots[level][slot].push(expiry);
    }

    /// Processes the next jiffy.
    pub(crate) fn step(&mut self) -> Jiffy {
        let mut moved = 0;
        for level in 1..LEVELS {
            if self.next & ((1 << shift::<Standard>(level)) - 1) != 0 {
                break;
            }
            let slot = index::<Standard>(level, Tick::new(self.next));
            let cascaded = std::mem::take(&mut self.slots[level][slot]);
            moved += cascaded.len();
            cascaded.into_iter().for_each(|expiry| self.arm(expiry));
        }
        let slot = index::<Standard>(0, Tick::new(self.next));
        self.next += 1;
        debug_assert_eq!(advance::<Standard>(0, slot), index::<Standard>(0, Tick::new(self.next)), "one slot on");
        Jiffy { moved, fired: std::mem::take(&mut self.slots[0][slot]) }
    }

    /// The level in which the wheel's only timer lies.
    pub(crate) fn level_of_only(&self) -> Option<usize> {
        self.slots.iter().position(|level| level.iter().any(|slot| !slot.is_empty()))
    }
}
