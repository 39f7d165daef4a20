//! The guard of a local callback.

use alloc::rc::Rc;
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;

use super::super::callback::CallbackStatus;
use super::shared::AnyShared;
use super::task::{LocalCall, LocalKind, LocalTask, Node, Phase};
use crate::error::ArmError;
use crate::period::Period;
use crate::time::{Deadline, Timestamp};

/// A callback that was armed on a local driver. Dropping it cancels the callback; [`detach`](Self::detach) lets it go
/// its way.
///
/// Every call takes constant time with a wheel, and the logarithm of the driver's timers with a heap.
#[must_use = "a callback is cancelled when its guard is dropped; detach() lets it go its way"]
pub struct LocalGuard {
    shared: Rc<AnyShared>,
    /// Away once it was detached.
    node: Option<Rc<Node>>,
}

impl LocalGuard {
    /// Arms what `boxed` makes of `call`, which comes back if it is not armed.
    pub(crate) fn arm<F>(
        shared: &Rc<AnyShared>,
        deadline: Deadline,
        period: Option<Period>,
        call: F,
        boxed: impl FnOnce(F) -> LocalCall,
    ) -> Result<Self, ArmError<F>> {
        let node = Rc::new(Node::new(deadline, period));
        match shared.arm(deadline, LocalTask(LocalKind::Call(node.clone()))) {
            Ok(id) => {
                node.call.set(Some(boxed(call)));
                node.armed(id, deadline, 0);
                Ok(Self { shared: shared.clone(), node: Some(node) })
            }
            Err(error) => Err(ArmError::new(call, error.reason())),
        }
    }

    fn node(&self) -> &Rc<Node> {
        self.node.as_ref().expect("a guard that is detached is gone")
    }

    /// Where the callback is in its life. `Running` is said to the callback itself, and to what it calls.
    pub fn status(&self) -> CallbackStatus {
        self.node().status()
    }

    /// The deadline that it waits for, or was called for last.
    pub fn deadline(&self) -> Timestamp {
        self.node().due.get()
    }

    /// Cancels the callback, and says where it was:
    ///
    /// - `Pending`: it is not called any more, and its closure has been dropped.
    /// - `Running`: the run that is under way is the last.
    /// - `Over`, `Full`: there was nothing to cancel.
    pub fn cancel(&self) -> CallbackStatus {
        let node = self.node();
        let status = node.status();
        match node.phase.get() {
            Phase::Armed(id) => {
                node.phase.set(Phase::Over);
                let task = self.shared.cancel(id);
                drop((node.call.take(), task));
            }
            Phase::Running => node.is_cancelled.set(true),
            Phase::Over | Phase::Full => {}
        }
        status
    }

    /// Moves the callback to `deadline`, a [`Timestamp`] or a [`Deadline`] with slack, and says where it was:
    ///
    /// - `Pending`: it is called at `deadline` instead. A periodic one goes on from there, with the slack given here.
    /// - `Running`: the next run of a periodic one is at `deadline`, unless it was cancelled during this one; one that
    ///   is called once has had its run.
    /// - `Over`, `Full`: nothing was done.
    pub fn reset(&self, deadline: impl Into<Deadline>) -> CallbackStatus {
        let (node, deadline) = (self.node(), deadline.into());
        match node.phase.get() {
            Phase::Armed(id) => {
                if self.shared.reset(id, deadline) {
                    node.armed(id, deadline, 0);
                }
            }
            Phase::Running if node.period.is_some() && !node.is_cancelled.get() => node.moved_to.set(Some(deadline)),
            Phase::Running | Phase::Over | Phase::Full => {}
        }
        node.status()
    }

    /// As [`reset`](Self::reset), to `delay` from now on.
    pub fn reset_after(&self, delay: Duration) -> CallbackStatus {
        self.reset(self.shared.now() + delay)
    }

    /// Lets the callback go its way: it is called, or called again and again, until its driver is dropped.
    pub fn detach(mut self) {
        self.node = None;
    }
}

impl Drop for LocalGuard {
    fn drop(&mut self) {
        if self.node.is_some() {
            self.cancel();
        }
    }
}

/// A panic leaves nothing of it half done.
impl UnwindSafe for LocalGuard {}
impl RefUnwindSafe for LocalGuard {}

impl fmt::Debug for LocalGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalGuard").field("status", &self.status()).field("deadline", &self.deadline()).finish()
    }
}
