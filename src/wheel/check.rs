//! The invariants of a wheel, checked from scratch.

use super::geometry::{Geometry, LEVELS, Ring, all_slots, ring, shift};
use super::slots::OUTLIER;
use super::store::Store;

impl<T, G: Geometry> Store<T, G> {
    /// Checks every structure and how they hang together. Touches everything: for tests.
    ///
    /// # Panics
    ///
    /// If an invariant is broken.
    pub(crate) fn check(&self) {
        self.places.check();
        self.outliers.check();
        self.slots.check(|place, position| self.places.armed(place).is_some_and(|(link, _)| link == position));
        self.check_times();
        let filed = self.check_slots();
        let mut outliers = 0;
        for (id, ..) in self.places.iter().filter(|(_, link, ..)| *link == OUTLIER) {
            let tick = self.outliers.tick(id.index());
            assert!(tick >= Some(self.soonest), "an outlier is among the outliers, and not before the soonest");
            outliers += 1;
        }
        assert_eq!(outliers, self.outliers.len(), "the outliers are counted");
        assert_eq!(filed + outliers, self.places.live(), "the position of every timer leads back to it");
        assert!(
            self.slots.lines.in_use() <= self.places.live() + all_slots::<G>(),
            "C9: a line for each timer at most"
        );
    }

    fn check_times(&self) {
        let turn = |tick: u64| tick >> shift::<G>(1);
        let last = self.last_turn();
        assert!(self.now <= self.target && self.target <= last, "the wheel does not run ahead of its turns");
        assert!(
            self.turn_is_open || turn(self.now) == turn(last),
            "a wheel that is done lags by less than a turn of tv1"
        );
        if self.quiet_until > 0 {
            assert!(
                !self.turn_is_open && !self.is_feeding && self.full_level == 0,
                "a activity wheel has nothing to do"
            );
            assert!(self.quiet_until <= self.edge(self.soonest), "no timer is due while it is activity");
        }
        if self.full_level == 0 {
            assert!((1..LEVELS).all(|level| !self.holds(level, self.now)), "what holds now comes down before all else");
        }
        if !self.is_feeding && !self.turn_is_open {
            let next = |level| ((self.now >> shift::<G>(level)) + 1) << shift::<G>(level);
            let may_fill = |level| self.places.live() > 0 && self.holds(level, next(level));
            assert!(!may_fill(1), "the feeder of tv1 is empty, or has a share to bring down");
        }
    }

    /// Checks that each timer with a slot lies in one that spans its tick or an earlier one. Counts them.
    fn check_slots(&self) -> usize {
        let mut count = 0;
        for level in 0..LEVELS {
            let Ring { base, mask, shift } = ring::<G>(level);
            for number in 0..=usize::from(mask) {
                let slot = usize::from(base) + number;
                let ahead = number.wrapping_sub((self.now >> shift) as usize) & usize::from(mask);
                // At the end of time slots that wrap are empty.
                let span = (self.now >> shift).wrapping_add(ahead as u64);
                for (position, place) in self.slots.entries(slot) {
                    let Some((_, tick)) = self.places.armed(place).filter(|(link, _)| *link == position) else {
                        continue;
                    };
                    let tick = self.widen(tick);
                    assert!(tick >> shift >= span, "a timer lies in the slot of its tick, or of one before");
                    assert!(tick >= self.soonest, "no timer is due before the soonest");
                    let least = self.slots.get(slot).map(|slot| self.widen(slot.least));
                    assert!(least <= Some(tick), "the least tick of a slot is least");
                    count += 1;
                }
            }
        }
        count
    }
}
