//! A turn: what is due is handed out, tick by tick, and then feeders get their share.
//!
//! `now` moves from one tick that holds something to the next, by way of the bitmaps; empty ticks and empty slots cost
//! nothing. Each tick's timers come in the order of C3: outliers from beyond the reach, what came down from above, what
//! was filed straight, the overdue.

use super::chunk::Entry;
use super::geometry::Geometry;
use super::outliers::Side;
use super::store::{Store, drop_stale, tag};
use crate::head::Head;
use crate::timer::{Budget, TimerId};

impl<T, G: Geometry> Store<T, G> {
    /// Opens a turn at `tick`, or at the last turn's time if that is later.
    #[inline]
    pub(crate) fn open_turn(&mut self, tick: u64) {
        // Most turns: nothing is due, and nothing has to come down. They are done when they are opened. (Branches, and
        // not a maximum: what comes next need not wait for the target of the turn before.)
        if tick > self.target && tick < self.soonest && tick < self.cascade.calm_until {
            self.target = tick;
            self.now = tick;
            self.turn_is_open = false;
        } else {
            self.open_busy_turn(tick);
        }
    }

    #[inline(never)]
    fn open_busy_turn(&mut self, tick: u64) {
        self.target = self.target.max(tick);
        self.outliers.open_turn();
        self.turn_is_open = true;
    }

    /// The next timer of the turn, or `None` when it is done or the budget spent.
    #[inline]
    pub(crate) fn expire_next(&mut self, budget: &mut Budget) -> Option<(TimerId, T)> {
        if self.turn_is_open { self.expire_due(budget) } else { None }
    }

    fn expire_due(&mut self, budget: &mut Budget) -> Option<(TimerId, T)> {
        while !budget.is_spent() {
            if let Some(entry) = self.due.pop_front() {
                budget.spend(1);
                if let Some(expired) = self.meet(entry, budget) {
                    return Some(expired);
                }
            } else if !self.is_settled() {
                self.settle(budget);
            } else if let Some(index) = self.pop_outlier() {
                return self.fire_outlier(index, budget);
            } else if self.soonest <= self.now && self.levels[0].holds_in_tv1(self.now) {
                self.take_due_chunk();
            } else if !self.move_on() {
                self.finish(budget);
                break;
            }
        }
        None
    }

    /// Ends the turn with the shares of feeders, unless the budget does not go as far.
    #[inline]
    fn finish(&mut self, budget: &mut Budget) {
        self.feed(budget);
        if self.sweep_ahead_of_calls(budget) {
            self.calm_down();
        }
        self.turn_is_open = budget.is_spent();
        self.restock();
    }

    /// Takes the next chunk of entries out of the slot of `now`.
    #[inline]
    fn take_due_chunk(&mut self) {
        self.levels[0].pop_front_chunk(&mut self.chunks, self.now, &mut self.due);
        if self.due.end == 1 {
            return;
        }
        // Reads what is about to be needed, all at once: the cache misses overlap here, and would not one by one.
        let at_hand = self.due.entries().iter().filter(|entry| self.arena.is_live(entry.place)).count();
        core::hint::black_box(at_hand);
    }

    /// Takes the next outlier that is due at `now`.
    #[inline]
    fn pop_outlier(&mut self) -> Option<u32> {
        if self.outliers.is_empty() { None } else { self.pop_one_of_the_outliers() }
    }

    #[cold]
    #[inline(never)]
    fn pop_one_of_the_outliers(&mut self) -> Option<u32> {
        let first = self.outliers.pop(self.now, Side::Before);
        if first.is_some() || self.levels[0].holds_in_tv1(self.now) {
            return first;
        }
        self.outliers.pop(self.now, Side::After)
    }

    fn fire_outlier(&mut self, index: u32, budget: &mut Budget) -> Option<(TimerId, T)> {
        budget.spend(1);
        self.fire(index, budget)
    }

    /// Meets an entry in its tick: its timer is due, or was moved to later and is filed again, or is not there any
    /// more.
    #[inline]
    fn meet(&mut self, entry: Entry, budget: &mut Budget) -> Option<(TimerId, T)> {
        let is_due = |head: &Head<u32>| head.tag() == tag::OWN && head.datum == entry.expiry;
        match self.arena.remove_if(entry.place, is_due) {
            None => self.meet_another(entry, budget),
            expired => self.fired(expired, budget),
        }
    }

