//! What a container of timers must be able to do to take part.

/// A container of timers over `u64` values, told the time in ticks of 1 ms. It starts at tick 0.
pub(crate) trait Contender: Sized {
    /// As the tables and `--only` name it.
    const NAME: &'static str;
    /// How many ticks early it may fire by its own design.
    const EARLY_TICKS: u64 = 0;
    /// How many ticks late it may fire by its own design.
    const LATE_TICKS: u64 = 0;
    /// Why it may, for the notes under the tables.
    const BY_DESIGN: &'static str = "nothing";

    /// What cancelling and resetting take. A timer has one, and whoever uses it up replaces it.
    type Key;
    /// What [`enter`](Self::enter) gives.
    type Entered;

    fn new() -> Self;

    /// Arms a timer for a tick that lies ahead.
    fn arm(&mut self, due_ticks: u64, value: u64) -> Self::Key;

    /// Arms a timer that nobody will cancel or reset.
    fn arm_keyless(&mut self, due_ticks: u64, value: u64) {
        self.arm(due_ticks, value);
    }

    /// Takes an armed timer out and gives its value back. Its key is used up.
    fn cancel(&mut self, key: &mut Self::Key) -> Option<u64>;

    /// Moves an armed timer to `due_ticks`; the key may change.
    fn reset(&mut self, key: &mut Self::Key, due_ticks: u64);

    /// Gives up the key of a timer that has fired, where that must be done.
    fn release(&mut self, _key: &mut Self::Key) {}

    /// Lets the clock run from `from_ticks`, where it stands, to `to_ticks` in steps of `step_ticks`, with a turn at
    /// each step. The loop belongs to the contender because one that lives in an async runtime must be driven from
    /// inside.
    fn run<H: OnTurn<Self>>(&mut self, from_ticks: u64, to_ticks: u64, step_ticks: u64, handler: &mut H) {
        let mut now_ticks = from_ticks;
        while now_ticks < to_ticks {
            now_ticks = to_ticks.min(now_ticks + step_ticks);
            handler.before_turn(self, now_ticks);
            self.turn(now_ticks, handler);
            handler.after_turn();
        }
    }

    /// One turn: hands every timer that is due by `now_ticks` to [`OnTurn::fired`].
    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H);

    /// From now on a turn that has touched so many timers, fired or moved, goes on as another one, where the contender
    /// can do that.
    fn split_turns_after(&mut self, _timers: u64) {}

    /// How many timers are armed.
    fn pending(&self) -> usize;

    /// Holds as long as the contender's calls may be made: a guard of its runtime, if it needs one. [`run`](Self::run)
    /// does without.
    fn enter(&self) -> Self::Entered;
}

/// What a job does while the clock runs.
pub(crate) trait OnTurn<C> {
    /// Called before the turn at `now_ticks`, while the clock stands one step earlier.
    fn before_turn(&mut self, _timers: &mut C, _now_ticks: u64) {}

    /// Called for each timer that fires; may arm, cancel and reset.
    fn fired(&mut self, timers: &mut C, now_ticks: u64, value: u64);

    /// Called between the parts of a turn that is split.
    fn split(&mut self) {}

    /// Called when the turn is over.
    fn after_turn(&mut self) {}
}
