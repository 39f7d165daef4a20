//! hierarchical_hash_wheel_timer's cancellable `QuadWheelWithOverflow`: reference-counted entries, and a hash map of
//! ids.
//!
//! # Bias
//!
//! - In its favor: a cancelled timer's weak entry stays in the wheel until its tick, without bound.
//! - Cancelling does not give the value back, so the harness keeps it in the key; and the wheel does not count its
//!   timers, so what went in and came out is counted here.

use std::rc::Rc;
use std::time::Duration;

use hierarchical_hash_wheel_timer::wheels::cancellable::{CancellableTimerEntry, QuadWheelWithOverflow};

use jobs::{Contender, Event, OnTurn};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Armed {
    id: u64,
    value: u64,
}

impl CancellableTimerEntry for Armed {
    type Id = u64;

    fn id(&self) -> &u64 {
        &self.id
    }
}

pub(crate) struct HashWheel {
    wheel: QuadWheelWithOverflow<Armed>,
    armings: u64,
    pending: usize,
    now_ticks: u64,
}

impl Default for HashWheel {
    fn default() -> Self {
        Self { wheel: QuadWheelWithOverflow::new(), armings: 0, pending: 0, now_ticks: 0 }
    }
}

impl Contender for HashWheel {
    const NAME: &'static str = "hhwt";
    type Key = Armed;
    type Value = u64;

    fn arm(&mut self, due_ticks: u64, value: u64) -> Armed {
        self.armings += 1;
        let armed = Armed { id: self.armings, value };
        let delay = Duration::from_millis(due_ticks - self.now_ticks);
        self.wheel.insert_ref_with_delay(Rc::new(armed), delay).expect("a deadline ahead is not expired");
        self.pending += 1;
        armed
    }

    fn cancel(&mut self, key: &mut Armed) -> Option<u64> {
        self.wheel.cancel(&key.id).ok()?;
        self.pending -= 1;
        Some(key.value)
    }

    fn reset(&mut self, key: &mut Armed, due_ticks: u64) {
        let value = self.cancel(key).expect("the timer is armed");
        *key = self.arm(due_ticks, value);
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        while self.now_ticks < now_ticks {
            self.now_ticks += 1;
            for armed in self.wheel.tick() {
                self.pending -= 1;
                handler(self, self.now_ticks, Event::Fired(armed.value));
            }
        }
    }

    fn pending(&self) -> usize {
        self.pending
    }
}
