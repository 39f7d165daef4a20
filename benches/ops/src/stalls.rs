//! Jobs f to h: every single turn and call timed, for the longest one. [`harness::Series`] says how.

use harness::Series;

use crate::contender::{Contender, Event, Value, arm, cancel, reset};
use crate::job::Job;
use crate::load::{Books, Held, Load, MAX_DELAY_TICKS, Random, tidy_memory};
use crate::means::{hold, timed_ticks, warm_up_ticks};
use crate::moments::moments;
use crate::timeouts::burst_ticks;

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
    let (mut load, mut turns) = (Load::<C>::empty(), Series::default());
    load.fill_keyless(count, Random::delay_ticks);
    load.run_for(warm_up_ticks(count), hold);
    load.time_turns(load.now_ticks + timed_ticks(count), 1, &mut turns, hold);
    load.finish().map(|()| vec![turns])
}

/// The turns of a burst, until the last of it has fired.
fn clustered<C: Contender>(count: usize) -> Result<Vec<Series>, String> {
    tidy_memory();
    let (mut load, mut turns) = (Load::<C>::empty(), Series::default());
    let burst = load.burst(count);
    load.time_turns(burst_ticks::<C>(), 1, &mut turns, burst);
    load.finish().map(|()| vec![turns])
}

/// Job g: fills the container, then mixes all calls while the clock runs: before each turn as many cancels and resets
/// as timers fire in one, at random; then everything that is gone, fired or cancelled, is armed again. A reset goes
/// anywhere, to earlier or later.
fn calls<C: Contender>(count: usize) -> Result<Vec<Series>, String> {
    let mut load = Load::<C>::empty();
    let mut growing = Series::with_room(count as u64);
    load.books.held.reserve_exact(count);
    tidy_memory();
    {
        let _entered = load.timers.enter();
        for place in 0..count {
            let due_ticks = load.books.rng.delay_ticks();
            growing.timed(|| load.books.arm(&mut load.timers, place, due_ticks));
        }
    }
    let (per_turn, ticks) = ((count as u64 / (MAX_DELAY_TICKS / 2)).max(1), timed_ticks(count));
    // Half as many fire as are cancelled, and both are armed again.
    let [mut inserts, mut cancels, mut resets] = [2, 1, 1].map(|share| Series::with_room(share * per_turn * ticks));
    let (mut vacant, mut turns) = (Vec::with_capacity(count), Series::default());
    load.time_turns(ticks, 1, &mut turns, |timers, books, now_ticks, event| match event {
        Event::Before => {
            let Books { held, ledger, rng, .. } = books;
            for _ in 0..per_turn {
                let place = rng.place(held.len());
                if held[place].due_ticks != 0 {
                    ledger.cancelled(cancels.timed(|| cancel(timers, &mut held[place].key)), place as u64);
                    held[place].due_ticks = 0;
                    vacant.push(place as u32);
                }
                let place = rng.place(held.len());
                let due_ticks = now_ticks - 1 + rng.delay_ticks();
                if held[place].due_ticks != 0 {
                    resets.timed(|| reset(timers, &mut held[place].key, due_ticks));
                    held[place].moved_to(due_ticks);
                }
            }
            while let Some(place) = vacant.pop() {
                let due_ticks = now_ticks - 1 + rng.delay_ticks();
                let key = inserts.timed(|| arm(timers, due_ticks, C::Value::of(place.into())));
                held[place as usize] = Held::new(key, due_ticks);
                ledger.armed(place.into());
            }
        }
        Event::Fired(value) => vacant.push(books.fired(timers, now_ticks, value) as u32),
        _ => {}
    });
    load.finish()?;
    Ok(vec![growing, inserts, cancels, resets, turns])
}
