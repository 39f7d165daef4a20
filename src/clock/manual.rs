//! A clock that is moved by hand, and turns the drivers that follow it as it moves.
//!
//! Moving it goes from one expiry to the next: at each the clock stops, every driver with something due is turned, and
//! what that set off has run before the clock moves on. A timer that a callback arms on the way, and that is due before
//! the end of the way, so fires at its own time, as it would have in real life.

use alloc::vec::Vec;
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;

use super::source::{Clock, ClockObserver, FiredTimer};
use crate::sync::{Arc, AtomicU64, Mutex, Ordering, Weak};
use crate::time::Timestamp;

/// How many turns there are at one moment, those not counted that only go on where a budget had stopped. Whoever arms
/// again for the same moment from a callback goes on at the next movement, and does not hold this one up for ever.
const TURNS_AT_A_MOMENT: usize = 1000;

/// A clock that moves only when it is told to, for tests and simulations. Clones are the same clock, on any thread.
///
/// A driver on such a clock has no thread of its own: whoever moves the clock turns the driver, and returns when the
/// wakers and callbacks that were due have been called. What a woken task then does is its executor's business.
///
/// Several threads may move the clock; each returns when what was due by its own target has run. They take turns, one
/// stop each, so that what is due at one stop has run before the clock goes on. A callback may move the clock too. It
/// does not wait for others then, on a pool say, as they may be waiting for it; and it must not wait for another thread
/// that moves the clock.
///
/// ```
/// use std::time::Duration;
/// use tickwheel::{Clock, ManualClock, Timestamp};
///
/// let clock = ManualClock::new();
/// clock.advance(Duration::from_secs(3600));
/// assert_eq!(clock.now(), Timestamp::ZERO + Duration::from_secs(3600));
/// ```
#[derive(Clone)]
pub struct ManualClock {
    shared: Arc<Shared>,
}

struct Shared {
    nanos: AtomicU64,
    observers: Mutex<Vec<Weak<dyn ClockObserver>>>,
    /// Held for one stop by whoever moves the clock, unless it is moved by what such a stop set off.
    moving: Mutex<()>,
}

/// One stop of a [`ManualClock`] on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClockStep {
    /// Where the clock stood.
    pub now: Timestamp,
    /// The timers that fired there, in the order in which they did. Empty where a driver only did its upkeep.
    pub fired: Vec<FiredTimer>,
}

impl ManualClock {
    /// A clock that stands at zero.
    pub fn new() -> Self {
        Self::starting_at(Timestamp::ZERO)
    }

    /// A clock that stands at `now`.
    pub fn starting_at(now: Timestamp) -> Self {
        let (nanos, observers, moving) = (AtomicU64::new(now.as_nanos()), Mutex::default(), Mutex::default());
        Self { shared: Arc::new(Shared { nanos, observers, moving }) }
    }

    /// Moves the clock on by `by`, at most to the end of time, stopping at each expiry on the way. Gives the new time.
    pub fn advance(&self, by: Duration) -> Timestamp {
        let to = self.now() + by;
        self.advance_to(to);
        to
    }

    /// Moves the clock on to `to`, stopping at each expiry on the way. A `to` in its past leaves it where it is, since
    /// no clock runs backwards, and what is due is fired all the same.
    pub fn advance_to(&self, to: Timestamp) {
        let mut steps = self.steps_until(to);
        while steps.go(&mut |_| {}).is_some() {}
    }

    /// Moves the clock on to the next expiry and says what fired there; `None`, without moving, if no driver waits for
    /// anything.
    ///
    /// It is the next turn that a driver wants, which may be for upkeep, and then nothing fires.
    pub fn step(&self) -> Option<ClockStep> {
        let mut fired = Vec::new();
        let stop = self.moving(|movement| movement.stop(Timestamp::MAX, &mut |timer| fired.push(timer)));
        stop.map(|(now, _)| ClockStep { now, fired })
    }

    /// An iterator that moves the clock on to `to`, one stop after another, and says what fired at each. Dropped
    /// early, it leaves the clock at the last stop.
    ///
    /// ```
    /// # #[cfg(feature = "driver")] {
    /// use std::time::Duration;
    /// use tickwheel::{Clock, Driver, ManualClock, Resolution, TimerWheel};
    ///
    /// let clock = ManualClock::new();
    /// let timers = Driver::builder().clock(clock.clone()).spawn(TimerWheel::new(Resolution::MILLISECOND))?;
    /// let _tick = timers.call_every(Duration::from_millis(10), |_| {})?;
    ///
    /// let stops = clock.steps_until(clock.now() + Duration::from_millis(35));
    /// let times: Vec<_> = stops.map(|step| (step.now.as_nanos() / 1_000_000, step.fired.len())).collect();
    /// assert_eq!(times, [(10, 1), (20, 1), (30, 1)]);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn steps_until(&self, to: Timestamp) -> ClockSteps<'_> {
        ClockSteps { clock: self, to: to.max(self.now()), over: false }
    }

    /// Moves the clock on by `by` at one go, as a machine's clock does over a suspend or a long stall: whatever was due
    /// on the way fires late, at the new time. Gives the new time.
    ///
    /// A thousand turns are made at most: a periodic callback that makes up for more [missed ticks](crate::MissedTicks)
    /// goes on at the next movement.
    pub fn jump(&self, by: Duration) -> Timestamp {
        self.moving(|movement| {
            let to = self.now() + by;
            self.set(to);
            movement.moment(to, &mut |_| {});
            to
        })
    }

    fn set(&self, to: Timestamp) {
        self.shared.nanos.fetch_max(to.as_nanos(), Ordering::AcqRel);
    }

    fn observers(&self) -> Vec<Arc<dyn ClockObserver>> {
        let mut observers = self.shared.observers.lock();
        observers.retain(|observer| observer.strong_count() > 0);
        observers.iter().filter_map(Weak::upgrade).collect()
    }

    /// Lets `go` move the clock while nobody else does, except from what it sets off.
    fn moving<R>(&self, go: impl FnOnce(&Movement<'_>) -> R) -> R {
        // Whoever holds the last reference to a driver drops it after the lock.
        let before = self.observers();
        let movement;
        let is_nested = before.iter().any(|observer| observer.is_at_work());
        let _lock = (!is_nested).then(|| self.shared.moving.lock());
        movement = Movement { clock: self, observers: self.observers(), is_nested };
        go(&movement)
    }
}

