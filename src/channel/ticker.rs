//! A period as a receiver. As an `After` it holds a sender of its own channel, so as never to be found disconnected.

use core::fmt;
use core::ops::Deref;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;
use std::boxed::Box;

use crate::clock::TaskKind;
use crate::driver::{CallbackGuard, CallbackStatus, Handle, Rearm};
use crate::error::{ArmError, ArmErrorReason};
use crate::period::Period;
use crate::sync::channel::{Receiver, Sender, bounded};
use crate::time::{Deadline, Timestamp};

/// A receiver of a message each period: what time it was when the timer fired. Made by [`Handle::tick`] and
/// [`Handle::tick_at`].
///
/// It is a [`Receiver`], and stands in a `select!` as one. It holds one tick that was not received yet: a tick is
/// dropped if the previous one has not been received by then.
///
/// It differs from crossbeam's `tick` for a receiver that comes late. Ticks here stay in step with the first one: with
/// a period of 10 ms, of which nobody receives those of 20 and 30, the one of 10 waits to be received and the next
/// comes at 40. crossbeam's next tick comes a period after the late one was received. And the message is the time at
/// which the timer fired, on the driver's clock, where crossbeam's is the `Instant` that the tick was due at.
///
/// It does not count as disconnected as long as it lives; a clone of the receiver that outlives it does. Dropping it
/// cancels the timer, in constant time with a wheel. After the driver was shut down it stays silent. So does one that
/// finds its shard full as it is to be armed for its next tick, which can only be where the number of timers is
/// limited: its [`status`](Self::status) and [`DriverBuilder::on_full`](crate::DriverBuilder::on_full) say so.
#[must_use = "a Ticker is cancelled when it is dropped"]
pub struct Ticker {
    receiver: Receiver<Timestamp>,
    _sender: Sender<Timestamp>,
    guard: CallbackGuard,
    timers: Handle,
}

impl Handle {
    /// A receiver that gets a message every `period`, for the first time one period from now on. Ticks that the driver
    /// was too late for are left out; [`tick_at`](Self::tick_at) has the other choices.
    ///
    /// The n-th tick is due at the start + n periods, however late the others were (L26).
    ///
    /// # Errors
    ///
    /// [`ArmError`] if `period` is zero, the driver was shut down or its shard is full.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickwheel::{Driver, ManualClock, TimerHeap};
    ///
    /// let clock = ManualClock::new();
    /// let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new())?;
    /// let ticks = timers.tick(Duration::from_millis(10))?;
    ///
    /// clock.advance(Duration::from_millis(35));
    /// let ticks: Vec<_> = ticks.try_iter().map(|tick| tick.as_nanos() / 1_000_000).collect();
    /// assert_eq!(ticks, [10]); // nobody had taken it when those of 20 and 30 ms came
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tick(&self, period: Duration) -> Result<Ticker, ArmError<()>> {
        match Period::every(period) {
            Ok(period) => self.tick_at(self.now() + period.length(), period),
            Err(_) => Err(ArmError::new((), ArmErrorReason::ZeroPeriod)),
        }
    }

    /// A receiver that gets a message at `first`, and then again and again with `period`, which also says what becomes
    /// of ticks that the driver was too late for.
    ///
    /// Of ticks that are made up for at once (`MissedTicks::Burst`) those are received that find the one before them
    /// taken.
    ///
    /// # Errors
    ///
    /// [`ArmError`] if the driver was shut down or its shard is full.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickwheel::{Driver, ManualClock, Period, TimerHeap};
    ///
    /// let clock = ManualClock::new();
    /// let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new())?;
    ///
    /// // The first tick at once, the others each full second.
    /// let ticks = timers.tick_at(timers.now(), Period::every(Duration::from_secs(1))?)?;
    /// clock.advance(Duration::ZERO);
    /// assert_eq!(ticks.try_recv()?.as_nanos(), 0);
    /// clock.advance(Duration::from_secs(1));
    /// assert_eq!(ticks.try_recv()?.as_nanos(), 1_000_000_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tick_at(&self, first: impl Into<Deadline>, period: Period) -> Result<Ticker, ArmError<()>> {
        let (sender, receiver) = bounded(1);
        let to = sender.clone();
        let guard = self.arm(TaskKind::Message, first.into(), Some(period), (), |()| {
            Box::new(move |event| {
                // It fails while a tick waits to be received, and that is how this one is dropped.
                let _ = to.try_send(event.now);
                Rearm::InStep
            })
        })?;
        Ok(Ticker { receiver, _sender: sender, guard, timers: self.clone() })
    }
}

impl Ticker {
    /// The next tick's deadline.
    pub fn deadline(&self) -> Timestamp {
        self.guard.deadline()
    }

    /// `Pending` as long as it ticks; `Over` once its driver was shut down, `Full` if its shard had no room for its
    /// next tick. `Running` is said at the moment of a tick.
    pub fn status(&self) -> CallbackStatus {
        self.guard.status()
    }

    /// Moves the next tick to `next`; the period goes on from there. A tick that was not received yet stays. `false` if
    /// it does not tick any more, since the driver was shut down or its shard was full.
    pub fn reset(&self, next: impl Into<Deadline>) -> bool {
        matches!(self.guard.reset(next), CallbackStatus::Pending | CallbackStatus::Running)
    }

    /// As [`reset`](Self::reset), to `delay` from now on.
    pub fn reset_after(&self, delay: Duration) -> bool {
        self.reset(self.timers.now() + delay)
    }
}

impl Deref for Ticker {
    type Target = Receiver<Timestamp>;

    fn deref(&self) -> &Receiver<Timestamp> {
        &self.receiver
    }
}

/// A panic leaves nothing of it half done.
impl UnwindSafe for Ticker {}
impl RefUnwindSafe for Ticker {}

impl fmt::Debug for Ticker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticker").field("deadline", &self.deadline()).finish_non_exhaustive()
    }
}
