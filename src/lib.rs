#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

#[cfg(any(doc, doctest))]
pub mod guide;

mod arena;
mod clock;
#[cfg(feature = "futures")]
mod default;
#[cfg(feature = "driver")]
mod driver;
mod error;
#[cfg(feature = "futures")]
mod future;
mod head;
mod heap;
mod paged;
mod period;
mod sync;
mod time;
mod timer;
mod wheel;

pub use clock::{Clock, Fired, FiredKind, Follower};
#[cfg(feature = "std")]
pub use clock::{ManualClock, MonotonicClock, Step, Steps};
#[cfg(feature = "futures")]
pub use default::EnterGuard;
#[cfg(feature = "driver")]
pub use driver::{
    CallbackGuard, Driver, DriverBuilder, Firing, Handle, Lateness, LoopDriver, Metrics, Status, Task, Turned, WakeUps,
};
pub use error::{ArmError, ArmErrorReason, InsertError, PeriodError, ResolutionError, SleepError};
#[cfg(feature = "futures")]
pub use future::Sleep;
pub use heap::TimerHeap;
pub use period::{MissedTicks, Period};
#[cfg(all(tickwheel_loom, feature = "driver"))]
pub use sync::channel;
pub use time::{Deadline, Resolution, Tick, Timestamp};
pub use timer::{Budget, Expired, Timer, TimerExt, TimerId, Turn};
pub use wheel::geometry::{self, Small, Standard};
pub use wheel::{LevelSnapshot, Snapshot, TimerWheel, Work};
