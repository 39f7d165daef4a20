//! The sweep: stale entries are collected a little at a time, before they outnumber the live ones (C9).
//!
//! A cancelled timer leaves its entry behind, and so does one that was moved to earlier. Most of these entries are met
//! and dropped in their slot. When more than half as many are stale as are live a sweep begins, which goes over all
//! chunks, slot by slot: a step looks at one chunk, and drops what is stale there. A cascade drops what is stale as it
//! moves it, so nothing gets past the sweep in that way.
//!
//! The sweep's *lead* says how long it may wait before stale entries can come to outnumber the live ones, whatever the
//! calls to come may be. Turns see to it that there is some; calls use it up, and do steps themselves where no turn
//! comes. How the bound follows from that is told in `docs/algorithms.md`.

use super::geometry::{Geometry, LEVELS};
use super::progress::Sweep;
use super::store::{Store, drop_stale};
use crate::timer::Budget;

/// Stale entries up to this number are no reason to sweep, nor to go on with it.
const ALLOWANCE: usize = 64;
/// Steps that a turn does at the most for the calls to come; more where there are many timers.
const STEPS: usize = 8;

impl<T, G: Geometry> Store<T, G> {
    /// Whether more is stale than may be left without a sweep.
    #[inline]
    const fn needs_sweep(&self) -> bool {
        self.stale.count() > self.arena.live() / 2 + ALLOWANCE
    }

    /// Whether the sweep is to go on, or to begin.
    #[inline]
    const fn wants_sweep(&self) -> bool {
        self.stale.count() > ALLOWANCE && (self.sweep.under_way || self.needs_sweep())
    }

    /// How far the sweep is ahead of what C9 asks of it. No call takes more than 14 off, and a step adds as much at
    /// least, so that below 0 a step for each call is enough.
    #[inline]
    fn lead(&self) -> isize {
        let (live, stale) = (self.arena.live() as isize, self.stale.count() as isize);
        let (ahead, missed) = (self.sweep.ahead as isize, self.sweep.missed as isize);
        // While it lasts, and when it has ended.
        (7 * (live - stale)).min(5 * live - 9 * missed) + 9 * ALLOWANCE as isize - 2 * ahead
    }

    /// The lead that turns leave to the calls that follow.
    #[inline]
    const fn lead_wanted(&self) -> isize {
        128 + (self.arena.live() >> 8) as isize
    }

    /// Does a step of the sweep, if it would fall behind without. For all calls between turns.
    #[inline]
    pub(crate) fn keep_up(&mut self) {
        // The next turn is to look after the lead, and after the stock, even if nothing is due.
        self.cascade.calm_until = self.now;
        if self.wants_sweep() {
            self.sweep_if_late();
        }
    }

    #[inline(never)]
    fn sweep_if_late(&mut self) {
        if self.is_late() {
            self.sweep_on();
        }
    }

    /// As [`keep_up`](Self::keep_up), for each entry in a turn.
    #[inline]
    pub(crate) fn keep_up_in_turn(&mut self, budget: &mut Budget) {
        if self.wants_sweep() && self.is_late() {
            budget.spend(self.sweep_on() as u64);
        }
    }

    /// Sweeps, at the end of a turn, for the calls to come. Says whether there is nothing left to do.
    #[inline]
    pub(crate) fn sweep_ahead_of_calls(&mut self, budget: &mut Budget) -> bool {
        !self.wants_sweep() || self.gain_lead(budget)
    }

    #[inline(never)]
    fn gain_lead(&mut self, budget: &mut Budget) -> bool {
        let mut steps_left = STEPS + (self.arena.live() >> 16);
        while self.wants_sweep() && self.lead_of_sweep() < self.lead_wanted() {
            if steps_left == 0 || budget.is_spent() {
                return false;
            }
            budget.spend(self.sweep_on() as u64);
            steps_left -= 1;
        }
        self.sweep.in_a_hurry = false;
        true
    }

    /// Whether each call has to do a step. Once it is so it stays so, until a turn has made up for it or the sweep is
    /// over: a step now and then would be one that no processor expects.
    #[inline]
    fn is_late(&mut self) -> bool {
        self.sweep.in_a_hurry = self.sweep.in_a_hurry || self.lead_of_sweep() < 0;
        self.sweep.in_a_hurry
    }

    /// The lead of the sweep that is under way, or that begins with this.
    fn lead_of_sweep(&mut self) -> isize {
        if !self.sweep.under_way {
            self.sweep = Sweep::begin(self.entries());
        }
        self.lead()
    }