/// The clock on the move.
struct Movement<'a> {
    clock: &'a ManualClock,
    observers: Vec<Arc<dyn ClockObserver>>,
    /// This thread is at work for a observer: it would wait for itself.
    is_nested: bool,
}

impl Movement<'_> {
    /// Goes to the first moment up to `to` at which a observer wants to be turned, and says whether that moment is done
    /// with.
    fn stop(&self, to: Timestamp, fired: &mut dyn FnMut(FiredTimer)) -> Option<(Timestamp, bool)> {
        let next = self.observers.iter().filter_map(|observer| observer.next_turn()).min()?;
        let stop = next.max(self.clock.now());
        (stop <= to).then(|| {
            self.clock.set(stop);
            (stop, self.moment(stop, fired))
        })
    }

    /// Turns every observer until nothing is due any more; `false` if it gave up on those who arm for it without end.
    fn moment(&self, now: Timestamp, fired: &mut dyn FnMut(FiredTimer)) -> bool {
        let mut turns = 0;
        while turns < TURNS_AT_A_MOMENT {
            let due: Vec<_> =
                self.observers.iter().filter(|observer| observer.next_turn().is_some_and(|next| next <= now)).collect();
            let mut left_over = false;
            for observer in &due {
                left_over |= observer.turn(now, fired);
            }
            if !self.is_nested {
                self.observers.iter().for_each(|observer| observer.wait_until_quiet());
            }
            if due.is_empty() {
                return true;
            }
            turns += usize::from(!left_over);
        }
        false
    }
}

/// The stops of a [`ManualClock`] on its way; made by [`ManualClock::steps_until`].
#[must_use = "the clock moves as it is iterated"]
pub struct ClockSteps<'a> {
    clock: &'a ManualClock,
    to: Timestamp,
    over: bool,
}

impl ClockSteps<'_> {
    /// Goes to the next stop, or to the end of the way where there is none.
    fn go(&mut self, fired: &mut dyn FnMut(FiredTimer)) -> Option<Timestamp> {
        if self.over {
            return None;
        }
        let stop = self.clock.moving(|movement| {
            let stop = movement.stop(self.to, fired);
            if !matches!(stop, Some((_, true))) {
                self.clock.set(self.to);
            }
            if matches!(stop, Some((_, false))) {
                movement.moment(self.to, fired);
            }
            stop
        });
        self.over = !matches!(stop, Some((_, true)));
        stop.map(|(now, _)| now)
    }
}

impl Iterator for ClockSteps<'_> {
    type Item = ClockStep;

    fn next(&mut self) -> Option<ClockStep> {
        let mut fired = Vec::new();
        let now = self.go(&mut |timer| fired.push(timer))?;
        Some(ClockStep { now, fired })
    }
}

impl fmt::Debug for ClockSteps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClockSteps").field("now", &self.clock.now()).field("to", &self.to).finish_non_exhaustive()
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

/// A panic leaves nothing of it half done.
impl UnwindSafe for ManualClock {}
impl RefUnwindSafe for ManualClock {}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualClock").field("now", &self.now()).finish_non_exhaustive()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.shared.nanos.load(Ordering::Acquire))
    }

    fn register(&self, observer: Weak<dyn ClockObserver>) -> bool {
        self.shared.observers.lock().push(observer);
        true
    }
}

#[cfg(all(test, not(tickwheel_loom)))]
mod tests {
    use super::{Clock, Duration, ManualClock, Timestamp};

    #[test]
    fn l9_a_manual_clock_does_not_run_backwards() {
        let clock = ManualClock::starting_at(Timestamp::from_nanos(10));
        clock.advance_to(Timestamp::from_nanos(5));
        assert_eq!(clock.now(), Timestamp::from_nanos(10));
        assert_eq!(clock.advance(Duration::MAX), Timestamp::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }

    #[test]
    fn clones_are_the_same_clock() {
        let clock = ManualClock::new();
        let other = clock.clone();
        std::thread::spawn(move || other.advance(Duration::from_nanos(7))).join().unwrap();
        assert_eq!(clock.now(), Timestamp::from_nanos(7));
    }

    #[test]
    fn a_clock_that_nobody_follows_has_no_next_stop() {
        let clock = ManualClock::new();
        assert_eq!(clock.step(), None);
        assert_eq!(clock.now(), Timestamp::ZERO);
    }
}
