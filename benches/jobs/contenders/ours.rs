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

pub(crate) struct Ours<T> {
    timers: T,
    /// After how many timers a turn is split.
    split_after: Option<u64>,
}

impl<T: Make> Ours<T> {
    /// A turn in parts, apart from those of the other jobs so that they do not pay for it.
    #[cold]
    #[inline(never)]
    fn split_turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, most: u64, handler: &mut H) {
        loop {
            let mut budget = Budget::entries(most);
            self.timers.open_turn(at(now_ticks));
            while let Some(expired) = self.timers.expire_next(&mut budget) {
                handler.fired(self, now_ticks, expired.value);
            }
            if !budget.is_spent() {
                return;
            }
            handler.split();
        }
    }

    #[allow(dead_code, reason = "one of the bench programs measures memory")]
    pub(crate) fn shrink_to_fit(&mut self) {
        self.timers.shrink_to_fit();
    }
}

impl<T: Make> Contender for Ours<T> {
    const NAME: &'static str = T::NAME;
    type Key = TimerId;
    type Entered = ();

    fn new() -> Self {
        Self { timers: T::make(), split_after: None }
    }

    fn arm(&mut self, due_ticks: u64, value: u64) -> TimerId {
        self.timers.insert(at(due_ticks), value).expect("the jobs stay below the limit")
    }

    fn cancel(&mut self, key: &mut TimerId) -> Option<u64> {
        self.timers.cancel(*key)
    }

    fn reset(&mut self, key: &mut TimerId, due_ticks: u64) {
        assert!(self.timers.reschedule(*key, at(due_ticks)), "the timer is armed");
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        if let Some(most) = self.split_after {
            return self.split_turn(now_ticks, most, handler);
        }
        let mut budget = Budget::UNLIMITED;
        self.timers.open_turn(at(now_ticks));
        while let Some(expired) = self.timers.expire_next(&mut budget) {
            handler.fired(self, now_ticks, expired.value);
        }
    }

    fn split_turns_after(&mut self, timers: u64) {
        self.split_after = Some(timers);
    }

    fn pending(&self) -> usize {
        self.timers.len()
    }

    fn enter(&self) {}
}

fn at(ticks: u64) -> Timestamp {
    Timestamp::from_nanos(ticks * TICK_NS)
}
