//! The sweep: stale entries are collected a little at a time, before they outnumber the live ones (C9).
//!
//! A cancelled timer leaves its entry behind, and so does one that was moved to earlier. Most of these entries are met
//! and dropped in their slot. When more than half as many are stale as are live a sweep begins, which goes over all
//! chunks, slot by slot. Each call after which there is one more stale entry, or one entry more where the sweep has yet
//! to come, is good for a step of it, and so is every other timer that is handed out: a step looks at one chunk, and
//! drops what is stale there. A cascade drops what is stale as it moves it, so nothing gets past the sweep in that way.
//!
//! Calls between turns leave a few of these steps to the next turn. Where no turn comes they do them at once.
//!
//! Chunks that a sweep leaves are half full or more, so a sweep of `e` entries ends within some `e / 7` steps; since
//! stale entries are at most half of the live ones when it begins, they do not come to outnumber them. The bound is
//! derived in full in `docs/algorithms.md`.

use super::geometry::{Geometry, LEVELS};
use super::progress::Sweep;
use super::store::{Store, drop_stale};
use crate::timer::Budget;

/// Steps that calls may leave to the next turn.
const LAG: u32 = 8;
/// Stale entries up to this number are no reason to sweep, nor to go on with it.
const ALLOWANCE: usize = 64;

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

    /// Does one step of the sweep, if one is wanted, and says how many entries it looked at. For turns.
    #[inline]
    pub(crate) fn collect_garbage(&mut self) -> usize {
        if self.wants_sweep() { self.sweep_on() } else { 0 }
    }

    /// Leaves one step of the sweep, if one is wanted, to the next turn. For all calls between turns.
    #[inline]
    pub(crate) fn owe_a_step(&mut self) {
        if self.wants_sweep() {
            self.owe_or_sweep();
        }
    }

    /// Where no turn comes, or many calls before it, the step is done at once.
    #[inline(never)]
    fn owe_or_sweep(&mut self) {
        if self.sweep.owed >= LAG {
            self.sweep_on();
            return;
        }
        self.sweep.owed += 1;
        // So the next turn has something to do.
        self.cascade.calm_until = self.now;
    }

    /// Does the steps that are owed, as far as the budget goes.
    #[inline]
    pub(crate) fn sweep_what_is_owed(&mut self, budget: &mut Budget) {
        if self.sweep.owed > 0 {
            self.pay(budget);
        }
    }

    #[inline(never)]
    fn pay(&mut self, budget: &mut Budget) {
        while self.sweep.owed > 0 && !budget.is_spent() {
            self.sweep.owed -= 1;
            budget.spend(self.collect_garbage() as u64);
        }
        self.calm_down();
    }

    #[inline(never)]
    fn sweep_on(&mut self) -> usize {
        if !self.sweep.under_way {
            self.sweep = Sweep { under_way: true, level: 0, slot: 0, ..self.sweep };
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
                self.chunks.point_at(slot.run.first_chunk());
                return;
            }
            self.sweep.level += 1;
            self.sweep.slot = 0;
        }
        self.sweep.under_way = false;
    }

    fn sweep_chunk(&mut self) -> usize {
        let level = &mut self.levels[self.sweep.level];
        let mut owner = (&mut self.arena, &mut self.stale);
        let (swept, dropped) = level.sweep_chunk(
            &mut self.chunks,
            self.sweep.slot,
            &mut owner,
            |(_, stale), place| stale.contains(place),
            |(arena, stale), place| drop_stale(arena, stale, place),
        );
        self.work.swept += swept as u64;
        self.work.collected += dropped as u64;
        swept
    }
}

#[cfg(test)]
mod tests {
    use super::{ALLOWANCE, LAG};
    use crate::time::{Resolution, Timestamp};
    use crate::timer::{Timer, TimerExt};
    use crate::wheel::TimerWheel;
    use std::vec::Vec;

    fn at(tick: u64) -> Timestamp {
        Timestamp::from_nanos(tick * 1_000_000)
    }

    #[test]
    fn c9_calls_leave_a_few_steps_to_the_next_turn() {
        const TIMERS: u64 = 2_000;
        let mut wheel = TimerWheel::new(Resolution::MILLISECOND);
        let mut ids: Vec<_> = (0..TIMERS).map(|n| wheel.insert(at(1_000 + n * 16), ()).unwrap()).collect();
        let mut cancel = |wheel: &mut TimerWheel<()>| wheel.cancel(ids.swap_remove(ids.len() / 2)).unwrap();
        while wheel.entries() - wheel.len() <= wheel.len() / 2 + ALLOWANCE {
            cancel(&mut wheel);
        }
        assert_eq!(wheel.work().swept, 0);
        let mut swept = 0;
        for now in 1..4 {
            (0..LAG).for_each(|_| cancel(&mut wheel));
            assert_eq!(wheel.work().swept, swept, "it is left to the next turn");
            assert_eq!(wheel.turn(at(now)).count(), 0);
            let by_turn = wheel.work().swept - swept;
            assert!(by_turn >= u64::from(LAG), "that does it, although nothing is due: {by_turn}");
            swept += by_turn;
        }
        (0..=LAG).for_each(|_| cancel(&mut wheel));
        assert!(wheel.work().swept > swept, "where no turn comes, the calls do it");
        wheel.check();
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
