//! When the next timer is due, and when the next turn is wanted.

use super::geometry::{Geometry, LEVELS, Ring, ring, slots};
use super::store::Store;

impl<T, G: Geometry> Store<T, G> {
    /// Looks for the next tick after `now` at which something is to be done: in this turn of tv1, or else at its end.
    /// Only where the turn under way goes beyond that, in all levels.
    #[inline]
    pub(crate) fn look_ahead(&mut self) {
        let (slot, turn) = (ring::<G>(0).slot(self.now), slots::<G>(0));
        let end = (slot | (turn - 1)) + 1;
        let next = self.slots.occupied.first_in(slot + 1, end);
        self.soonest = (self.now - slot as u64).saturating_add(next.unwrap_or(end) as u64);
        self.is_exact = next.is_some();
        if !self.outliers.is_empty() || (next.is_none() && self.target > self.soonest) {
            self.look_far_ahead();
        }
    }

    #[cold]
    #[inline(never)]
    fn look_far_ahead(&mut self) {
        (self.soonest, self.is_exact) = (self.first_tick().min(self.outliers.least().unwrap_or(u64::MAX)), true);
    }

    /// The tick of the next timer, or an earlier one where what is first has been cancelled or moved.
    fn first_tick(&self) -> u64 {
        if self.is_exact { self.soonest } else { self.least_in_levels().min(self.outliers.least().unwrap_or(u64::MAX)) }
    }

    #[cold]
    #[inline(never)]
    fn least_in_levels(&self) -> u64 {
        let least = |level| {
            let Ring { base, mask, .. } = ring::<G>(level);
            let (base, start) = (usize::from(base), ring::<G>(level).slot(self.now));
            let slot = self.slots.occupied.first_round(base, start, base + usize::from(mask) + 1)?;
            self.slots.get(slot).map(|slot| self.widen(slot.least))
        };
        (0..LEVELS).filter_map(least).min().unwrap_or(u64::MAX)
    }

    /// The tick of the next timer, or an earlier one where what is first has been cancelled or moved.
    #[inline]
    pub(crate) fn next_expiry(&self) -> Option<u64> {
        (self.places.live() > 0).then(|| self.first_tick())
    }

    /// The tick at which a turn is wanted next.
    pub(crate) fn next_turn(&self) -> Option<u64> {
        let expiry = self.next_expiry();
        if self.turn_is_open {
            return Some(expiry.unwrap_or(self.target).min(self.target));
        }
        let (expiry, now) = (expiry?, self.last_turn());
        // No feeder asks for a share before that, so most of the time there is no need to look for one.
        if expiry <= Self::next_last_quarter(now) {
            return Some(expiry);
        }
        Some(self.next_feeding(now).map_or(expiry, |share| share.min(expiry)))
    }
}
