//! The sweep: stale entries are collected a little at a time, before they outnumber the live ones (C9).
//!
//! A cancelled timer leaves its entry behind, and so does one that was moved to earlier. Most of these entries are met
//! and dropped in their slot. When more than half as many are stale as are live a sweep begins: from then on, each call
//! after which there is one more stale entry, or one live timer less, also looks at one chunk and drops the stale ones
//! in it, slot by slot, until it has been all round. A sweep of `e` entries in chunks at least half full ends within
//! `e / 7` calls, and stale ones are at most half of the live when it begins, so they are never more than the live
//! ones.

use super::geometry::{Geometry, LEVELS};
use super::progress::Sweep;
use super::store::{Store, drop_if_stale};

/// Stale entries up to this number are no reason to sweep.
const ALLOWANCE: usize = 64;

impl<T, G: Geometry> Store<T, G> {
    /// Whether more is stale than may be left without a sweep.
    #[inline]
    const fn needs_sweep(&self) -> bool {
        self.arena.marked() > self.arena.live() / 2 + ALLOWANCE
    }

    /// Does one step of the sweep, if one is under way or wanted, and says how many entries it looked at.
    #[inline]
    pub(crate) fn collect_garbage(&mut self) -> usize {
        if self.sweep.under_way || self.needs_sweep() { self.sweep_on() } else { 0 }
    }

    #[cold]
    #[inline(never)]
    fn sweep_on(&mut self) -> usize {
        if !self.sweep.under_way {
            self.sweep = Sweep { under_way: true, level: 0, slot: 0 };
            self.point_hand();
        } else if self.chunks.hand_is_done() {
            self.sweep.slot += 1;
            self.point_hand();
        }
        if self.sweep.under_way { self.sweep_chunk() } else { 0 }
    }

    /// Puts the hand on the first slot with entries, from where the sweep is; past the last one it is over.
    fn point_hand(&mut self) {
        while self.sweep.level < LEVELS {
            if let Some((index, slot)) = self.levels[self.sweep.level].occupied_from(self.sweep.slot) {
                self.sweep.slot = index;
                self.chunks.point_at(&slot.run);
                return;
            }
            self.sweep.level += 1;
            self.sweep.slot = 0;
        }
        self.sweep.under_way = false;
    }

    fn sweep_chunk(&mut self) -> usize {
        let (arena, level) = (&mut self.arena, &mut self.levels[self.sweep.level]);
        let is_stale = |place| drop_if_stale(arena, place);
        let (swept, dropped) = level.sweep_chunk(&mut self.chunks, self.sweep.slot, is_stale);
        self.work.swept += swept as u64;
        self.work.collected += dropped as u64;
        swept
    }
}
