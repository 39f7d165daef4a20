//! ora-timer's `TimingWheel`, which cannot cancel, with a slab beside it that can.
//!
//! # Bias
//!
//! In its favour: the entry of a cancelled or reset timer stays in the wheel until its tick, without bound (its own
//! users would have to live with that); and resets never touch the entry.

use std::time::Duration;

use ora_timer::wheel::TimingWheel;

use crate::peers::stamped::{Stamped, StampedSlab};
use jobs::{Contender, Event, OnTurn};

pub(crate) struct OraWheel {
    wheel: TimingWheel<Stamped>,
    values: StampedSlab,
    due: Vec<Stamped>,
    now_ticks: u64,
}

impl OraWheel {
    fn insert(&mut self, due_ticks: u64, name: Stamped) {
        let refused = self.wheel.insert(name, Duration::from_millis(due_ticks - self.now_ticks));
        assert!(refused.is_none(), "a deadline ahead is not expired");
    }
}

impl Default for OraWheel {
    fn default() -> Self {
        Self { wheel: TimingWheel::new(), values: StampedSlab::default(), due: Vec::new(), now_ticks: 0 }
    }
}

impl Contender for OraWheel {
    const NAME: &'static str = "ora";
    type Key = Stamped;
    type Value = u64;

    fn arm(&mut self, due_ticks: u64, value: u64) -> Stamped {
        let name = self.values.insert(value);
        self.insert(due_ticks, name);
        name
    }

    fn cancel(&mut self, key: &mut Stamped) -> Option<u64> {
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
                    handler(self, self.now_ticks, Event::Fired(value));
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
