//! Whose turn is next, told without moving anything.
//!
//! The order of C3 can be read off from where the entries lie. Of the timers of one tick there come, one behind the
//! other: those from beyond the reach; the entries that lie under that tick, as they will have come down; the timers
//! that were moved to later and lie under an earlier tick still, in the order in which they will be met and filed
//! again; the overdue. And of the entries under one tick, those that came from above come first, the lowest level
//! first, then those that were filed straight, the highest level first: what lies higher was filed earlier.

use super::chunk::Entry;
use super::geometry::{Geometry, LEVELS};
use super::outliers::Side;
use super::store::{Store, tag};

/// Where a timer stands in the order: the least is handed out first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Rank {
    tick: u64,
    kind: Kind,
    /// The tick under which the entry lies.
    filed: u64,
    /// Which part of which level the entry lies in.
    part: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    FromBeyond,
    Filed,
    MovedToLater,
    Overdue,
}

/// Entries of `now` that have left their slot already.
const AT_HAND: usize = 0;

const fn part(level: usize, from_above: bool) -> usize {
    if from_above { 1 + level } else { 2 * LEVELS - level }
}

impl<T, G: Geometry> Store<T, G> {
    /// The place of the timer that is handed out next.
    ///
    /// Visits the entries of the slots up to the one where it finds it.
    pub(crate) fn first(&self) -> Option<u32> {
        let mut first = self.outliers.first().map(|(tick, side, index)| {
            let kind = if side == Side::Before { Kind::FromBeyond } else { Kind::Overdue };
            (Rank { tick, kind, filed: tick, part: AT_HAND }, index)
        });
        for entry in self.due.entries() {
            self.consider(*entry, AT_HAND, &mut first);
        }
        for (number, level) in self.levels.iter().enumerate() {
            for (least, slot) in level.slots_from(self.now) {
                // A timer is never due before the tick under which its entry lies.
                if first.is_some_and(|(rank, _)| rank.tick < least) {
                    break;
                }
                for (entry, from_above) in slot.entries(&self.chunks) {
                    self.consider(entry, part(number, from_above), &mut first);
                }
            }
        }
        first.map(|(_, index)| index)
    }

    /// Puts the timer of an entry first, if it is there and comes before what is.
    fn consider(&self, entry: Entry, part: usize, first: &mut Option<(Rank, u32)>) {
        let head = self.arena.head(entry.place);
        let (index, datum) = match head.tag() {
            tag::OWN => (entry.place, head.datum),
            tag::PROXY if !self.stale.contains(entry.place) => (head.link, self.arena.head(head.link).datum),
            _ => return,
        };
        let (tick, filed) = (self.widen(datum), self.widen(entry.expiry));
        let kind = if tick == filed { Kind::Filed } else { Kind::MovedToLater };
        let rank = Rank { tick, kind, filed, part };
        if first.is_none_or(|(least, _)| rank < least) {
            *first = Some((rank, index));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::time::{Resolution, Timestamp};
    use crate::timer::{Timer, TimerExt};
    use crate::wheel::TimerWheel;
    use std::vec::Vec;

    /// One tick whose timers lie in three places: two levels, and of the lower one both parts.
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
