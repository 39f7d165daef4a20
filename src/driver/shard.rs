//! A shard: one timer behind one lock, and when it wants to be turned.
//!
//! The lock is held for one operation on the timer, or for one slice of a turn. Nothing of the user's is called or
//! dropped under it: what leaves the timer is carried out of it first.

use std::boxed::Box;
use std::vec::Vec;

use super::callback::Callback;
use super::metrics::ShardCounts;
use super::task::TimerTask;
use crate::clock::TaskKind;
use crate::error::{ArmError, ArmErrorReason};
use crate::sync::{Arc, AtomicU64, Mutex, MutexGuard, Ordering};
use crate::time::{Deadline, Timestamp};
use crate::timer::{Budget, Expired, Timer, TimerId};

/// What a driver needs of its timers.
pub(crate) type BoxedTimer = Box<dyn Timer<TimerTask> + Send>;

/// How many timers may be armed or moved before upkeep that they have brought nearer is looked for.
const LOOKED_AFTER: u64 = 16;
/// How many entries a turn touches under one hold of the lock.
const SLICE: u64 = 64;
/// What is published as the next turn of a shard that has nothing to wait for.
pub(crate) const NEVER: u64 = u64::MAX;

pub(crate) struct Shard {
    /// In nanoseconds; [`NEVER`] where the timer has nothing to wait for. Only written under the lock, by the one that
    /// changed the timer.
    next_turn: AtomicU64,
    state: Mutex<State>,
}

struct State {
    /// `None` once the driver was shut down.
    timer: Option<BoxedTimer>,
    counts: ShardCounts,
}

/// What one slice of a turn did.
pub(crate) struct Slice {
    /// Entries touched.
    pub(crate) touched: u64,
    /// Whether nothing that is due is left.
    pub(crate) is_last: bool,
}

/// What was seen of a timer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lookup<R> {
    /// It is armed.
    Armed(R),
    /// It has fired, or was cancelled.
    Gone,
    /// The driver was shut down.
    Closed,
}

/// A shard as a dump shows it.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) next_turn: Option<Timestamp>,
    pub(crate) counts: ShardCounts,
    /// Id, expiry, and what it sets off.
    pub(crate) timers: Vec<(TimerId, Timestamp, TaskKind)>,
}

impl Shard {
    pub(crate) fn new(timer: BoxedTimer) -> Self {
        let next_turn = AtomicU64::new(as_nanos(timer.next_turn()));
        Self { next_turn, state: Mutex::new(State { timer: Some(timer), counts: ShardCounts::default() }) }
    }

    /// When the shard wants to be turned, without its lock. It may be earlier than is needed by now.
    pub(crate) fn next_turn(&self) -> u64 {
        self.next_turn.load(Ordering::Acquire)
    }

    /// When the shard wants to be turned, decided under its lock: `None` where nothing is armed at that moment (L52).
    pub(crate) fn next_turn_now(&self) -> Option<Timestamp> {
        let state = self.state.lock();
        // What a cancelled timer leaves behind is nothing to go anywhere for.
        let next = state.timer.as_ref().filter(|timer| !timer.is_empty()).and_then(|timer| timer.next_turn());
        // A turn at that time must find the shard.
        self.next_turn.store(as_nanos(next), Ordering::Release);
        next
    }

    /// Arms a timer. `true` with its id says that the shard now wants to be turned earlier than before, and that who
    /// sleeps must hear of it.
    #[inline]
    pub(crate) fn arm(&self, deadline: Deadline, task: TimerTask) -> Result<(TimerId, bool), ArmError<TimerTask>> {
        let mut state = self.state.lock();
        let Some(timer) = &mut state.timer else { return Err(ArmError::new(task, ArmErrorReason::Closed)) };
        let armed = timer.insert_deadline(deadline, task);
        let id = armed.map_err(|error| {
            let limit = error.limit();
            ArmError::new(error.into_value(), ArmErrorReason::Full(limit))
        })?;
        state.counts.armed += 1;
        Ok((id, self.publish_earlier(&state, deadline)))
    }

    /// Arms a callback, with its node locked by the caller; whether who sleeps must hear of it is said in `is_earlier`,
    /// for when that lock is given back.
    pub(crate) fn arm_call(
        &self,
        deadline: Deadline,
        callback: &Arc<Callback>,
        is_earlier: &mut bool,
    ) -> Result<TimerId, ArmErrorReason> {
        let armed = self.arm(deadline, TimerTask::call(callback.clone()));
        let (id, earlier) = armed.map_err(|error| error.reason())?;
        *is_earlier = earlier;
        Ok(id)
    }

    /// Moves a timer, and says whether it was there, and as [`arm`](Self::arm) whether who sleeps must hear of it.
    #[inline]
    pub(crate) fn reset(&self, id: TimerId, deadline: Deadline) -> Option<bool> {
        let mut state = self.state.lock();
        if !state.timer.as_mut()?.reset_deadline(id, deadline) {
            return None;
        }
        state.counts.reset += 1;
        Some(self.publish_earlier(&state, deadline))
    }

    /// Takes a timer out. Who sleeps is not told: at worst one empty turn is made.
    #[inline]
    pub(crate) fn cancel(&self, id: TimerId) -> Option<TimerTask> {
        let mut state = self.state.lock();
        let task = state.timer.as_mut()?.cancel(id)?;
        state.counts.cancelled += 1;
        Some(task)
    }

