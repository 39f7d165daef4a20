//! Linux's own wheel, tv1 to tv5 as 3.10 has them, jiffy by jiffy: the textbook that the wheel is held against.
//!
//! It is written from the rules in `docs/algorithms.md`, plainly: a list for each slot, no bitmaps, no budget.

/// Bits of tv1's index, and of the others'.
const TVR_BITS: u32 = 8;
const TVN_BITS: u32 = 6;
const TVR_MASK: u64 = (1 << TVR_BITS) - 1;
const TVN_MASK: u64 = (1 << TVN_BITS) - 1;
/// The furthest that a slot of tv5 can stand for.
const MAX_TVAL: u64 = u32::MAX as u64;

/// A timer of the kernel's: when it expires, and a number to know it by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Pending {
    pub(crate) expires: u64,
    pub(crate) name: u32,
}

pub(crate) struct LinuxWheel {
    /// The next jiffy to be processed.
    timer_jiffies: u64,
    tv1: Vec<Vec<Pending>>,
    /// tv2 to tv5.
    tvn: [Vec<Vec<Pending>>; 4],
}

/// The level above tv1 and the slot of it.
type Home = (Option<usize>, usize);

impl LinuxWheel {
    pub(crate) fn new(timer_jiffies: u64) -> Self {
        let slots = |count: u64| (0..=count).map(|_| Vec::new()).collect();
        Self { timer_jiffies, tv1: slots(TVR_MASK), tvn: [(); 4].map(|()| slots(TVN_MASK)) }
    }

    /// The next jiffy to be processed.
    pub(crate) fn timer_jiffies(&self) -> u64 {
        self.timer_jiffies
    }

    /// Where a timer goes.
    pub(crate) fn home(&self, expires: u64) -> Home {
        let now = self.timer_jiffies;
        if expires < now {
            return (None, (now & TVR_MASK) as usize);
        }
        let distance = expires - now;
        if distance <= TVR_MASK {
            return (None, (expires & TVR_MASK) as usize);
        }
        let filed_for = now + distance.min(MAX_TVAL);
        let level = (0..3).find(|level| distance < 1 << (TVR_BITS + (level + 1) * TVN_BITS)).unwrap_or(3);
        (Some(level as usize), Self::index(filed_for, level as usize))
    }

    /// The index at a level above tv1 that a jiffy has.
    fn index(jiffy: u64, level: usize) -> usize {
        ((jiffy >> (TVR_BITS + level as u32 * TVN_BITS)) & TVN_MASK) as usize
    }

    pub(crate) fn add(&mut self, timer: Pending) {
        match self.home(timer.expires) {
            (None, slot) => self.tv1[slot].push(timer),
            (Some(level), slot) => self.tvn[level][slot].push(timer),
        }
    }

    /// Takes a timer off its list, as `del_timer` does. It is looked for everywhere: the kernel has a pointer.
    pub(crate) fn delete(&mut self, name: u32) {
        let lists = self.tv1.iter_mut().chain(self.tvn.iter_mut().flatten());
        lists.for_each(|list| list.retain(|timer| timer.name != name));
    }

    /// Processes one jiffy, and gives what fires in it.
    pub(crate) fn run_one_jiffy(&mut self) -> Vec<Pending> {
        let index = (self.timer_jiffies & TVR_MASK) as usize;
        if index == 0 {
            for level in 0..4 {
                let slot = Self::index(self.timer_jiffies, level);
                for timer in std::mem::take(&mut self.tvn[level][slot]) {
                    self.add(timer);
                }
                if slot != 0 {
                    break;
                }
            }
        }
        self.timer_jiffies += 1;
        std::mem::take(&mut self.tv1[index])
    }
}
