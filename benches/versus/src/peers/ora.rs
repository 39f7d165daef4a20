//! ora-timer's `TimingWheel`, which cannot cancel, with a slab beside it that can.
//!
//! # Bias
//!
//! In its favour: the entry of a cancelled or reset timer stays in the wheel until its tick, without bound (its own
//! users would have to live with that); and resets never touch the entry.

use std::time::Duration;

use ora_timer::wheel::TimingWheel;

use crate::peers::stamped::{Stamped, StampedSlab};
use jobs::contender::{Contender, OnTurn, Value};

pub(crate) struct OraWheel<V = u64> {
    wheel: TimingWheel<Stamped>,
    values: StampedSlab<V>,
    due: Vec<Stamped>,
    now_ticks: u64,
}

impl<V> OraWheel<V> {
    fn insert(&mut self, due_ticks: u64, name: Stamped) {
        let refused = self.wheel.insert(name, Duration::from_millis(due_ticks - self.now_ticks));
        assert!(refused.is_none(), "a deadline ahead is not expired");
    }
}

impl<V> Default for OraWheel<V> {
    fn default() -> Self {
        Self { wheel: TimingWheel::new(), values: StampedSlab::default(), due: Vec::new(), now_ticks: 0 }
    }
}

impl<V: Value> Contender for OraWheel<V> {
    const NAME: &'static str = "ora";
    type Key = Stamped;
    type Value = V;
    type With<W: Value> = OraWheel<W>;

    fn arm(&mut self, due_ticks: u64, value: V) -> Stamped {
        let name = self.values.insert(value);
        self.insert(due_ticks, name);
        name
    }

    fn cancel(&mut self, key: &mut Stamped) -> Option<V> {
        self.values.take(*key)
    }

    fn reset(&mut self, key: &mut Stamped, due_ticks: u64) {
        self.values.rename(key);
        self.insert(due_ticks, *key);
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        while self.now_ticks < now_ticks {
            self.now_ticks += 1;
            let mut due = std::mem::take(&mut self.due);
            self.wheel.tick_with(&mut due);
            for name in due.drain(..) {
                if let Some(value) = self.values.take(name) {
                    handler.fired(self, self.now_ticks, value);
                }
            }
            self.due = due;
        }
    }

    fn pending(&self) -> usize {
        self.values.len()
    }

    fn shrink(&mut self) {
        self.wheel.gc(0);
        self.values.shrink_to_fit();
    }
}
