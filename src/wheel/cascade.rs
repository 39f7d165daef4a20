//! The cascade: what lies in an upper level comes down as its time draws near.
//!
//! Linux moves a whole slot in the jiffy in which the ring below has gone round, which stalls that jiffy when the slot
//! is large. Here each level holds two turns of its ring, so that the slot which is needed next, the *feeder*, can come
//! down over the whole turn before: a share of it at each turn of the wheel, all of it by three quarters of the time. A
//! sleeper is woken for it once in a turn of tv1, at its last quarter, if the slot is crowded.
//!
//! Timers come down one level at a time and in order, and none before what is older and still lies higher. Until a
//! feeder is empty, new timers for its span go to its end. So every slot is in the order of arming, which keeps C3.
//!
//! After a jump the slots that hold the new now are still full. They come down first, the highest before all others,
//! and before anything fires.

use super::geometry::{Geometry, LEVELS, Ring, ring, shift};
use super::lines::{FIRST, WORDS, start_of};
use super::store::Store;
use crate::timer::Budget;

impl<T, G: Geometry> Store<T, G> {
    /// Moves `now` on. All slots that it passes are empty.
    #[inline]
    pub(crate) fn move_to(&mut self, tick: u64) {
        debug_assert!(self.now <= tick && tick <= self.target, "the wheel moves on, up to its turn's time");
        let same_turn = self.now >> shift::<G>(1) == tick >> shift::<G>(1);
        self.now = tick;
        if !same_turn {
            self.is_feeding = true;
            self.find_full_level();
        }
    }

    /// Looks for the uppermost level whose slot of `now` has timers: they come down first.
    pub(crate) fn find_full_level(&mut self) {
        self.full_level = (1..LEVELS).rev().find(|level| self.holds(*level, self.now)).unwrap_or(0);
        self.set_limits();
    }

    /// Brings a line down from the slots that hold `now`, the highest first.
    pub(crate) fn settle(&mut self, budget: &mut Budget) {
        self.find_full_level();
        if self.full_level > 0 {
            self.move_down(self.full_level, self.now, budget);
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
        if self.is_feeding && self.fed_until < self.now {
            self.feed_from_all(budget);
        }
    }

    #[inline(never)]
    fn feed_from_all(&mut self, budget: &mut Budget) {
        self.is_feeding = false;
        for level in (1..LEVELS).rev() {
            let feeder = self.feeder(level);
            if self.holds(level, feeder) {
                self.feed_from(level, feeder, budget);
                self.is_feeding |= self.holds(level, feeder);
            }
        }
        if !budget.is_spent() {
            self.fed_until = self.now;
        }
        self.set_limits();
    }

    fn feed_from(&mut self, level: usize, feeder: u64, budget: &mut Budget) {
        let lines = self.slots.get(ring::<G>(level).slot(feeder)).map_or(0, |slot| slot.lines);
        let share = self.share(level, u64::from(lines));
        let mut moved = 0;
        while moved < share && self.holds(level, feeder) && !budget.is_spent() {
            // Something older may still lie above, where the feeder is the first slot of a turn.
            match (level + 1..LEVELS).rev().find(|above| self.holds(*above, feeder)) {
                Some(above) => self.move_down(above, feeder, budget),
                None => {
                    self.move_down(level, feeder, budget);
                    moved += 1;
                }
            }
        }
    }

    /// How many of a feeder's lines are due to come down by `now`: in proportion to the time since the last share, so
    /// that all are down when the last quarter begins. At least one, so that a few are done with soon.
    fn share(&self, level: usize, lines: u64) -> u64 {
        if lines <= 1 {
            return 1;
        }
        let width = 1_u64 << shift::<G>(level);
        let start = self.now & !(width - 1);
        let (passed, before) = (self.now - start, self.fed_until.saturating_sub(start));
        let end = last_quarter(width);
        if passed >= end { lines } else { (lines * (passed - before)).div_ceil(end - before).max(1) }
    }

    /// When a sleeper is to wake, at `now`, for the next share of a slot that is too crowded to come down in one go: at
    /// the last quarter of a turn of tv1, from the turn on in which the slot is a feeder.
    pub(crate) fn next_feeding(&self, now: u64) -> Option<u64> {
        let wake = |level: usize| {
            let Ring { base, mask, shift: bits } = ring::<G>(level);
            let (base, start) = (usize::from(base), ring::<G>(level).slot(now));
            let crowd = self.slots.crowded.first_round(base, start, base + usize::from(mask) + 1)?;
            // 0 is the slot that holds now: it comes down before this turn is done.
            let ahead = (crowd.wrapping_sub(start) & usize::from(mask)).max(1) as u64;
            let first = (((now >> bits) + ahead - 1) << bits) + last_quarter(1 << shift::<G>(1));
            Some(if now < first { first } else { Self::next_last_quarter(now) })
        };
        (1..LEVELS).filter_map(wake).min()
    }

    /// The last quarter of this turn of tv1, or of the next.
    pub(crate) const fn next_last_quarter(now: u64) -> u64 {
        let turn = 1 << shift::<G>(1);
        let quarter = (now & !(turn - 1)) + last_quarter(turn);
        if now < quarter { quarter } else { quarter.saturating_add(turn) }
    }

    /// Moves the first line of a slot down a level.
    #[inline(never)]
    fn move_down(&mut self, level: usize, tick: u64, budget: &mut Budget) {
        let slot = ring::<G>(level).slot(tick);
        let (mut batch, mut len, mut filled) = ([(0, 0); WORDS], 0, 1);
        if let Some(lone) = self.slots.get(slot).and_then(|slot| slot.lone()) {
            if let Some((_, tick)) = self.places.armed(lone) {
                (batch[0], len) = ((lone, tick), 1);
            }
            self.slots.vacate(slot);
        } else {
            let (head, line, end) = self.slots.front(slot);
            // All places are read before the first timer moves, so that the cache misses overlap.
            for at in FIRST..end {
                let place = line[at % WORDS];
                if let Some((position, tick)) = self.places.armed(place) {
                    batch[len % WORDS] = (place, tick);
                    len += usize::from(position == start_of(head) + at as u32);
                }
            }
            filled = end - FIRST;
            self.slots.drop_line(head);
        }
        budget.spend(filled as u64);
        self.work.moved += len as u64;
        self.work.skipped += (filled - len) as u64;
        let (here, below) = (ring::<G>(level), ring::<G>(level - 1));
        for &(place, due) in batch.iter().take(len) {
            let due = self.widen(due);
            if (due ^ tick) >> here.shift == 0 {
                self.push(below.slot(due), due, place);
            } else {
                // It was moved to later, out of the slot's span.
                self.file(due, place);
            }
        }
    }
}

/// When the last quarter of a span of ticks begins.
const fn last_quarter(span: u64) -> u64 {
    span / 4 * 3
}
