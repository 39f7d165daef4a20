//! The names of [`tokio::time`](https://docs.rs/tokio/1/tokio/time/), all but `pause`, `resume` and `advance`.
//!
//! `use tokio::time;` becomes `use tickwheel::compat::time;`, and the program waits on a driver of this crate: the one
//! that the thread has entered, [`Handle::enter`](crate::Handle::enter), else the one for the whole process. No runtime
//! is needed to make these futures, and they run on any. In place of the three that are left out there is
//! [`ManualClock`](crate::ManualClock), which knows no runtime either.
//!
//! What differs from tokio's, and why, is in a table of the guide to the futures, in the repository's
//! `docs/futures.md`.
//!
//! ```
//! use tickwheel::compat::time; // in place of: use tokio::time;
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! # runtime.block_on(async {
//! let mut interval = time::interval(time::Duration::from_millis(2));
//! let first = interval.tick().await;
//! assert_eq!(interval.tick().await - first, time::Duration::from_millis(2));
//!
//! let never = std::future::pending::<()>();
//! assert!(time::timeout(time::Duration::from_millis(3), never).await.is_err());
//! # });
//! # Ok::<(), std::io::Error>(())
//! ```

pub mod error;

mod instant;
mod interval;
mod sleep;
mod timeout;

#[doc(no_inline)]
pub use core::time::Duration;
pub use instant::Instant;
pub use interval::{Interval, MissedTickBehavior, interval, interval_at};
pub use sleep::{Sleep, sleep, sleep_until};
pub use timeout::{Timeout, timeout, timeout_at};
