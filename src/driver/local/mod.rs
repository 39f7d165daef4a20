//! A driver for one thread: without locks, and with callbacks that need not be `Send`.
//!
//! From the bottom up: `task` (what fires, and a callback's life), `shared` (the timer in its cell), `guard` and
//! `waiting` (what was armed), `handle`, and `owner`, which turns.

mod guard;
mod handle;
mod owner;
mod shared;
mod task;
mod waiting;

pub use guard::LocalGuard;
pub use handle::LocalHandle;
pub use owner::LocalDriver;
pub use task::LocalTask;
pub use waiting::LocalWakeGuard;
