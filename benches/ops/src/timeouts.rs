//! The jobs `clustered` and `constant`: timeouts that are alike, as those of servers are.
//!
//! In a burst (`clustered`) all timers are armed within a second for 30 s; 99 of 100 are cancelled during the second
//! after it, in random order, and the rest fire. With `constant` timeouts each timer is armed for 5, 10, 30 or 60 s, so
//! that those of one kind are first in, first out; at each tick the oldest of all are cancelled, and what is cancelled
//! or fires is armed anew. The short ones fire and the long ones are cancelled, about half of each.

use crate::contender::{Contender, Event};
use crate::load::{Books, Load};

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

/// How long a burst takes, until the last of it has fired.
pub(crate) const fn burst_ticks<C: Contender>() -> u64 {
    BURST_TICKS + BURST_TIMEOUT_TICKS + C::LATE_TICKS
}

impl<C: Contender> Load<C> {
    /// Makes room for a burst that begins now, and draws the order of the cancels: what it does while the clock runs.
    pub(crate) fn burst(
        &mut self,
        count: usize,
    ) -> impl FnMut(&mut C, &mut Books<C::Key>, u64, Event<C::Value>) + use<C> {
        self.books.held.reserve_exact(count);
        // The last one is cancelled first.
        let mut cancels = self.books.rng.places(count);
        cancels.retain(|place| place % FIRING != FIRING - 1);
        let (count, to_cancel, begun_ticks) = (count as u64, cancels.len() as u64, self.now_ticks);
        move |timers, books, now_ticks, event| match event {
            Event::Before => {
                let passed_ticks = now_ticks - begun_ticks;
                let armed = (count * passed_ticks / BURST_TICKS).min(count);
                for place in books.held.len()..armed as usize {
                    books.arm(timers, place, now_ticks - 1 + BURST_TIMEOUT_TICKS);
                }
                let cancelled = to_cancel * passed_ticks.saturating_sub(BURST_TICKS) / BURST_TICKS;
                for place in
                    cancels.drain(to_cancel.saturating_sub(cancelled).min(cancels.len() as u64) as usize..).rev()
                {
                    books.cancel(timers, place as usize);
                }
            }
            Event::Fired(value) => _ = books.fired(timers, now_ticks, value),
            _ => {}
        }
    }

    /// Fills the container over so many ticks that in each of them equally many time out.
    pub(crate) fn fill_with_timeouts(&mut self, count: usize) {
        self.books.held.reserve_exact(count);
        self.run_timeouts(count, LIVES_PER_TICK);
    }

    /// Job `constant`.
    pub(crate) fn live_on(&mut self, lives: u64) -> u64 {
        let count = self.books.held.len();
        let ended_before = self.books.ledger.left();
        self.run_timeouts(count, (lives * LIVES_PER_TICK).div_ceil(count as u64).next_multiple_of(256));
        self.books.ledger.left() - ended_before
    }

    fn run_timeouts(&mut self, count: usize, ticks: u64) {
        let all = count as u64;
        self.run_for(ticks, |timers, books, now_ticks, event| match event {
            Event::Before if books.held.len() < count => {
                for place in books.held.len() as u64..all.min(all * now_ticks / LIVES_PER_TICK) {
                    arm_timeout(timers, books, now_ticks - 1, place as usize);
                }
            }
            Event::Before => {
                let due_by = |ticks: u64| all * ticks / CANCELS_PER_TICK;
                for _ in due_by(now_ticks - 1)..due_by(now_ticks) {
                    let place = oldest(books);
                    books.cancel(timers, place);
                    arm_timeout(timers, books, now_ticks - 1, place);
                }
            }
            Event::Fired(value) => {
                let place = books.fired(timers, now_ticks, value);
                arm_timeout(timers, books, now_ticks, place);
            }
            _ => {}
        });
    }
}

/// Arms the timer of a place, which may be the next new one, with one of the timeouts.
fn arm_timeout<C: Contender>(timers: &mut C, books: &mut Books<C::Key>, standing_ticks: u64, place: usize) {
    let due_ticks = standing_ticks + TIMEOUTS_TICKS[books.rng.place(TIMEOUTS_TICKS.len())];
    books.arm(timers, place, due_ticks);
    books.queue.push_back((place as u32, books.held[place].due_ticks));
}

fn oldest<K>(books: &mut Books<K>) -> usize {
    loop {
        let (place, due_ticks) = books.queue.pop_front().expect("all that are armed are in it");
        if books.held[place as usize].due_ticks == due_ticks {
            return place as usize;
        }
    }
}
