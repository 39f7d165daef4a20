//! Futures that wait on a driver, on any runtime.
//!
//! From the bottom up: `entry` (one place in a driver's timer), `coop` (a runtime's budget), and what is made of them:
//! `sleep`, `timeout` with `ext` (as a method of every future), `interval`, `delay_queue`, and `stream` (adapters for
//! streams of others). `instant` goes between timestamps and the standard library's instants.

mod coop;
mod delay_queue;
mod entry;
mod ext;
mod instant;
mod interval;
mod sleep;
mod stream;
mod timeout;

pub use delay_queue::DelayQueue;
pub use ext::FutureExt;
pub(crate) use instant::{to_instant, to_timestamp};
pub use interval::Interval;
pub use sleep::Sleep;
pub(crate) use sleep::without_error;
pub use stream::{Debounce, StreamExt, StreamTimeout, Throttle};
pub use timeout::Timeout;
