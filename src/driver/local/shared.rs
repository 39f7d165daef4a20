//! The timer in its cell, which is borrowed for one call of the timer's at a time and never while code of the user's
//! runs: no callback, no waker's wake, clone or drop, no drop of a closure.

use alloc::rc::Rc;
use core::any::Any;
use core::cell::{Cell, RefCell};
use core::panic::AssertUnwindSafe;
use std::boxed::Box;
use std::panic::{catch_unwind, resume_unwind};
use std::task::Waker;
use std::vec::Vec;

use super::super::callback::TimerEvent;
use super::task::{LocalCall, LocalKind, LocalTask, Node, Phase};
use crate::clock::{Clock, TaskKind};
use crate::error::{ArmError, ArmErrorReason};
use crate::time::{Deadline, Timestamp};
use crate::timer::{Expired, Timer, TimerId};

/// Called with what could not be armed again, and why.
type OnFull = Rc<dyn Fn(TaskKind, ArmErrorReason)>;

/// What a local driver, its handles and its guards share.
pub(crate) struct Shared<C: ?Sized> {
    clock: Box<dyn Clock>,
    is_closed: Cell<bool>,
    /// The latest time of a turn so far.
    pub(crate) turned_at: Cell<Timestamp>,
    /// What the clock has panicked with in the turn under way.
    panicked: Cell<Option<Box<dyn Any + Send>>>,
    pub(crate) on_full: RefCell<Option<OnFull>>,
    pub(crate) timer: RefCell<C>,
}

/// The same for any kind of timer.
pub(crate) type AnyShared = Shared<dyn Timer<LocalTask>>;

impl<C> Shared<C> {
    pub(crate) fn new(timer: C, clock: Box<dyn Clock>) -> Self {
        Self {
            clock,
            is_closed: Cell::new(false),
            turned_at: Cell::new(Timestamp::ZERO),
            panicked: Cell::new(None),
            on_full: RefCell::new(None),
            timer: RefCell::new(timer),
        }
    }
}

impl AnyShared {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What time it is, in a turn: that of the turn if the clock panics, which goes on at the turn's end.
    fn now_in_turn(&self) -> Timestamp {
        catch_unwind(AssertUnwindSafe(|| self.now())).unwrap_or_else(|panic| {
            self.panicked.set(Some(panic));
            self.turned_at.get()
        })
    }

    /// Panics as the clock did in this turn.
    pub(crate) fn pass_on_panic(&self) {
        if let Some(panic) = self.panicked.take() {
            resume_unwind(panic);
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.get()
    }

    pub(crate) fn arm(&self, deadline: Deadline, task: LocalTask) -> Result<TimerId, ArmError<LocalTask>> {
        if self.is_closed() {
            return Err(ArmError::new(task, ArmErrorReason::Closed));
        }
        self.timer.borrow_mut().insert_deadline(deadline, task).map_err(|error| {
            let limit = error.limit();
            ArmError::new(error.into_value(), ArmErrorReason::Full(limit))
        })
    }

    pub(crate) fn reset(&self, id: TimerId, deadline: Deadline) -> bool {
        self.timer.borrow_mut().reset_deadline(id, deadline)
    }

    /// Takes a timer out; the caller drops what is in it.
    pub(crate) fn cancel(&self, id: TimerId) -> Option<LocalTask> {
        self.timer.borrow_mut().cancel(id)
    }

    /// Has a timer wake `waker` instead.
    pub(crate) fn set_waker(&self, id: TimerId, waker: &Waker) {
        let is_other = |task: &LocalTask| matches!(&task.0, LocalKind::Wake(own) if !own.will_wake(waker));
        if !self.timer.borrow().get(id).is_some_and(is_other) {
            return;
        }
        let new = LocalTask(LocalKind::Wake(waker.clone()));
        // Cloning may have done anything, so the timer is looked up again; what it leaves is dropped after the borrow.
        let left = match self.timer.borrow_mut().get_mut(id) {
            Some(task) => core::mem::replace(task, new),
            None => new,
        };
        drop(left);
    }

    /// Fires a timer that has left its container.
    pub(crate) fn fire(&self, expired: Expired<LocalTask>) {
        match expired.value.0 {
            LocalKind::Wake(waker) => waker.wake(),
            LocalKind::Call(node) => self.run(&node, expired.id),
        }
    }

    /// Runs a callback once, and arms it again if it is periodic. If it panics it is over.
    fn run(&self, node: &Rc<Node>, id: TimerId) {
        if node.phase.get() != Phase::Armed(id) {
            return;
        }
        let Some(call) = node.call.take() else { return };
        let mut run = Run { node, call: Some(call), after: Phase::Over };
        node.phase.set(Phase::Running);
        let event = TimerEvent { due: node.due.get(), missed: node.missed.get(), now: self.now_in_turn() };
        if let Some(call) = &mut run.call {
            call(event);
        }
        let Some((deadline, missed)) = node.next(event.now) else { return };
        match self.arm(deadline, LocalTask(LocalKind::Call(node.clone()))) {
            Ok(id) => {
                node.call.set(run.call.take());
                node.armed(id, deadline, missed);
            }
            Err(error) if error.reason() != ArmErrorReason::Closed => {
                run.after = Phase::Full;
                drop(run);
                let on_full = self.on_full.borrow().clone();
                if let Some(on_full) = on_full {
                    on_full(TaskKind::Callback, error.reason());
                }
            }
            Err(_) => {}
        }
    }

    /// Takes every timer out, for good: wakers are woken, to find out, and closures are dropped. A panic goes on once
    /// all are gone.
    pub(crate) fn close(&self) {
        self.is_closed.set(true);
        let mut panicked: Option<Box<dyn Any + Send>> = None;
        for task in self.take_all() {
            let end = || match task.0 {
                LocalKind::Wake(waker) => waker.wake(),
                LocalKind::Call(node) => {
                    node.phase.set(Phase::Over);
                    drop(node.call.take());
                }
            };
            if let Err(panic) = catch_unwind(AssertUnwindSafe(end)) {
                panicked.get_or_insert(panic);
            }
        }
        if let Some(panic) = panicked.filter(|_| !std::thread::panicking()) {
            resume_unwind(panic);
        }
    }

    fn take_all(&self) -> Vec<LocalTask> {
        let mut timer = self.timer.borrow_mut();
        let mut ids = Vec::with_capacity(timer.len());
        timer.for_each(&mut |id, _, _| ids.push(id));
        ids.into_iter().filter_map(|id| timer.cancel(id)).collect()
    }
}

/// A run under way. However it ends, unless the callback is armed again its closure is dropped, and then it is over.
struct Run<'a> {
    node: &'a Node,
    call: Option<LocalCall>,
    /// What it is once its closure is gone.
    after: Phase,
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        /// Says so even if the closure panics as it is dropped.
        struct Over<'a>(&'a Node, Phase);

        impl Drop for Over<'_> {
            fn drop(&mut self) {
                self.0.phase.set(self.1);
            }
        }

        if let Some(call) = self.call.take() {
            let _over = Over(self.node, self.after);
            drop(call);
        }
    }
}
