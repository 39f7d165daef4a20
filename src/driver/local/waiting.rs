//! A waker that waits for its moment: what a future of a one-threaded executor holds.

use alloc::rc::Rc;
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;
use std::task::Waker;

use super::shared::AnyShared;
use super::task::{LocalKind, LocalTask};
use crate::error::ArmError;
use crate::time::{Deadline, Timestamp};
use crate::timer::TimerId;

/// A waker that was armed on a local driver, by [`LocalHandle::wake_at`](super::LocalHandle::wake_at). Dropping it
/// cancels it.
///
/// Every call takes constant time with a wheel, and the logarithm of the driver's timers with a heap.
#[must_use = "a waker is not woken once this is dropped"]
pub struct LocalWaiting {
    shared: Rc<AnyShared>,
    id: TimerId,
}

impl LocalWaiting {
    pub(crate) fn arm(shared: &Rc<AnyShared>, deadline: Deadline, waker: Waker) -> Result<Self, ArmError<Waker>> {
        match shared.arm(deadline, LocalTask(LocalKind::Wake(waker))) {
            Ok(id) => Ok(Self { shared: shared.clone(), id }),
            Err(error) => Err(error.map(|task| match task.0 {
                LocalKind::Wake(waker) => waker,
                LocalKind::Call(_) => unreachable!("a waker was armed"),
            })),
        }
    }

    /// Whether it still waits. Not so once it was woken, or its driver was dropped.
    pub fn is_pending(&self) -> bool {
        self.expiry().is_some()
    }

    /// When it is due: its deadline, rounded up to the driver's tick. `None` if it does not wait any more.
    pub fn expiry(&self) -> Option<Timestamp> {
        self.shared.timer.borrow().expiry(self.id)
    }

    /// Has `waker` woken instead of the one that is there: for a future that is polled with another than last time. It
    /// is cloned only if it would wake another task.
    pub fn set_waker(&self, waker: &Waker) {
        self.shared.set_waker(self.id, waker);
    }

    /// Moves it to `deadline`, a [`Timestamp`] or a [`Deadline`] with slack. `false` if it does not wait any more:
    /// nothing was done, and another is to be armed.
    pub fn reschedule(&self, deadline: impl Into<Deadline>) -> bool {
        self.shared.reschedule(self.id, deadline.into())
    }

    /// As [`reschedule`](Self::reschedule), to `delay` from now on.
    pub fn reschedule_after(&self, delay: Duration) -> bool {
        self.reschedule(self.shared.now() + delay)
    }
}

impl Drop for LocalWaiting {
    fn drop(&mut self) {
        let task = self.shared.cancel(self.id);
        drop(task);
    }
}

/// A panic leaves nothing of it half done.
impl UnwindSafe for LocalWaiting {}
impl RefUnwindSafe for LocalWaiting {}

impl fmt::Debug for LocalWaiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalWaiting").field("expiry", &self.expiry()).finish()
    }
}
