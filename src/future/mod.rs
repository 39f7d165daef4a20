//! Futures that wait on a driver, on any runtime.
//!
//! From the bottom up: `alarm` (one place in a driver's timer), and what is made of it: `sleep`, `timeout` with `ext`
//! (as a method of every future), `interval`. `instant` goes between timestamps and the standard library's instants.

mod alarm;
mod ext;
mod instant;
mod interval;
mod sleep;
mod timeout;

pub use ext::FutureExt;
pub(crate) use instant::{to_instant, to_timestamp};
pub use interval::Interval;
pub use sleep::Sleep;
pub use timeout::Timeout;
