//! The calls that may touch everything: clearing, reserving and shrinking.

use super::geometry::Geometry;
use super::slots::Slots;
use super::store::Store;

impl<T, G: Geometry> Store<T, G> {
    /// Drops every timer and gives their memory back; generations and the time of the last turn stay.
    pub(crate) fn clear(&mut self) {
        // Values are dropped last: a drop that panics finds everything in order.
        let values = self.places.clear();
        self.slots = Slots::new();
        self.outliers.clear();
        self.target = self.last_turn();
        (self.now, self.fed_until) = (self.target, self.target);
        (self.soonest, self.is_exact, self.quiet_until) = (u64::MAX, true, 0);
        (self.full_level, self.turn_is_open, self.is_feeding) = (0, false, false);
        self.set_limits();
        drop(values);
    }

    /// Makes room for `additional` more timers.
    pub(crate) fn reserve(&mut self, additional: usize) {
        self.places.reserve(additional);
    }

    /// Gives back all memory that the timers do not need: lines with few timers are put together, and pages of places
    /// without a timer go.
    pub(crate) fn shrink_to_fit(&mut self) {
        let places = &self.places;
        let is_good = |place, position| places.armed(place).is_some_and(|(link, _)| link == position);
        for (place, position) in self.slots.repack(is_good) {
            self.places.set_link(place, position);
        }
        self.places.shrink_to_fit();
    }
}
