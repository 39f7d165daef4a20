#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

#[cfg(any(doc, doctest))]
pub mod guide;

#[cfg(feature = "futures")]
pub mod compat;

mod arena;
#[cfg(feature = "channels")]
pub mod channel;
mod clock;
#[cfg(feature = "futures")]
mod default;
#[cfg(feature = "driver")]
#[cfg_attr(not(feature = "futures"), allow(dead_code, unused_imports))] // wakers lie there, and futures bring them
mod driver;
mod error;
#[cfg(feature = "futures")]
mod future;
mod heap;
#[cfg(any(feature = "tokio", feature = "hyper", feature = "tower", feature = "quinn", feature = "backon"))]
pub mod integrations;
mod paged;
mod period;
#[cfg(feature = "std")]
mod recorded;
#[cfg(feature = "std")]
mod recording;
mod sync;
mod time;
mod timer;
mod wheel;

#[cfg(feature = "channels")]
pub use channel::{After, MessageGuard, Ticker};
pub use clock::{Clock, ClockObserver, FiredTimer, TaskKind};
#[cfg(feature = "std")]
pub use clock::{ClockStep, ClockSteps, ManualClock, MonotonicClock};
#[cfg(feature = "futures")]
pub use default::EnterGuard;
#[cfg(feature = "driver")]
pub use driver::{
    CallbackGuard, CallbackStatus, Driver, DriverBuilder, Dump, Handle, Lateness, LocalDriver, LocalGuard, LocalHandle,
    LocalTask, LocalWakeGuard, LoopDriver, Metrics, TimerEvent, TimerTask, TurnReport, WakeUps,
};
pub use error::{
    ArmError, ArmErrorReason, Elapsed, InsertError, PeriodError, ResolutionError, TimeoutError, TimerError,
};
#[cfg(feature = "futures")]
pub use future::{Debounce, DelayQueue, FutureExt, Interval, Sleep, StreamExt, StreamTimeout, Throttle, Timeout};
pub use heap::TimerHeap;
pub use period::{MissedTicks, Period};
#[cfg(feature = "std")]
pub use recorded::Recorded;
#[cfg(feature = "std")]
pub use recording::Recording;
pub use time::{Deadline, Resolution, Tick, Timestamp};
pub use timer::{Budget, Expired, Timer, TimerExt, TimerId, Turn};
pub use wheel::geometry;
pub use wheel::{LevelSnapshot, TimerWheel, WheelSnapshot, WorkCounters};
