//! What every future here waits with: one place in a driver's timer, armed at the first poll.
//!
//! It allocates nothing beyond that place. Who is not polled takes no lock (L18); a deadline that has come is ready at
//! the first poll without ever being armed (L21). That the timer fired is seen by its id being stale: no state is
//! shared with the driver but what lies in the shard.
//!
//! # When a poll looks at the clock
//!
//! Looking costs as much as arming. It is spared only where the driver's thread sleeps, and so wakes by itself for
//! whatever is armed: then a deadline that has come is about to fire. Everywhere else the turn in which it would fire
//! may be long in coming, or never come, and the poll asks the clock (L21, L34).

use core::fmt;
use core::task::{Context, Poll};
use core::time::Duration;

use crate::driver::{Core, Handle, Key, Lookup, TimerTask};
use crate::error::{ArmErrorReason, TimerError};
use crate::sync::Arc;
use crate::time::{Deadline, Timestamp};
use crate::timer::TimerId;

/// In place of a shard: the one of the thread that polls first.
const OWN_SHARD: u32 = u32::MAX;

pub(crate) struct TimerEntry {
    core: Arc<Core>,
    deadline: Deadline,
    state: State,
    shard: u32,
}

#[derive(Clone, Copy)]
enum State {
    /// Never polled, and the deadline is a delay from the first poll on.
    After,
    /// Not armed: never polled, or moved after it had fired.
    Idle,
    /// `is_earlier` says that it was moved to earlier since the last poll, and that it may be due before the next turn.
    Armed {
        id: TimerId,
        is_earlier: bool,
    },
    Fired,
}

impl TimerEntry {
    pub(crate) fn new(handle: Handle, deadline: Deadline) -> Self {
        let shard = handle.pinned_shard().unwrap_or(OWN_SHARD);
        Self { core: handle.into_core(), deadline, state: State::Idle, shard }
    }

