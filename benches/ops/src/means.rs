//! Jobs a1 to d and those beside them: thread CPU time over rounds of many operations.

use harness::{Rounds, ns_each, timed};

use crate::contender::{Contender, Event, Value, arm, cancel};
use crate::job::Job;
use crate::load::{Books, Load, MAX_DELAY_TICKS, Random, tidy_memory};
use crate::timeouts::{LIVES_PER_TICK, burst_ticks};

/// How often, on average, job b2 resets a timer within its timeout. One in e^4 timers (1.8 %) thus sees no reset for
/// 60,000 ticks and fires, and is armed again.
const RESETS_PER_TIMEOUT: u64 = 4;
/// A hold is warmed up until every level of every wheel has turned.
const WARM_UP_TICKS: u64 = 65_536;
/// At 10^7 timers that would take a minute for some; half of it has replaced nine timers in ten.
const SHORT_WARM_UP_TICKS: u64 = 32_768;
/// What each round does before it is timed, at most. Two or three visits to each of 10^5 timers; of more the caches
/// keep little anyway.
const WARM_UP_OPERATIONS: u64 = 1 << 18;
/// Above this many timers runs are shortened, so that all of them fit into an hour.
const MANY: u64 = 2_000_000;
/// In so many ticks the second level of Linux's wheel turns once, and a slot of the third comes down: the longest turn.
pub(crate) const LEVEL_TICKS: u64 = 16_384;

/// Fills a container for a job and warms it up. A round is `operations` of them, or as many as make a round long enough
/// to be timed and short enough to be repeated; those begin with some that are not timed.
pub(crate) fn start<C: Contender>(job: Job, count: usize, operations: Option<u64>) -> Box<dyn Rounds> {
    let with_keys = || Load::<C>::with_keys(count);
    let (load, work): (_, Work<C>) = match job {
        Job::A1 => (with_keys(), Load::arm_and_cancel),
        Job::B => (with_keys(), Load::reset_random),
        Job::A2 | Job::A2Wide => {
            // Until what was cancelled is being collected as fast as it comes.
            let mut load = with_keys();
            load.replace_random(count as u64);
            (load, Load::replace_random)
        }
        Job::B2 => {
            let mut load = with_keys();
            load.reset_running(warm_up_ticks(count) * resets_per_tick(count));
            (load, Load::reset_running)
        }
        Job::C | Job::CWide => {
            let mut load = Load::empty();
            load.fill_keyless(count, Random::delay_ticks);
            load.hold(events_in(count as u64, warm_up_ticks(count)));
            (load, Load::hold)
        }
        Job::Constant => {
            let mut load = Load::empty();
            load.fill_with_timeouts(count);
            load.live_on((warm_up_ticks(count) / 2 * count as u64 / LIVES_PER_TICK).max(1));
            (load, Load::live_on)
        }
        Job::Clustered => return Box::new(Anew(count, burst::<C>)),
        _ => return Box::new(Anew(count, arm_and_drain::<C>)),
    };
    let most = operations_of(job, count);
    let (warm_up, each_round) = operations.map_or((most.min(WARM_UP_OPERATIONS), most), |operations| (0, operations));
    Box::new(Standing { load, work, warm_up, each_round, done: 0 })
}

/// Does at least so many operations, and says how many it came to.
type Work<C> = fn(&mut Load<C>, u64) -> u64;

fn operations_of(job: Job, count: usize) -> u64 {
    let many = count as u64;
    // 65,536 ticks up to 10^5 timers, a quarter at 10^6, a sixteenth at 10^7.
    let ticks = (65_536_000_000 / many.max(1)).clamp(4096, 65_536).next_multiple_of(4096);
    match job {
        // A container that cancels lazily collects in bouts, about one for as many cancels as timers. (At 10^7 that is
        // too long.)
        Job::A2 | Job::A2Wide => many.clamp(1 << 18, 1 << 21),
        Job::B2 => resets_per_tick(count) * ticks_of_resets(count),
        Job::C | Job::CWide => events_in(many, ticks),
        Job::Constant => (many * ticks / LIVES_PER_TICK).max(1),
        _ => 1 << 18,
    }
}

pub(crate) fn warm_up_ticks(count: usize) -> u64 {
    if count as u64 > MANY { SHORT_WARM_UP_TICKS } else { WARM_UP_TICKS }
}

/// For how long single turns and calls are timed.
pub(crate) fn timed_ticks(count: usize) -> u64 {
    match count as u64 {
        MANY.. => LEVEL_TICKS,
        1_000_000.. => 2 * LEVEL_TICKS,
        _ => 4 * LEVEL_TICKS,
    }
}

fn resets_per_tick(count: usize) -> u64 {
    (count as u64 * RESETS_PER_TIMEOUT / MAX_DELAY_TICKS).max(1)
}

/// For how long job b2 runs: two or three resets for each timer, or many, in whole turns of the second level.
fn ticks_of_resets(count: usize) -> u64 {
    if count as u64 > MANY {
        return LEVEL_TICKS / 4;
    }
    (WARM_UP_OPERATIONS / resets_per_tick(count)).next_multiple_of(LEVEL_TICKS).min(4 * LEVEL_TICKS)
}

/// How many timers fire, about, while a hold of `count` runs for `ticks`: delays last half of the longest on average.
fn events_in(count: u64, ticks: u64) -> u64 {
    (count * ticks / (MAX_DELAY_TICKS / 2)).max(1)
}

