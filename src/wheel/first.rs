//! Which timer comes next, told without moving anything.
//!
//! The order of C3 can be read off from where the entries lie. Of the timers of one tick there come, one behind the
//! other: those from beyond the reach; those that lie in a slot which spans that tick, as they will have come down; the
//! timers that were moved to later and lie in an earlier slot still, in the order in which they will be met and filed
//! again; the overdue. Of slots that span one tick the lowest comes first: what lies higher was armed later, and waits
//! for its share to come down.

use super::geometry::{Geometry, LEVELS, Ring, ring};
use super::outliers::Side;
use super::store::Store;
use crate::timer::TimerId;

/// Where a timer stands in the order: the least is handed out first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Rank {
    tick: u64,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    FromBeyond,
    /// In a slot of this level that spans the tick.
    Filed(usize),
    /// In a slot that begins at this tick and is met earlier; of slots that begin at once the highest is first.
    MovedToLater(u64, core::cmp::Reverse<usize>),
    Overdue,
}

impl<T, G: Geometry> Store<T, G> {
    /// The timer that is handed out next.
    ///
    /// Visits the entries of the slots up to the one where it finds it.
    pub(crate) fn first(&self) -> Option<TimerId> {
        let mut first = self.outliers.first().map(|(tick, side, place)| {
            let kind = if side == Side::Before { Kind::FromBeyond } else { Kind::Overdue };
            (Rank { tick, kind }, place)
        });
        for level in 0..LEVELS {
            self.first_of_level(level, &mut first);
        }
        first.and_then(|(_, place)| self.places.id(place))
    }

    fn first_of_level(&self, level: usize, first: &mut Option<(Rank, u32)>) {
        let Ring { base, mask, shift } = ring::<G>(level);
        let (base, end) = (usize::from(base), usize::from(base) + usize::from(mask) + 1);
        let start = ring::<G>(level).slot(self.now);
        let from = |slot| self.slots.occupied.first_in(slot, end);
        let behind = core::iter::successors(from(start), |slot| from(slot + 1));
        let around = core::iter::successors(from(base), |slot| from(slot + 1)).take_while(|slot| *slot < start);
        for slot in behind.chain(around) {
            let ahead = slot.wrapping_sub(start) & usize::from(mask);
            let span = (self.now >> shift).wrapping_add(ahead as u64);
            // A timer is never due before the span of its slot.
            if first.is_some_and(|(rank, _)| rank.tick < span << shift) {
                break;
            }
            for (position, place) in self.slots.entries(slot) {
                let Some((_, tick)) = self.places.armed(place).filter(|(link, _)| *link == position) else { continue };
                let tick = self.widen(tick);
                let kind = if tick >> shift == span {
                    Kind::Filed(level)
                } else {
                    Kind::MovedToLater(span << shift, core::cmp::Reverse(level))
                };
                let rank = Rank { tick, kind };
                if first.is_none_or(|(least, _)| rank < least) {
                    *first = Some((rank, place));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::time::{Resolution, Timestamp};
    use crate::timer::{Timer, TimerExt};
    use crate::wheel::TimerWheel;
    use std::vec::Vec;

    /// One tick whose timers lie in two levels, a part of them come down.
    #[test]
    fn c3_l12_the_first_is_told_while_a_crowd_comes_down() {
        let at = |tick: u64| Timestamp::from_nanos(tick * 1_000_000);
        let mut wheel = TimerWheel::new(Resolution::MILLISECOND);
        let mut armed: Vec<_> = (0..100).map(|n| wheel.insert(at(600), n).unwrap()).collect();
        assert_eq!(wheel.turn(at(300)).count(), 0);
        armed.extend((100..110).map(|n| wheel.insert(at(600), n).unwrap()));
        assert!(0 < wheel.work().moved && wheel.work().moved < 100, "some have come down, some have not");
        for id in armed {
            assert_eq!(wheel.first(), Some(id));
            wheel.cancel(id);
        }
        assert_eq!(wheel.first(), None);
    }
}
