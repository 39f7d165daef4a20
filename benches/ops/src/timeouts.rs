//! The jobs `clustered` and `constant`: timeouts that are alike, as those of servers are.
//!
//! In a burst (`clustered`) all timers are armed within a second for 30 s; 99 of 100 are cancelled during the second
//! after it, in random order, and the rest fire. With `constant` timeouts each timer is armed for 5, 10, 30 or 60 s, so
//! that those of one kind are first in, first out; at each tick the oldest of all are cancelled, and what is cancelled
//! or fires is armed anew. The short ones fire and the long ones are cancelled, about half of each.

use std::collections::VecDeque;

use harness::Series;

use crate::contender::{Contender, OnTurn, Value};
use crate::ledger::Ledger;
use crate::load::{Held, Load, Random};
use crate::timed_turns::TimedTurns;

const BURST_TICKS: u64 = 1_000;
const BURST_TIMEOUT_TICKS: u64 = 30_000;
/// One in so many fires.
const FIRING: u32 = 100;
/// Of the job `constant`.
const TIMEOUTS_TICKS: [u64; 4] = [5_000, 10_000, 30_000, 60_000];
/// One in so many timers is cancelled at each tick.
const CANCELS_PER_TICK: u64 = 20_000;
/// One in so many timers is cancelled or fires at each tick, in the long run.
pub(crate) const LIVES_PER_TICK: u64 = CANCELS_PER_TICK / 2;

/// What is to be done in a burst.
pub(crate) struct Burst {
    count: u64,
    /// Places to be cancelled, the last one first.
    cancels: Vec<u32>,
}

impl<C: Contender> Load<C> {
    /// Makes room for a burst, and draws the order of the cancels.
    pub(crate) fn burst(&mut self, count: usize) -> Burst {
        self.held.reserve_exact(count);
        let mut cancels = self.rng.places(count);
        cancels.retain(|place| place % FIRING != FIRING - 1);
        Burst { count: count as u64, cancels }
    }

    pub(crate) fn run_burst(&mut self, burst: &mut Burst) {
        self.run_burst_as(burst, |in_burst| in_burst);
    }

    pub(crate) fn run_burst_timed(&mut self, burst: &mut Burst) -> Series {
        self.run_burst_as(burst, TimedTurns::of).into_turns()
    }

    /// Until the last one has fired.
    fn run_burst_as<'a, H: OnTurn<C>>(&'a mut self, burst: &'a mut Burst, make: impl FnOnce(InBurst<'a, C>) -> H) -> H {
        let Self { timers, held, ledger, now_ticks, .. } = self;
        let begun_ticks = *now_ticks;
        *now_ticks += BURST_TICKS + BURST_TIMEOUT_TICKS + C::LATE_TICKS;
        let to_cancel = burst.cancels.len() as u64;
        let mut handler = make(InBurst { held, ledger, burst, begun_ticks, to_cancel });
        timers.run(begun_ticks, *now_ticks, 1, &mut handler);
        handler
    }

    /// Fills the container over so many ticks that in each of them equally many time out.
    pub(crate) fn fill_with_timeouts(&mut self, count: usize) {
        self.held.reserve_exact(count);
        self.run_timeouts(count, LIVES_PER_TICK);
    }

    /// Job `constant`.
    pub(crate) fn live_on(&mut self, lives: u64) -> u64 {
        let count = self.held.len();
        let ended_before = self.ledger.left();
        self.run_timeouts(count, (lives * LIVES_PER_TICK).div_ceil(count as u64).next_multiple_of(256));
        self.ledger.left() - ended_before
    }

    fn run_timeouts(&mut self, count: usize, ticks: u64) {
        let Self { timers, held, ledger, rng, now_ticks, queue } = self;
        let mut handler = Timeouts { held, ledger, rng, queue, count: count as u64 };
        timers.run(*now_ticks, *now_ticks + ticks, 1, &mut handler);
        *now_ticks += ticks;
    }
}

