//! Jobs f to h: every single turn and call timed, for the longest one. [`harness::Series`] says how.

use harness::Series;

use crate::contender::{Contender, OnTurn, Value};
use crate::job::Job;
use crate::ledger::Ledger;
use crate::load::{Held, Load, MAX_DELAY_TICKS, Random, tidy_memory};
use crate::means::{Hold, timed_ticks, warm_up_ticks};
use crate::moments::moments;
use crate::timed_turns::TimedTurns;

/// One whole run of a job: what each call took, in order; one series for each of its figures.
pub(crate) fn run<C: Contender>(job: Job, count: usize) -> Result<Vec<Series>, String> {
    match job {
        Job::F => turns::<C>(count),
        Job::G => calls::<C>(count),
        Job::H => moments::<C>(count),
        _ => clustered::<C>(count),
    }
}

/// Job f: the turns of a hold, of all levels of a wheel (16,384 ticks turn over the second one).
fn turns<C: Contender>(count: usize) -> Result<Vec<Series>, String> {
    let mut load = Load::<C>::without_keys(count);
    load.run_for(warm_up_ticks(count), |ledger, rng| Hold { ledger, rng });
    let turns = load.run_for(timed_ticks(count), |ledger, rng| TimedTurns::of(Hold { ledger, rng })).into_turns();
    load.finish()?;
    Ok(vec![turns])
}

/// The turns of a burst, until the last of it has fired.
fn clustered<C: Contender>(count: usize) -> Result<Vec<Series>, String> {
    tidy_memory();
    let mut load = Load::<C>::empty();
    let mut burst = load.burst(count);
    let turns = load.run_burst_timed(&mut burst);
    load.finish()?;
    Ok(vec![turns])
}

/// Job g: fills the container, then mixes all calls while the clock runs.
fn calls<C: Contender>(count: usize) -> Result<Vec<Series>, String> {
    let mut load = Load::<C>::empty();
    let mut growing = Series::with_room(count as u64);
    load.held.reserve_exact(count);
    tidy_memory();
    {
        let _entered = load.timers.enter();
        for _ in 0..count {
            growing.timed(|| load.arm_held());
        }
    }
    let mut held = std::mem::take(&mut load.held);
    let vacant = Vec::with_capacity(count);
    let mixed = load.run_for(timed_ticks(count), |ledger, rng| {
        TimedTurns::of(Mixed { held: &mut held, vacant, ledger, rng, calls: MixedCalls::with_room(count) })
    });
    let (mixed, turns) = mixed.into_parts();
    let calls = mixed.calls;
    load.held = held;
    load.finish()?;
    Ok(vec![growing, calls.insert, calls.cancel, calls.reset, turns])
}

struct MixedCalls {
    insert: Series,
    cancel: Series,
    reset: Series,
}

impl MixedCalls {
    fn with_room(count: usize) -> Self {
        let each = calls_before_turn(count) * timed_ticks(count);
        // Half as many fire as are cancelled, and both are armed again.
        Self { insert: Series::with_room(2 * each), cancel: Series::with_room(each), reset: Series::with_room(each) }
    }
}

/// Cancels before each turn, and resets.
fn calls_before_turn(count: usize) -> u64 {
    (count as u64 / (MAX_DELAY_TICKS / 2)).max(1)
}

/// Before each turn as many cancels and resets as timers fire in one, at random; then everything that is gone, fired or
/// cancelled, is armed again. A reset goes anywhere, to earlier or later.
struct Mixed<'a, K> {
    held: &'a mut [Held<K>],
    /// Places that are not armed.
    vacant: Vec<u32>,
    ledger: &'a mut Ledger,
    rng: &'a mut Random,
    calls: MixedCalls,
}

impl<K> Mixed<'_, K> {
    fn cancel<C: Contender<Key = K>>(&mut self, timers: &mut C) {
        let place = self.rng.place(self.held.len());
        if self.held[place].due_ticks == 0 {
            return;
        }
        let key = &mut self.held[place].key;
        let value = self.calls.cancel.timed(|| timers.cancel(key));
        self.ledger.cancelled(value, place as u64);
        self.vacate(place);
    }

    fn reset<C: Contender<Key = K>>(&mut self, timers: &mut C, standing_ticks: u64) {
        let place = self.rng.place(self.held.len());
        let due_ticks = standing_ticks + self.rng.delay_ticks();
        let held = &mut self.held[place];
        if held.due_ticks == 0 {
            return;
        }
        self.calls.reset.timed(|| timers.reset(&mut held.key, due_ticks));
        held.moved_to(due_ticks);
    }

    fn insert<C: Contender<Key = K>>(&mut self, timers: &mut C, place: usize, standing_ticks: u64) {
        let due_ticks = standing_ticks + self.rng.delay_ticks();
        let key = self.calls.insert.timed(|| timers.arm(due_ticks, C::Value::of(place as u64)));
        self.held[place] = Held::new(key, due_ticks);
        self.ledger.armed(place as u64);
    }

    fn vacate(&mut self, place: usize) {
        self.held[place].due_ticks = 0;
        self.vacant.push(place as u32);
    }
}

impl<C: Contender> OnTurn<C> for Mixed<'_, C::Key> {
    fn before_turn(&mut self, timers: &mut C, now_ticks: u64) {
        let standing_ticks = now_ticks - 1;
        for _ in 0..calls_before_turn(self.held.len()) {
            self.cancel(timers);
            self.reset(timers, standing_ticks);
        }
        while let Some(place) = self.vacant.pop() {
            self.insert(timers, place as usize, standing_ticks);
        }
    }

    fn fired(&mut self, timers: &mut C, now_ticks: u64, value: C::Value) {
        let place = value.number() as usize;
        self.ledger.fired(value.number(), self.held[place].due_ticks.into(), now_ticks);
        timers.release(&mut self.held[place].key);
        self.vacate(place);
    }
}
