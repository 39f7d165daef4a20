//! Jobs a1 to d and those beside them: thread CPU time over rounds of many operations.

use std::marker::PhantomData;
use std::time::Duration;

use harness::measure;
use harness::probe::timed;

use crate::contender::{Contender, OnTurn, Value, Wide};
use crate::figure::{Figure, figure};
use crate::ledger::Ledger;
use crate::load::{Held, Load, MAX_DELAY_TICKS, Random, tidy_memory};
use crate::timeouts::LIVES_PER_TICK;

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

/// A job whose result is nanoseconds per operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mean {
    A1,
    A2,
    B,
    B2,
    C,
    D,
    Clustered,
    Constant,
    A2Wide,
    CWide,
}

impl Mean {
    pub const ALL: [Self; 10] = [
        Self::A1,
        Self::A2,
        Self::B,
        Self::B2,
        Self::C,
        Self::D,
        Self::Clustered,
        Self::Constant,
        Self::A2Wide,
        Self::CWide,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::A1 => "a1",
            Self::A2 => "a2",
            Self::B => "b",
            Self::B2 => "b2",
            Self::C => "c",
            Self::D => "d",
            Self::Clustered => "clustered",
            Self::Constant => "constant",
            Self::A2Wide => "a2-64",
            Self::CWide => "c-64",
        }
    }

    /// The figures of one round.
    pub fn figures(self) -> &'static [Figure] {
        match self {
            Self::A1 => &const { [figure("arm, cancel", "Arm a timer, cancel it at once")] },
            Self::A2 => &const { [figure("cancel random, arm", "Cancel a random timer, arm another")] },
            Self::B => &const { [figure("reset random", "Reset a random timer to later")] },
            Self::B2 => &const { [figure("reset, running", "Reset a random timer, clock running")] },
            Self::C => &const { [figure("hold", "Fire and arm again")] },
            Self::D => {
                &const { [figure("arm", "Arm, into an empty container"), figure("fire", "Fire, until it is empty")] }
            }
            Self::Clustered => {
                &const { [figure("life", "Armed in one second for 30 s, 99 % cancelled, the rest fired")] }
            }
            Self::Constant => {
                &const { [figure("timeout", "Four fixed timeouts: cancel the oldest or fire, arm another")] }
            }
            Self::A2Wide => &const { [figure("cancel random, arm", "The same with values of 64 bytes: cancel, arm")] },
            Self::CWide => &const { [figure("hold", "The same with values of 64 bytes: fire and arm again")] },
        }
    }

    /// Fewer operations than this are no fair sample: what a container puts off would be seen in part, or not at all.
    pub fn least_operations(self, count: usize) -> u64 {
        match self {
            // A container that cancels lazily collects in bouts, about one for as many cancels as timers. (At 10^7
            // that is too long.)
            Self::A2 | Self::A2Wide => (count as u64).clamp(1 << 12, 1 << 21),
            Self::B2 => resets_per_tick(count) * 256,
            _ => 1 << 12,
        }
    }

    /// Operations that make a round long enough to be timed, and short enough to be repeated, with `count` timers.
    pub fn operations(self, count: usize) -> u64 {
        let count = count as u64;
        // 65,536 ticks up to 10^5 timers, a quarter at 10^6, a sixteenth at 10^7.
        let ticks = (65_536_000_000 / count.max(1)).clamp(4096, 65_536).next_multiple_of(4096);
        match self {
            Self::A1 | Self::B => 1 << 18,
            Self::A2 | Self::A2Wide => self.least_operations(count as usize).max(1 << 18),
            Self::B2 => resets_per_tick(count as usize) * ticks_of_resets(count as usize),
            Self::C | Self::CWide => events_in(count, ticks),
            Self::Constant => (count * ticks / LIVES_PER_TICK).max(1),
            Self::D | Self::Clustered => count,
        }
    }

    /// Whether each round begins with a container of its own.
    fn starts_anew(self) -> bool {
        matches!(self, Self::D | Self::Clustered)
    }

    /// Fills a container for this job and warms it up.
    pub fn start<C: Contender>(self, count: usize) -> Box<dyn Timing> {
        match self {
            Self::A1 => Box::new(Standing { load: Load::<C>::with_keys(count), job: Load::arm_and_cancel }),
            Self::A2 => replacing::<C>(count),
            Self::A2Wide => replacing::<C::With<Wide>>(count),
            Self::B => Box::new(Standing { load: Load::<C>::with_keys(count), job: Load::reset_random }),
            Self::B2 => {
                let mut load = Load::<C>::with_keys(count);
                load.reset_running(warm_up_ticks(count) * resets_per_tick(count));
                Box::new(Running { load, job: Load::reset_running })
            }
            Self::C => holding::<C>(count),
            Self::CWide => holding::<C::With<Wide>>(count),
            Self::D => Box::new(ArmAndDrain::<C>(count, PhantomData)),
            Self::Clustered => Box::new(Burst::<C>(count, PhantomData)),
            Self::Constant => {
                let mut load = Load::<C>::empty();
                load.fill_with_timeouts(count);
                load.live_on((warm_up_ticks(count) / 2 * count as u64 / LIVES_PER_TICK).max(1));
                Box::new(Running { load, job: Load::live_on })
            }
        }
    }

    /// The same, for rounds whose timed part finds the caches as it would in a long run, and not as the contender
    /// before has left them.
    pub fn warm<C: Contender>(self, count: usize) -> Box<dyn measure::Rounds> {
        Box::new(Warm { job: self, count, timing: self.start::<C>(count) })
    }
}

