//! What a container of timers must be able to do to take part.

use tokio::runtime::EnterGuard;

use crate::paused_runtime::PausedRuntime;

/// What a timer carries: a number, in as many bytes as a job wants.
pub trait Value: Copy + 'static {
    fn of(number: u64) -> Self;

    fn number(self) -> u64;
}

impl Value for u64 {
    #[inline]
    fn of(number: u64) -> Self {
        number
    }

    #[inline]
    fn number(self) -> u64 {
        self
    }
}

/// 64 bytes, as many as a cache line has.
#[derive(Clone, Copy)]
pub struct Wide([u64; 8]);

impl Value for Wide {
    #[inline]
    fn of(number: u64) -> Self {
        Self([number; 8])
    }

    #[inline]
    fn number(self) -> u64 {
        self.0[7]
    }
}

/// A container of timers, told the time in ticks of 1 ms. It starts at tick 0.
pub trait Contender: Default + 'static {
    /// As the tables and `--only` name it.
    const NAME: &'static str;
    /// Whether it lives in a runtime whose clock is moved by hand, at a cost for each tick.
    const IN_RUNTIME: bool = false;
    /// How many ticks early it may fire by its own design.
    const EARLY_TICKS: u64 = 0;
    /// How many ticks late it may fire by its own design.
    const LATE_TICKS: u64 = 0;
    /// Why it may, for the notes under the tables.
    const BY_DESIGN: &'static str = "nothing";

    /// What cancelling and resetting take. A timer has one, and what uses it up replaces it.
    type Key;
    type Value: Value;

    /// Arms a timer for a tick that lies ahead.
    fn arm(&mut self, due_ticks: u64, value: Self::Value) -> Self::Key;

    /// Arms a timer that will not be cancelled or reset.
    fn arm_keyless(&mut self, due_ticks: u64, value: Self::Value) {
        self.arm(due_ticks, value);
    }

    /// Takes an armed timer out and gives its value back. Its key is used up.
    fn cancel(&mut self, key: &mut Self::Key) -> Option<Self::Value>;

    /// Moves an armed timer to `due_ticks`; the key may change.
    fn reset(&mut self, key: &mut Self::Key, due_ticks: u64);

    /// Gives up the key of a timer that has fired, where that must be done.
    fn release(&mut self, _key: &mut Self::Key) {}

    /// The runtime that it lives in.
    fn runtime(&self) -> Option<PausedRuntime> {
        None
    }

    /// Lets the clock run from `from_ticks`, where it stands, to `to_ticks` in steps of `step_ticks`, with a turn at
    /// each step.
    fn run<H: OnTurn<Self>>(&mut self, from_ticks: u64, to_ticks: u64, step_ticks: u64, handler: &mut H) {
        let next = |now_ticks: u64| to_ticks.min(now_ticks + step_ticks);
        let mut now_ticks = from_ticks;
        if let Some(runtime) = self.runtime() {
            runtime.block_on(async {
                while now_ticks < to_ticks {
                    let ticks = next(now_ticks) - now_ticks;
                    now_ticks += ticks;
                    handler(self, now_ticks, Event::Before);
                    PausedRuntime::advance(ticks).await;
                    self.turn(now_ticks, handler);
                    handler(self, now_ticks, Event::After);
                }
            });
        } else {
            while now_ticks < to_ticks {
                now_ticks = next(now_ticks);
                handler(self, now_ticks, Event::Before);
                self.turn(now_ticks, handler);
                handler(self, now_ticks, Event::After);
            }
        }
    }

    /// One turn: hands every timer that is due by `now_ticks` to `handler`.
    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H);

    /// From now on a turn that has touched so many timers, fired or moved, goes on as another one, where the contender
    /// can do that.
    fn split_turns_after(&mut self, _timers: u64) {}

    /// How many timers are armed.
    fn pending(&self) -> usize;

    /// Gives back the memory that is not needed, if it can.
    fn shrink(&mut self) {}

    /// Holds as long as the contender's calls may be made: a guard of its runtime, if it needs one. [`run`](Self::run)
    /// does without.
    fn enter(&self) -> Option<EnterGuard<'static>> {
        self.runtime().map(PausedRuntime::enter)
    }
}

/// What a job is told of while the clock runs.
pub enum Event<V> {
    /// A turn is about to begin; the clock stands one step earlier.
    Before,
    /// A timer fires; the job may arm, cancel and reset.
    Fired(V),
    /// The turn is split here.
    Split,
    /// The turn is over.
    After,
}

/// What a job does while the clock runs: it is called with the tick of the turn.
pub trait OnTurn<C: Contender>: FnMut(&mut C, u64, Event<C::Value>) {}

impl<C: Contender, F: FnMut(&mut C, u64, Event<C::Value>)> OnTurn<C> for F {}

// The jobs make these calls, and none is inlined into a job: what is counted for one does not depend on how many others
// are compiled in.

/// [`Contender::arm`].
#[inline(never)]
pub(crate) fn arm<C: Contender>(timers: &mut C, due_ticks: u64, value: C::Value) -> C::Key {
    timers.arm(due_ticks, value)
}

/// [`Contender::arm_keyless`].
#[inline(never)]
pub(crate) fn arm_keyless<C: Contender>(timers: &mut C, due_ticks: u64, value: C::Value) {
    timers.arm_keyless(due_ticks, value);
}

/// [`Contender::cancel`].
#[inline(never)]
pub(crate) fn cancel<C: Contender>(timers: &mut C, key: &mut C::Key) -> Option<C::Value> {
    timers.cancel(key)
}

/// [`Contender::reset`].
#[inline(never)]
pub(crate) fn reset<C: Contender>(timers: &mut C, key: &mut C::Key, due_ticks: u64) {
    timers.reset(key, due_ticks);
}
