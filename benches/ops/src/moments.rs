//! Job h: hard moments. Each begins with a container of its own, and every turn is timed, as in job f. A contender that
//! can split a turn does so after 1,000 timers, whether they fire or are only moved; each part counts as a turn.
//!
//! | moment | what is done |
//! |---|---|
//! | after idling | N timers lie an hour ahead; the clock goes there in one turn, and on tick by tick |
//! | all moved | every pending timer is moved a minute on, and the clock runs until all have fired |
//! | all in a tick | N timers are due in the same tick |

use harness::Series;

use crate::contender::{Contender, Event};
use crate::load::{Load, MAX_DELAY_TICKS};
use crate::means::{LEVEL_TICKS, drain};

const HOUR_TICKS: u64 = 3_600_000;
const ONE_TICK: u64 = 30_000;
const SPLIT_AFTER: u64 = 1_000;

/// All three.
pub(crate) fn moments<C: Contender>(count: usize) -> Result<Vec<Series>, String> {
    let mut load = Load::<C>::empty();
    load.fill_keyless(count, |rng| HOUR_TICKS + rng.delay_ticks());
    let after_an_hour = after_a_leap(load, HOUR_TICKS, LEVEL_TICKS)?;
    let all_moved = all_moved::<C>(count)?;
    let mut load = Load::<C>::empty();
    load.fill_keyless(count, |_| ONE_TICK);
    Ok(vec![after_an_hour, all_moved, after_a_leap(load, ONE_TICK - 1, 1 + C::LATE_TICKS)?])
}

/// The clock goes to `leap_ticks` in one turn, and on tick by tick.
fn after_a_leap<C: Contender>(mut load: Load<C>, leap_ticks: u64, ticks: u64) -> Result<Series, String> {
    load.timers.split_turns_after(SPLIT_AFTER);
    let mut turns = Series::default();
    load.time_turns(leap_ticks, leap_ticks, &mut turns, drain);
    load.time_turns(leap_ticks + ticks, 1, &mut turns, drain);
    load.finish().map(|()| turns)
}

fn all_moved<C: Contender>(count: usize) -> Result<Series, String> {
    let mut load = Load::<C>::with_keys(count);
    load.timers.split_turns_after(SPLIT_AFTER);
    {
        let _entered = load.timers.enter();
        for place in 0..count {
            let due_ticks = u64::from(load.books.held[place].due_ticks) + MAX_DELAY_TICKS;
            load.books.reset(&mut load.timers, place, due_ticks);
        }
    }
    let mut turns = Series::default();
    load.time_turns(2 * MAX_DELAY_TICKS + C::LATE_TICKS, 1, &mut turns, |timers, books, now_ticks, event| {
        if let Event::Fired(value) = event {
            books.fired(timers, now_ticks, value);
        }
    });
    load.finish().map(|()| turns)
}
