//! This crate's two timers, through the one trait that both have.
//!
//! # Bias
//!
//! Deadlines are points in time, as for all: each call multiplies ticks to nanoseconds, and the wheel divides them
//! again.

use tickwheel::{Budget, Resolution, Timer, TimerExt, TimerHeap, TimerId, TimerWheel, Timestamp};

use crate::contender::{Contender, Event, OnTurn, Value};

const TICK_NS: u64 = 1_000_000;

/// One of this crate's timers.
pub trait Make: 'static {
    const NAME: &'static str;
    type Value: Value;

    fn make() -> Self;
}

impl<V: Value> Make for TimerWheel<V> {
    const NAME: &'static str = "wheel";
    type Value = V;

    fn make() -> Self {
        Self::new(Resolution::MILLISECOND)
    }
}

impl<V: Value> Make for TimerHeap<V> {
    const NAME: &'static str = "heap";
    type Value = V;

    fn make() -> Self {
        Self::new()
    }
}

pub struct Ours<M> {
    timers: M,
    /// After how many timers a turn is split.
    split_after: Option<u64>,
}

pub type Wheel<V = u64> = Ours<TimerWheel<V>>;
pub type Heap<V = u64> = Ours<TimerHeap<V>>;

impl<M: Make> Default for Ours<M> {
    fn default() -> Self {
        Self { timers: M::make(), split_after: None }
    }
}

impl<M: Make + Timer<<M as Make>::Value>> Ours<M> {
    /// A turn in parts, apart from those of the other jobs so that they do not pay for it.
    #[cold]
    #[inline(never)]
    fn split_turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, most: u64, handler: &mut H) {
        loop {
            let mut budget = Budget::entries(most);
            self.timers.open_turn(at(now_ticks));
            while let Some(expired) = self.timers.expire_next(&mut budget) {
                handler(self, now_ticks, Event::Fired(expired.value));
            }
            if !budget.is_spent() {
                return;
            }
            handler(self, now_ticks, Event::Split);
        }
    }
}

impl<M: Make + Timer<<M as Make>::Value>> Contender for Ours<M> {
    const NAME: &'static str = M::NAME;
    type Key = TimerId;
    type Value = M::Value;

    fn arm(&mut self, due_ticks: u64, value: M::Value) -> TimerId {
        self.timers.insert(at(due_ticks), value).expect("the jobs stay below the limit")
    }

    fn cancel(&mut self, key: &mut TimerId) -> Option<M::Value> {
        self.timers.cancel(*key)
    }

    fn reset(&mut self, key: &mut TimerId, due_ticks: u64) {
        assert!(self.timers.reset(*key, at(due_ticks)), "the timer is armed");
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        if let Some(most) = self.split_after {
            return self.split_turn(now_ticks, most, handler);
        }
        let mut budget = Budget::UNLIMITED;
        self.timers.open_turn(at(now_ticks));
        while let Some(expired) = self.timers.expire_next(&mut budget) {
            handler(self, now_ticks, Event::Fired(expired.value));
        }
    }

    fn split_turns_after(&mut self, timers: u64) {
        self.split_after = Some(timers);
    }

    fn pending(&self) -> usize {
        self.timers.len()
    }

    fn shrink(&mut self) {
        self.timers.shrink_to_fit();
    }
}

fn at(ticks: u64) -> Timestamp {
    Timestamp::from_nanos(ticks * TICK_NS)
}
