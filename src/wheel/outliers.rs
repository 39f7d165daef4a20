//! Timers that have no slot: the overdue, and those beyond the reach of the last level.
//!
//! Both are few, so a sorted map serves. A timer beyond the reach stays here until it is due and fires from here, in
//! its place: everything in the wheel for the same tick was armed later, when the tick was near. An overdue timer
//! counts as due at the tick of the last turn, and everything in the wheel for that tick was armed before it.
//!
//! Each call costs a logarithm of the number of outliers.

use alloc::collections::BTreeMap;

/// Where an outlier stands in the order of C3, within and beside the wheel's own timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Key {
    tick: u64,
    side: Side,
    armed: u64,
}

/// Whether an outlier comes before or after what the wheel holds for the same tick.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Side {
    /// Armed from beyond the reach.
    Before,
    /// Overdue.
    After,
}

/// The timers outside of the wheel.
pub(crate) struct Outliers {
    by_key: BTreeMap<Key, u32>,
    by_place: BTreeMap<u32, Key>,
    /// How many were ever armed.
    armed: u64,
    /// Overdue timers armed since the turn was opened are left to the next: those from this number on.
    fence: u64,
}

impl Outliers {
    pub(crate) const fn new() -> Self {
        Self { by_key: BTreeMap::new(), by_place: BTreeMap::new(), armed: 0, fence: 0 }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Lets everything that is there by now take part in the turn that opens.
    pub(crate) const fn open_turn(&mut self) {
        self.fence = self.armed;
    }

    pub(crate) fn insert(&mut self, tick: u64, side: Side, place: u32) {
        let key = Key { tick, side, armed: self.armed };
        self.armed += 1;
        self.by_key.insert(key, place);
        let before = self.by_place.insert(place, key);
        debug_assert!(before.is_none(), "a timer is an outlier once");
    }

    pub(crate) fn remove(&mut self, place: u32) {
        let key = self.by_place.remove(&place);
        debug_assert!(key.is_some(), "the timer is an outlier");
        if let Some(key) = key {
            self.by_key.remove(&key);
        }
    }

    /// The tick of an outlier.
    pub(crate) fn tick(&self, place: u32) -> Option<u64> {
        self.by_place.get(&place).map(|key| key.tick)
    }

    /// The least tick.
    pub(crate) fn least(&self) -> Option<u64> {
        self.by_key.first_key_value().map(|(key, _)| key.tick)
    }

    /// The first of all: its tick, its side and its place.
    pub(crate) fn first(&self) -> Option<(u64, Side, u32)> {
        self.by_key.first_key_value().map(|(key, place)| (key.tick, key.side, *place))
    }

    /// Takes the first outlier of `tick` on this side of the wheel, if it takes part in the turn under way.
    pub(crate) fn pop(&mut self, tick: u64, side: Side) -> Option<u32> {
        let first = self.by_key.first_entry()?;
        let key = *first.key();
        if key.tick != tick || key.side != side || (side == Side::After && key.armed >= self.fence) {
            return None;
        }
        let place = first.remove();
        self.by_place.remove(&place);
        Some(place)
    }

    pub(crate) fn clear(&mut self) {
        self.by_key.clear();
        self.by_place.clear();
    }

    /// Checks that both maps say the same.
    ///
    /// # Panics
    ///
    /// If they do not.
    pub(crate) fn check(&self) {
        assert_eq!(self.by_key.len(), self.by_place.len(), "an outlier stands in both maps");
        for (key, place) in &self.by_key {
            assert_eq!(self.by_place.get(place), Some(key), "both maps agree");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Outliers, Side};

    #[test]
    fn c7_an_overdue_timer_waits_for_the_next_turn() {
        let mut outliers = Outliers::new();
        outliers.insert(5, Side::After, 1);
        assert_eq!(outliers.pop(5, Side::After), None);
        assert_eq!(outliers.least(), Some(5));
        outliers.open_turn();
        assert_eq!(outliers.pop(5, Side::After), Some(1));
        assert!(outliers.is_empty());
        outliers.check();
    }

    #[test]
    fn c3_sides_of_a_tick_keep_apart() {
        let mut outliers = Outliers::new();
        for place in [3, 1, 2] {
            outliers.insert(9, Side::Before, place);
        }
        outliers.insert(9, Side::After, 4);
        outliers.open_turn();
        outliers.remove(1);
        assert_eq!(outliers.pop(8, Side::Before), None);
        assert_eq!(outliers.pop(9, Side::After), None, "those before come first");
        assert_eq!(outliers.pop(9, Side::Before), Some(3));
        assert_eq!(outliers.pop(9, Side::Before), Some(2));
        assert_eq!(outliers.pop(9, Side::Before), None);
        assert_eq!(outliers.pop(9, Side::After), Some(4));
        outliers.check();
    }
}
