//! The cascade: what lies in an upper level comes down as its time draws near.
//!
//! Linux moves a whole slot in the jiffy in which the ring below has gone round, which stalls that jiffy when the slot
//! is large. Here each level holds two turns of its ring, so that the slot which is needed next, the *feeder*, can come
//! down over the whole turn before: a share of it at each turn of the wheel, all of it by three quarters of the time.
//! Whoever sleeps meanwhile is woken for it once in a turn of tv1, at its last quarter, if the slot is crowded.
//!
//! Nothing new is filed into a feeder, so it only shrinks. Entries come down one level at a time and in order, and none
//! before what is older and still lies higher: this, and the two parts of a slot, is what keeps C3.
//!
//! After a jump the slots that hold the new now are still full. They *settle* first: they come down, the highest first,
//! before anything fires.

use super::chunk::Batch;
use super::geometry::{Geometry, LEVELS, limits, shift};
use super::store::{Store, drop_if_stale};
use crate::timer::Budget;

impl<T, G: Geometry> Store<T, G> {
    /// Moves `now` on. All slots that it passes are empty.
    #[inline]
    pub(crate) fn move_to(&mut self, tick: u64) {
        debug_assert!(self.now <= tick && tick <= self.target, "the wheel moves on, up to its turn's time");
        if !self.is_same_turn(tick) {
            self.cascade.settled = false;
            self.cascade.feeding = true;
            self.cascade.calm_until = tick;
            self.limits = limits::<G>(tick);
        }
        self.now = tick;
    }

    /// Whether `tick` lies in the same turn of tv1's ring as `now`.
    #[inline]
    pub(crate) const fn is_same_turn(&self, tick: u64) -> bool {
        self.now >> shift::<G>(1) == tick >> shift::<G>(1)
    }

    #[inline]
    pub(crate) const fn is_settled(&self) -> bool {
        self.cascade.settled
    }

    /// Brings a chunk down from the slots that hold `now`, the highest first.
    pub(crate) fn settle(&mut self, budget: &mut Budget) {
        match (1..LEVELS).rev().find(|level| self.levels[*level].holds(self.now)) {
            Some(level) => _ = self.move_down(level, self.now, budget),
            None => self.cascade.settled = true,
        }
    }

    /// The first tick of the next slot of a level: the one that feeds the next turn of the level below.
    #[inline]
    const fn feeder(&self, level: usize) -> u64 {
        // At the end of time it wraps to a slot that is empty.
        ((self.now >> shift::<G>(level)) + 1) << shift::<G>(level)
    }

    /// Brings down the shares of all feeders that are due at `now`, as far as the budget goes.
    #[inline]
    pub(crate) fn feed(&mut self, budget: &mut Budget) {
        if self.cascade.feeding && self.cascade.fed_until < self.now {
            self.feed_from_all(budget);
        }
    }

    #[inline(never)]
    fn feed_from_all(&mut self, budget: &mut Budget) {
        self.cascade.feeding = false;
        for level in (1..LEVELS).rev() {
            let feeder = self.feeder(level);
            if self.levels[level].holds(feeder) {
                self.feed_from(level, feeder, budget);
                self.cascade.feeding |= self.levels[level].holds(feeder);
            }
        }
        if !budget.is_spent() {
            self.cascade.fed_until = self.now;
        }
    }

    /// Notes, at the end of a turn, until when there is nothing to do but what is due: to the end of this turn of tv1,
    /// unless feeders have more.
    pub(crate) fn calm_down(&mut self) {
        if !self.cascade.feeding {
            self.cascade.calm_until = (self.now | ((1 << shift::<G>(1)) - 1)).saturating_add(1);
        }
    }

    fn feed_from(&mut self, level: usize, feeder: u64, budget: &mut Budget) {
        let Some(slot) = self.levels[level].slot(feeder) else { return };
        let share = self.share(level, u64::from(slot.count()));
        let mut moved = 0;
        while moved < share && self.levels[level].holds(feeder) && !budget.is_spent() {
            // Something older may still lie above, where the feeder is the first slot of a turn.
            let highest = (level + 1..LEVELS).rev().find(|above| self.levels[*above].holds(feeder));
            match highest {
                Some(above) => _ = self.move_down(above, feeder, budget),
                None => moved += self.move_down(level, feeder, budget),
            }
        }
    }

    /// How many of a feeder's entries are due to come down by `now`: in proportion to the time since the last share, so
    /// that all are down when the last quarter begins. At least one, so that a few are done with soon.
    fn share(&self, level: usize, count: u64) -> u64 {
        let width = 1_u64 << shift::<G>(level);
        let start = self.now & !(width - 1);
        let (passed, before) = (self.now - start, self.cascade.fed_until.saturating_sub(start));
        let end = last_quarter(width);
        if passed >= end { count } else { (count * (passed - before)).div_ceil(end - before).max(1) }
    }

    /// When a sleeper is to wake for the next share of a slot that is too crowded to come down in one go: at the last
    /// quarter of a turn of tv1, from the turn on in which the slot is a feeder.
    pub(crate) fn next_feeding(&self) -> Option<u64> {
        let wake = |level: usize| {
            // 0 is the slot that holds `now`: it comes down before this turn is done.
            let ahead = self.levels[level].next_crowd(self.now)?.max(1);
            let slot = (self.now >> shift::<G>(level)) + ahead - 1;
            let first = (slot << shift::<G>(level)) + last_quarter(1 << shift::<G>(1));
            Some(if self.now < first { first } else { self.next_last_quarter() })
        };
        (1..LEVELS).filter_map(wake).min()
    }

    /// The last quarter of this turn of tv1, or of the next.
    pub(crate) const fn next_last_quarter(&self) -> u64 {
        let turn = 1 << shift::<G>(1);
        let quarter = (self.now & !(turn - 1)) + last_quarter(turn);
        if self.now < quarter { quarter } else { quarter.saturating_add(turn) }
    }

    /// Moves the first chunk of a slot down a level, and says how many entries that was.
    fn move_down(&mut self, level: usize, tick: u64, budget: &mut Budget) -> u64 {
        let mut batch = Batch::EMPTY;
        self.levels[level].pop_front_chunk(&mut self.chunks, tick, &mut batch);
        let count = batch.entries().len() as u64;
        budget.spend(count);
        self.work.moved += count;
        for entry in batch.entries() {
            if drop_if_stale(&mut self.arena, &mut self.stale, entry.place) {
                self.work.collected += 1;
                continue;
            }
            let tick = self.widen(entry.expiry);
            self.levels[level - 1].push(&mut self.chunks, tick, entry.place, true);
        }
        count
    }
}

/// When the last quarter of a span of ticks begins.
const fn last_quarter(span: u64) -> u64 {
    span / 4 * 3
}
