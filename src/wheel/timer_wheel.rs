//! The coarse timer: Linux's cascading wheel behind the [`Timer`] trait.

use core::fmt;

use super::geometry::{Geometry, Standard};
use super::snapshot::WheelSnapshot;
use super::store::Store;
use super::ticks::Ticks;
use super::work::WorkCounters;
use crate::error::InsertError;
use crate::time::{Deadline, Resolution, Timestamp};
use crate::timer::{Budget, Expired, Timer, TimerId};

/// The coarse timer: a cascading five-level wheel that is good to a tick, of which a server has millions.
///
/// Arming, cancelling and resetting take constant time; so does each step of a turn. Resetting to later, the hot
/// path of idle timeouts, writes one word. Timers overdue or more than 2³² ticks away (49 days at a millisecond; 2²²
/// with [`Small`](crate::geometry::Small)) lie in a sorted map, where each call takes a logarithm of *their* number:
/// choose a tick long enough for your usual timeouts.
///
/// It keeps the tick, not the nanoseconds: who needs the deadline as it was asked for keeps it in `T`.
///
/// # Precision
///
/// A timer is due at the first tick that begins at its deadline or after it. With slack it is due at the
/// [roundest](crate::Tick::roundest_until) tick up to the hard time, so that timers share wake-ups.
///
/// # Source
///
/// The levels and their arithmetic are those of Linux 2.4 to 4.7 (`kernel/timer.c`), after Varghese and Lauck, *Hashed
/// and Hierarchical Timing Wheels*, 1987. What differs, and why, is told in the [algorithms](crate::guide::algorithms).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tickwheel::{Resolution, Timer, TimerExt, TimerWheel, Timestamp};
///
/// let mut timers = TimerWheel::new(Resolution::MILLISECOND);
/// let id = timers.insert(Timestamp::from_nanos(1_500_000), "one and a half")?;
/// assert_eq!(timers.expiry(id), Some(Timestamp::from_nanos(2_000_000)));
///
/// assert_eq!(timers.turn(Timestamp::from_nanos(1_999_999)).next(), None);
/// assert_eq!(timers.turn(Timestamp::from_nanos(2_000_000)).next().unwrap().value, "one and a half");
/// # Ok::<(), tickwheel::InsertError<&str>>(())
/// ```
pub struct TimerWheel<T, G = Standard> {
    pub(super) store: Store<T, G>,
}

impl<T> TimerWheel<T> {
    /// An empty wheel with ticks of this length, standing at the clock's zero.
    pub fn new(resolution: Resolution) -> Self {
        Self::starting_at(resolution, Timestamp::ZERO)
    }

    /// An empty wheel that stands at `now`, as if its last turn had been then.
    pub fn starting_at(resolution: Resolution, now: Timestamp) -> Self {
        Self::standing_at(resolution, now)
    }
}

impl<T, G: Geometry> TimerWheel<T, G> {
    /// An empty wheel with rings of other sizes, standing at the clock's zero.
    ///
    /// ```
    /// use tickwheel::geometry::Small;
    /// use tickwheel::{Resolution, TimerWheel};
    ///
    /// let timers = TimerWheel::<(), Small>::with_geometry(Resolution::MILLISECOND);
    /// assert_eq!(timers.snapshot().levels[4].timers.len(), 16);
    /// ```
    pub fn with_geometry(resolution: Resolution) -> Self {
        Self::standing_at(resolution, Timestamp::ZERO)
    }

    fn standing_at(resolution: Resolution, now: Timestamp) -> Self {
        Self { store: Store::new(Ticks::new(resolution), now) }
    }

    /// The same wheel, with room for at most `max_timers`, though never for fewer than it holds: past them, arming
    /// fails and gives the value back. Without a limit a wheel holds some 2²⁸ timers.
    pub fn with_max_timers(mut self, max_timers: usize) -> Self {
        self.store.places.set_max_live(max_timers);
        self
    }

    /// The length of a tick.
    pub fn resolution(&self) -> Resolution {
        self.store.ticks.resolution()
    }

    /// What the wheel has done since its creation, in entries touched.
    pub fn work(&self) -> WorkCounters {
        self.store.work
    }

    /// What the wheel holds, in Linux's terms: its jiffy, the index of each level, the timers in each slot.
    ///
    /// Takes time in proportion to the timers and slots.
    pub fn snapshot(&self) -> WheelSnapshot {
        self.store.snapshot()
    }

    /// Checks every invariant of the wheel, from scratch: for tests.
    ///
    /// # Panics
    ///
    /// If one is broken.
    #[doc(hidden)]
    pub fn check(&self) {
        self.store.check();
    }

    #[inline]
    fn start_of(&self, tick: u64) -> Timestamp {
        self.store.ticks.start_of(tick)
    }
}

impl<T, G: Geometry> Timer<T> for TimerWheel<T, G> {
    #[inline]
    fn insert_deadline(&mut self, deadline: Deadline, value: T) -> Result<TimerId, InsertError<T>> {
        self.store.insert(deadline, value)
    }

    #[inline]
    fn reset_deadline(&mut self, id: TimerId, deadline: Deadline) -> bool {
        self.store.reset(id, deadline)
    }

    #[inline]
    fn cancel(&mut self, id: TimerId) -> Option<T> {
        self.store.cancel(id)
    }

    fn get(&self, id: TimerId) -> Option<&T> {
        self.store.places.find(id).map(|(.., value)| value)
    }

    fn get_mut(&mut self, id: TimerId) -> Option<&mut T> {
        self.store.places.find_mut(id).map(|(.., value)| value)
    }

    fn expiry(&self, id: TimerId) -> Option<Timestamp> {
        let (position, tick, _) = self.store.places.find(id)?;
        Some(self.start_of(self.store.tick(id.index(), position, tick)))
    }

    fn next_expiry(&self) -> Option<Timestamp> {
        self.store.next_expiry().map(|tick| self.start_of(tick))
    }

    fn first(&self) -> Option<TimerId> {
        self.store.first()
    }

    fn next_turn(&self) -> Option<Timestamp> {
        self.store.next_turn().map(|tick| self.start_of(tick))
    }

    #[inline]
    fn open_turn(&mut self, now: Timestamp) {
        self.store.open_turn(now);
    }

    #[inline]
    fn expire_next(&mut self, budget: &mut Budget) -> Option<Expired<T>> {
        self.store.expire_next(budget)
    }

    fn len(&self) -> usize {
        self.store.places.live()
    }

    fn for_each(&self, visit: &mut dyn FnMut(TimerId, Timestamp, &T)) {
        for (id, position, tick, value) in self.store.places.iter() {
            visit(id, self.start_of(self.store.tick(id.index(), position, tick)), value);
        }
    }

    fn clear(&mut self) {
        self.store.clear();
    }

    fn reserve(&mut self, additional: usize) {
        self.store.reserve(additional);
    }

    fn shrink_to_fit(&mut self) {
        self.store.shrink_to_fit();
    }

    fn sibling(&self) -> Self {
        Self { store: self.store.sibling() }
    }
}

impl<T, G: Geometry> fmt::Debug for TimerWheel<T, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimerWheel")
            .field("resolution", &self.resolution())
            .field("len", &self.len())
            .field("last_turn", &self.start_of(self.store.last_turn()))
            .field("next_expiry", &self.next_expiry())
            .finish_non_exhaustive()
    }
}
