//! What turns a driver for its thread, an event loop, or a clock moved by hand.

use core::panic::{RefUnwindSafe, UnwindSafe};

use super::activity::Activity;
use super::core::{Core, TurnReport};
use super::fire::{Due, discard, fire};
use super::pool::Pool;
use super::trace;
use crate::clock::{ClockObserver, FiredTimer};
use crate::sync::{Arc, Ordering};
use crate::time::Timestamp;

pub(crate) struct TurnRunner {
    core: Arc<Core>,
    pool: Option<Pool>,
    activity: Arc<Activity>,
}

impl TurnRunner {
    pub(crate) fn new(core: Arc<Core>, pool: Option<Pool>, activity: Arc<Activity>) -> Self {
        Self { core, pool, activity }
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(crate) fn pool(&self) -> Option<&Pool> {
        self.pool.as_ref()
    }

    /// The work under way, for [`ClockObserver::wait_until_quiet`].
    pub(crate) fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Follows the driver's clock, if that is one that moves by hand, and says whether it is: whoever moves it then
    /// turns this.
    pub(crate) fn register_with_clock(self: &Arc<Self>) -> bool {
        let observer: Arc<dyn ClockObserver> = self.clone();
        let is_registered = self.core.clock().register(Arc::downgrade(&observer));
        if is_registered {
            self.activity.watch();
        }
        is_registered
    }

    /// Makes one turn at `now`, naming what fires to `fired`.
    pub(crate) fn turn(&self, now: Timestamp, mut fired: Option<&mut dyn FnMut(FiredTimer)>) -> TurnReport {
        let Some(_at_work) = self.activity.enter() else { return TurnReport { fired: 0, budget_exhausted: false } };
        let started = self.core.now_or_last();
        let mut to_pool = self.pool.as_ref().map(|pool| move |due: Due| pool.call(due));
        let mut scope = trace::TurnScope::default();
        let turned = self.core.turn(now, &mut |shard, expired| {
            scope.fires();
            if let Some(fired) = &mut fired {
                fired(FiredTimer { expiry: expired.expiry, kind: expired.value.kind() });
            }
            fire(&self.core, shard, expired, to_pool.as_mut().map(|call| call as &mut dyn FnMut(Due)))
        });
        let took = self.core.now_or_last().saturating_duration_since(started);
        self.core.counts.longest_turn_ns.fetch_max(took.as_nanos() as u64, Ordering::Relaxed);
        trace::turned(scope, turned.fired, turned.budget_exhausted, took, &self.core.counts);
        turned
    }

    /// Takes every timer out, for good: futures are woken, callbacks are dropped, and arming fails from now on.
    pub(crate) fn close(&self) {
        let left = self.core.close();
        trace::shut_down(left.len());
        left.into_iter().for_each(|task| discard(&self.core, task));
    }
}

/// As its [`Core`].
impl UnwindSafe for TurnRunner {}
impl RefUnwindSafe for TurnRunner {}

impl ClockObserver for TurnRunner {
    fn next_turn(&self) -> Option<Timestamp> {
        // Two looks, for the time and for whether there is anything, would send the clock to the end of time if
        // something is armed in between (L52).
        let next = self.core.next_turn_now()?;
        (!self.activity.is_paused()).then_some(next)
    }

    fn turn(&self, now: Timestamp, fired: &mut dyn FnMut(FiredTimer)) -> bool {
        TurnRunner::turn(self, now, Some(fired)).budget_exhausted
    }

    fn is_at_work(&self) -> bool {
        self.activity.is_at_work()
    }

    fn wait_until_quiet(&self) {
        self.activity.wait();
    }
}
