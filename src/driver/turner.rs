//! Whoever turns a driver: its thread, an event loop, or a clock moved by hand.

use super::core::{Core, Turned};
use super::fire::{Due, discard, fire};
use super::pool::Pool;
use super::quiet::Quiet;
use super::trace;
use crate::clock::{Fired, Follower};
use crate::sync::{Arc, Ordering};
use crate::time::Timestamp;

pub(crate) struct Turner {
    core: Arc<Core>,
    pool: Option<Pool>,
    quiet: Arc<Quiet>,
}

impl Turner {
    pub(crate) fn new(core: Arc<Core>, pool: Option<Pool>, quiet: Arc<Quiet>) -> Self {
        Self { core, pool, quiet }
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(crate) fn pool(&self) -> Option<&Pool> {
        self.pool.as_ref()
    }

    /// Who is at work, for [`Follower::wait_until_quiet`].
    pub(crate) fn quiet(&self) -> &Quiet {
        &self.quiet
    }

    /// Follows the driver's clock, if that is one that moves by hand, and says whether it is: whoever moves it then
    /// turns this.
    pub(crate) fn follow_clock(self: &Arc<Self>) -> bool {
        let follower: Arc<dyn Follower> = self.clone();
        let is_led = self.core.clock().lead(Arc::downgrade(&follower));
        if is_led {
            self.quiet.watch();
        }
        is_led
    }

    /// Makes one turn at `now`, naming what fires to `fired`.
    pub(crate) fn turn(&self, now: Timestamp, mut fired: Option<&mut dyn FnMut(Fired)>) -> Turned {
        if !self.quiet.enter() {
            return Turned { fired: 0, is_cut: false };
        }
        let started = self.core.now();
        let mut to_pool = self.pool.as_ref().map(|pool| move |due: Due| pool.call(due));
        let mut scope = trace::TurnScope::default();
        let turned = self.core.turn(now, &mut |shard, expired| {
            scope.fires();
            if let Some(fired) = &mut fired {
                fired(Fired { expiry: expired.expiry, kind: expired.value.kind() });
            }
            fire(&self.core, shard, expired, to_pool.as_mut().map(|call| call as &mut dyn FnMut(Due)))
        });
        let took = self.core.now().saturating_since(started);
        self.core.counts.longest_turn_ns.fetch_max(took.as_nanos() as u64, Ordering::Relaxed);
        trace::turned(scope, turned, took, &self.core.counts);
        self.quiet.leave();
        turned
    }

    /// Takes every timer out, for good: futures are woken, callbacks are dropped, and arming fails from now on.
    pub(crate) fn close(&self) {
        let left = self.core.close();
        trace::shut_down(left.len());
        left.into_iter().for_each(|task| discard(&self.core, task));
    }
}

impl Follower for Turner {
    fn next_turn(&self) -> Option<Timestamp> {
        let next = self.core.next_turn();
        // What is due at the end of time looks as if nothing were armed, and a clock moved by hand does get there (L3).
        let is_armed = next != u64::MAX || self.core.pending() > 0;
        (is_armed && !self.quiet.is_paused()).then(|| Timestamp::from_nanos(next))
    }

    fn turn(&self, now: Timestamp, fired: &mut dyn FnMut(Fired)) -> bool {
        Turner::turn(self, now, Some(fired)).is_cut
    }

    fn is_at_work(&self) -> bool {
        self.quiet.is_at_work()
    }

    fn wait_until_quiet(&self) {
        self.quiet.wait();
    }
}
