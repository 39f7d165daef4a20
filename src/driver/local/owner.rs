//! The owner of a local driver: turns it, and ends it.

use alloc::rc::Rc;
use core::fmt;
use core::ops::Deref;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;
use std::boxed::Box;

use super::super::core::TurnReport;
use super::handle::LocalHandle;
use super::shared::Shared;
use super::task::LocalTask;
use crate::clock::{Clock, TaskKind};
use crate::error::ArmErrorReason;
use crate::time::Timestamp;
use crate::timer::{Budget, Timer};

/// A driver for one thread, which turns it: without locks, and with callbacks that need not be `Send`. For runtimes
/// with one thread for each core, and for programs with one thread.
///
/// It is a [`LocalHandle`] too, and gives out further ones. Dropping it ends it: closures are dropped, wakers are woken
/// to find out, and every handle answers that it was dropped.
///
/// ```
/// use std::cell::RefCell;
/// use std::rc::Rc;
/// use std::time::Duration;
/// use tickwheel::{Clock, LocalDriver, ManualClock, Resolution, TimerWheel};
///
/// let clock = ManualClock::new(); // in earnest a MonotonicClock
/// let timers = LocalDriver::new(TimerWheel::new(Resolution::MILLISECOND), clock.clone()); // or TimerHeap::new()
///
/// let log = Rc::new(RefCell::new(Vec::new()));
/// let written = log.clone();
/// let tick = timers.call_every(Duration::from_millis(10), move |event| written.borrow_mut().push(event.due))?;
/// while let Some(next) = timers.next_turn().filter(|next| next.as_nanos() <= 30_000_000) {
///     clock.advance_to(next); // in earnest: wait for events until then
///     let _ = timers.turn(clock.now());
/// }
/// assert_eq!(log.borrow().len(), 3);
/// # drop(tick);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It stays on its thread:
///
/// ```compile_fail,E0277
/// fn is_send<T: Send>() {}
/// is_send::<tickwheel::LocalDriver<tickwheel::TimerHeap<tickwheel::LocalTask>>>();
/// ```
///
/// # Panics
///
/// What a callback or waker panics with goes on to who called [`turn`](Self::turn): there is no thread here that others
/// depend on. Nothing is lost: what was due after it is due at once, in the next turn. If it is the clock that panics
/// in a turn, the turn goes on by the time that it was given, and the panic goes on at its end.
pub struct LocalDriver<C: Timer<LocalTask> + 'static> {
    shared: Rc<Shared<C>>,
    handle: LocalHandle,
    budget: Budget,
}

impl<C: Timer<LocalTask> + 'static> LocalDriver<C> {
    /// A driver of `timer`'s on `clock`. It is turned by its owner in any case, also with a
    /// [`ManualClock`](crate::ManualClock).
    pub fn new(timer: C, clock: impl Clock + 'static) -> Self {
        let shared = Rc::new(Shared::new(timer, Box::new(clock)));
        let handle = LocalHandle::new(shared.clone());
        Self { shared, handle, budget: Budget::UNLIMITED }
    }

    /// The same driver with turns that touch at most about so many entries each. Not bounded unless set; 0 counts as 1.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = Budget::entries(budget.left().max(1));
        self
    }

    /// The same driver with a hook that is called when a periodic callback is to be armed again and there is no room:
    /// it is over then, and its guard says [`Full`](crate::CallbackStatus::Full). It can only happen with a timer whose
    /// number of timers is limited.
    pub fn on_full(self, report: impl Fn(TaskKind, ArmErrorReason) + 'static) -> Self {
        *self.shared.on_full.borrow_mut() = Some(Rc::new(report));
        self
    }

    /// A handle to this driver.
    pub fn handle(&self) -> LocalHandle {
        self.handle.clone()
    }

    /// Makes one turn: fires what is due by `now`, within the budget. `now` is a time of the driver's clock; one before
    /// the last turn's counts as the last turn's.
    ///
    /// It may be called from a callback, and fires what else is due then.
    pub fn turn(&self, now: Timestamp) -> TurnReport {
        let shared = self.handle.shared();
        let now = now.max(shared.turned_at.get());
        shared.turned_at.set(now);
        self.shared.timer.borrow_mut().open_turn(now);
        let (mut budget, mut fired) = (self.budget, 0);
        loop {
            // The borrow ends with this line.
            let expired = self.shared.timer.borrow_mut().expire_next(&mut budget);
            let Some(expired) = expired else { break };
            fired += 1;
            shared.fire(expired);
        }
        shared.pass_on_panic();
        let budget_exhausted = budget.is_spent() && self.next_turn().is_some_and(|next| next <= now);
        TurnReport { fired, budget_exhausted }
    }

    /// When the next turn is wanted; a moment in the past says now, `None` that nothing is armed.
    pub fn next_turn(&self) -> Option<Timestamp> {
        self.shared.timer.borrow().next_turn()
    }

    /// How long to wait for the next turn, from now on: what a poll takes as its timeout. `None` is for ever.
    pub fn timeout(&self) -> Option<Duration> {
        let has_passed = |next| next <= self.handle.shared().turned_at.get();
        self.next_turn().map(|next| if has_passed(next) { Duration::ZERO } else { next - self.now() })
    }
}

impl<C: Timer<LocalTask> + 'static> Deref for LocalDriver<C> {
    type Target = LocalHandle;

    fn deref(&self) -> &LocalHandle {
        &self.handle
    }
}

impl<C: Timer<LocalTask> + 'static> Drop for LocalDriver<C> {
    fn drop(&mut self) {
        self.handle.shared().close();
    }
}

/// A panic leaves nothing of it half done.
impl<C: Timer<LocalTask> + 'static> UnwindSafe for LocalDriver<C> {}
impl<C: Timer<LocalTask> + 'static> RefUnwindSafe for LocalDriver<C> {}

impl<C: Timer<LocalTask> + 'static> fmt::Debug for LocalDriver<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalDriver").field("pending", &self.pending()).finish_non_exhaustive()
    }
}
