//! What a timer of a local driver carries, and the life of a callback.
//!
//! A node is all cells: nothing of it is ever borrowed while code of the user's runs.

use alloc::rc::Rc;
use core::cell::Cell;
use core::fmt;
use core::time::Duration;
use std::boxed::Box;
use std::task::Waker;

use super::super::callback::{CallbackStatus, TimerEvent};
use crate::period::Period;
use crate::time::{Deadline, Timestamp};
use crate::timer::TimerId;

/// What is called. One that is called once is an `FnMut` that is dropped after its first run.
pub(crate) type LocalCall = Box<dyn FnMut(TimerEvent)>;

/// What a local driver's timer sets off when it fires, to name the timers that it takes: a `TimerWheel<LocalTask>`, a
/// `TimerHeap<LocalTask>`, or one of your own.
#[derive(Debug)]
pub struct LocalTask(pub(crate) LocalKind);

#[derive(Debug)]
pub(crate) enum LocalKind {
    Wake(Waker),
    Call(Rc<Node>),
}

/// A callback.
pub(crate) struct Node {
    pub(crate) phase: Cell<Phase>,
    /// Away while it runs.
    pub(crate) call: Cell<Option<LocalCall>>,
    pub(crate) due: Cell<Timestamp>,
    /// Of the deadline that it was given last; the later runs of a periodic one have it too.
    pub(crate) slack: Cell<Duration>,
    pub(crate) missed: Cell<u64>,
    pub(crate) period: Option<Period>,
    /// Cancelled while it was running: it is not armed again.
    pub(crate) is_cancelled: Cell<bool>,
    /// Moved while it was running.
    pub(crate) moved_to: Cell<Option<Deadline>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    Armed(TimerId),
    Running,
    Over,
    /// Over, since it could not be armed again.
    Full,
}

impl Node {
    /// One that is not armed yet, and has nothing to call.
    pub(crate) fn new(deadline: Deadline, period: Option<Period>) -> Self {
        Self {
            phase: Cell::new(Phase::Over),
            call: Cell::new(None),
            due: Cell::new(deadline.soft()),
            slack: Cell::new(deadline.slack()),
            missed: Cell::new(0),
            period,
            is_cancelled: Cell::new(false),
            moved_to: Cell::new(None),
        }
    }

    pub(crate) fn status(&self) -> CallbackStatus {
        match self.phase.get() {
            Phase::Armed(_) => CallbackStatus::Pending,
            Phase::Running => CallbackStatus::Running,
            Phase::Over => CallbackStatus::Over,
            Phase::Full => CallbackStatus::Full,
        }
    }

    /// Notes that it waits for `deadline`, under `id`.
    pub(crate) fn armed(&self, id: TimerId, deadline: Deadline, missed: u64) {
        self.phase.set(Phase::Armed(id));
        self.due.set(deadline.soft());
        self.slack.set(deadline.slack());
        self.missed.set(missed);
    }

    /// When it is to run next, if the run that ends began at `began`; `None` if it was the last.
    pub(crate) fn next(&self, began: Timestamp) -> Option<(Deadline, u64)> {
        let period = self.period.filter(|_| !self.is_cancelled.get())?;
        Some(match self.moved_to.take() {
            Some(deadline) => (deadline, 0),
            None => {
                let (next, missed) = period.next(self.due.get(), began);
                (Deadline::at(next).with_slack(self.slack.get()), missed)
            }
        })
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("phase", &self.phase).field("due", &self.due).finish_non_exhaustive()
    }
}
