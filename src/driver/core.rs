//! The shards and what a turn does with them: no thread and no waiting.
//!
//! A turn takes the lock of a shard only if that has something due (L20), for one slice of entries at a time, and fires
//! between the slices. The order of C3 holds within a shard.

use core::fmt;
use core::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe};
use core::time::Duration;
use std::boxed::Box;
use std::panic::catch_unwind;
use std::vec::Vec;

use crossbeam_utils::CachePadded;

use super::hooks::{Hooks, Panic};
use super::metrics::{Metrics, TurnCounts, WakeUps};
use super::shard::{BoxedTimer, NEVER, Shard};
use super::sleeper::Sleeper;
use super::task::TimerTask;
use crate::clock::{Clock, TaskKind};
use crate::error::{ArmError, ArmErrorReason};
use crate::sync::{AtomicU64, Counter, Ordering, thread_number};
use crate::time::{Deadline, Timestamp};
use crate::timer::{Budget, Expired, TimerId};

/// How long to wait before a clock that has panicked is read again.
const AFTER_PANIC: Duration = Duration::from_millis(10);

/// Which timer of which shard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Key {
    pub(crate) shard: u32,
    pub(crate) id: TimerId,
}

/// What a turn did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a turn that left something over wants the next one at once"]
pub struct TurnReport {
    /// How many timers fired.
    pub fired: u64,
    /// Whether the budget left something over: the next turn is wanted now.
    pub budget_exhausted: bool,
}

/// How much a turn may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TurnLimits {
    pub(crate) budget: Budget,
    pub(crate) time: Option<Duration>,
}

pub(crate) struct Core {
    shards: Box<[CachePadded<Shard>]>,
    pub(crate) sleeper: Sleeper,
    clock: Box<dyn Clock + Send + Sync>,
    /// The clock does not go with the machine's: it may jump while the driver sleeps.
    may_jump: bool,
    limits: TurnLimits,
    pub(crate) counts: TurnCounts,
    hooks: Hooks,
    /// Not 0 once the driver was shut down.
    closed: AtomicU64,
    /// The latest time of a turn so far, in nanoseconds.
    turned_at: AtomicU64,
    /// Where the next turn begins, so that no shard is always the last to have the budget.
    first: Counter,
}

impl Core {
    pub(crate) fn new(
        timers: Vec<BoxedTimer>,
        clock: Box<dyn Clock + Send + Sync>,
        sleeper: Sleeper,
        limits: TurnLimits,
        hooks: Hooks,
    ) -> Self {
        let shards = timers.into_iter().map(|timer| CachePadded::new(Shard::new(timer))).collect();
        let (counts, first) = (TurnCounts::new(), Counter::new(0));
        let (closed, turned_at) = (AtomicU64::new(0), AtomicU64::new(0));
        let may_jump = clock.zero().is_none();
        Self { shards, sleeper, clock, may_jump, limits, counts, hooks, closed, turned_at, first }
    }

    /// What time it is. A panic of the clock's is the caller's.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What time it is, for the driver's own use: a panic of the clock's is reported, and it is the time of the last
    /// turn then.
    pub(crate) fn now_or_last(&self) -> Timestamp {
        self.read_clock().unwrap_or_else(|| Timestamp::from_nanos(self.turned_at.load(Ordering::Relaxed)))
    }

    /// What time it is; `None` if the clock panicked, which is reported.
    pub(crate) fn read_clock(&self) -> Option<Timestamp> {
        self.guarded(|| self.clock.now())
    }

    /// Calls code of the user's; `None` if it panicked, which is counted and reported, and goes no further.
    pub(crate) fn guarded<R>(&self, call: impl FnOnce() -> R) -> Option<R> {
        self.hooks.guarded(&self.counts, call)
    }

    /// Reports what is over because it could not be armed again.
    pub(crate) fn report_full(&self, kind: TaskKind, reason: ArmErrorReason) {
        self.hooks.full(&self.counts, kind, reason);
    }