    /// One whose deadline lies `delay` after its first poll. Until then no clock is read.
    pub(crate) fn after(handle: Handle, delay: Duration) -> Self {
        let mut entry = Self::new(handle, Deadline::at(Timestamp::from_duration(delay)));
        entry.state = State::After;
        entry
    }

    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    /// Its deadline; the delay since zero, if it was made by [`after`](Self::after) and never polled.
    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.core.now()
    }

    /// Whether its deadline has come and it has fired; without waiting.
    pub(crate) fn has_fired(&self) -> bool {
        match self.state {
            State::After | State::Idle => false,
            State::Armed { id, .. } => match self.core.shard(self.shard).peek(id, |_| ()) {
                // As the next poll would find.
                Lookup::Armed(()) => !self.core.sleeper.wakes_itself() && self.has_come(),
                Lookup::Gone => true,
                Lookup::Closed => self.has_come(),
            },
            State::Fired => true,
        }
    }

    fn has_come(&self) -> bool {
        self.deadline.soft() <= self.now()
    }

    /// Ready once the deadline has come. The waker kept is the one of the last poll (L6).
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TimerError>> {
        match self.state {
            State::After => {
                let now = self.now();
                let delay = self.deadline.soft().as_nanos();
                self.deadline = Deadline::at(Timestamp::from_nanos(now.as_nanos().saturating_add(delay)));
                self.state = State::Idle;
                self.arm(now, context)
            }
            State::Idle if self.is_behind() => self.arm_unseen(context),
            State::Idle => self.arm(self.now(), context),
            State::Armed { is_earlier, .. } if (is_earlier || !self.is_minded()) && self.has_come() => {
                self.cancel();
                self.fired()
            }
            State::Armed { id, .. } => self.look(id, context),
            State::Fired => Poll::Ready(Ok(())),
        }
    }

    fn arm(&mut self, now: Timestamp, context: &mut Context<'_>) -> Poll<Result<(), TimerError>> {
        if self.deadline.soft() <= now {
            return self.fired();
        }
        self.arm_unseen(context)
    }

    /// Whether the driver's thread sleeps, and wakes by itself in time for all that is armed.
    #[inline]
    fn is_minded(&self) -> bool {
        self.core.sleeper.sleeps_until().is_some()
    }

    /// Whether the driver's thread sleeps until a moment before the deadline. If that has come, the thread is waking
    /// up.
    #[inline]
    fn is_behind(&self) -> bool {
        self.core.sleeper.sleeps_until().is_some_and(|until| until < self.deadline.soft().as_nanos())
    }

    fn own_shard(&mut self) -> u32 {
        if self.shard == OWN_SHARD {
            self.shard = self.core.own_shard();
        }
        self.shard
    }

    /// Arms it, whether its deadline has come or not.
    fn arm_unseen(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TimerError>> {
        let shard = self.own_shard();
        let task = TimerTask::wake(context.waker().clone());
        match self.core.arm(shard, self.deadline, task) {
            Ok(key) => {
                self.state = State::Armed { id: key.id, is_earlier: false };
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(match error.reason() {
                ArmErrorReason::Full(limit) => TimerError::Full(limit),
                ArmErrorReason::Closed | ArmErrorReason::ZeroPeriod => TimerError::Closed,
            })),
        }
    }

    fn look(&mut self, id: TimerId, context: &mut Context<'_>) -> Poll<Result<(), TimerError>> {
        let shard = self.core.shard(self.shard);
        let mut seen = shard.peek(id, |task| task.will_wake(context.waker()));
        if let Lookup::Armed(false) = seen {
            // Neither the clone nor the drop of a waker may happen under the lock (L13).
            let mut task = TimerTask::wake(context.waker().clone());
            seen = shard.peek(id, |armed| {
                core::mem::swap(armed, &mut task);
                true
            });
        }
        match seen {
            Lookup::Armed(_) => {
                self.state = State::Armed { id, is_earlier: false };
                Poll::Pending
            }
            Lookup::Gone => self.fired(),
            // It may have fired before the driver was shut down.
            Lookup::Closed if self.has_come() => self.fired(),
            Lookup::Closed => Poll::Ready(Err(TimerError::Closed)),
        }
    }

    fn fired(&mut self) -> Poll<Result<(), TimerError>> {
        self.state = State::Fired;
        Poll::Ready(Ok(()))
    }

    /// Moves it to `deadline`. One that is armed stays armed, with its waker; a deadline in the past is ready at the
    /// next poll, and fires it in the next turn for the task that polled last. One that has fired is to be polled
    /// again.
    pub(crate) fn reset(&mut self, deadline: Deadline) {
        let is_earlier = deadline.soft() < self.deadline.soft();
        self.deadline = deadline;
        self.state = match self.state {
            State::Armed { id, is_earlier: was_earlier }
                if self.core.reset(Key { shard: self.shard, id }, deadline) =>
            {
                State::Armed { id, is_earlier: is_earlier || was_earlier }
            }
            _ => State::Idle,
        };
    }

    /// Whether it was armed at a poll and, as far as is known without a look at the driver, has not fired.
    pub(crate) fn is_armed(&self) -> bool {
        matches!(self.state, State::Armed { .. })
    }

    /// Whether a poll has already looked for its deadline, since it was made or moved.
    #[cfg(feature = "tokio")]
    pub(crate) fn has_waited(&self) -> bool {
        matches!(self.state, State::Armed { .. } | State::Fired)
    }

    /// Gives up its place in the timer. It can be polled again.
    pub(crate) fn cancel(&mut self) {
        if let State::Armed { id, .. } = self.state {
            self.state = State::Idle;
            drop(self.core.shard(self.shard).cancel(id));
        }
    }
}

impl Drop for TimerEntry {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl fmt::Debug for TimerEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimerEntry").field("deadline", &self.deadline).field("has_fired", &self.has_fired()).finish()
    }
}
