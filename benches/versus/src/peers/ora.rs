//! ora-timer's `TimingWheel`, which cannot cancel, with a slab beside it that can.
//!
//! # Bias
//!
//! In its favor: the entry of a cancelled or reset timer stays in the wheel until its tick, without bound (its own
//! users would have to live with that).

use std::time::Duration;

use ora_timer::wheel::TimingWheel;

use crate::peers::stamped::{Lazy, Plain, Stamped};

pub(crate) type OraWheel = Lazy<Ora>;

pub(crate) struct Ora {
    wheel: TimingWheel<Stamped>,
    due: Vec<Stamped>,
    now_ticks: u64,
}

impl Default for Ora {
    fn default() -> Self {
        Self { wheel: TimingWheel::new(), due: Vec::new(), now_ticks: 0 }
    }
}

impl Plain for Ora {
    const NAME: &'static str = "ora";

    fn insert(&mut self, due_ticks: u64, name: Stamped) {
        let refused = self.wheel.insert(name, Duration::from_millis(due_ticks - self.now_ticks));
        assert!(refused.is_none(), "a deadline ahead is not expired");
    }

    fn next_due(&mut self, now_ticks: u64) -> Option<Stamped> {
        while self.due.is_empty() && self.now_ticks < now_ticks {
            self.now_ticks += 1;
            self.wheel.tick_with(&mut self.due);
        }
        self.due.pop()
    }

    fn shrink(&mut self) {
        self.wheel.gc(0);
    }
}