    /// Meets an entry that is not that of a timer which is due under its own name.
    fn meet_another(&mut self, entry: Entry, budget: &mut Budget) -> Option<(TimerId, T)> {
        let head = self.arena.head_mut(entry.place);
        match head.tag() {
            tag::OWN => {
                head.link = head.datum;
                let tick = head.datum;
                self.file_again(self.widen(tick), entry.place, budget);
            }
            tag::PROXY if !self.stale.contains(entry.place) => {
                let timer = head.link;
                return self.meet_proxy(entry, timer, budget);
            }
            _ => {
                drop_stale(&mut self.arena, &mut self.stale, entry.place);
                self.work.collected += 1;
            }
        }
        None
    }

    fn meet_proxy(&mut self, entry: Entry, timer: u32, budget: &mut Budget) -> Option<(TimerId, T)> {
        let tick = self.arena.head(timer).datum;
        if tick == entry.expiry {
            self.arena.release(entry.place);
            return self.fire(timer, budget);
        }
        if self.stale.contains(timer) {
            self.arena.head_mut(entry.place).datum = tick;
            self.file_again(self.widen(tick), entry.place, budget);
        } else {
            // Its own entry is gone, so it needs no proxy any more.
            self.arena.release(entry.place);
            let head = self.arena.head_mut(timer);
            head.set_tag(tag::OWN);
            head.link = tick;
            self.file_again(self.widen(tick), timer, budget);
        }
        None
    }

    /// Files an entry again that was met before its timer is due.
    #[inline]
    fn file_again(&mut self, tick: u64, index: u32, budget: &mut Budget) {
        self.file(tick, index);
        self.work.refiled += 1;
        // It may now lie ahead of a sweep that had passed it, which must not be held up by that.
        if self.sweep.under_way {
            self.keep_up_in_turn(budget);
        }
    }

    /// Hands out a timer that is not filed under its own name.
    fn fire(&mut self, index: u32, budget: &mut Budget) -> Option<(TimerId, T)> {
        let (id, value) = self.arena.take(index)?;
        self.leave(index);
        self.fired(Some((id, value)), budget)
    }

    #[inline]
    fn fired(&mut self, expired: Option<(TimerId, T)>, budget: &mut Budget) -> Option<(TimerId, T)> {
        self.work.fired += 1;
        self.keep_up_in_turn(budget);
        expired
    }

    /// Moves `now` on to the next tick that may hold something, at most to the turn's, when nothing is left at `now`.
    /// Says whether there may be more to do.
    #[inline]
    fn move_on(&mut self) -> bool {
        // It was found when `now` was moved last, if nothing was filed for an earlier tick since.
        if self.soonest <= self.now {
            self.soonest = self.next_stop();
        }
        if self.soonest > self.target {
            self.move_to(self.target);
            return !self.is_settled();
        }
        let goes_on = self.soonest > self.now;
        self.move_to(self.soonest);
        goes_on
    }

    /// The next tick after `now` that may hold something.
    #[inline]
    fn next_stop(&self) -> u64 {
        // What lies in the upper levels comes after all of tv1's turn.
        let in_slots = self.levels[0].next_in_turn(self.now).unwrap_or_else(|| self.least_in_levels());
        if self.outliers.is_empty() { in_slots } else { in_slots.min(self.outliers.least().unwrap_or(u64::MAX)) }
    }

    #[cold]
    #[inline(never)]
    fn least_in_levels(&self) -> u64 {
        self.levels.iter().filter_map(|level| level.least(self.now)).min().unwrap_or(u64::MAX)
    }

    /// The tick of the next timer, or an earlier one where something is stale.
    #[inline]
    pub(crate) fn next_expiry(&self) -> Option<u64> {
        (self.arena.live() > 0).then_some(self.soonest)
    }

    /// The tick at which a turn is wanted next.
    pub(crate) fn next_turn(&self) -> Option<u64> {
        if self.turn_is_open {
            return Some(self.next_expiry().unwrap_or(self.target).min(self.target));
        }
        let expiry = self.next_expiry()?;
        // No feeder asks for a share before that, so most of the time there is no need to look for one.
        if expiry <= self.next_last_quarter() {
            return Some(expiry);
        }
        Some(self.next_feeding().map_or(expiry, |share| share.min(expiry)))
    }
}
