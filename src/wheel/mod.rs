//! The coarse timer: a cascading five-level wheel.
//!
//! From the bottom up: `geometry` (the arithmetic), `bitmap`, `lines` (what a slot's queue is made of), `slots`,
//! `outliers` (timers that have no slot), `ticks` (from points in time to ticks), `store` (where each timer is filed),
//! `cascade`, `next` and `turn` (what the store does as time goes on), `first` (which timer comes next), and
//! `timer_wheel` (the [`Timer`](crate::Timer) that users see).

pub mod geometry;

mod bitmap;
mod cascade;
mod check;
mod clear;
mod first;
mod lines;
#[cfg(test)]
mod model_test;
mod next;
mod outliers;
mod slots;
mod snapshot;
mod store;
mod ticks;
mod timer_wheel;
mod turn;
mod work;

pub use snapshot::{LevelSnapshot, WheelSnapshot};
pub use timer_wheel::TimerWheel;
pub use work::WorkCounters;