fn replacing<C: Contender>(count: usize) -> Box<dyn Timing> {
    // Until what was cancelled is being collected as fast as it comes.
    let mut load = Load::<C>::with_keys(count);
    load.replace_random(count as u64);
    Box::new(Standing { load, job: Load::replace_random })
}

fn holding<C: Contender>(count: usize) -> Box<dyn Timing> {
    let mut load = Load::<C>::without_keys(count);
    load.hold(events_in(count as u64, warm_up_ticks(count)));
    Box::new(Running { load, job: Load::hold })
}

pub fn warm_up_ticks(count: usize) -> u64 {
    if count as u64 > MANY { SHORT_WARM_UP_TICKS } else { WARM_UP_TICKS }
}

/// For how long single turns and calls are timed.
pub fn timed_ticks(count: usize) -> u64 {
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

/// One figure of a round: so many operations took so long.
#[derive(Clone, Copy)]
pub struct Timed {
    pub elapsed: Duration,
    pub operations: u64,
}

impl Timed {
    pub fn ns_per_operation(self) -> f64 {
        self.elapsed.as_nanos() as f64 / self.operations as f64
    }
}

/// A job that is set up and can be timed again and again.
pub trait Timing {
    /// Does at least `operations` of them; one figure for each of [`Mean::figures`].
    fn round(&mut self, operations: u64) -> Result<Vec<Timed>, String>;

    /// Empties the container and checks it.
    fn finish(self: Box<Self>) -> Result<(), String>;
}

struct Warm {
    job: Mean,
    count: usize,
    timing: Box<dyn Timing>,
}

impl measure::Rounds for Warm {
    fn round(&mut self) -> Result<Vec<f64>, String> {
        let operations = self.job.operations(self.count);
        if !self.job.starts_anew() {
            self.timing.round(operations.min(WARM_UP_OPERATIONS))?;
        }
        let taken = self.timing.round(operations)?;
        Ok(taken.into_iter().map(Timed::ns_per_operation).collect())
    }

    fn finish(self: Box<Self>) -> Result<(), String> {
        self.timing.finish()
    }
}

/// A job in which the clock stands.
struct Standing<C: Contender> {
    load: Load<C>,
    job: fn(&mut Load<C>, u64),
}

impl<C: Contender> Timing for Standing<C> {
    fn round(&mut self, operations: u64) -> Result<Vec<Timed>, String> {
        let elapsed = timed(|| (self.job)(&mut self.load, operations));
        self.load.ledger.check(&self.load.timers)?;
        Ok(vec![Timed { elapsed, operations }])
    }

    fn finish(self: Box<Self>) -> Result<(), String> {
        self.load.finish()
    }
}

/// A job in which the clock runs; it says itself how many operations it came to.
struct Running<C: Contender> {
    load: Load<C>,
    job: fn(&mut Load<C>, u64) -> u64,
}

impl<C: Contender> Timing for Running<C> {
    fn round(&mut self, operations: u64) -> Result<Vec<Timed>, String> {
        let mut done = 0;
        let elapsed = timed(|| done = (self.job)(&mut self.load, operations));
        self.load.ledger.check(&self.load.timers)?;
        Ok(vec![Timed { elapsed, operations: done }])
    }

    fn finish(self: Box<Self>) -> Result<(), String> {
        self.load.finish()
    }
}

/// Job d, which starts from an empty container each time. A round is always `count` timers.
struct ArmAndDrain<C>(usize, PhantomData<C>);

impl<C: Contender> Timing for ArmAndDrain<C> {
    fn round(&mut self, _operations: u64) -> Result<Vec<Timed>, String> {
        tidy_memory();
        let mut load = Load::<C>::empty();
        let operations = self.0 as u64;
        let arm = timed(|| {
            let _entered = load.timers.enter();
            (0..operations).for_each(|_| load.arm_keyless());
        });
        let fire = timed(|| load.drain());
        load.finish()?;
        Ok(vec![Timed { elapsed: arm, operations }, Timed { elapsed: fire, operations }])
    }

    fn finish(self: Box<Self>) -> Result<(), String> {
        Ok(())
    }
}

/// The job `clustered`, which starts from an empty container each time. A round is always as many timers.
struct Burst<C>(usize, PhantomData<C>);

impl<C: Contender> Timing for Burst<C> {
    fn round(&mut self, _operations: u64) -> Result<Vec<Timed>, String> {
        tidy_memory();
        let mut load = Load::<C>::empty();
        let mut burst = load.burst(self.0);
        let elapsed = timed(|| load.run_burst(&mut burst));
        load.finish()?;
        Ok(vec![Timed { elapsed, operations: self.0 as u64 }])
    }

    fn finish(self: Box<Self>) -> Result<(), String> {
        Ok(())
    }
}

impl<C: Contender> Load<C> {
    /// Job a1.
    fn arm_and_cancel(&mut self, operations: u64) {
        let _entered = self.timers.enter();
        let value = self.held.len() as u64;
        for _ in 0..operations {
            let mut key = self.timers.arm(self.now_ticks + self.rng.delay_ticks(), C::Value::of(value));
            self.ledger.armed(value);
            self.ledger.cancelled(self.timers.cancel(&mut key), value);
        }
    }

    /// Job a2.
    pub fn replace_random(&mut self, operations: u64) {
        let _entered = self.timers.enter();
        for _ in 0..operations {
            let place = self.rng.place(self.held.len());
            let value = place as u64;
            self.ledger.cancelled(self.timers.cancel(&mut self.held[place].key), value);
            let due_ticks = self.now_ticks + self.rng.delay_ticks();
            self.held[place] = Held::new(self.timers.arm(due_ticks, C::Value::of(value)), due_ticks);
            self.ledger.armed(value);
        }
    }

    /// Job b: later than the timer's present deadline, by a delay like any other.
    fn reset_random(&mut self, operations: u64) {
        let _entered = self.timers.enter();
        for _ in 0..operations {
            let place = self.rng.place(self.held.len());
            let held = &mut self.held[place];
            let due_ticks = u64::from(held.due_ticks) + self.rng.delay_ticks();
            self.timers.reset(&mut held.key, due_ticks);
            held.moved_to(due_ticks);
        }
    }

    /// Job b2.
    fn reset_running(&mut self, operations: u64) -> u64 {
        let per_tick = resets_per_tick(self.held.len());
        let ticks = operations.div_ceil(per_tick);
        let mut held = std::mem::take(&mut self.held);
        self.run_for(ticks, |ledger, rng| IdleConnections { held: &mut held, ledger, rng, per_tick });
        self.held = held;
        ticks * per_tick
    }

    /// Job c.
    fn hold(&mut self, operations: u64) -> u64 {
        let ticks = (operations * MAX_DELAY_TICKS / 2).div_ceil(self.ledger.live()).next_multiple_of(256);
        let fired_before = self.ledger.left();
        self.run_for(ticks, |ledger, rng| Hold { ledger, rng });
        self.ledger.left() - fired_before
    }

    /// The second half of job d.
    fn drain(&mut self) {
        self.run_for(MAX_DELAY_TICKS + C::LATE_TICKS, |ledger, _| Drain { ledger });
    }
}

/// What job c does: arms again what fires.
pub struct Hold<'a> {
    pub ledger: &'a mut Ledger,
    pub rng: &'a mut Random,
}