    /// Does a step, and says how many entries it looked at.
    #[inline(never)]
    fn sweep_on(&mut self) -> usize {
        let has_come_to_one = !self.chunks.hand_is_done() || self.find_next_slot();
        if has_come_to_one { self.sweep_chunk() } else { 0 }
    }

    /// Puts the hand on the next slot with entries, and says whether there is one; past the last one the sweep is over.
    fn find_next_slot(&mut self) -> bool {
        while self.sweep.level < LEVELS {
            if let Some((index, slot)) = self.levels[self.sweep.level].occupied_from(self.sweep.next_slot) {
                self.sweep.next_slot = index + 1;
                self.chunks.point_at(slot.run.first_chunk());
                return true;
            }
            self.sweep.level += 1;
            self.sweep.next_slot = 0;
        }
        self.sweep = Sweep::default();
        false
    }

    fn sweep_chunk(&mut self) -> usize {
        let level = &mut self.levels[self.sweep.level];
        let mut owner = (&mut self.arena, &mut self.stale);
        let (swept, dropped) = level.sweep_chunk(
            &mut self.chunks,
            self.sweep.next_slot - 1,
            &mut owner,
            |(_, stale), place| stale.contains(place),
            |(arena, stale), place| drop_stale(arena, stale, place),
        );
        self.sweep.ahead = self.sweep.ahead.saturating_sub(swept);
        self.work.swept += swept as u64;
        self.work.collected += dropped as u64;
        swept
    }

    /// Checks that no more entries lie before the hand than are counted.
    ///
    /// # Panics
    ///
    /// If there are more.
    pub(crate) fn check_sweep(&self) {
        if !self.sweep.under_way {
            return;
        }
        let is_ahead = |level: usize, slot: usize| (level, slot) >= (self.sweep.level, self.sweep.next_slot);
        let numbered = self.levels.iter().enumerate();
        let slots = numbered.flat_map(|(number, level)| level.iter().filter(move |(slot, _)| is_ahead(number, *slot)));
        let in_slots: usize = slots.map(|(_, slot)| slot.count() as usize).sum();
        let under_hand = self.chunks.chain(self.chunks.hand()).map(|chunk| chunk.len as usize).sum::<usize>();
        assert!(in_slots + under_hand <= self.sweep.ahead, "entries before the hand are counted");
    }
}

#[cfg(test)]
mod tests {
    use super::ALLOWANCE;
    use crate::time::{Resolution, Timestamp};
    use crate::timer::{Timer, TimerExt};
    use crate::wheel::TimerWheel;
    use std::vec::Vec;

    fn at(tick: u64) -> Timestamp {
        Timestamp::from_nanos(tick * 1_000_000)
    }

