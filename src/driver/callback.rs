//! A callback's life: armed, running, armed again if it is periodic, over.
//!
//! The node knows nothing of shards. Whoever changes its phase to *armed* does so under the node's lock with the id
//! that the shard gave out (the one order of locks: node, then shard). What a turn hands out runs only if its id is the
//! one that the node is armed under; so a callback that was cancelled or moved after it had left its shard, and before
//! it was called, is not called (L7).

use core::fmt;
use core::time::Duration;
use std::boxed::Box;

use crate::clock::TaskKind;
use crate::error::{ArmError, ArmErrorReason};
use crate::period::Period;
use crate::sync::{Condvar, Mutex, thread};
use crate::time::{Deadline, Timestamp};
use crate::timer::TimerId;

/// What is called, and says whether it is to be called again. It is dropped after its last run.
pub(crate) type Call = Box<dyn FnMut(TimerEvent) -> Rearm + Send>;

/// When what has run is to run again, unless it was moved or cancelled meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rearm {
    /// Not at all.
    Never,
    /// When its period says.
    InStep,
    /// So long after the end of this run.
    #[cfg(feature = "channels")]
    After(Duration),
}

/// What a callback is told when it is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TimerEvent {
    /// The deadline, as it was asked for.
    pub due: Timestamp,
    /// How many ticks were left out between the last run and this one. Always 0 for a callback that is called once.
    pub missed: u64,
    /// What time it was when it was called.
    pub now: Timestamp,
}

impl TimerEvent {
    /// How long after its deadline it was called.
    pub const fn lateness(&self) -> Duration {
        self.now.saturating_duration_since(self.due)
    }
}

/// Where a callback is in its life: hrtimer's three answers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CallbackStatus {
    /// It waited for its deadline, or for its turn to be called.
    Pending,
    /// It is running now.
    Running,
    /// It has run for the last time, was cancelled, or its driver was shut down.
    Over,
    /// It is over against its will: it was to be armed for another run, and its shard had no room.
    Full,
}

/// What became of a callback after a run.
pub(crate) enum Ended {
    /// It is armed again.
    Armed,
    /// It is over: its closure is to be dropped out of the lock, and then [`over`](Callback::over) is to be called.
    Over(Call),
    /// As `Over`, though it was to be armed again.
    Refused(Call, ArmErrorReason),
}

pub(crate) struct Callback {
    kind: TaskKind,
    inner: Mutex<Inner>,
    /// Notified when a run has ended.
    ended: Condvar,
}

struct Inner {
    phase: Phase,
    /// Away while it runs.
    call: Option<Call>,
    due: Timestamp,
    /// Of the deadline that it was given last; the later runs of a periodic one have it too.
    slack: Duration,
    missed: u64,
    period: Option<Period>,
    /// Cancelled while it was running: it is not armed again.
    is_cancelled: bool,
    /// Moved while it was running.
    moved_to: Option<Deadline>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Armed(TimerId),
    Running(thread::ThreadId),
    Over,
    /// Over, since it could not be armed again.
    Full,
}

impl Phase {
    fn status(self) -> CallbackStatus {
        match self {
            Self::Armed(_) => CallbackStatus::Pending,
            Self::Running(_) => CallbackStatus::Running,
            Self::Over => CallbackStatus::Over,
            Self::Full => CallbackStatus::Full,
        }
    }
}

impl Callback {
    /// One that is not armed yet.
    pub(crate) fn new(kind: TaskKind, deadline: Deadline, period: Option<Period>) -> Self {
        let inner = Inner {
            phase: Phase::Over,
            call: None,
            due: deadline.soft(),
            slack: deadline.slack(),
            missed: 0,
            period,
            is_cancelled: false,
            moved_to: None,
        };
        Self { kind, inner: Mutex::new(inner), ended: Condvar::new() }
    }

    pub(crate) fn kind(&self) -> TaskKind {
        self.kind
    }

    pub(crate) fn status(&self) -> CallbackStatus {
        self.inner.lock().phase.status()
    }

    /// The deadline that it waits for, or has fired for last.
    pub(crate) fn due(&self) -> Timestamp {
        self.inner.lock().due
    }

    /// Arms it for the first time, to call what `boxed` makes of `call`, which comes back if it is not armed. Gives
    /// its id.
    pub(crate) fn arm<F>(
        &self,
        call: F,
        boxed: impl FnOnce(F) -> Call,
        arm: impl FnOnce() -> Result<TimerId, ArmErrorReason>,
    ) -> Result<TimerId, ArmError<F>> {
        let mut inner = self.inner.lock();
        match arm() {
            Ok(id) => {
                (inner.phase, inner.call) = (Phase::Armed(id), Some(boxed(call)));
                Ok(id)
            }
            Err(reason) => Err(ArmError::new(call, reason)),
        }
    }