    /// Runs what one of the driver's threads is for.
    pub(crate) fn on_thread(&self, run: impl FnOnce()) {
        self.hooks.on_thread(&self.counts, run);
    }

    pub(crate) fn clock(&self) -> &(dyn Clock + Send + Sync) {
        &*self.clock
    }

    pub(crate) fn shards(&self) -> &[CachePadded<Shard>] {
        &self.shards
    }

    /// The shard that this thread arms on.
    #[inline]
    pub(crate) fn own_shard(&self) -> u32 {
        match self.shards.len() {
            1 => 0, // most drivers: it spares a division for each timer
            shards => (thread_number() % shards) as u32,
        }
    }

    pub(crate) fn shard(&self, shard: u32) -> &Shard {
        &self.shards[shard as usize]
    }

    /// Arms a timer and wakes who would sleep past it.
    #[inline]
    pub(crate) fn arm(&self, shard: u32, deadline: Deadline, task: TimerTask) -> Result<Key, ArmError<TimerTask>> {
        let (id, is_earlier) = self.shard(shard).arm(deadline, task)?;
        self.tell_sleeper(shard, is_earlier);
        Ok(Key { shard, id })
    }

    /// Moves a timer, wakes who would sleep past it, and says whether it was there.
    #[inline]
    pub(crate) fn reset(&self, key: Key, deadline: Deadline) -> bool {
        let moved = self.shard(key.shard).reset(key.id, deadline);
        if let Some(is_earlier) = moved {
            self.tell_sleeper(key.shard, is_earlier);
        }
        moved.is_some()
    }

    /// A timer of this shard was armed or moved: wakes the driver if it would sleep past it. That is so if the timer is
    /// earlier than all others, or if the clock has jumped past the moment that is slept for (L37).
    #[inline]
    pub(crate) fn tell_sleeper(&self, shard: u32, is_earlier: bool) {
        if is_earlier {
            self.sleeper.earlier(self.shard(shard).next_turn());
        } else if self.may_jump {
            self.sleeper.overslept(|| self.read_clock());
        }
    }

    /// When the first shard wants to be turned, in nanoseconds; [`NEVER`] if none does.
    pub(crate) fn next_turn(&self) -> u64 {
        self.shards.iter().map(|shard| shard.next_turn()).min().unwrap_or(NEVER)
    }

    /// When the first shard wants to be turned, decided under the lock of each; `None` if none does (L52).
    pub(crate) fn next_turn_now(&self) -> Option<Timestamp> {
        self.shards.iter().filter_map(|shard| shard.next_turn_now()).min()
    }

