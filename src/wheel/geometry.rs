//! The arithmetic of the five levels: pure functions of ticks.
//!
//! A wheel has five levels, tv1 to tv5. Each is a ring of slots; a slot of tv1 is one tick wide, and a slot of each
//! level above is as wide as the whole ring below it. Time moves a level's index on by `(index + 1) & TVN_MASK`, and
//! when a ring has gone round, the next slot of the level above comes down into it: a cascade.
//!
//! [`home`] says where Linux keeps a timer, and is what people look at. The wheel itself keeps two turns of each ring,
//! the current and the next, so that a cascade can be spread over the turn before it is needed. `limits` says which
//! level takes a timer; the jiffy in which it fires is the same.
//!
//! Source: Linux 3.10, `kernel/timer.c` (`internal_add_timer`, `cascade`, `__run_timers`).

use crate::time::Tick;

/// How many levels a wheel has.
pub const LEVELS: usize = 5;

/// The sizes of a wheel's rings. [`Standard`] and [`Small`] are the two that Linux can be built with.
pub trait Geometry: sealed::Sealed + Copy + core::fmt::Debug + 'static {
    /// Bits of tv1's index: it has `1 << TVR_BITS` slots.
    const TVR_BITS: u32;
    /// Bits of the index of tv2 to tv5: each has `1 << TVN_BITS` slots.
    const TVN_BITS: u32;
    /// What tv1's index is masked with.
    const TVR_MASK: u32 = (1 << Self::TVR_BITS) - 1;
    /// What the index of tv2 to tv5 is masked with.
    const TVN_MASK: u32 = (1 << Self::TVN_BITS) - 1;
}

/// 256 slots, then 4 × 64: Linux's usual wheel, which reaches 2³² ticks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standard;

/// 64 slots, then 4 × 16: Linux's wheel with `CONFIG_BASE_SMALL`, which reaches 2²² ticks. For small machines, and for
/// tests that want to see every level soon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Small;

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Standard {}
    impl Sealed for super::Small {}
}

impl Geometry for Standard {
    const TVR_BITS: u32 = 8;
    const TVN_BITS: u32 = 6;
}

impl Geometry for Small {
    const TVR_BITS: u32 = 6;
    const TVN_BITS: u32 = 4;
}

/// A slot, in Linux's terms: `level` 0 is tv1, 4 is tv5.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Home {
    /// The level, from 0 for tv1 to 4 for tv5.
    pub level: usize,
    /// The slot in the level's ring.
    pub slot: usize,
}

/// The slot in which Linux keeps a timer that expires at `expiry`, when `next` is the next jiffy to be processed.
///
/// # Examples
///
/// ```
/// use tickwheel::Tick;
/// use tickwheel::geometry::{Home, Standard, home};
///
/// // 16,333 ticks ahead belongs to tv2, whose index wraps to 0 there.
/// assert_eq!(home::<Standard>(Tick::new(101), Tick::new(16_434)), Home { level: 1, slot: 0 });
/// ```
pub fn home<G: Geometry>(next: Tick, expiry: Tick) -> Home {
    if expiry <= next {
        return Home { level: 0, slot: index::<G>(0, next) };
    }
    // Beyond the last level's reach a timer is filed as if it were exactly as far as that.
    let ahead = (expiry.get() - next.get()).min(reach::<G>() - 1);
    let level = (1..LEVELS).rev().find(|level| ahead >> shift::<G>(*level) != 0).unwrap_or(0);
    Home { level, slot: index::<G>(level, Tick::new(next.get() + ahead)) }
}

/// The index of a level when `tick` is the next to be processed.
pub const fn index<G: Geometry>(level: usize, tick: Tick) -> usize {
    (tick.get() >> shift::<G>(level)) as usize & mask::<G>(level) as usize
}

/// The slot after `slot` in a level's ring: Linux's `(index + 1) & TVN_MASK`.
pub const fn advance<G: Geometry>(level: usize, slot: usize) -> usize {
    (slot + 1) & mask::<G>(level) as usize
}

/// How many slots a level has.
pub const fn slots<G: Geometry>(level: usize) -> usize {
    mask::<G>(level) as usize + 1
}

/// How many ticks a slot of the level spans, as a power of two. `shift(LEVELS)` is the reach of all.
pub const fn shift<G: Geometry>(level: usize) -> u32 {
    if level == 0 { 0 } else { G::TVR_BITS + (level as u32 - 1) * G::TVN_BITS }
}

/// A timer this many ticks ahead, or more, is beyond the last level.
pub const fn reach<G: Geometry>() -> u64 {
    1 << shift::<G>(LEVELS)
}

const fn mask<G: Geometry>(level: usize) -> u32 {
    if level == 0 { G::TVR_MASK } else { G::TVN_MASK }
}

