//! A turn: what is due is handed out, tick by tick, and then feeders get their share.
//!
//! `now` moves from one tick that holds something to the next, by way of the bitmaps; empty ticks and empty slots cost
//! nothing. Each tick's timers come in the order of C3: outliers from beyond the reach, what lies in the slot, the
//! overdue.

use super::geometry::{Geometry, shift, slots};
use super::lines::{FIRST, start_of};
use super::outliers::Side;
use super::slots::Slots;
use super::store::Store;
use crate::time::Timestamp;
use crate::timer::{Budget, Expired};

/// So many lines and places are to be free when a turn is done.
const STOCK: usize = 32;

impl<T, G: Geometry> Store<T, G> {
    /// Opens a turn, at the last turn's time if `now` lies before it.
    #[inline]
    pub(crate) fn open_turn(&mut self, now: Timestamp) {
        // Most turns: nothing is due, and nothing has to come down. They are done when they are opened.
        if now.as_nanos() < self.quiet_until && now.as_nanos() >= self.time as u64 {
            self.time = now.as_nanos() as i64;
        } else {
            self.open_busy_turn(now);
        }
    }

    #[inline(never)]
    fn open_busy_turn(&mut self, now: Timestamp) {
        self.set_time(now);
        self.outliers.open_turn();
        self.turn_is_open = true;
        self.quiet_until = 0;
    }

    /// The next timer of the turn, or `None` when it is done or the budget spent.
    #[inline]
    pub(crate) fn expire_next(&mut self, budget: &mut Budget) -> Option<Expired<T>> {
        if self.quiet_until != 0 { None } else { self.expire_due(budget) }
    }

    #[inline(never)]
    fn expire_due(&mut self, budget: &mut Budget) -> Option<Expired<T>> {
        while !budget.is_spent() {
            if self.full_level != 0 {
                self.settle(budget);
            } else if let Some(index) = self.pop_outlier() {
                budget.spend(1);
                return self.fire(index, |_, _| true);
            } else if self.holds(0, self.now) {
                budget.spend(1);
                if let Some(expired) = self.meet() {
                    // Whether there is more: it may spare the caller a call.
                    let has_more = self.holds(0, self.now) || !self.outliers.is_empty() || budget.is_spent();
                    if !has_more && !self.move_on() {
                        self.finish(budget);
                    }
                    return Some(expired);
                }
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
        self.turn_is_open = budget.is_spent();
        if !self.turn_is_open && !self.is_feeding {
            let end_of_turn = (self.now | ((1 << shift::<G>(1)) - 1)).saturating_add(1);
            self.quiet_until = self.edge(self.soonest.min(end_of_turn));
        }
        self.restock();
    }

    /// Sees to it that some lines and places are free, so that calls until the next turn seldom wait for memory. Turns
    /// have a budget, and take longer anyway.
    #[inline]
    fn restock(&mut self) {
        if self.is_short_of_lines(STOCK) {
            self.slots.lines.grow();
        }
        if self.is_short_of_places(STOCK) {
            self.places.grow();
        }
    }

    /// Sees to it that the next turn restocks, though nothing may be due, if calls have used up most of the stock.
    #[inline]
    pub(crate) fn ask_for_stock(&mut self) {
        if self.is_short_of_lines(STOCK / 2) || self.is_short_of_places(STOCK / 2) {
            self.quiet_until = 0;
        }
    }

    #[inline]
    fn is_short_of_lines(&self, least: usize) -> bool {
        // More of them where there are millions of timers, of which more are armed until the next turn.
        self.slots.lines.free_lines < least + (self.places.places >> 13)
    }

    #[inline]
    fn is_short_of_places(&self, least: usize) -> bool {
        let free = self.places.free_places();
        free < least + (self.places.places >> 13) && free < self.places.room
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
        if first.is_some() || self.holds(0, self.now) {
            return first;
        }
        self.outliers.pop(self.now, Side::After)
    }

    /// Hands out a timer if `is_it` says so of its position and its tick.
    #[inline]
    fn fire(&mut self, index: u32, is_it: impl FnOnce(u32, u32) -> bool) -> Option<Expired<T>> {
        let (id, _, value) = self.places.remove_if(index, |_, position, tick| is_it(position, tick))?;
        self.work.fired += 1;
        Some(Expired { id, expiry: self.ticks.start_of(self.now), value })
    }

    /// Meets the next entry of the slot of `now`: its timer is due, or was moved to later and is filed again, or is
    /// not there any more.
    #[inline]
    fn meet(&mut self) -> Option<Expired<T>> {
        let slot = self.now as usize % (2 * slots::<G>(0));
        let (place, position) = match self.slots.get(slot)?.lone() {
            Some(lone) => {
                let position = Slots::<G>::position_of_lone(slot);
                self.slots.vacate(slot);
                (lone, position)
            }
            None => self.next_entry(slot),
        };
        let (now, mut later) = (self.now as u32, None);
        let expired = self.fire(place, |link, tick| {
            if link == position && tick != now {
                later = Some(tick);
            }
            link == position && tick == now
        });
        if expired.is_none() {
            match later {
                Some(tick) => {
                    self.file(self.widen(tick), place);
                    self.work.refiled += 1;
                }
                None => self.work.skipped += 1,
            }
        }
        expired
    }

    /// The place and the position of the next entry in the first line of a slot, which goes after its last one.
    #[inline]
    fn next_entry(&mut self, slot: usize) -> (u32, u32) {
        let (head, line, filled) = self.slots.front(slot);
        let met = self.slots.met(head);
        if met == 0 && filled > FIRST + 1 {
            // Reads what is about to be needed, all at once: the cache misses overlap here, and would not one by one.
            let places = line[FIRST..filled.max(FIRST)].iter();
            core::hint::black_box(places.filter(|place| self.places.armed(**place).is_some()).count());
        }
        let at = FIRST + met;
        let entry = (line[at % line.len()], start_of(head) + at as u32);
        self.slots.set_met(head, met + 1, filled);
        entry
    }

    /// Moves on to the next tick at which there is something to do, if the turn comes that far. Says whether there is.
    #[inline]
    fn move_on(&mut self) -> bool {
        if self.soonest <= self.now {
            self.look_ahead();
        }
        if self.soonest > self.target {
            self.move_to(self.target);
            return self.full_level != 0;
        }
        let goes_on = self.soonest > self.now;
        self.move_to(self.soonest);
        goes_on
    }
}
