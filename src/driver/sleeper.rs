//! How whoever turns a driver goes to sleep, and how an earlier timer finds it asleep.
//!
//! Two sides, each of which writes first and then looks at what the other has written:
//!
//! - The sleeper publishes until when it will sleep, and then looks at every shard's next turn again.
//! - Who arms publishes its shard's next turn (under the shard's lock), and then looks until when the sleeper sleeps.
//!
//! Between its write and its look each has a sequentially consistent fence, so at least one of the two sees what the
//! other wrote: either the sleeper does not go to sleep, or it is woken (L4). A timer that is not earlier than what is
//! being slept for wakes nobody, and neither does a cancel (L5).
//!
//! A clock of the user's may jump. Then the two things written are the clock and the moment slept until: the sleeper
//! publishes the moment and then reads the clock, to find out how long; a thread that has seen the jump and then arms
//! looks at the moment (L37).

use core::fmt;
use std::boxed::Box;

use crate::sync::{AtomicU64, Ordering, fence};
use crate::time::Timestamp;

/// What stands in [`Sleeper::until`] while the driver is being turned. Nobody sleeps until the clock's zero, which has
/// always passed.
const AWAKE: u64 = 0;

pub(crate) struct Sleeper {
    /// In nanoseconds; `u64::MAX` is as good as for ever: the end of time.
    until: AtomicU64,
    /// Whether it is a thread, which wakes by itself when that moment comes: nobody else has to turn.
    wakes_itself: bool,
    unpark: Box<dyn Fn() + Send + Sync>,
}

impl Sleeper {
    /// One that is awake, and is woken by `unpark`.
    pub(crate) fn new(wakes_itself: bool, unpark: Box<dyn Fn() + Send + Sync>) -> Self {
        Self { until: AtomicU64::new(AWAKE), wakes_itself, unpark }
    }

    /// Whether a sleep ends by itself. Otherwise a turn may never come: nobody moves the clock, the event loop does not
    /// go round, the runtime polls one task for ever.
    pub(crate) fn wakes_itself(&self) -> bool {
        self.wakes_itself
    }

    /// Until when it sleeps, in nanoseconds, if it does and wakes by itself.
    #[inline]
    pub(crate) fn sleeps_until(&self) -> Option<u64> {
        let until = self.until.load(Ordering::Relaxed);
        (self.wakes_itself && until != AWAKE).then_some(until)
    }

    /// Publishes until when to sleep: what `next_turn` says, and still says afterwards.
    pub(crate) fn fall_asleep(&self, next_turn: impl Fn() -> u64) -> u64 {
        loop {
            let until = next_turn();
            self.until.store(until, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            if next_turn() >= until {
                return until;
            }
        }
    }

    /// Says that there is no need to wake anybody.
    pub(crate) fn wake_up(&self) {
        self.until.store(AWAKE, Ordering::Relaxed);
    }

    /// Whether somebody has seen to it that the sleeper does not sleep.
    pub(crate) fn is_awake(&self) -> bool {
        self.until.load(Ordering::Relaxed) == AWAKE
    }

    /// Wakes the sleeper if it would sleep past `next`, which the caller has published before. Of several callers one
    /// does the waking.
    pub(crate) fn earlier(&self, next: u64) {
        fence(Ordering::SeqCst);
        let until = self.until.load(Ordering::Relaxed);
        if next < until {
            self.wake(until);
        }
    }

    /// Wakes the sleeper if what it sleeps until has passed by the clock, which the caller may have seen to jump.
    pub(crate) fn overslept(&self, now: impl FnOnce() -> Option<Timestamp>) {
        fence(Ordering::SeqCst);
        let until = self.until.load(Ordering::Relaxed);
        if until != AWAKE && now().is_some_and(|now| until <= now.as_nanos()) {
            self.wake(until);
        }
    }

    /// Wakes a sleeper that was seen to sleep until then, unless another caller does.
    fn wake(&self, until: u64) {
        if self.until.compare_exchange(until, AWAKE, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            (self.unpark)();
        }
    }
}

impl fmt::Debug for Sleeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleeper").field("until", &self.until.load(Ordering::Relaxed)).finish_non_exhaustive()
    }
}
