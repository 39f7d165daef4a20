//! Keeps a run within its time: every group of measurements has a share, and repeats only while its share lasts.

use std::time::{Duration, Instant};

/// Time of a run, handed out by weight. What one group leaves over, the later ones have.
pub(crate) struct Schedule {
    start: Instant,
    limit: Duration,
    all: f64,
    begun: f64,
}

impl Schedule {
    pub(crate) fn new(limit: Duration, weights: impl Iterator<Item = f64>) -> Self {
        Self { start: Instant::now(), limit, all: weights.sum(), begun: 0.0 }
    }

    /// Begins the next group: when its share, and all shares before it, are over.
    pub(crate) fn next(&mut self, weight: f64) -> Instant {
        self.begun += weight;
        self.start + self.limit.mul_f64((self.begun / self.all).min(1.0))
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// When the share of the first of `left` contenders is over that have until `deadline`.
pub(crate) fn share(deadline: Instant, left: usize) -> Instant {
    let now = Instant::now();
    now + deadline.saturating_duration_since(now) / left.max(1) as u32
}
