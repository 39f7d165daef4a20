//! The calls that may touch everything: clearing, reserving and shrinking.

use super::chunk::{Batch, Chunks};
use super::geometry::{Geometry, limits};
use super::marks::Marks;
use super::progress::{Cascade, Sweep};
use super::store::{Store, drop_if_stale};

impl<T, G: Geometry> Store<T, G> {
    /// An empty store with the same limits, at the same time.
    pub(crate) fn sibling(&self) -> Self {
        Self { arena: self.arena.sibling(), ..Self::new(self.target) }
    }

    /// Drops every timer; generations and the time of the last turn stay.
    pub(crate) fn clear(&mut self) {
        // Entries go before values: a drop that panics leaves nothing half done.
        self.levels.iter_mut().for_each(|level| level.clear());
        self.chunks = Chunks::new();
        self.due = Batch::EMPTY;
        self.outliers.clear();
        self.sweep = Sweep::default();
        self.now = self.target;
        self.limits = limits::<G>(self.now);
        self.cascade = Cascade::at(self.now);
        self.soonest = u64::MAX;
        self.turn_is_open = false;
        self.stale = Marks::with_room(self.arena.places());
        self.arena.clear();
    }

    /// Makes room for `additional` more timers.
    pub(crate) fn reserve(&mut self, additional: usize) {
        self.arena.reserve(additional);
        self.stale.reserve(self.arena.places());
        if self.chunks.is_short_of(1) {
            self.chunks.add_page();
        }
    }

    /// Collects all that is stale, and gives back what is left unused.
    pub(crate) fn shrink_to_fit(&mut self) {
        let mut packed = Chunks::new();
        for level in &mut self.levels {
            let keep = |place| !drop_if_stale(&mut self.arena, &mut self.stale, place);
            level.repack(&self.chunks, &mut packed, keep);
            level.shrink_to_fit();
        }
        self.chunks = packed;
        self.sweep = Sweep::default();
        self.arena.shrink_to_fit();
        if self.stale.count() == 0 {
            self.stale = Marks::with_room(self.arena.places());
        }
    }
}
