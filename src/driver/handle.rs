//! What users of a driver hold: cheap to clone, good on any thread, and the same for every kind of timer.

use core::fmt;
use core::time::Duration;
use std::boxed::Box;
use std::vec::Vec;

use super::callback::{Call, Callback, Rearm, TimerEvent};
use super::core::Core;
use super::dump::Dump;
use super::guard::CallbackGuard;
use super::metrics::Metrics;
use crate::clock::TaskKind;
use crate::error::{ArmError, ArmErrorReason};
use crate::period::Period;
use crate::sync::Arc;
use crate::time::{Deadline, Timestamp};

/// Arms timers on a driver, from any thread.
///
/// A clone is another handle to the same driver. It does not keep the driver alive: once that is shut down, arming
/// answers with an [`ArmError`] that gives back what it was to set off.
///
/// Each thread arms on a shard of its own, as far as there are shards; cancelling and moving work from any thread.
#[derive(Clone)]
pub struct Handle {
    core: Arc<Core>,
    shard: Option<u32>,
}

impl Handle {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core, shard: None }
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(crate) fn into_core(self) -> Arc<Core> {
        self.core
    }

    /// What time it is on the driver's clock.
    pub fn now(&self) -> Timestamp {
        self.core.now()
    }

    /// How many shards the driver has.
    pub fn shards(&self) -> usize {
        self.core.shards().len()
    }

    /// A handle that arms on one shard whichever thread it is used on: for runtimes with a shard for each core.
    ///
    /// # Panics
    ///
    /// If there is no such shard.
    pub fn on_shard(&self, shard: usize) -> Self {
        assert!(shard < self.shards(), "shard {shard} of a driver with {}", self.shards());
        Self { core: self.core.clone(), shard: Some(shard as u32) }
    }

    /// The shard that this handle arms on, on this thread.
    pub(crate) fn shard(&self) -> u32 {
        self.shard.unwrap_or_else(|| self.core.own_shard())
    }

    /// The shard that it was told to arm on.
    pub(crate) fn pinned_shard(&self) -> Option<u32> {
        self.shard
    }

    /// Whether the driver was shut down.
    pub fn is_closed(&self) -> bool {
        self.core.is_closed()
    }

    /// How many timers are armed.
    pub fn pending(&self) -> usize {
        self.core.pending()
    }

    /// When each armed timer is due, in no order: to see how far off they are.
    ///
    /// It copies them shard by shard, under the lock of each, in time that grows with the timers: 10⁶ of them hold up
    /// who arms on that shard for some milliseconds.
    pub fn expiries(&self) -> Vec<Timestamp> {
        let timers = self.core.shards().iter().flat_map(|shard| shard.snapshot().timers);
        timers.map(|(_, expiry, _)| expiry).collect()
    }

    /// What the driver has done so far.
    pub fn metrics(&self) -> Metrics {
        self.core.metrics()
    }

    /// What the shards hold, to be shown in the manner of `/proc/timer_list`.
    ///
    /// It takes time and memory in proportion to the timers that are armed, and each shard's lock for as long as it
    /// takes to visit those of the shard: for a look at a running program, not for a metric.
    pub fn dump(&self) -> Dump {
        Dump::new(&self.core)
    }

    /// Calls `call` once, `delay` from now on.
    ///
    /// It is called on the thread that turns the driver, or on the callback pool if the driver has one. On the former a
    /// slow callback makes all others late. It may do anything to any timer, and to the driver; what is armed for now
    /// or the past fires in a later turn. A panic in it is counted and reported, and goes no further.
    ///
    /// # Errors
    ///
    /// [`ArmError`], which gives `call` back, if the driver was shut down or its shard is full.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickwheel::{Driver, ManualClock, TimerHeap};
    ///
    /// let clock = ManualClock::new();
    /// let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new())?;
    /// let (sender, receiver) = std::sync::mpsc::channel();
    ///
    /// let guard = timers.call_after(Duration::from_millis(5), move |event| sender.send(event.due).unwrap())?;
    /// clock.advance(Duration::from_millis(5));
    /// assert_eq!(receiver.recv()?.as_nanos(), 5_000_000);
    /// # drop(guard);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn call_after<F>(&self, delay: Duration, call: F) -> Result<CallbackGuard, ArmError<F>>
    where
        F: FnOnce(TimerEvent) + Send + 'static,
    {
        self.call_at(self.now() + delay, call)
    }

    /// Calls `call` once, at `deadline`: a [`Timestamp`] of the driver's clock, or a [`Deadline`] with slack.
    ///
    /// As [`call_after`](Self::call_after) in all else.
    ///
    /// # Errors
    ///
    /// [`ArmError`], which gives `call` back, if the driver was shut down or its shard is full.
    pub fn call_at<F>(&self, deadline: impl Into<Deadline>, call: F) -> Result<CallbackGuard, ArmError<F>>
    where
        F: FnOnce(TimerEvent) + Send + 'static,
    {
        self.arm(TaskKind::Callback, deadline.into(), None, call, |call| {
            let mut call = Some(call);
            Box::new(move |event| {
                if let Some(call) = call.take() {
                    call(event);
                }
                Rearm::Never
            })
        })
    }

    /// Calls `call` every `period`, for the first time one period from now on. Ticks that it was too late for are left
    /// out; [`call_every_at`](Self::call_every_at) has the other choices.
    ///
    /// The n-th run is due at the start + n periods, however late the others were (L26). A run never overlaps another.
    ///
    /// # Errors
    ///
    /// [`ArmError`], which gives `call` back, if `period` is zero, the driver was shut down or its shard is full.
    pub fn call_every<F>(&self, period: Duration, call: F) -> Result<CallbackGuard, ArmError<F>>
    where
        F: FnMut(TimerEvent) + Send + 'static,
    {
        match Period::every(period) {
            Ok(period) => self.call_every_at(self.now() + period.length(), period, call),
            Err(_) => Err(ArmError::new(call, ArmErrorReason::ZeroPeriod)),
        }
    }

    /// Calls `call` at `first`, and then again and again with `period`, which also says what becomes of missed ticks.
    /// The slack of `first`, if it is a [`Deadline`] with slack, is that of every run (L25).
    ///
    /// A run never overlaps another. One that panics is the last.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickwheel::{Driver, ManualClock, MissedTicks, Period, TimerHeap};
    ///
    /// let clock = ManualClock::new();
    /// let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new())?;
    /// let period = Period::every(Duration::from_millis(10))?.with_missed_ticks(MissedTicks::Skip);
    /// let (sender, missed) = std::sync::mpsc::channel();
    ///
    /// let _tick = timers.call_every_at(timers.now(), period, move |event| sender.send(event.missed).unwrap())?;
    /// clock.jump(Duration::from_millis(35)); // as over a suspend
    /// clock.advance(Duration::from_millis(5));
    /// assert_eq!(missed.try_iter().collect::<Vec<_>>(), [0, 3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ArmError`], which gives `call` back, if the driver was shut down or its shard is full.
    pub fn call_every_at<F>(
        &self,
        first: impl Into<Deadline>,
        period: Period,
        call: F,
    ) -> Result<CallbackGuard, ArmError<F>>
    where
        F: FnMut(TimerEvent) + Send + 'static,
    {
        self.arm(TaskKind::Callback, first.into(), Some(period), call, |mut call| {
            Box::new(move |event| {
                call(event);
                Rearm::InStep
            })
        })
    }

    /// Arms what `boxed` makes of `value`, which comes back if it is not armed.
    pub(crate) fn arm<T>(
        &self,
        kind: TaskKind,
        deadline: Deadline,
        period: Option<Period>,
        value: T,
        boxed: impl FnOnce(T) -> Call,
    ) -> Result<CallbackGuard, ArmError<T>> {
        let callback = Callback::new(kind, deadline, period);
        CallbackGuard::arm(&self.core, self.shard(), callback, deadline, value, boxed)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("shards", &self.shards())
            .field("pending", &self.pending())
            .finish_non_exhaustive()
    }
}
