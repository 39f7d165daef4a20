//! A driver inside a tokio runtime: a task turns it, and no thread of its own is needed.
//!
//! From the bottom up: `timerfd` (how the task waits, and is woken, on Linux), `sleep` (the same by tokio's own timer,
//! elsewhere), `driver` (the task, and its owner).

mod driver;
#[cfg(any(not(target_os = "linux"), test))]
mod sleep;
#[cfg(target_os = "linux")]
mod timerfd;

pub use driver::TokioDriver;
