//! A driver without a thread, for programs that have an event loop already.

use core::fmt;
use core::ops::Deref;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;
use std::io;

use super::core::TurnReport;
use super::handle::Handle;
use super::shard::NEVER;
use super::trace;
use super::turn_runner::TurnRunner;
use crate::sync::Arc;
use crate::time::Timestamp;

/// A driver that an event loop turns; made by [`DriverBuilder::for_event_loop`](super::DriverBuilder::for_event_loop).
///
/// It is a [`Handle`] too. Dropping it shuts it down.
///
/// ```
/// use std::sync::mpsc;
/// use std::time::Duration;
/// use tickwheel::{Driver, Resolution, TimerWheel};
///
/// // What wakes the loop: here a channel, in earnest the waker of a poll.
/// let (wake, woken) = mpsc::channel();
/// let timers = Driver::builder()
///     .for_event_loop(TimerWheel::new(Resolution::MILLISECOND), move || wake.send(()).unwrap_or(()))?;
///
/// let (sender, fired) = mpsc::channel();
/// timers.call_after(Duration::from_millis(3), move |_| sender.send("due").unwrap())?.detach();
/// let what = loop {
///     // Waits for events, at most until a turn is wanted.
///     let _ = woken.recv_timeout(timers.timeout().unwrap_or(Duration::MAX));
///     let _ = timers.turn(timers.now());
///     if let Ok(what) = fired.try_recv() {
///         break what;
///     }
/// };
/// assert_eq!(what, "due");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LoopDriver {
    handle: Handle,
    turn_runner: Arc<TurnRunner>,
}

impl LoopDriver {
    pub(crate) fn start(turn_runner: Arc<TurnRunner>) -> io::Result<Self> {
        if let Some(pool) = turn_runner.pool() {
            pool.start()?;
        }
        let handle = Handle::new(turn_runner.core().clone());
        trace::started("event loop", handle.shards());
        Ok(Self { handle, turn_runner })
    }

    /// A handle to this driver.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Makes one turn: fires what is due by `now`, within the budget. `now` is a time of the driver's clock; one before
    /// the last turn's counts as the last turn's (L9).
    ///
    /// Any thread may turn, several at once too; each timer fires in one of the turns. Whoever has turned asks for the
    /// [`next_turn`](Self::next_turn) before it waits or leaves turning to others: only then is an earlier timer told.
    pub fn turn(&self, now: Timestamp) -> TurnReport {
        self.turn_runner.turn(now, None)
    }

    /// When the next turn is wanted; a moment in the past says now, `None` that nothing is armed.
    ///
    /// From then on until the next turn, who arms a timer that is due before that moment calls `on_earlier`.
    pub fn next_turn(&self) -> Option<Timestamp> {
        let core = self.turn_runner.core();
        let next = core.sleeper.fall_asleep(|| core.next_turn());
        // What is due at the end of time is published as a little earlier.
        if next < NEVER - 1 { Some(Timestamp::from_nanos(next)) } else { core.next_turn_now() }
    }

    /// How long to wait for the next turn, from now on: what a poll takes as its timeout. `None` is for ever.
    ///
    /// If the clock panics, that is reported as a callback's panic is, and it is 10 ms, unless a turn is overdue.
    pub fn timeout(&self) -> Option<Duration> {
        self.next_turn().map(|next| self.turn_runner.core().wait_for(next.as_nanos()))
    }

    /// Shuts the driver down, as [`Driver::shutdown`](super::Driver::shutdown) does. Dropping it does the same.
    pub fn shutdown(self) {
        drop(self);
    }

    fn end(&self) {
        if self.turn_runner.core().is_closed() {
            return;
        }
        self.turn_runner.close();
        self.turn_runner.activity().wait();
        if let Some(pool) = self.turn_runner.pool() {
            pool.close();
        }
    }
}

impl Deref for LoopDriver {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

/// For a loop of this crate's own.
#[cfg(feature = "tokio")]
impl LoopDriver {
    /// Has whoever moves the clock turn the driver, if it is a clock that moves by hand, and says whether it is.
    pub(crate) fn register_with_clock(&self) -> bool {
        self.turn_runner.register_with_clock()
    }

    /// Shuts the driver down while others hold it; once more is no more.
    pub(crate) fn close(&self) {
        self.end();
    }
}

impl Drop for LoopDriver {
    fn drop(&mut self) {
        self.end();
    }
}

/// A panic leaves nothing of it half done.
impl UnwindSafe for LoopDriver {}
impl RefUnwindSafe for LoopDriver {}

impl fmt::Debug for LoopDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopDriver").field("handle", &self.handle).finish_non_exhaustive()
    }
}
