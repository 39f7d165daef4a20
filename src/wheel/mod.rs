//! The coarse timer: a cascading five-level wheel.
//!
//! From the bottom up: `geometry` (the arithmetic), `bitmap`, `chunk` and `run` (a slot's entries), `level` (its
//! slots), `outliers` (timers that have no slot), `marks` (whose entry is stale), `store` (where each timer is filed),
//! `cascade`, `sweep`, `stock` and `turn` (what the store does as time goes on), `first` (whose turn is next), `ticks`
//! (from points in time to ticks), and `timer_wheel` (the [`Timer`](crate::Timer) that people see).

pub mod geometry;

mod bitmap;
mod cascade;
mod check;
mod chunk;
mod clear;
mod first;
mod level;
mod marks;
#[cfg(test)]
mod model_test;
mod outliers;
mod progress;
mod run;
mod snapshot;
mod stock;
mod store;
mod sweep;
mod ticks;
mod timer_wheel;
mod turn;
mod work;

pub use snapshot::{LevelSnapshot, Snapshot};
pub use timer_wheel::TimerWheel;
pub use work::Work;
