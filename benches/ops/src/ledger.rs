//! The books of a run: what was armed must leave once, on time, with its own value.

use harness::expect;

use crate::contender::{Contender, Value};

/// Counts and sums of what went in and came out. Cheap enough to be kept inside what is timed.
#[derive(Default)]
pub struct Ledger {
    armed: u64,
    left: u64,
    /// Values armed less values that left, wrapping: zero when the container is empty.
    sum: u64,
    wrong_values: u64,
    worst_early_ticks: u64,
    worst_late_ticks: u64,
}

impl Ledger {
    #[inline]
    pub fn armed(&mut self, value: u64) {
        self.armed += 1;
        self.sum = self.sum.wrapping_add(value);
    }

    #[inline]
    pub fn cancelled(&mut self, value: Option<impl Value>, expected: u64) {
        self.left += 1;
        self.wrong_values += u64::from(value.map(Value::number) != Some(expected));
        self.sum = self.sum.wrapping_sub(expected);
    }

    /// A timer due at `due_ticks` fired in a turn at `now_ticks`.
    #[inline]
    pub fn fired(&mut self, value: u64, due_ticks: u64, now_ticks: u64) {
        self.fired_within(value, due_ticks, now_ticks, now_ticks);
    }

    /// As [`fired`](Self::fired) for a turn that covers the ticks from `first_ticks` to `now_ticks`.
    #[inline]
    pub fn fired_within(&mut self, value: u64, due_ticks: u64, first_ticks: u64, now_ticks: u64) {
        self.left += 1;
        self.sum = self.sum.wrapping_sub(value);
        if due_ticks < first_ticks || due_ticks > now_ticks {
            self.worst_late_ticks = self.worst_late_ticks.max(first_ticks.saturating_sub(due_ticks));
            self.worst_early_ticks = self.worst_early_ticks.max(due_ticks.saturating_sub(now_ticks));
        }
    }

    /// Armed and not yet fired or cancelled. Wraps where more came out than went in, which no container's count equals.
    #[inline]
    pub fn live(&self) -> u64 {
        self.armed.wrapping_sub(self.left)
    }

    /// Fired or cancelled so far.
    #[inline]
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Whether `timers` did what it had to, by the books and by its own count.
    pub fn check<C: Contender>(&self, timers: &C) -> Result<(), String> {
        let (early, late) = (self.worst_early_ticks, self.worst_late_ticks);
        expect(timers.pending() as u64, self.live(), "timers armed that have not left")?;
        expect(self.wrong_values, 0, "wrong values given back")?;
        if self.live() == 0 && self.sum != 0 {
            Err("the values that came out are not those that went in".to_owned())
        } else if early > C::EARLY_TICKS {
            Err(format!("fired {early} ticks early; by design: {}", C::BY_DESIGN))
        } else if late > C::LATE_TICKS {
            Err(format!("fired {late} ticks late; by design: {}", C::BY_DESIGN))
        } else {
            Ok(())
        }
    }
}
