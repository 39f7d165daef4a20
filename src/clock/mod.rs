//! Where timestamps come from: the machine's clock, or one that is moved by hand.

mod source;

#[cfg(feature = "std")]
mod manual;
#[cfg(feature = "std")]
mod monotonic;

#[cfg(feature = "std")]
pub use manual::{ClockStep, ClockSteps, ManualClock};
#[cfg(feature = "std")]
pub use monotonic::MonotonicClock;
pub use source::{Clock, ClockObserver, FiredTimer, TaskKind};
