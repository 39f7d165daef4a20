//! Times every turn of a job, and each part of one that is split.

use std::time::Instant;

use harness::Series;

use crate::contender::{Contender, OnTurn};

/// What a job does in its turns, each of them timed from `before_turn` to `after_turn`.
pub(crate) struct TimedTurns<H> {
    of: H,
    start: Instant,
    turns: Series,
}

impl<H> TimedTurns<H> {
    pub(crate) fn of(of: H) -> Self {
        Self { of, start: Instant::now(), turns: Series::default() }
    }

    pub(crate) fn into_turns(self) -> Series {
        self.turns
    }

    pub(crate) fn into_parts(self) -> (H, Series) {
        (self.of, self.turns)
    }
}

impl<C: Contender, H: OnTurn<C>> OnTurn<C> for TimedTurns<H> {
    fn before_turn(&mut self, timers: &mut C, now_ticks: u64) {
        self.of.before_turn(timers, now_ticks);
        self.start = Instant::now();
    }

    fn fired(&mut self, timers: &mut C, now_ticks: u64, value: C::Value) {
        self.of.fired(timers, now_ticks, value);
    }

    fn split(&mut self) {
        self.turns.record(self.start);
        self.start = Instant::now();
    }

    fn after_turn(&mut self) {
        self.turns.record(self.start);
    }
}
