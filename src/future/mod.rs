//! Futures that wait on a driver, on any runtime.
//!
//! From the bottom up: `alarm` (one place in a driver's timer), and what is made of it: `sleep`.

mod alarm;
mod sleep;

pub use sleep::Sleep;
