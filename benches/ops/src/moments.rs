//! Job h: hard moments. Each begins with a container of its own, and every turn is timed, as in job f. A contender that
//! can split a turn does so after 1,000 timers, whether they fire or are only moved; each part counts as a turn.
//!
//! | moment | what is done |
//! |---|---|
//! | after idling | N timers lie an hour ahead; the clock goes there in one turn, and on tick by tick |
//! | all moved | every pending timer is moved a minute on, and the clock runs until all have fired |
//! | all in a tick | N timers are due in the same tick |

use harness::Series;

use crate::contender::{Contender, OnTurn, Value};
use crate::ledger::Ledger;
use crate::load::{Held, Load, MAX_DELAY_TICKS};
use crate::means::{Drain, LEVEL_TICKS};
use crate::timed_turns::TimedTurns;

const HOUR_TICKS: u64 = 3_600_000;
const ONE_TICK: u64 = 30_000;
const SPLIT_AFTER: u64 = 1_000;

/// All three.
pub(crate) fn moments<C: Contender>(count: usize) -> Result<Vec<Series>, String> {
    Ok(vec![after_an_hour::<C>(count)?, all_moved::<C>(count)?, in_one_tick::<C>(count)?])
}

fn after_an_hour<C: Contender>(count: usize) -> Result<Series, String> {
    let mut load = splitting(Load::<C>::empty());
    arm_all(&mut load, count, |load| HOUR_TICKS + load.rng.delay_ticks());
    let mut timed = TimedTurns::of(Drain { ledger: &mut load.ledger });
    load.timers.run(0, HOUR_TICKS, HOUR_TICKS, &mut timed);
    load.timers.run(HOUR_TICKS, HOUR_TICKS + LEVEL_TICKS, 1, &mut timed);
    let turns = timed.into_turns();
    load.now_ticks = HOUR_TICKS + LEVEL_TICKS;
    load.finish()?;
    Ok(turns)
}

fn all_moved<C: Contender>(count: usize) -> Result<Series, String> {
    let mut load = splitting(Load::<C>::with_keys(count));
    let mut held = std::mem::take(&mut load.held);
    {
        let _entered = load.timers.enter();
        for held in &mut held {
            let due_ticks = u64::from(held.due_ticks) + MAX_DELAY_TICKS;
            load.timers.reset(&mut held.key, due_ticks);
            held.moved_to(due_ticks);
        }
    }
    let ticks = 2 * MAX_DELAY_TICKS + C::LATE_TICKS;
    let turns = load.run_for(ticks, |ledger, _| TimedTurns::of(Leaving { held: &mut held, ledger })).into_turns();
    load.finish()?;
    Ok(turns)
}

fn in_one_tick<C: Contender>(count: usize) -> Result<Series, String> {
    let mut load = splitting(Load::<C>::empty());
    arm_all(&mut load, count, |_| ONE_TICK);
    let mut timed = TimedTurns::of(Drain { ledger: &mut load.ledger });
    load.timers.run(0, ONE_TICK - 1, ONE_TICK - 1, &mut timed);
    load.timers.run(ONE_TICK - 1, ONE_TICK + C::LATE_TICKS, 1, &mut timed);
    let turns = timed.into_turns();
    load.now_ticks = ONE_TICK + C::LATE_TICKS;
    load.finish()?;
    Ok(turns)
}

fn splitting<C: Contender>(mut load: Load<C>) -> Load<C> {
    load.timers.split_turns_after(SPLIT_AFTER);
    load
}

/// Arms `count` timers without keys.
fn arm_all<C: Contender>(load: &mut Load<C>, count: usize, mut due: impl FnMut(&mut Load<C>) -> u64) {
    let _entered = load.timers.enter();
    for _ in 0..count {
        let due_ticks = due(load);
        load.arm_keyless_at(due_ticks);
    }
}

/// Timers fire, and leave their keys.
pub(crate) struct Leaving<'a, K> {
    pub(crate) held: &'a mut [Held<K>],
    pub(crate) ledger: &'a mut Ledger,
}

impl<C: Contender> OnTurn<C> for Leaving<'_, C::Key> {
    fn fired(&mut self, timers: &mut C, now_ticks: u64, value: C::Value) {
        let value = value.number();
        let held = &mut self.held[value as usize];
        timers.release(&mut held.key);
        self.ledger.fired(value, std::mem::take(&mut held.due_ticks).into(), now_ticks);
    }
}
