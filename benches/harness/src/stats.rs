//! Medians and how far rounds lie apart.

use serde::Serialize;

/// The middle of several rounds, and the least and greatest of them.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Spread {
    pub least: f64,
    pub median: f64,
    pub greatest: f64,
}

impl Spread {
    /// Of one round or more.
    pub fn of(mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        let (least, greatest) = (rounds[0], rounds[rounds.len() - 1]);
        let middle = rounds.len() / 2;
        let median = if rounds.len() % 2 == 1 { rounds[middle] } else { (rounds[middle - 1] + rounds[middle]) / 2.0 };
        Self { least, median, greatest }
    }

    /// A figure that was taken once.
    pub fn once(value: f64) -> Self {
        Self { least: value, median: value, greatest: value }
    }
}