    #[test]
    #[cfg_attr(miri, ignore = "hundreds of thousands of calls")]
    fn c9_turns_sweep_ahead_of_calls() {
        const TIMERS: u64 = 200_000;
        const CALLS: usize = 12;
        let mut wheel = TimerWheel::new(Resolution::MILLISECOND);
        let mut ids: Vec<_> = (0..TIMERS).map(|n| wheel.insert(at(60_000 + n % 30_000), ()).unwrap()).collect();
        let mut replace = |wheel: &mut TimerWheel<()>, n: u64| {
            let at_random = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) as usize % ids.len();
            let id = core::mem::replace(&mut ids[at_random], wheel.insert(at(60_000 + n % 30_000), ()).unwrap());
            wheel.cancel(id).unwrap();
        };
        let (mut in_calls, mut in_turns, mut worst) = (0, 0, 0);
        for now in 1..40_000 {
            let before = wheel.work().swept;
            (0..CALLS as u64).for_each(|n| replace(&mut wheel, now * CALLS as u64 + n));
            let between = wheel.work().swept;
            assert_eq!(wheel.turn(at(now)).count(), 0);
            let after = wheel.work().swept;
            (in_calls, in_turns, worst) =
                (in_calls + between - before, in_turns + after - between, worst.max(after - between));
        }
        assert_eq!(in_calls, 0, "none waits for a step of the sweep");
        assert!(in_turns > 0 && worst <= 14 * CALLS as u64 / 2, "{worst} of {in_turns} in one turn");
        let swept = wheel.work().swept;
        (0..TIMERS).for_each(|n| replace(&mut wheel, n));
        assert!(wheel.work().swept > swept, "where no turn comes, the calls do it");
        wheel.check();
    }

    /// Near timers come and go, and the far ones stay: while the hand is among the far ones it drops nothing, and it
    /// misses whatever goes stale. A sweep that only cared for its own time would leave too much for the next one.
    #[test]
    #[cfg_attr(miri, ignore = "a hundred thousand calls")]
    fn c9_all_may_be_cancelled_at_any_point_of_a_slow_sweep() {
        const EACH: u64 = 2_000;
        let mut ended = 0;
        for replaced in (0..20).map(|n| n * EACH / 3) {
            let mut wheel = TimerWheel::new(Resolution::MILLISECOND);
            let arm = |wheel: &mut TimerWheel<()>, tick: u64| wheel.insert(at(tick), ()).unwrap();
            let near = |n: u64| 30_000 + n.wrapping_mul(0x9E37_79B9_7F4A_7C15) % 30_000;
            let mut ids: Vec<_> = (0..EACH).map(|n| arm(&mut wheel, near(n))).collect();
            let far: Vec<_> = (0..EACH).map(|n| arm(&mut wheel, (1 << 27) + near(n) * 1_000)).collect();
            for n in 0..replaced {
                let slot = (near(n * 7) % EACH) as usize;
                let id = core::mem::replace(&mut ids[slot], arm(&mut wheel, near(n)));
                let was_under_way = wheel.store.sweep.under_way;
                wheel.cancel(id).unwrap();
                if was_under_way && !wheel.store.sweep.under_way {
                    ended += 1;
                    let (stale, live) = (wheel.store.stale.count(), wheel.len());
                    assert!(stale <= live * 5 / 9 + 2 * ALLOWANCE, "{stale} stale, {live} live at the end of a sweep");
                }
                if n % 64 == 0 {
                    assert_eq!(wheel.turn(at(1 + n / 64)).count(), 0);
                }
            }
            for id in ids.into_iter().chain(far) {
                wheel.cancel(id).unwrap();
                let (entries, live) = (wheel.entries(), wheel.len());
                assert!(entries <= 2 * live + 256, "{entries} for {live}, after {replaced} were replaced");
            }
        }
        assert!(ended > 0, "sweeps came to their end");
    }

    /// Timers that are always moved to later are met and filed again ahead of the sweep's hand. If filing again took no
    /// step of the sweep, the hand would ride along with them, and what others leave behind would pile up.
    #[test]
    #[cfg_attr(miri, ignore = "millions of calls")]
    fn c9_timers_moved_to_later_do_not_hold_up_a_sweep() {
        const ACTIVE: u64 = 80_000;
        const FAR: u64 = 20_000;
        const LIFE: u64 = 1_500;
        const REFILED_FOR_A_CANCEL: u64 = 16;
        let far_ahead = |n: u64| (1 << 29) + n.wrapping_mul(0x9E37_79B9_7F4A_7C15) % (1 << 30);
        let mut wheel = TimerWheel::new(Resolution::MILLISECOND);
        let active: Vec<_> =
            (0..ACTIVE).map(|n| wheel.insert(at(1 + LIFE / 4 + n * LIFE / ACTIVE), ()).unwrap()).collect();
        let mut far: Vec<_> = (0..FAR).map(|n| wheel.insert(at(far_ahead(n)), ()).unwrap()).collect();
        let (mut next_active, mut armed, mut owed, mut worst) = (0, FAR, 0, 0.0_f64);
        for now in 1..33_000 {
            for _ in 0..ACTIVE * 2 / LIFE {
                wheel.reschedule(active[next_active], at(now + LIFE));
                next_active = (next_active + 1) % active.len();
            }
            let before = wheel.work().refiled;
            assert_eq!(wheel.turn(at(now)).count(), 0, "all are moved before they are due");
            owed += wheel.work().refiled - before;
            while owed >= REFILED_FOR_A_CANCEL {
                owed -= REFILED_FOR_A_CANCEL;
                armed += 1;
                let chosen = &mut far[(far_ahead(!armed) % FAR) as usize];
                wheel.cancel(*chosen).unwrap();
                *chosen = wheel.insert(at(now + far_ahead(armed)), ()).unwrap();
            }
            worst = worst.max(wheel.entries() as f64 / wheel.len() as f64);
        }
        assert!(wheel.work().swept > 0, "there was something to sweep");
        assert!(worst < 2.0, "{worst:.3} entries for each live timer");
    }
}