    /// One slice of a turn: opens it if `opens`, and collects what is due into `batch`.
    pub(crate) fn collect(&self, now: Timestamp, opens: bool, left: u64, batch: &mut Vec<Expired<TimerTask>>) -> Slice {
        let mut state = self.state.lock();
        let State { timer: Some(timer), counts } = &mut *state else { return Slice { touched: 0, is_last: true } };
        if opens {
            timer.open_turn(now);
        }
        let given = left.min(SLICE);
        let mut budget = Budget::entries(given);
        let before = batch.len();
        while let Some(expired) = timer.expire_next(&mut budget) {
            batch.push(expired);
        }
        let (fired, touched) = ((batch.len() - before) as u64, given - budget.left());
        counts.fired += fired;
        counts.moved += touched.saturating_sub(fired);
        self.next_turn.store(as_nanos(timer.next_turn()), Ordering::Release);
        Slice { touched, is_last: !budget.is_spent() }
    }

    /// Takes everything out, for good: arming fails from now on. The caller drops it, out of the lock.
    pub(crate) fn close(&self) -> Vec<TimerTask> {
        let mut state = self.state.lock();
        let Some(mut timer) = state.timer.take() else { return Vec::new() };
        state.counts.cancelled += timer.len() as u64;
        self.next_turn.store(NEVER, Ordering::Release);
        drop(state);
        let mut ids = Vec::with_capacity(timer.len());
        timer.for_each(&mut |id, _, _| ids.push(id));
        ids.into_iter().filter_map(|id| timer.cancel(id)).collect()
    }

    /// How many timers are armed, and what was done so far.
    pub(crate) fn counts(&self) -> (usize, ShardCounts) {
        let state = self.state.lock();
        (state.timer.as_ref().map_or(0, |timer| timer.len()), state.counts)
    }

    /// Looks at a timer's task under the lock: `look` must not call, clone or drop anything of the user's.
    pub(crate) fn peek<R>(&self, id: TimerId, look: impl FnOnce(&mut TimerTask) -> R) -> Lookup<R> {
        let mut state = self.state.lock();
        let Some(timer) = &mut state.timer else { return Lookup::Closed };
        timer.get_mut(id).map_or(Lookup::Gone, |task| Lookup::Armed(look(task)))
    }

    /// Copies what a dump shows, in no particular order.
    pub(crate) fn snapshot(&self) -> Snapshot {
        // Room for them, so that there is nothing to be allocated under the lock unless more are armed meanwhile.
        let mut timers = Vec::with_capacity(self.counts().0);
        let state = self.state.lock();
        let timer = state.timer.as_ref();
        if let Some(timer) = timer {
            timer.for_each(&mut |id, expiry, task| timers.push((id, expiry, task.kind())));
        }
        Snapshot { next_turn: timer.and_then(|timer| timer.next_turn()), counts: state.counts, timers }
    }

    /// Publishes when the timer wants to be turned, after one was armed for or moved to `deadline`, if that is earlier
    /// than what stands there.
    ///
    /// One that is not due earlier can only bring upkeep nearer, by crowding a slot. It is looked for at one change in
    /// [`LOOKED_AFTER`]: asking the timer costs as much as arming.
    #[inline]
    fn publish_earlier(&self, state: &MutexGuard<'_, State>, deadline: Deadline) -> bool {
        // Nobody else writes while the lock is held.
        let published = self.next_turn.load(Ordering::Relaxed);
        let ShardCounts { armed, reset, .. } = state.counts;
        if as_nanos(Some(deadline.soft())) >= published && (armed + reset) % LOOKED_AFTER != 0 {
            return false;
        }
        let next = as_nanos(state.timer.as_ref().and_then(|timer| timer.next_turn()));
        let is_earlier = next < published;
        if is_earlier {
            self.next_turn.store(next, Ordering::Release);
        }
        is_earlier
    }
}

/// What is published of a next turn. One at the very end of time is wanted a nanosecond early, so as not to look like
/// none (L3).
fn as_nanos(next: Option<Timestamp>) -> u64 {
    next.map_or(NEVER, |next| next.as_nanos().min(NEVER - 1))
}

#[cfg(test)]
mod tests {
    use std::boxed::Box;
    use std::task::Waker;

    use super::{Deadline, NEVER, Shard, TimerTask, Timestamp};
    use crate::heap::TimerHeap;

    fn armed(at: Timestamp) -> Shard {
        let shard = Shard::new(Box::new(TimerHeap::new()));
        shard.arm(Deadline::at(at), TimerTask::wake(Waker::noop().clone())).unwrap();
        shard
    }

    #[test]
    fn l31_a_closed_shard_wants_no_turn() {
        let shard = armed(Timestamp::from_nanos(7));
        assert_eq!((shard.next_turn(), shard.next_turn_now()), (7, Some(Timestamp::from_nanos(7))));
        assert_eq!(shard.close().len(), 1);
        assert_eq!((shard.next_turn(), shard.next_turn_now()), (NEVER, None));
    }

    #[test]
    fn l3_what_is_due_at_the_end_of_time_is_told_from_nothing() {
        let shard = armed(Timestamp::MAX);
        assert_eq!((shard.next_turn(), shard.next_turn_now()), (NEVER - 1, Some(Timestamp::MAX)));
    }
}