/// A level's ring as the wheel has it: two turns, so that what comes next has a place beside what is.
#[derive(Clone, Copy)]
pub(crate) struct Ring {
    /// How many ticks a slot spans, as a power of two.
    pub(crate) shift: u32,
    /// What a slot's number within the ring is masked with.
    pub(crate) mask: u16,
    /// The number of its first slot among all slots of the wheel.
    pub(crate) base: u16,
}

impl Ring {
    /// The slot of a tick, by its number among all slots of the wheel.
    #[inline]
    pub(crate) const fn slot(self, tick: u64) -> usize {
        ((tick >> (self.shift & 63)) as usize & self.mask as usize) + self.base as usize
    }
}

/// How many slots a wheel has in all.
pub(crate) const fn all_slots<G: Geometry>() -> usize {
    2 * (slots::<G>(0) + (LEVELS - 1) * slots::<G>(1))
}

/// The ring of a level.
#[inline]
pub(crate) const fn ring<G: Geometry>(level: usize) -> Ring {
    let base = if level == 0 { 0 } else { 2 * (slots::<G>(0) + (level - 1) * slots::<G>(1)) };
    Ring { shift: shift::<G>(level), mask: (2 * slots::<G>(level) - 1) as u16, base: base as u16 }
}

/// The rings of all levels, and behind them one whose slots are none: that of ticks beyond the last level.
pub(crate) const fn rings<G: Geometry>() -> [Ring; LEVELS + 1] {
    let mut all = [Ring { shift: 0, mask: 0, base: u16::MAX }; LEVELS + 1];
    let mut level = 0;
    while level < LEVELS {
        all[level] = ring::<G>(level);
        level += 1;
    }
    all
}

/// The last tick that each level takes at `now`. `holds` tells whether the slot of a level that spans a tick has
/// timers.
///
/// A level reaches to the end of its ring's next turn, but takes timers for a turn only once nothing above holds that
/// turn any more. Else a timer could pass by one that was armed before it.
pub(crate) fn limits<G: Geometry>(now: u64, holds: impl Fn(usize, u64) -> bool) -> [u64; LEVELS] {
    let mut limits = [now.saturating_add(reach::<G>() - 1); LEVELS];
    for level in (0..LEVELS - 1).rev() {
        let turn = shift::<G>(level + 1);
        let next = (now >> turn) + 1;
        // At the end of time there may be no next turn.
        let end = |turns: u64| if turns > u64::MAX >> turn { u64::MAX } else { (turns << turn) - 1 };
        let (this_turn, next_turn) = (end(next), end(next.saturating_add(1)));
        let above = limits[level + 1];
        limits[level] = if holds(level + 1, now) || this_turn > above {
            now
        } else if holds(level + 1, next << turn) || next_turn > above {
            this_turn
        } else {
            next_turn
        };
    }
    limits
}

const _: () = {
    assert!(Standard::TVR_MASK == 255 && Standard::TVN_MASK == 63);
    assert!(shift::<Standard>(1) == 8 && shift::<Standard>(2) == 14 && shift::<Standard>(3) == 20);
    assert!(shift::<Standard>(4) == 26 && shift::<Standard>(LEVELS) == 32);
    assert!(shift::<Small>(LEVELS) == 22);
    // Entries keep the low half of a tick, which tells all ticks within reach apart.
    assert!(reach::<Standard>() <= 1 << 32 && reach::<Small>() <= 1 << 32);
};

#[cfg(test)]
#[allow(clippy::needless_range_loop)] // levels are numbers here
mod tests {
    use super::{
        Geometry, Home, LEVELS, Small, Standard, advance, all_slots, home, index, limits, ring, rings, shift, slots,
    };
    use crate::time::Tick;

    fn at(next: u64, expiry: u64) -> (usize, usize) {
        let Home { level, slot } = home::<Standard>(Tick::new(next), Tick::new(expiry));
        (level + 1, slot)
    }

