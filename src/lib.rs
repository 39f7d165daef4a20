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
mod error;
mod head;
mod heap;
mod paged;
mod sync;
mod time;
mod timer;
mod wheel;

pub use clock::Clock;
#[cfg(feature = "std")]
pub use clock::{ManualClock, MonotonicClock};
pub use error::{InsertError, ResolutionError};
pub use heap::TimerHeap;
pub use time::{Deadline, Resolution, Tick, Timestamp};
pub use timer::{Budget, Expired, Timer, TimerExt, TimerId, Turn};
pub use wheel::geometry::{self, Small, Standard};
pub use wheel::{LevelSnapshot, Snapshot, TimerWheel, Work};
