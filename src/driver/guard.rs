//! The guard of a callback: asks after it, moves it, cancels it.

use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;

use super::callback::{Call, Callback, CallbackStatus};
use super::core::Core;
use super::waits::wait_for;
use crate::error::ArmError;
use crate::sync::Arc;
use crate::time::{Deadline, Timestamp};
use crate::timer::TimerId;

/// A callback that was armed. Dropping it cancels the callback; [`detach`](Self::detach) lets it go its way.
///
/// Every call takes constant time with a wheel, and the logarithm of the timers in the shard with a heap.
#[must_use = "a callback is cancelled when its guard is dropped; detach() lets it go its way"]
pub struct CallbackGuard {
    core: Arc<Core>,
    /// Away once it was detached.
    callback: Option<Arc<Callback>>,
    shard: u32,
    /// As it was armed first. It goes stale with the first run, and with a timer that is armed anew.
    first: TimerId,
}

impl CallbackGuard {
    /// Arms a callback: what `boxed` makes of `call`, which comes back if it is not armed.
    pub(crate) fn arm<F>(
        core: &Arc<Core>,
        shard: u32,
        callback: Callback,
        deadline: Deadline,
        call: F,
        boxed: impl FnOnce(F) -> Call,
    ) -> Result<Self, ArmError<F>> {
        let callback = Arc::new(callback);
        let mut is_earlier = false;
        let arm = || core.shard(shard).arm_call(deadline, &callback, &mut is_earlier);
        let first = callback.arm(call, boxed, arm)?;
        let guard = Self { core: core.clone(), callback: Some(callback), shard, first };
        // For an event loop this calls code of the user's: if it panics, the guard cancels what was armed.
        core.tell_sleeper(shard, is_earlier);
        Ok(guard)
    }

    fn callback(&self) -> &Arc<Callback> {
        self.callback.as_ref().expect("a guard that is detached is gone")
    }

    /// Where the callback is in its life.
    pub fn status(&self) -> CallbackStatus {
        self.callback().status()
    }

    /// The deadline that it waits for, or was called for last.
    pub fn deadline(&self) -> Timestamp {
        self.callback().due()
    }

    /// Cancels the callback, and says where it was:
    ///
    /// - `Pending`: it is not called any more, and its closure has been dropped.
    /// - `Running`: the run that is under way goes on, and is the last. The call does not wait for it.
    /// - `Over`, `Full`: there was nothing to cancel.
    pub fn cancel(&self) -> CallbackStatus {
        let (status, left) = self.callback().cancel();
        if let Some((id, call)) = left {
            // It may have left its shard already, to be called: then nobody calls it any more.
            drop(self.core.shard(self.shard).cancel(id));
            drop(call);
        }
        status
    }

    /// Cancels the callback as [`cancel`](Self::cancel) does, and waits until it is not running any more.
    ///
    /// It answers `Running` without waiting where that would be for ever: within the callback itself, and within one
    /// that this one waits for in its turn, such as two callbacks of a pool that wait for each other; of these the one
    /// that asks last does not wait. A callback that waits in another way for one that waits for it, by a lock say, is
    /// not found out.
    pub fn cancel_and_wait(&self) -> CallbackStatus {
        let status = self.cancel();
        if status == CallbackStatus::Running {
            wait_for(self.callback());
        }
        status
    }

    /// Moves the callback to `deadline`, a [`Timestamp`] or a [`Deadline`] with slack, and says where it was:
    ///
    /// - `Pending`: it is called at `deadline` instead. A periodic one goes on from there, with the slack given here.
    /// - `Running`: the next run of a periodic one is at `deadline`, unless it was cancelled during this one; one that
    ///   is called once has had its run.
    /// - `Over`: nothing was done.
    /// - `Full`: nothing was done. It is over, or it waits for the callback pool and its shard has no room to arm it
    ///   anew: then it is called as it would have been.
    pub fn reset(&self, deadline: impl Into<Deadline>) -> CallbackStatus {
        let deadline = deadline.into();
        let callback = self.callback();
        let shard = self.core.shard(self.shard);
        let mut is_earlier = false;
        let status = callback.reset(deadline, |id| {
            if let Some(earlier) = shard.reset(id, deadline) {
                is_earlier = earlier;
                return Ok(id);
            }
            // It has left its shard, to be called, and has not been called yet: it is armed anew.
            shard.arm_call(deadline, callback, &mut is_earlier)
        });
        if status == CallbackStatus::Pending {
            self.core.tell_sleeper(self.shard, is_earlier);
        }
        status
    }

    /// As [`reset`](Self::reset), to `delay` from now on.
    pub fn reset_after(&self, delay: Duration) -> CallbackStatus {
        self.reset(self.core.now() + delay)
    }

    /// Lets the callback go its way: it is called, or called again and again, until its driver is shut down.
    pub fn detach(mut self) {
        self.callback = None;
    }
}

impl Drop for CallbackGuard {
    fn drop(&mut self) {
        if self.callback.is_none() {
            return;
        }
        // Most are dropped before they have fired. What comes out of its shard nobody else can call any more, and with
        // the guard nobody is left who could ask after it: it needs no lock of its own (L18).
        if self.core.shard(self.shard).cancel(self.first).is_none() {
            self.cancel();
        }
    }
}

/// A panic leaves nothing of it half done.
impl UnwindSafe for CallbackGuard {}
impl RefUnwindSafe for CallbackGuard {}

impl fmt::Debug for CallbackGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackGuard").field("status", &self.status()).field("deadline", &self.deadline()).finish()
    }
}
