//! A message that is sent later, and can be called off until then.
//!
//! The message lies in a parcel that its guard and its timer share: whoever takes it out of there has it, so it is sent
//! or given back, and never both. The parcel is locked while it is handed to the channel, which calls nothing of the
//! user's; what is dropped is dropped out of the lock.

use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;
use std::boxed::Box;

use crate::clock::TaskKind;
use crate::driver::{CallbackGuard, CallbackStatus, Handle, Rearm};
use crate::error::ArmError;
use crate::sync::channel::{Sender, TrySendError};
use crate::sync::{Arc, Mutex};
use crate::time::{Deadline, Timestamp};

/// How long after it found the channel full a message is tried again, for the first time; each time that it finds it
/// full the wait is twice as long, up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_millis(64);

/// A message that is to be sent. Dropping it calls the message off; [`detach`](Self::detach) lets it go its way. Made
/// by [`Handle::send_after`] and [`Handle::send_at`].
///
/// Every call takes constant time with a wheel, and the logarithm of the timers in the shard with a heap.
#[must_use = "a message is called off when its guard is dropped; detach() lets it go its way"]
pub struct MessageGuard<T> {
    guard: CallbackGuard,
    parcel: Arc<Mutex<Option<T>>>,
}

impl Handle {
    /// Sends `value` by `sender`, `delay` from now on, unless its guard calls it off.
    ///
    /// It is sent by the thread that turns the driver, which does not wait for a channel to have room. A message that
    /// finds the channel full is not lost: it is tried again 1 ms later, then after 2 ms, and so on up to every 64 ms,
    /// until it is sent or called off. Meanwhile later messages may get ahead of it. So it is with a channel of no
    /// capacity until somebody stands there to receive. If nobody is left to receive it, the message is dropped.
    ///
    /// # Errors
    ///
    /// [`ArmError`], which gives `value` back, if the driver was shut down or its shard is full. A message that finds
    /// the shard full as it is to be tried again is not sent: [`DriverBuilder::on_full`](crate::DriverBuilder::on_full)
    /// hears of it, and its guard says `Full` and gives it back.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickwheel::channel::unbounded;
    /// use tickwheel::{Driver, ManualClock, TimerHeap};
    ///
    /// let clock = ManualClock::new();
    /// let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new())?;
    /// let (sender, inbox) = unbounded();
    ///
    /// timers.send_after(sender.clone(), "remind me", Duration::from_secs(1))?.detach();
    /// let retry = timers.send_after(sender, "try again", Duration::from_secs(2))?;
    /// clock.advance(Duration::from_secs(1));
    /// assert_eq!(retry.cancel(), Some("try again"));
    /// clock.advance(Duration::from_secs(1));
    /// assert_eq!(inbox.try_iter().collect::<Vec<_>>(), ["remind me"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send_after<T>(&self, sender: Sender<T>, value: T, delay: Duration) -> Result<MessageGuard<T>, ArmError<T>>
    where
        T: Send + 'static,
    {
        self.send_at(sender, value, self.now() + delay)
    }

    /// Sends `value` by `sender` at `deadline`, a [`Timestamp`] of the driver's clock or a [`Deadline`] with slack,
    /// unless its guard calls it off.
    ///
    /// As [`send_after`](Self::send_after) in all else.
    ///
    /// # Errors
    ///
    /// [`ArmError`], which gives `value` back, if the driver was shut down or its shard is full.
    pub fn send_at<T>(
        &self,
        sender: Sender<T>,
        value: T,
        deadline: impl Into<Deadline>,
    ) -> Result<MessageGuard<T>, ArmError<T>>
    where
        T: Send + 'static,
    {
        let parcel = Arc::new(Mutex::new(None));
        let sent = parcel.clone();
        let guard = self.arm(TaskKind::Message, deadline.into(), None, value, |value| {
            *sent.lock() = Some(value);
            let mut wait = FIRST_WAIT;
            Box::new(move |_| {
                let is_full = try_send(&sender, &sent);
                let again = if is_full { Rearm::After(wait) } else { Rearm::Never };
                wait = LONGEST_WAIT.min(wait * 2);
                again
            })
        })?;
        Ok(MessageGuard { guard, parcel })
    }
}

/// Sends what is in the parcel, unless it was called off; `true` if it is still in there, as the channel is full.
fn try_send<T>(sender: &Sender<T>, parcel: &Mutex<Option<T>>) -> bool {
    let mut inside = parcel.lock();
    let Some(value) = inside.take() else { return false };
    match sender.try_send(value) {
        Ok(()) => false,
        Err(TrySendError::Full(value)) => {
            *inside = Some(value);
            true
        }
        Err(TrySendError::Disconnected(value)) => {
            drop(inside);
            drop(value);
            false
        }
    }
}

impl<T> MessageGuard<T> {
    /// Where the message is in its life: `Pending` until it is sent, also while it waits for the channel to have room;
    /// `Over` when it was sent, was called off, found nobody to receive it, or its driver was shut down; `Full` when
    /// its channel was full and its shard had no room to arm it for another try.
    pub fn status(&self) -> CallbackStatus {
        self.guard.status()
    }

    /// The deadline that it waits for, or was sent for; of one that found the channel full, when it is tried next.
    pub fn deadline(&self) -> Timestamp {
        self.guard.deadline()
    }

    /// Calls the message off and gives it back; `None` if it was sent or called off before, or found nobody to receive
    /// it. One that was not sent since its driver was shut down, or its shard was full, is given back, too.
    ///
    /// What it gives back has not been sent and never is.
    pub fn cancel(&self) -> Option<T> {
        let value = self.parcel.lock().take();
        self.guard.cancel();
        value
    }

    /// Moves the message to `deadline`, a [`Timestamp`] or a [`Deadline`] with slack, and says where it was:
    ///
    /// - `Pending`: it is sent at `deadline` instead.
    /// - `Running`: it is being sent; if the channel turns out to be full, it is tried again at `deadline`.
    /// - `Over`, `Full`: nothing was done.
    pub fn reset(&self, deadline: impl Into<Deadline>) -> CallbackStatus {
        self.guard.reset(deadline)
    }

    /// As [`reset`](Self::reset), to `delay` from now on.
    pub fn reset_after(&self, delay: Duration) -> CallbackStatus {
        self.guard.reset_after(delay)
    }

    /// Lets the message go its way: it is sent, or dropped when its driver is shut down.
    pub fn detach(self) {
        self.guard.detach();
    }
}

/// A panic leaves nothing of it half done.
impl<T> UnwindSafe for MessageGuard<T> {}
impl<T> RefUnwindSafe for MessageGuard<T> {}

impl<T> fmt::Debug for MessageGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageGuard").field("status", &self.status()).field("deadline", &self.deadline()).finish()
    }
}
