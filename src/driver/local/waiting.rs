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
pub struct LocalWakeGuard {
    shared: Rc<AnyShared>,
    id: TimerId,
}

impl LocalWakeGuard {
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
    pub fn reset(&self, deadline: impl Into<Deadline>) -> bool {
        self.shared.reset(self.id, deadline.into())
    }

    /// As [`reset`](Self::reset), to `delay` from now on.
    pub fn reset_after(&self, delay: Duration) -> bool {
        self.reset(self.shared.now() + delay)
    }
}

impl Drop for LocalWakeGuard {
    fn drop(&mut self) {
        let task = self.shared.cancel(self.id);
        drop(task);
    }
}

/// A panic leaves nothing of it half done.
impl UnwindSafe for LocalWakeGuard {}
impl RefUnwindSafe for LocalWakeGuard {}

impl fmt::Debug for LocalWakeGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalWakeGuard").field("expiry", &self.expiry()).finish()
    }
}
