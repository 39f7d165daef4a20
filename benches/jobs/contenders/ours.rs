//! This crate's two timers, through the one trait that both have.
//!
//! # Bias
//!
//! Deadlines are points in time, as for all: each call multiplies ticks to nanoseconds, and the wheel divides them
//! again.

use tickwheel::{Budget, Resolution, Timer, TimerExt, TimerHeap, TimerId, TimerWheel, Timestamp};

use crate::jobs::contender::{Contender, OnTurn};

const TICK_NS: u64 = 1_000_000;

/// A timer of this crate, as it is made for the jobs.
pub(crate) trait Make: Timer<u64> {
    const NAME: &'static str;

    fn make() -> Self;
}

impl Make for TimerWheel<u64> {
    const NAME: &'static str = "wheel";

    fn make() -> Self {
        Self::new(Resolution::MILLISECOND)
    }
}

impl Make for TimerHeap<u64> {
    const NAME: &'static str = "heap";

    fn make() -> Self {
        Self::new()
    }
}

pub(crate) struct Ours<T>(T);

impl<T: Make> Ours<T> {
    #[allow(dead_code, reason = "one of the bench programs measures memory")]
    pub(crate) fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }
}

impl<T: Make> Contender for Ours<T> {
    const NAME: &'static str = T::NAME;
    type Key = TimerId;
    type Entered = ();

    fn new() -> Self {
        Self(T::make())
    }

    fn arm(&mut self, due_ticks: u64, value: u64) -> TimerId {
        self.0.insert(at(due_ticks), value).expect("the jobs stay below the limit")
    }

    fn cancel(&mut self, key: &mut TimerId) -> Option<u64> {
        self.0.cancel(*key)
    }

    fn reset(&mut self, key: &mut TimerId, due_ticks: u64) {
        assert!(self.0.reschedule(*key, at(due_ticks)), "the timer is armed");
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        let mut budget = Budget::UNLIMITED;
        self.0.open_turn(at(now_ticks));
        while let Some(expired) = self.0.expire_next(&mut budget) {
            handler.fired(self, now_ticks, expired.value);
        }
    }

    fn pending(&self) -> usize {
        self.0.len()
    }

    fn enter(&self) {}
}

fn at(ticks: u64) -> Timestamp {
    Timestamp::from_nanos(ticks * TICK_NS)
}
