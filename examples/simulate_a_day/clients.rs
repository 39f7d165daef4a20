//! What visitors do: when they come, how long they think, what becomes of their requests.
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

    /// How long it is until the next action: a quarter of an hour, and one time in a hundred most of a day.
    pub(crate) fn think(&mut self) -> Duration {
        let hours = if self.random.u8(0..100) == 0 { 8.0 } else { 0.25 };
        self.about(hours * 3600.0)
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

/// The moments at which connections arrive, in order, in microseconds from midnight: few at night, most in the evening.
pub(crate) fn arrivals(seed: u64, connections: u32, hours: u32) -> Vec<u64> {
    let mut random = Rng::with_seed(seed);
    let end_us = u64::from(hours) * 3_600_000_000;
    let mut arrive = || loop {
        let at_us = random.u64(0..end_us);
        if random.f64() < crowd(at_us as f64 / 3.6e9) {
            return at_us;
        }
    };
    let mut arrivals: Vec<u64> = (0..connections).map(|_| arrive()).collect();
    arrivals.sort_unstable();
    arrivals
}

/// How much goes on at an hour of the day, in parts of the most.
fn crowd(hour: f64) -> f64 {
    let hill = |top: f64, width: f64| (-((hour % 24.0 - top) / width).powi(2)).exp();
    (0.06 + 0.55 * hill(11.0, 3.0) + 0.9 * hill(20.0, 2.5)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::arrivals;

    #[test]
    fn visitors_come_in_order_within_the_day_and_mostly_in_the_evening() {
        let arrivals = arrivals(7, 10_000, 24);
        assert!(arrivals.is_sorted() && arrivals.last() < Some(&(24 * 3_600_000_000)));
        let in_hour = |hour: u64| arrivals.iter().filter(|at_us| **at_us / 3_600_000_000 == hour).count();
        assert!(in_hour(20) > 5 * in_hour(3), "{} and {}", in_hour(20), in_hour(3));
    }
}