    /// Whether a turn at `now` has something to do. A clock that steps back does not put it off (L9).
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        let next = self.next_turn();
        next != NEVER && (next <= now.as_nanos() || self.is_passed(next))
    }

    /// How long to wait for a turn that is wanted at `next`, in nanoseconds.
    pub(crate) fn wait_for(&self, next: u64) -> Duration {
        let (left, panic) = self.wait_unreported(next);
        self.report_panic(panic);
        left
    }

    /// As [`wait_for`](Self::wait_for), for a caller that holds a lock and reports afterwards what the clock panicked
    /// with.
    pub(crate) fn wait_unreported(&self, next: u64) -> (Duration, Option<Panic>) {
        if self.is_passed(next) {
            return (Duration::ZERO, None);
        }
        match catch_unwind(AssertUnwindSafe(|| self.clock.now())) {
            Ok(now) => (Timestamp::from_nanos(next) - now, None),
            Err(panic) => (AFTER_PANIC, Some(panic)),
        }
    }

    pub(crate) fn report_panic(&self, panic: Option<Panic>) {
        if let Some(panic) = panic {
            self.hooks.panicked(&self.counts, panic);
        }
    }

    /// Whether the time of a turn so far was later.
    fn is_passed(&self, next: u64) -> bool {
        next <= self.turned_at.load(Ordering::Relaxed)
    }

    /// Makes one turn. `fire` gets each timer that is due and the number of its shard; where it took its time it says
    /// what time it is now.
    pub(crate) fn turn(
        &self,
        now: Timestamp,
        fire: &mut dyn FnMut(u32, Expired<TimerTask>) -> Option<Timestamp>,
    ) -> TurnReport {
        self.sleeper.wake_up();
        // A timer that is armed for a time before the last turn's is due at that (C7), and a clock may step back.
        let before = self.turned_at.fetch_max(now.as_nanos(), Ordering::Relaxed);
        let now = now.max(Timestamp::from_nanos(before));
        let mut turned = TurnReport { fired: 0, budget_exhausted: false };
        let mut left = self.limits.budget.left();
        let out_of_time = self.limits.time.map(|time| self.now_or_last() + time);
        let mut seen = now;
        let (mut batch, mut late_ns) = (Vec::new(), Vec::new());
        let count = self.shards.len();
        let first = if count > 1 { self.first.fetch_add(1, Ordering::Relaxed) as usize % count } else { 0 };

        'shards: for index in (first..count).chain(0..first) {
            let shard = &self.shards[index];
            if shard.next_turn() > now.as_nanos() {
                continue;
            }
            let mut opens = true;
            loop {
                let slice = shard.collect(now, opens, left, &mut batch);
                opens = false;
                left = left.saturating_sub(slice.touched);
                turned.fired += batch.len() as u64;
                for expired in batch.drain(..) {
                    late_ns.push(seen.as_nanos().saturating_sub(expired.expiry.as_nanos()));
                    seen = fire(index as u32, expired).unwrap_or(seen);
                }
                if !late_ns.is_empty() {
                    self.counts.record_lateness(&mut late_ns);
                }
                if slice.is_last {
                    break;
                }
                if left == 0 || out_of_time.is_some_and(|limit| self.now_or_last() >= limit) {
                    turned.budget_exhausted = true;
                    break 'shards;
                }
            }
        }
        TurnCounts::add(&self.counts.turns);
        if turned.fired == 0 {
            TurnCounts::add(&self.counts.empty_turns);
        }
        turned
    }

    /// Takes every timer out, for good; the caller drops what was in them.
    ///
    /// What a turn has collected by then, and not fired yet, is not fired any more either.
    pub(crate) fn close(&self) -> Vec<TimerTask> {
        self.closed.store(1, Ordering::Release);
        // A timer of the user's that panics closes its shard all the same, and keeps no other from it.
        self.shards.iter().filter_map(|shard| self.guarded(|| shard.close())).flatten().collect()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire) != 0
    }

    /// How many timers are armed.
    pub(crate) fn pending(&self) -> usize {
        self.shards.iter().map(|shard| shard.counts().0).sum()
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let read = |counter: &Counter| counter.load(Ordering::Relaxed);
        let counts = &self.counts;
        let mut metrics = Metrics {
            armed: 0,
            cancelled: 0,
            reset: 0,
            fired: 0,
            pending: 0,
            turns: read(&counts.turns),
            empty_turns: read(&counts.empty_turns),
            longest_turn: Duration::from_nanos(read(&counts.longest_turn_ns)),
            entries_moved: 0,
            panics: read(&counts.panics),
            not_rearmed: read(&counts.not_rearmed),
            wake_ups: WakeUps {
                time: read(&counts.woken_by_time),
                earlier: read(&counts.woken_by_earlier),
                signal: read(&counts.woken_by_signal),
            },
            lateness: counts.lateness(),
        };
        for shard in &self.shards {
            let (pending, of_shard) = shard.counts();
            metrics.armed += of_shard.armed;
            metrics.cancelled += of_shard.cancelled;
            metrics.reset += of_shard.reset;
            metrics.fired += of_shard.fired;
            metrics.entries_moved += of_shard.moved;
            metrics.pending += pending;
        }
        metrics
    }
}

/// Code of the user's is called outside of all locks, and what it may leave half done is its own.
impl UnwindSafe for Core {}
impl RefUnwindSafe for Core {}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("shards", &self.shards.len())
            .field("sleeper", &self.sleeper)
            .finish_non_exhaustive()
    }
}
