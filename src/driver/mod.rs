//! The driver: shards of timers, whoever turns them, and what fires.
//!
//! From the bottom up: `callback` and `task` (what fires), `waits` (which callback waits for which), `metrics`, `hooks`
//! (the user's code and its panics), `shard` (a timer behind a lock), `sleeper` (how an earlier timer finds a sleeping
//! driver), `core` (the shards and a turn), `fire` (how a task is fired), `pool`, `activity` (what runs), `turn_runner`
//! (a driver's turns), `thread` and `spin` (the one place that waits), `guard` and `handle` (what users hold), `dump`,
//! `event_loop`, `owner` and `builder` (how a driver is made, and ends). `local` is a driver of its own, for one
//! thread.

mod activity;
mod builder;
mod callback;
mod core;
mod dump;
mod event_loop;
mod fire;
mod guard;
mod handle;
mod hooks;
mod local;
mod metrics;
mod owner;
mod pool;
mod shard;
mod sleeper;
mod spin;
mod task;
mod thread;
mod trace;
mod turn_runner;
mod waits;
#[cfg(test)]
mod waker_test;

pub use self::core::TurnReport;
pub(crate) use self::core::{Core, Key};
pub use builder::DriverBuilder;
#[cfg(feature = "channels")]
pub(crate) use callback::Rearm;
pub use callback::{CallbackStatus, TimerEvent};
pub use dump::Dump;
pub use event_loop::LoopDriver;
pub use guard::CallbackGuard;
pub use handle::Handle;
pub use local::{LocalDriver, LocalGuard, LocalHandle, LocalTask, LocalWakeGuard};
pub use metrics::{Lateness, Metrics, WakeUps};
pub use owner::Driver;
pub(crate) use shard::Lookup;
pub use task::TimerTask;