/// A job with a container that stays filled.
struct Standing<C: Contender> {
    load: Load<C>,
    work: Work<C>,
    /// What each round does before it is timed, so that it finds the caches as it would in a long run, and not as the
    /// contender before has left them.
    warm_up: u64,
    each_round: u64,
    done: u64,
}

impl<C: Contender> Rounds for Standing<C> {
    fn round(&mut self) -> Result<Vec<f64>, String> {
        if self.warm_up > 0 {
            (self.work)(&mut self.load, self.warm_up);
        }
        let elapsed = timed(|| self.done = (self.work)(&mut self.load, self.each_round));
        self.load.books.ledger.check(&self.load.timers)?;
        Ok(vec![elapsed.as_nanos() as f64 / self.done as f64])
    }

    fn operations(&self) -> u64 {
        self.done
    }

    fn finish(self: Box<Self>) -> Result<(), String> {
        self.load.finish()
    }
}

/// A job of which each round starts from an empty container, with as many operations as timers.
struct Anew(usize, fn(usize) -> Result<Vec<f64>, String>);

impl Rounds for Anew {
    fn round(&mut self) -> Result<Vec<f64>, String> {
        tidy_memory();
        self.1(self.0)
    }

    fn operations(&self) -> u64 {
        self.0 as u64
    }
}

/// Job d.
fn arm_and_drain<C: Contender>(count: usize) -> Result<Vec<f64>, String> {
    let mut load = Load::<C>::empty();
    let arm = ns_each(count as u64, || load.fill_keyless(count, Random::delay_ticks));
    let fire = ns_each(count as u64, || load.run_for(MAX_DELAY_TICKS + C::LATE_TICKS, drain));
    load.finish().map(|()| vec![arm, fire])
}

/// Job `clustered`.
fn burst<C: Contender>(count: usize) -> Result<Vec<f64>, String> {
    let mut load = Load::<C>::empty();
    let burst = load.burst(count);
    let life = ns_each(count as u64, || load.run_for(burst_ticks::<C>(), burst));
    load.finish().map(|()| vec![life])
}

impl<C: Contender> Load<C> {
    /// Job a1.
    fn arm_and_cancel(&mut self, operations: u64) -> u64 {
        let _entered = self.timers.enter();
        let Books { held, ledger, rng, .. } = &mut self.books;
        let value = held.len() as u64;
        for _ in 0..operations {
            let mut key = arm(&mut self.timers, self.now_ticks + rng.delay_ticks(), C::Value::of(value));
            ledger.armed(value);
            ledger.cancelled(cancel(&mut self.timers, &mut key), value);
        }
        operations
    }

    /// Job a2.
    pub fn replace_random(&mut self, operations: u64) -> u64 {
        let _entered = self.timers.enter();
        for _ in 0..operations {
            let place = self.books.rng.place(self.books.held.len());
            self.books.cancel(&mut self.timers, place);
            let due_ticks = self.now_ticks + self.books.rng.delay_ticks();
            self.books.arm(&mut self.timers, place, due_ticks);
        }
        operations
    }

    /// Job b: later than the timer's present deadline, by a delay like any other.
    fn reset_random(&mut self, operations: u64) -> u64 {
        let _entered = self.timers.enter();
        for _ in 0..operations {
            let place = self.books.rng.place(self.books.held.len());
            let due_ticks = u64::from(self.books.held[place].due_ticks) + self.books.rng.delay_ticks();
            self.books.reset(&mut self.timers, place, due_ticks);
        }
        operations
    }

    /// Job b2: resets before each turn, and arms again what fires in it.
    fn reset_running(&mut self, operations: u64) -> u64 {
        let per_tick = resets_per_tick(self.books.held.len());
        let ticks = operations.div_ceil(per_tick);
        self.run_for(ticks, |timers, books, now_ticks, event| match event {
            Event::Before => {
                for _ in 0..per_tick {
                    let place = books.rng.place(books.held.len());
                    books.reset(timers, place, now_ticks - 1 + MAX_DELAY_TICKS);
                }
            }
            Event::Fired(value) => {
                let place = books.fired(timers, now_ticks, value);
                books.arm(timers, place, now_ticks + MAX_DELAY_TICKS);
            }
            _ => {}
        });
        ticks * per_tick
    }

    /// Job c.
    fn hold(&mut self, operations: u64) -> u64 {
        let fired_before = self.books.ledger.left();
        let ticks = (operations * MAX_DELAY_TICKS / 2).div_ceil(self.books.ledger.live()).next_multiple_of(256);
        self.run_for(ticks, hold);
        self.books.ledger.left() - fired_before
    }
}

/// What job c does: arms again what fires.
pub(crate) fn hold<C: Contender>(timers: &mut C, books: &mut Books<C::Key>, now_ticks: u64, event: Event<C::Value>) {
    if let Event::Fired(value) = event {
        books.ledger.fired(value.number(), value.number(), now_ticks);
        let next_ticks = now_ticks + books.rng.delay_ticks();
        books.arm_keyless(timers, next_ticks);
    }
}

/// Every timer fires, and no other one comes.
pub(crate) fn drain<C: Contender>(_timers: &mut C, books: &mut Books<C::Key>, now_ticks: u64, event: Event<C::Value>) {
    if let Event::Fired(value) = event {
        books.ledger.fired(value.number(), value.number(), now_ticks);
    }
}
