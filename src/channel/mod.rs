//! Timers as channels, and messages that are sent later.
//!
//! | | gives | for |
//! |---|---|---|
//! | [`Handle::after`], [`Handle::at`] | [`After`], a receiver of one timestamp | a timeout in a `select!` |
//! | [`Handle::tick`], [`Handle::tick_at`] | [`Ticker`], one each period | upkeep in a `select!` |
//! | [`Handle::send_after`], [`Handle::send_at`] | [`MessageGuard`]; it comes by a channel of yours | retries, leases |
//!
//! The channels are those of crossbeam-channel 0.5, and what is mostly needed of it stands here too. A message is sent
//! by the thread that turns the driver, never by the callback pool, and never waits there for a channel to have room.
//!
//! ```
//! use std::time::Duration;
//! use tickwheel::channel::{select, unbounded};
//! use tickwheel::{Driver, Resolution, TimerWheel};
//!
//! let timers = Driver::spawn(TimerWheel::new(Resolution::MILLISECOND))?;
//! let (sender, work) = unbounded();
//! sender.send("a job")?;
//!
//! // A worker that goes home when it had nothing to do for 20 ms.
//! let mut idle = timers.after(Duration::from_millis(20))?;
//! let mut done = Vec::new();
//! loop {
//!     select! {
//!         recv(work) -> job => {
//!             done.push(job?);
//!             idle.reset_after(Duration::from_millis(20))?;
//!         }
//!         recv(idle) -> _ => break,
//!     }
//! }
//! assert_eq!(done, ["a job"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # After the driver was shut down
//!
//! | | then |
//! |---|---|
//! | arming | answers with an [`ArmError`](crate::ArmError) that gives the message back |
//! | an `After` or a `Ticker` | stays connected, and silent; what it had received before is still there |
//! | a message that waited | is not sent; its guard still gives it back, and without a guard it is dropped |
//!
//! [`Handle::after`]: crate::Handle::after
//! [`Handle::at`]: crate::Handle::at
//! [`Handle::tick`]: crate::Handle::tick
//! [`Handle::tick_at`]: crate::Handle::tick_at
//! [`Handle::send_after`]: crate::Handle::send_after
//! [`Handle::send_at`]: crate::Handle::send_at

mod after;
mod message;
mod ticker;

#[cfg(not(tickwheel_loom))]
pub use crate::sync::channel::select;
pub use crate::sync::channel::{
    Receiver, RecvError, SendError, Sender, TryRecvError, TrySendError, bounded, unbounded,
};
pub use after::After;
pub use message::MessageGuard;
pub use ticker::Ticker;