struct InBurst<'a, C: Contender> {
    held: &'a mut Vec<Held<C::Key>>,
    ledger: &'a mut Ledger,
    burst: &'a mut Burst,
    begun_ticks: u64,
    to_cancel: u64,
}

impl<C: Contender> OnTurn<C> for InBurst<'_, C> {
    fn before_turn(&mut self, timers: &mut C, now_ticks: u64) {
        let passed_ticks = now_ticks - self.begun_ticks;
        let armed = self.burst.count * passed_ticks / BURST_TICKS;
        for place in self.held.len() as u64..armed.min(self.burst.count) {
            let due_ticks = now_ticks - 1 + BURST_TIMEOUT_TICKS;
            self.held.push(Held::new(timers.arm(due_ticks, C::Value::of(place)), due_ticks));
            self.ledger.armed(place);
        }
        let cancelled = self.to_cancel * passed_ticks.saturating_sub(BURST_TICKS) / BURST_TICKS;
        while (self.burst.cancels.len() as u64) > self.to_cancel.saturating_sub(cancelled) {
            let place = self.burst.cancels.pop().expect("there is one more");
            let held = &mut self.held[place as usize];
            self.ledger.cancelled(timers.cancel(&mut held.key), place.into());
            held.due_ticks = 0;
        }
    }

    fn fired(&mut self, timers: &mut C, now_ticks: u64, value: C::Value) {
        let held = &mut self.held[value.number() as usize];
        timers.release(&mut held.key);
        self.ledger.fired(value.number(), std::mem::take(&mut held.due_ticks).into(), now_ticks);
    }
}

struct Timeouts<'a, K> {
    held: &'a mut Vec<Held<K>>,
    ledger: &'a mut Ledger,
    rng: &'a mut Random,
    queue: &'a mut VecDeque<(u32, u32)>,
    count: u64,
}

impl<K> Timeouts<'_, K> {
    /// Arms the timer of a place, which may be the next new one.
    fn arm<C: Contender<Key = K>>(&mut self, timers: &mut C, standing_ticks: u64, place: usize) {
        let due_ticks = standing_ticks + TIMEOUTS_TICKS[self.rng.place(TIMEOUTS_TICKS.len())];
        let held = Held::new(timers.arm(due_ticks, C::Value::of(place as u64)), due_ticks);
        self.queue.push_back((place as u32, held.due_ticks));
        match self.held.get_mut(place) {
            Some(old) => *old = held,
            None => self.held.push(held),
        }
        self.ledger.armed(place as u64);
    }

    fn oldest(&mut self) -> usize {
        loop {
            let (place, due_ticks) = self.queue.pop_front().expect("all that are armed are in it");
            if self.held[place as usize].due_ticks == due_ticks {
                return place as usize;
            }
        }
    }
}

impl<C: Contender> OnTurn<C> for Timeouts<'_, C::Key> {
    fn before_turn(&mut self, timers: &mut C, now_ticks: u64) {
        if (self.held.len() as u64) < self.count {
            for place in self.held.len() as u64..self.count.min(self.count * now_ticks / LIVES_PER_TICK) {
                self.arm(timers, now_ticks - 1, place as usize);
            }
            return;
        }
        let due_by = |ticks: u64| self.count * ticks / CANCELS_PER_TICK;
        for _ in due_by(now_ticks - 1)..due_by(now_ticks) {
            let place = self.oldest();
            let value = timers.cancel(&mut self.held[place].key);
            self.ledger.cancelled(value, place as u64);
            self.arm(timers, now_ticks - 1, place);
        }
    }

    fn fired(&mut self, timers: &mut C, now_ticks: u64, value: C::Value) {
        let place = value.number() as usize;
        let held = &mut self.held[place];
        self.ledger.fired(place as u64, held.due_ticks.into(), now_ticks);
        timers.release(&mut held.key);
        self.arm(timers, now_ticks, place);
    }
}
