//! A timeout as a receiver.
//!
//! The `After` holds a sender of its own channel, so that the receiver is never found disconnected: a disconnected one
//! is always ready, and a `select!` in a loop would spin on it.

use core::fmt;
use core::ops::Deref;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;
use std::boxed::Box;

use crate::clock::TaskKind;
use crate::driver::{CallbackGuard, CallbackStatus, Handle, Rearm};
use crate::error::ArmError;
use crate::sync::channel::{Receiver, Sender, bounded};
use crate::time::{Deadline, Timestamp};

/// A receiver of one message, at a deadline: what time it was when the timer fired. Made by [`Handle::after`] and
/// [`Handle::at`].
///
/// It is a [`Receiver`], and stands in a `select!` as one. Once its message was received it stays silent, and does not
/// count as disconnected as long as it lives; a clone of the receiver that outlives it does. Dropping it cancels the
/// timer, in constant time with a wheel, and nothing of it stays behind (L8).
///
/// After the driver was shut down it stays silent, too.
#[must_use = "an After is cancelled when it is dropped"]
pub struct After {
    receiver: Receiver<Timestamp>,
    sender: Sender<Timestamp>,
    guard: CallbackGuard,
    timers: Handle,
}

impl Handle {
    /// A receiver that gets a message `delay` from now on. It stands where crossbeam's `after` does, and can be moved
    /// to another deadline, and tested on a clock that is moved by hand. It differs in three ways:
    ///
    /// - The message is the time at which the timer fired, a [`Timestamp`] of the driver's clock. crossbeam's is an
    ///   `Instant`, the moment that was waited for; here that is [`deadline`](After::deadline).
    /// - The driver sends it, in a turn. So `after(Duration::ZERO)` has no message yet as it is made, and in a
    ///   `select!` with a `default` it loses against that until the driver has turned. crossbeam's has one at once.
    /// - It can fail: arming gives an error once the driver was shut down or if its shard is full.
    ///
    /// It takes some 900 bytes, most of them the channel's. Where very many wait at once,
    /// [`send_after`](Self::send_after) into one channel for all takes a third of that for each.
    ///
    /// # Errors
    ///
    /// [`ArmError`] if the driver was shut down or its shard is full.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickwheel::channel::{select, unbounded};
    /// use tickwheel::{Clock, Driver, ManualClock, TimerHeap};
    ///
    /// let clock = ManualClock::new();
    /// let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new())?;
    /// let (_sender, answers) = unbounded::<String>();
    ///
    /// let timeout = timers.after(Duration::from_secs(30))?;
    /// clock.advance(Duration::from_secs(30));
    /// let waited = select! {
    ///     recv(answers) -> answer => panic!("got {answer:?}"),
    ///     recv(timeout) -> fired => fired?,
    /// };
    /// assert_eq!(waited, clock.now());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn after(&self, delay: Duration) -> Result<After, ArmError<()>> {
        self.at(self.now() + delay)
    }

    /// A receiver that gets a message at `deadline`: a [`Timestamp`] of the driver's clock, or a [`Deadline`] with
    /// slack.
    ///
    /// As [`after`](Self::after) in all else.
    ///
    /// # Errors
    ///
    /// [`ArmError`] if the driver was shut down or its shard is full.
    pub fn at(&self, deadline: impl Into<Deadline>) -> Result<After, ArmError<()>> {
        let (sender, receiver) = bounded(1);
        let guard = arm(self, deadline.into(), &sender)?;
        Ok(After { receiver, sender, guard, timers: self.clone() })
    }
}

fn arm(timers: &Handle, deadline: Deadline, sender: &Sender<Timestamp>) -> Result<CallbackGuard, ArmError<()>> {
    let sender = sender.clone();
    timers.arm(TaskKind::Message, deadline, None, (), |()| {
        Box::new(move |event| {
            // There is room: a message that was not received is taken out before the timer is armed anew. There is
            // nobody to receive it if the `After` was dropped in this very tick.
            let _ = sender.try_send(event.now);
            Rearm::Never
        })
    })
}

impl After {
    /// The deadline that it waits for, or has fired for.
    pub fn deadline(&self) -> Timestamp {
        self.guard.deadline()
    }

    /// Whether its message is still to come.
    pub fn is_pending(&self) -> bool {
        matches!(self.guard.status(), CallbackStatus::Pending | CallbackStatus::Running)
    }

    /// Cancels the timer, and says whether its message was still to come. One that came and was not received is taken
    /// out, so that nothing is received any more until it is [moved](Self::reset) to another deadline.
    pub fn cancel(&mut self) -> bool {
        let status = self.guard.cancel_and_wait();
        let unreceived = self.receiver.try_recv().is_ok();
        status == CallbackStatus::Pending || (status == CallbackStatus::Running && unreceived)
    }

    /// Moves it to `deadline`, whether it was pending, has fired, or was cancelled: its next message comes then. One
    /// that came before and was not received is taken out first, so that a message is always one for the deadline that
    /// was last set.
    ///
    /// One that is pending is moved in its place: constant time with a wheel, and no allocation.
    ///
    /// # Errors
    ///
    /// [`ArmError`] if the driver was shut down or its shard is full. It is cancelled then.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickwheel::{Driver, ManualClock, TimerHeap};
    ///
    /// let clock = ManualClock::new();
    /// let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new())?;
    /// let mut idle = timers.after(Duration::from_secs(60))?;
    ///
    /// clock.advance(Duration::from_secs(59));
    /// idle.reset_after(Duration::from_secs(60))?;
    /// clock.advance(Duration::from_secs(59));
    /// assert!(idle.try_recv().is_err());
    /// clock.advance(Duration::from_secs(1));
    /// assert!(idle.try_recv().is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reset(&mut self, deadline: impl Into<Deadline>) -> Result<(), ArmError<()>> {
        let deadline = deadline.into();
        if self.guard.reset(deadline) != CallbackStatus::Pending {
            // It has fired, or fires at this moment.
            self.cancel();
            self.guard = arm(&self.timers, deadline, &self.sender)?;
        }
        Ok(())
    }

    /// As [`reset`](Self::reset), to `delay` from now on.
    ///
    /// # Errors
    ///
    /// [`ArmError`] if the driver was shut down or its shard is full. It is cancelled then.
    pub fn reset_after(&mut self, delay: Duration) -> Result<(), ArmError<()>> {
        self.reset(self.timers.now() + delay)
    }
}

impl Deref for After {
    type Target = Receiver<Timestamp>;

    fn deref(&self) -> &Receiver<Timestamp> {
        &self.receiver
    }
}

/// A panic leaves nothing of it half done.
impl UnwindSafe for After {}
impl RefUnwindSafe for After {}

impl fmt::Debug for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("After")
            .field("deadline", &self.deadline())
            .field("is_pending", &self.is_pending())
            .finish_non_exhaustive()
    }
}
