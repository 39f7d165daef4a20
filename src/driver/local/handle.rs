//! What users of a local driver hold: cheap to clone, and the same for every kind of timer.

use alloc::rc::Rc;
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;
use std::boxed::Box;
use std::task::Waker;

use super::super::callback::TimerEvent;
use super::guard::LocalGuard;
use super::shared::AnyShared;
use super::waiting::LocalWakeGuard;
use crate::error::{ArmError, ArmErrorReason};
use crate::period::Period;
use crate::time::{Deadline, Timestamp};

/// Arms timers on a [`LocalDriver`](super::LocalDriver), on its thread.
///
/// A clone is another handle to the same driver. It does not keep the driver alive: once that is dropped, arming
/// answers with an [`ArmError`] that gives back what it was to set off.
#[derive(Clone)]
pub struct LocalHandle {
    shared: Rc<AnyShared>,
}

impl LocalHandle {
    pub(crate) fn new(shared: Rc<AnyShared>) -> Self {
        Self { shared }
    }

    pub(crate) fn shared(&self) -> &AnyShared {
        &self.shared
    }

    /// What time it is on the driver's clock.
    pub fn now(&self) -> Timestamp {
        self.shared.now()
    }

    /// Whether the driver was dropped.
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    /// How many timers are armed.
    pub fn pending(&self) -> usize {
        self.shared.timer.borrow().len()
    }

    /// Calls `call` once, `delay` from now on, in the turn of the driver that finds it due.
    ///
    /// It may do anything to any timer; what is armed for now or the past fires in a later turn. A panic in it goes on
    /// to who turns the driver.
    ///
    /// # Errors
    ///
    /// [`ArmError`], which gives `call` back, if the driver was dropped or is full.
    pub fn call_after<F: FnOnce(TimerEvent) + 'static>(
        &self,
        delay: Duration,
        call: F,
    ) -> Result<LocalGuard, ArmError<F>> {
        self.call_at(self.now() + delay, call)
    }

    /// Calls `call` once, at `deadline`: a [`Timestamp`] of the driver's clock, or a [`Deadline`] with slack.
    ///
    /// As [`call_after`](Self::call_after) in all else.
    ///
    /// # Errors
    ///
    /// [`ArmError`], which gives `call` back, if the driver was dropped or is full.
    pub fn call_at<F>(&self, deadline: impl Into<Deadline>, call: F) -> Result<LocalGuard, ArmError<F>>
    where
        F: FnOnce(TimerEvent) + 'static,
    {
        LocalGuard::arm(&self.shared, deadline.into(), None, call, |call| {
            let mut call = Some(call);
            Box::new(move |event| {
                if let Some(call) = call.take() {
                    call(event);
                }
            })
        })
    }

    /// Calls `call` every `period`, for the first time one period from now on. Ticks that it was too late for are left
    /// out; [`call_every_at`](Self::call_every_at) has the other choices.
    ///
    /// # Errors
    ///
    /// [`ArmError`], which gives `call` back, if `period` is zero, the driver was dropped or is full.
    pub fn call_every<F: FnMut(TimerEvent) + 'static>(
        &self,
        period: Duration,
        call: F,
    ) -> Result<LocalGuard, ArmError<F>> {
        match Period::every(period) {
            Ok(period) => self.call_every_at(self.now() + period.length(), period, call),
            Err(_) => Err(ArmError::new(call, ArmErrorReason::ZeroPeriod)),
        }
    }

    /// Calls `call` at `first`, and then again and again with `period`, which also says what becomes of missed ticks.
    /// The slack of `first`, if it is a [`Deadline`] with slack, is that of every run. A run that panics is the last.
    ///
    /// # Errors
    ///
    /// [`ArmError`], which gives `call` back, if the driver was dropped or is full.
    pub fn call_every_at<F>(
        &self,
        first: impl Into<Deadline>,
        period: Period,
        call: F,
    ) -> Result<LocalGuard, ArmError<F>>
    where
        F: FnMut(TimerEvent) + 'static,
    {
        LocalGuard::arm(&self.shared, first.into(), Some(period), call, |call| Box::new(call))
    }

    /// Wakes `waker` once, at `deadline`: a [`Timestamp`] of the driver's clock, or a [`Deadline`] with slack. It is
    /// woken too, to find out, if the driver is dropped before.
    ///
    /// # Errors
    ///
    /// [`ArmError`], which gives `waker` back, if the driver was dropped or is full.
    pub fn wake_at(&self, deadline: impl Into<Deadline>, waker: Waker) -> Result<LocalWakeGuard, ArmError<Waker>> {
        LocalWakeGuard::arm(&self.shared, deadline.into(), waker)
    }

    /// As [`wake_at`](Self::wake_at), `delay` from now on.
    ///
    /// # Errors
    ///
    /// [`ArmError`], which gives `waker` back, if the driver was dropped or is full.
    pub fn wake_after(&self, delay: Duration, waker: Waker) -> Result<LocalWakeGuard, ArmError<Waker>> {
        self.wake_at(self.now() + delay, waker)
    }
}

/// A panic leaves nothing of it half done.
impl UnwindSafe for LocalHandle {}
impl RefUnwindSafe for LocalHandle {}

impl fmt::Debug for LocalHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalHandle")
            .field("pending", &self.pending())
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
