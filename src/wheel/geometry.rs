//! The arithmetic of the five levels: pure functions of ticks.
//!
//! A wheel has five levels, tv1 to tv5. Each is a ring of slots; a slot of tv1 is one tick wide, and a slot of each
//! level above is as wide as the whole ring below it. Time moves a level's index on by `(index + 1) & TVN_MASK`, and
//! when a ring has gone round, the next slot of the level above comes down into it: a cascade.
//!
//! [`home`] says where Linux keeps a timer, and is what people look at. The wheel itself keeps two turns of each ring,
//! the current and the next, so that a cascade can be spread over the turn before it is needed: `place` says where a
//! timer is filed, which is where Linux keeps it or lower down already. The jiffy in which it fires is the same.
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

/// For each level but the last, the last tick that it holds at `now`: it holds its current turn and the next.
#[inline]
pub(crate) const fn limits<G: Geometry>(now: u64) -> [u64; LEVELS - 1] {
    const fn limit(now: u64, turn: u32) -> u64 {
        let last_turn = (now >> turn) + 1;
        // The turn of the end of time may have no next.
        if last_turn >= u64::MAX >> turn { u64::MAX } else { ((last_turn + 1) << turn) - 1 }
    }
    [limit(now, shift::<G>(1)), limit(now, shift::<G>(2)), limit(now, shift::<G>(3)), limit(now, shift::<G>(4))]
}

/// The level in which a timer is filed: the lowest whose limit is not before it.
///
/// `now <= expiry < now + reach`. There is no branch in it: what it depends on is often still on its way from memory.
#[inline]
pub(crate) const fn place(limits: &[u64; LEVELS - 1], expiry: u64) -> usize {
    let [tv1, tv2, tv3, tv4] = *limits;
    let passed = (expiry > tv1) as u8 + (expiry > tv2) as u8 + (expiry > tv3) as u8 + (expiry > tv4) as u8;
    passed as usize
}

/// The slots that a level really has: two turns of its ring.
pub(crate) const fn double_slots<G: Geometry>(level: usize) -> usize {
    2 * slots::<G>(level)
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
mod tests {
    use super::{
        Geometry, Home, LEVELS, Small, Standard, advance, double_slots, home, index, limits, place, reach, shift, slots,
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

    fn placed_where_linux_does_or_lower<G: Geometry>() {
        let edges = (0..LEVELS as u32).map(|level| 1_u64 << shift::<G>(level as usize)).chain([reach::<G>()]);
        let distances: std::vec::Vec<u64> =
            edges.flat_map(|edge| [edge.saturating_sub(1), edge, edge + 1]).filter(|far| *far < reach::<G>()).collect();
        for now in distances.iter().flat_map(|near| [*near, near * 3, near * 7 + 5, (1 << 40) + near]) {
            for ahead in &distances {
                let expiry = now + ahead;
                let level = place(&limits::<G>(now), expiry);
                assert!(level <= home::<G>(Tick::new(now), Tick::new(expiry)).level, "now {now}, ahead {ahead}");
                let turn = shift::<G>(level + 1);
                if level + 1 < LEVELS {
                    assert!((expiry >> turn) - (now >> turn) <= 1, "within the level's two turns");
                }
                let span = |tick: u64| (tick >> shift::<G>(level)) as usize;
                let same_slot = (span(now) ^ span(expiry)) & (double_slots::<G>(level) - 1) == 0;
                assert_eq!(
                    same_slot,
                    span(now) == span(expiry),
                    "L1: the slot that holds now holds nothing a turn away"
                );
            }
        }
    }

    #[test]
    fn l1_no_timer_lies_above_its_home_or_in_the_slot_of_now() {
        placed_where_linux_does_or_lower::<Standard>();
        placed_where_linux_does_or_lower::<Small>();
    }
}
