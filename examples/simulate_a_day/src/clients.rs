//! What visitors do: how long they think, what becomes of their requests, when the next one comes.
//!
//! Each connection draws from a generator of its own, so that what one does depends on no other.

use std::time::Duration;

use fastrand::Rng;

/// A visitor's next action.
pub(crate) enum Action {
    Request,
    /// Says goodbye.
    Leave,
    /// Is gone without a word, as behind a cable that was pulled: keep-alives find out.
    Vanish,
}

/// What becomes of one attempt to serve a request.
pub(crate) enum Attempt {
    Answered,
    Failed,
    /// Nothing is heard of it again.
    Stuck,
}

/// The chance of one connection.
pub(crate) struct Client {
    random: Rng,
}

impl Client {
    pub(crate) fn new(seed: u64, connection: u32) -> Self {
        // Neighbouring seeds must not give similar generators.
        let mixed = (seed ^ u64::from(connection) << 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self { random: Rng::with_seed(mixed ^ mixed >> 29) }
    }

    /// How long it is until the next action, at that hour of the day: a few hours, the fewer the more goes on, and one
    /// time in a hundred a day.
    pub(crate) fn think(&mut self, hour: f64) -> Duration {
        let hours = if self.random.u8(0..100) == 0 { 24.0 } else { 1.5 / crowd(hour).max(0.25) };
        self.about(hours * 3600.0)
    }

    /// How long it is until somebody comes in place of one who has gone.
    pub(crate) fn stay_away(&mut self) -> Duration {
        self.about(120.0)
    }

    pub(crate) fn act(&mut self) -> Action {
        match self.random.u8(0..200) {
            0..6 => Action::Leave,
            6 => Action::Vanish,
            _ => Action::Request,
        }
    }

    pub(crate) fn attempt(&mut self) -> (Duration, Attempt) {
        let attempt = match self.random.u16(0..1000) {
            0..5 => Attempt::Stuck,
            5..45 => Attempt::Failed,
            _ => Attempt::Answered,
        };
        (self.about(0.05), attempt)
    }

    /// The pause before an attempt is made again: twice as long each time, and up to half as long again.
    pub(crate) fn back_off(&mut self, failed: u32) -> Duration {
        let pause_us = 100_000_u64 << failed.min(10);
        Duration::from_micros(pause_us + self.random.u64(0..=pause_us / 2))
    }

    /// A time that is exponentially distributed, in whole microseconds and not zero.
    fn about(&mut self, mean_seconds: f64) -> Duration {
        let seconds = -mean_seconds * (1.0 - self.random.f64()).ln();
        Duration::from_micros((seconds * 1e6) as u64 + 1)
    }
}

/// How much goes on at an hour of the day, in parts of the most.
fn crowd(hour: f64) -> f64 {
    let hill = |top: f64, width: f64| (-((hour % 24.0 - top) / width).powi(2)).exp();
    (0.06 + 0.55 * hill(11.0, 3.0) + 0.9 * hill(20.0, 2.5)).min(1.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Client;

    #[test]
    fn visitors_do_more_in_the_evening_than_at_night() {
        let thinks = |hour: f64| (0..1_000).map(|visitor| Client::new(7, visitor).think(hour)).sum::<Duration>();
        assert!(thinks(3.0) > 2 * thinks(20.0), "{:?} and {:?}", thinks(3.0), thinks(20.0));
        assert_eq!(thinks(3.0), thinks(27.0));
    }
}