impl<C: Contender> OnTurn<C> for Hold<'_> {
    fn fired(&mut self, timers: &mut C, now_ticks: u64, value: C::Value) {
        let due_ticks = value.number();
        self.ledger.fired(due_ticks, due_ticks, now_ticks);
        let next_ticks = now_ticks + self.rng.delay_ticks();
        timers.arm_keyless(next_ticks, C::Value::of(next_ticks));
        self.ledger.armed(next_ticks);
    }
}

/// Every timer fires, and no other one comes.
pub struct Drain<'a> {
    pub ledger: &'a mut Ledger,
}

impl<C: Contender> OnTurn<C> for Drain<'_> {
    fn fired(&mut self, _timers: &mut C, now_ticks: u64, value: C::Value) {
        let due_ticks = value.number();
        self.ledger.fired(due_ticks, due_ticks, now_ticks);
    }
}

/// What job b2 does: resets before each turn, and arms again what fires in it.
struct IdleConnections<'a, K> {
    held: &'a mut [Held<K>],
    ledger: &'a mut Ledger,
    rng: &'a mut Random,
    per_tick: u64,
}

impl<C: Contender> OnTurn<C> for IdleConnections<'_, C::Key> {
    fn before_turn(&mut self, timers: &mut C, now_ticks: u64) {
        let due_ticks = now_ticks - 1 + MAX_DELAY_TICKS;
        for _ in 0..self.per_tick {
            let held = &mut self.held[self.rng.place(self.held.len())];
            timers.reset(&mut held.key, due_ticks);
            held.moved_to(due_ticks);
        }
    }

    fn fired(&mut self, timers: &mut C, now_ticks: u64, value: C::Value) {
        let held = &mut self.held[value.number() as usize];
        self.ledger.fired(value.number(), held.due_ticks.into(), now_ticks);
        timers.release(&mut held.key);
        let due_ticks = now_ticks + MAX_DELAY_TICKS;
        *held = Held::new(timers.arm(due_ticks, value), due_ticks);
        self.ledger.armed(value.number());
    }
}