    /// linux-timers.md, 'Which slot', row by row: the first and the last distance of each.
    #[test]
    fn home_is_linuxs_table() {
        for next in [0_u64, 1, 101, 255, 256, 16_383, 16_384, 1 << 20, (1 << 26) - 1, (1 << 32) - 1, 1 << 40] {
            let rows: [(u64, u64, usize, u32, u64); 5] = [
                (0, (1 << 8) - 1, 1, 0, 255),
                (1 << 8, (1 << 14) - 1, 2, 8, 63),
                (1 << 14, (1 << 20) - 1, 3, 14, 63),
                (1 << 20, (1 << 26) - 1, 4, 20, 63),
                (1 << 26, (1 << 32) - 1, 5, 26, 63),
            ];
            for (first, last, level, bits, mask) in rows {
                for ahead in [first, first + 1, (first + last) / 2, last] {
                    let expiry = next + ahead;
                    assert_eq!(
                        at(next, expiry),
                        (level, ((expiry >> bits) & mask) as usize),
                        "T = {next}, e = {expiry}"
                    );
                }
            }
            for past in [1, 2, 300, next] {
                assert_eq!(
                    at(next, next.saturating_sub(past)),
                    (1, (next & 255) as usize),
                    "past goes to the next slot"
                );
            }
            let farthest = at(next, next + (1 << 32) - 1);
            assert_eq!(at(next, next + (1 << 32)), farthest, "beyond the reach it is filed as exactly that far");
            assert_eq!(at(next, u64::MAX), farthest);
        }
    }

    #[test]
    fn home_of_the_worked_example() {
        assert_eq!(at(101, 16_434), (2, 0));
    }

    #[test]
    fn an_index_moves_on_by_one_and_wraps() {
        for level in 0..LEVELS {
            let width = 1_u64 << shift::<Standard>(level);
            let mut slot = index::<Standard>(level, Tick::ZERO);
            for turn in 1..=3 * slots::<Standard>(level) as u64 {
                slot = advance::<Standard>(level, slot);
                assert_eq!(slot, index::<Standard>(level, Tick::new(turn * width)));
            }
        }
    }

    /// Ticks of now near the edges of levels.
    fn moments<G: Geometry>() -> std::vec::Vec<u64> {
        let edges = (0..=LEVELS).flat_map(|level| [1_u64 << shift::<G>(level), 7 << shift::<G>(level), (1 << 40) + 5]);
        edges.flat_map(|edge| [edge - 1, edge, edge + 1]).chain([0, u64::MAX - 1, u64::MAX]).collect()
    }

    fn l1_a_level_holds_two_turns_at_most<G: Geometry>() {
        for now in moments::<G>() {
            let limits = limits::<G>(now, |_, _| false);
            for level in 0..LEVELS - 1 {
                let turn = shift::<G>(level + 1);
                assert!((limits[level] >> turn) - (now >> turn) <= 1, "now {now}, level {level}");
                let ring = ring::<G>(level);
                let span = |tick: u64| tick >> ring.shift;
                for tick in [now, now.saturating_add(1 << ring.shift), limits[level] / 2 + now / 2, limits[level]] {
                    let same_slot = ring.slot(tick) == ring.slot(now);
                    assert_eq!(same_slot, span(tick) == span(now), "the slot that holds now holds nothing a turn away");
                }
            }
            assert!(limits.is_sorted(), "now {now}: {limits:?}");
        }
    }

    #[test]
    fn l1_the_slot_that_holds_now_is_told_from_all_others() {
        l1_a_level_holds_two_turns_at_most::<Standard>();
        l1_a_level_holds_two_turns_at_most::<Small>();
    }

    /// Whatever slots hold timers: a timer goes nowhere below one of them that spans its tick.
    fn nothing_passes_by<G: Geometry>() {
        for now in moments::<G>() {
            for full in 0..1_u32 << (2 * LEVELS) {
                let holds = |level: usize, tick: u64| {
                    let ahead = (tick >> shift::<G>(level)).wrapping_sub(now >> shift::<G>(level));
                    ahead < 2 && full >> (2 * level + ahead as usize) & 1 != 0
                };
                let limits = limits::<G>(now, holds);
                assert!(limits.is_sorted() && limits[0] >= now, "{limits:?}");
                for level in 0..LEVELS - 1 {
                    for above in level + 1..LEVELS {
                        for slot in [now, now.saturating_add(1 << shift::<G>(above))] {
                            let first = (slot >> shift::<G>(above) << shift::<G>(above)).max(now.saturating_add(1));
                            let passes = holds(above, slot) && limits[level] >= first && first > now;
                            assert!(!passes, "now {now}, level {level} takes {first}, which {above} holds");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn c3_no_level_takes_what_a_higher_one_still_holds() {
        nothing_passes_by::<Small>();
        nothing_passes_by::<Standard>();
    }

    #[test]
    fn slots_are_numbered_through_all_levels() {
        assert_eq!((all_slots::<Standard>(), all_slots::<Small>()), (1024, 256));
        for level in 0..LEVELS {
            let (this, next) = (rings::<Standard>()[level], rings::<Standard>()[level + 1]);
            let end = usize::from(this.base) + usize::from(this.mask) + 1;
            assert_eq!(end, if level + 1 < LEVELS { usize::from(next.base) } else { 1024 });
        }
        assert!(rings::<Standard>()[LEVELS].slot(12_345) >= all_slots::<Standard>());
    }
}