    /// Begins a run for the timer that left its shard as `id`; `None` if it is not the one that counts any more.
    pub(crate) fn begin(&self, id: TimerId, now: Timestamp) -> Option<(Call, TimerEvent)> {
        let mut inner = self.inner.lock();
        if inner.phase != Phase::Armed(id) {
            return None;
        }
        inner.phase = Phase::Running(thread::current().id());
        let event = TimerEvent { due: inner.due, missed: inner.missed, now };
        inner.call.take().map(|call| (call, event))
    }

    /// Ends a run that began at `began` and is over at `now`. One that runs again is armed again.
    #[cfg_attr(not(feature = "channels"), allow(unused_variables))]
    pub(crate) fn end(
        &self,
        call: Call,
        again: Rearm,
        began: Timestamp,
        now: Timestamp,
        arm: impl FnOnce(Deadline) -> Result<TimerId, ArmErrorReason>,
    ) -> Ended {
        let mut inner = self.inner.lock();
        if inner.is_cancelled {
            return Ended::Over(call);
        }
        let (next, missed) = match (again, inner.period) {
            (Rearm::Never, _) | (Rearm::InStep, None) => return Ended::Over(call),
            (Rearm::InStep, Some(period)) => period.next(inner.due, began),
            #[cfg(feature = "channels")]
            (Rearm::After(delay), _) => (now + delay, 0),
        };
        let in_step = (Deadline::at(next).with_slack(inner.slack), missed);
        let (deadline, missed) = inner.moved_to.take().map_or(in_step, |moved_to| (moved_to, 0));
        let id = match arm(deadline) {
            Ok(id) => id,
            Err(ArmErrorReason::Closed) => return Ended::Over(call),
            Err(reason) => return Ended::Refused(call, reason),
        };
        (inner.due, inner.slack, inner.missed) = (deadline.soft(), deadline.slack(), missed);
        (inner.phase, inner.call) = (Phase::Armed(id), Some(call));
        drop(inner);
        self.ended.notify_all();
        Ended::Armed
    }

    /// Says that it has run for the last time, and that its closure is gone.
    pub(crate) fn over(&self) {
        self.inner.lock().phase = Phase::Over;
        self.ended.notify_all();
    }

    /// As [`over`](Self::over), for one that could not be armed again.
    pub(crate) fn refused(&self) {
        self.inner.lock().phase = Phase::Full;
        self.ended.notify_all();
    }

    /// Cancels it, and says where it was. One that was pending leaves its closure, to be dropped out of the lock, and
    /// its id in the shard.
    pub(crate) fn cancel(&self) -> (CallbackStatus, Option<(TimerId, Option<Call>)>) {
        let mut inner = self.inner.lock();
        let status = inner.phase.status();
        match inner.phase {
            Phase::Armed(id) => {
                inner.phase = Phase::Over;
                (status, Some((id, inner.call.take())))
            }
            Phase::Running(_) => {
                inner.is_cancelled = true;
                (status, None)
            }
            Phase::Over | Phase::Full => (status, None),
        }
    }

    /// The thread that it is running on.
    pub(crate) fn runner(&self) -> Option<thread::ThreadId> {
        match self.inner.lock().phase {
            Phase::Running(thread) => Some(thread),
            _ => None,
        }
    }

    /// Waits until it is not running any more.
    pub(crate) fn wait_for_the_run(&self) {
        let mut inner = self.inner.lock();
        while matches!(inner.phase, Phase::Running(_)) {
            self.ended.wait(&mut inner);
        }
    }

    /// Moves it to `deadline`, and says where it was. If it is running, its next run is at `deadline`, should there be
    /// one.
    pub(crate) fn reset(
        &self,
        deadline: Deadline,
        reset: impl FnOnce(TimerId) -> Result<TimerId, ArmErrorReason>,
    ) -> CallbackStatus {
        let mut inner = self.inner.lock();
        match inner.phase {
            Phase::Armed(id) => {
                match reset(id) {
                    Ok(id) => inner.phase = Phase::Armed(id),
                    Err(ArmErrorReason::Full(_)) => return CallbackStatus::Full,
                    Err(_) => return CallbackStatus::Over,
                }
                (inner.due, inner.slack, inner.missed) = (deadline.soft(), deadline.slack(), 0);
            }
            Phase::Running(_) if !inner.is_cancelled => inner.moved_to = Some(deadline),
            Phase::Running(_) | Phase::Over | Phase::Full => {}
        }
        inner.phase.status()
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("kind", &self.kind).finish_non_exhaustive()
    }
}
