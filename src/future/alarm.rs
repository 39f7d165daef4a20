//! What every future here waits with: one place in a driver's timer, armed at the first poll.
//!
//! It allocates nothing beyond that place. Who is not polled takes no lock (L18); a deadline that has come is ready at
//! the first poll without ever being armed (L21). That the timer fired is seen by its id being stale: no state is
//! shared with the driver but what lies in the shard.

use core::fmt;
use core::task::{Context, Poll};

use crate::driver::{Core, Handle, Key, Peek, Task};
use crate::error::{ArmErrorReason, SleepError};
use crate::sync::Arc;
use crate::time::{Deadline, Timestamp};
use crate::timer::TimerId;

/// In place of a shard: the one of the thread that polls first.
const OWN_SHARD: u32 = u32::MAX;

pub(crate) struct Alarm {
    core: Arc<Core>,
    deadline: Deadline,
    state: State,
    shard: u32,
}

enum State {
    /// Not armed: never polled, or moved after it had fired.
    Idle,
    Armed(TimerId),
    Fired,
}

impl Alarm {
    pub(crate) fn new(handle: &Handle, deadline: Deadline) -> Self {
        let shard = handle.pinned_shard().unwrap_or(OWN_SHARD);
        Self { core: handle.core().clone(), deadline, state: State::Idle, shard }
    }

    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.core.now()
    }

    /// Whether its deadline has come and it has fired; without waiting.
    pub(crate) fn has_fired(&self) -> bool {
        match self.state {
            State::Idle => false,
            State::Armed(id) => matches!(self.core.shard(self.shard).peek(id, |_| ()), Peek::Gone),
            State::Fired => true,
        }
    }

    /// Ready once the deadline has come. The waker kept is the one of the last poll (L6).
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), SleepError>> {
        match self.state {
            State::Idle => self.arm(context),
            State::Armed(id) => self.look(id, context),
            State::Fired => Poll::Ready(Ok(())),
        }
    }

    fn arm(&mut self, context: &mut Context<'_>) -> Poll<Result<(), SleepError>> {
        if self.deadline.soft() <= self.core.now() {
            self.state = State::Fired;
            return Poll::Ready(Ok(()));
        }
        if self.shard == OWN_SHARD {
            self.shard = self.core.own_shard();
        }
        let task = Task::wake(context.waker().clone());
        match self.core.arm(self.shard, self.deadline, task) {
            Ok(key) => {
                self.state = State::Armed(key.id);
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(match error.reason() {
                ArmErrorReason::Full(limit) => SleepError::Full(limit),
                ArmErrorReason::Closed | ArmErrorReason::ZeroPeriod => SleepError::Closed,
            })),
        }
    }

    fn look(&mut self, id: TimerId, context: &mut Context<'_>) -> Poll<Result<(), SleepError>> {
        let shard = self.core.shard(self.shard);
        let mut seen = shard.peek(id, |task| task.will_wake(context.waker()));
        if let Peek::There(false) = seen {
            // Neither the clone nor the drop of a waker may happen under the lock (L13).
            let mut task = Task::wake(context.waker().clone());
            seen = shard.peek(id, |armed| {
                core::mem::swap(armed, &mut task);
                true
            });
        }
        match seen {
            Peek::There(_) => Poll::Pending,
            Peek::Gone => {
                self.state = State::Fired;
                Poll::Ready(Ok(()))
            }
            // It may have fired before the driver was shut down.
            Peek::Closed if self.deadline.soft() <= self.core.now() => {
                self.state = State::Fired;
                Poll::Ready(Ok(()))
            }
            Peek::Closed => Poll::Ready(Err(SleepError::Closed)),
        }
    }

    /// Moves it to `deadline`. One that is armed stays armed, with its waker; a deadline in the past fires it in the
    /// next turn. One that has fired is to be polled again.
    pub(crate) fn reset(&mut self, deadline: Deadline) {
        self.deadline = deadline;
        if let State::Armed(id) = self.state {
            if self.core.reschedule(Key { shard: self.shard, id }, deadline) {
                return;
            }
        }
        self.state = State::Idle;
    }

    fn cancel(&mut self) {
        if let State::Armed(id) = self.state {
            drop(self.core.shard(self.shard).cancel(id));
            self.state = State::Idle;
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm").field("deadline", &self.deadline).field("has_fired", &self.has_fired()).finish()
    }
}
