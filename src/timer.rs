//! The one trait of both timers, and the contract that every implementation keeps.
//!
//! [`Timer<T>`] is the dyn-compatible core, [`TimerExt<T>`] the calls that read well, [`Turn`] the only way in which a
//! timer expires. Nothing here knows a clock, a lock or a thread: the caller says what time it is.

use core::fmt;
use core::num::NonZeroU32;

use crate::error::InsertError;
use crate::time::{Deadline, Timestamp};

/// Names one armed timer: an index and a generation.
///
/// Once its timer has expired, was cancelled or cleared, an id does nothing, for ever: when the index is used again the
/// generation differs, and an index whose generations are used up is retired (C5). Resetting keeps the id. An id
/// means nothing to any container but the one that gave it out: where index and generation fit by chance it may name a
/// timer there, and otherwise it does nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId {
    index: u32,
    generation: NonZeroU32,
}

impl TimerId {
    /// The id of the `generation`-th timer at `index`; for those who implement [`Timer`] themselves.
    pub const fn new(index: u32, generation: NonZeroU32) -> Self {
        Self { index, generation }
    }

    /// The place that the timer has in its container. Live timers have distinct ones, and they are small.
    pub const fn index(self) -> u32 {
        self.index
    }

    /// How often that place has been given out.
    pub const fn generation(self) -> NonZeroU32 {
        self.generation
    }
}

impl fmt::Debug for TimerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}v{}", self.index, self.generation)
    }
}

/// A timer that has expired, as a turn hands it out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expired<T> {
    /// The id under which it was armed. It is stale by now.
    pub id: TimerId,
    /// When it was due: the deadline, rounded up to the container's tick.
    pub expiry: Timestamp,
    /// The value that it carried.
    pub value: T,
}

/// How much a turn may do, in entries touched.
///
/// Handing out a timer touches one entry. So does moving one down a level in a cascade, filing one again that was moved
/// to later, and passing over one that was cancelled; a turn that hands out little may still have much to do. What a
/// budget leaves over comes first in the next turn, and until it is done [`Timer::next_turn`] lies in the past.
///
/// ```
/// use tickwheel::Budget;
///
/// let mut budget = Budget::entries(2);
/// budget.spend(1);
/// assert!(!budget.is_spent());
/// budget.spend(5);
/// assert!(budget.is_spent());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    entries: u64,
}

impl Budget {
    /// More than any turn can use: it ends when all that is due has been handed out.
    pub const UNLIMITED: Self = Self { entries: u64::MAX };

    /// At most about `entries` entries: a turn stops before the next one once they are spent.
    pub const fn entries(entries: u64) -> Self {
        Self { entries }
    }

    /// Takes `entries` off, stopping at none left.
    pub const fn spend(&mut self, entries: u64) {
        self.entries = self.entries.saturating_sub(entries);
    }

    /// Whether nothing is left.
    pub const fn is_spent(&self) -> bool {
        self.entries == 0
    }

    /// The entries that are left.
    pub const fn left(&self) -> u64 {
        self.entries
    }
}

/// A container of timers: the coarse [`TimerWheel`](crate::TimerWheel) or the precise [`TimerHeap`](crate::TimerHeap).
///
/// This is the dyn-compatible core; [`TimerExt`] has the calls that read well, and is there for every `Timer`, a
/// `dyn Timer` too.
///
/// # The contract
///
/// What every implementation promises. A *tick* is the container's resolution: the wheel's jiffy, the heap's
/// nanosecond.
///
/// - **C1 Never early.** A timer is handed out at its deadline or after it: deadlines round up to a tick. With slack,
///   never before the soft time (the deadline).
/// - **C2 At most a tick late** (with slack: slack and a tick), at any distance, if turned in time.
/// - **C3 One order**: by expiry (the deadline rounded up to the tick; with slack, the tick chosen within it, or the
///   hard time), then in the order of arming. Resetting to earlier counts as arming; resetting to the tick where
///   it is already changes nothing. A timer that was ever moved to *later* has no promised place within its tick; every
///   other keeps the order.
/// - **C4 Exactly once**: each timer leaves by expiring, by being cancelled, or with its container, and by one of them
///   only.
/// - **C5 Stale ids do nothing, live ids stay good.** Resetting keeps the id, to earlier or later; a place whose
///   generations are used up is retired, and shrinking does not start generations anew. An id of another container, or
///   one that has not been given out yet, corrupts nothing: where index and generation fit by chance it may name a live
///   timer, and otherwise every call answers as for a stale one.
/// - **C6 [`next_expiry`](Self::next_expiry) is never later than the true next one.** Once a turn has run to its end it
///   is exact, unless what it points at was cancelled or moved since it was last visited; a stale answer costs one
///   empty turn and does not come back. [`next_turn`](Self::next_turn) is the earlier of it and of any upkeep that is
///   due (a share of a cascade): a sleeping driver sleeps until then. Upkeep wakes it at most once in 256 ticks (64
///   with [`Small`](crate::geometry::Small)), and only for a cascade of many timers.
/// - **C7 Any deadline works**, past or centuries away; nothing panics, overflows or is clamped short. A timer armed at
///   or before the last turn's time, both rounded to the tick (a deadline up, a turn's time down), is *overdue*: it
///   counts as due at that turn's time, fires in the next turn, even if the clock has not moved and whatever its
///   slack, and never in the turn that is under way; so re-arming for now cannot loop.
/// - **C8 Bounded work.** No call touches more than a constant number of entries (for the heap: a logarithm of the
///   timers it holds) beyond the turn's budget. Storage grows by pieces, never by one great copy. Only clear, shrink,
///   iterating, reserving and dropping are exempt.
/// - **C9 Memory follows the live timers**: a cancelled timer's place is free at once, and the wheel never holds more
///   than one line (64 bytes) for each live timer plus a constant, after every call, in whatever order timers are
///   armed and cancelled, whether the clock moves or stands. There is nothing to collect.
pub trait Timer<T> {
    /// Arms a timer for `deadline`, carrying `value`. [`TimerExt::insert`] also takes a bare [`Timestamp`].
    ///
    /// # Errors
    ///
    /// [`InsertError`], which gives the value back, if the container holds as many timers as it may.
    fn insert_deadline(&mut self, deadline: Deadline, value: T) -> Result<TimerId, InsertError<T>>;

    /// Moves the timer to `deadline` and says whether it was there to be moved. Its id stays good.
    /// [`TimerExt::reset`] also takes a bare [`Timestamp`].
    fn reset_deadline(&mut self, id: TimerId, deadline: Deadline) -> bool;

    /// Takes the timer out before it fires and gives its value back; `None` if the id is stale.
    fn cancel(&mut self, id: TimerId) -> Option<T>;

    /// The value of a timer that is armed.
    fn get(&self, id: TimerId) -> Option<&T>;

    /// The value of a timer that is armed, to change it.
    fn get_mut(&mut self, id: TimerId) -> Option<&mut T>;

    /// When the timer is due: its deadline rounded up to the tick (with slack: what [C3](Self#the-contract) orders by).
    fn expiry(&self, id: TimerId) -> Option<Timestamp>;

    /// When the next timer is due, never later than it truly is; `None` if none is armed.
    fn next_expiry(&self) -> Option<Timestamp>;

    /// The timer that is handed out next, if nothing changes until then; `None` if none is armed.
    ///
    /// It says the same as the turns that come, down to the order within a tick. What this does by itself visits every
    /// timer and knows no such order: of several that are due first it gives any. The heap just looks; the wheel goes
    /// through its slots up to the one that it finds, which takes long only where most of what lies before it was
    /// cancelled or moved to later.
    fn first(&self) -> Option<TimerId> {
        let mut first: Option<(TimerId, Timestamp)> = None;
        self.for_each(&mut |id, expiry, _| {
            if first.is_none_or(|(_, least)| expiry < least) {
                first = Some((id, expiry));
            }
        });
        first.map(|(id, _)| id)
    }

    /// When the next turn is wanted: the earlier of [`next_expiry`](Self::next_expiry) and of upkeep that is due. A
    /// moment in the past says that a turn is wanted now. `None` if there is nothing to wait for.
    fn next_turn(&self) -> Option<Timestamp>;

    /// Opens a turn at `now`, and with it closes the turn before. A `now` before the last one counts as the last one: a
    /// clock that steps backwards does no harm.
    ///
    /// Prefer [`TimerExt::turn`], which opens a turn and hands out its timers.
    fn open_turn(&mut self, now: Timestamp);

    /// Hands out the next timer of the turn that is open, or `None` when all that was due at its time has been handed
    /// out and its upkeep is done, or when `budget` is spent.
    fn expire_next(&mut self, budget: &mut Budget) -> Option<Expired<T>>;

    /// How many timers are armed.
    fn len(&self) -> usize;

    /// Whether no timer is armed.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Visits every armed timer, in no particular order, with its expiry.
    fn for_each(&self, visit: &mut dyn FnMut(TimerId, Timestamp, &T));

    /// Drops every timer and gives their memory back. Their ids are stale from now on; the time of the last turn stays.
    ///
    /// If dropping a value panics, all other values are dropped nevertheless, and the container is empty.
    fn clear(&mut self);

    /// Makes room for `additional` more timers, so that arming them allocates nothing for their values. With a limit,
    /// room is made for no more than that allows.
    ///
    /// # Panics
    ///
    /// If there is no limit and they are more than a container can hold.
    fn reserve(&mut self, additional: usize);

    /// Gives memory back that the armed timers do not need.
    fn shrink_to_fit(&mut self);

    /// An empty container with the same settings: resolution, limits, and the time of the last turn. A driver makes its
    /// further shards from the first one in this way.
    fn sibling(&self) -> Self
    where
        Self: Sized;
}

/// The calls that read well, for every [`Timer`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tickwheel::{Resolution, Timestamp, TimerExt, TimerWheel};
///
/// let start = Timestamp::ZERO;
/// let mut timers = TimerWheel::new(Resolution::MILLISECOND); // or TimerHeap::new()
/// let idle = timers.insert(start + Duration::from_secs(60), "idle")?;
/// timers.insert(start + Duration::from_millis(30), "retry")?;
///
/// timers.reset(idle, start + Duration::from_secs(90));
/// let fired: Vec<_> = timers.turn(start + Duration::from_millis(30)).map(|timer| timer.value).collect();
/// assert_eq!(fired, ["retry"]);
/// # Ok::<(), tickwheel::InsertError<&str>>(())
/// ```
pub trait TimerExt<T>: Timer<T> {
    /// Arms a timer for `deadline`, a [`Timestamp`] or a [`Deadline`] with slack, carrying `value`.
    ///
    /// # Errors
    ///
    /// [`InsertError`], which gives the value back, if the container holds as many timers as it may.
    #[inline]
    fn insert(&mut self, deadline: impl Into<Deadline>, value: T) -> Result<TimerId, InsertError<T>> {
        self.insert_deadline(deadline.into(), value)
    }

    /// Moves the timer to `deadline`, a [`Timestamp`] or a [`Deadline`] with slack, and says whether it was there to be
    /// moved. Its id stays good.
    #[inline]
    fn reset(&mut self, id: TimerId, deadline: impl Into<Deadline>) -> bool {
        self.reset_deadline(id, deadline.into())
    }

    /// Whether the timer is armed.
    fn contains(&self, id: TimerId) -> bool {
        self.get(id).is_some()
    }

    /// Opens a turn at `now`: an iterator that hands out one expired timer after another.
    ///
    /// Dropping it early leaves the rest for the next turn, in order. Without [`Turn::within`] it has no budget: it
    /// ends when all that is due by `now` has been handed out.
    fn turn(&mut self, now: Timestamp) -> Turn<'_, T, Self> {
        self.open_turn(now);
        Turn { timer: self, budget: Budget::UNLIMITED, value: core::marker::PhantomData }
    }

    /// Hands every timer that is due by `now` to `fire`, up to `budget`, and says how many those were.
    ///
    /// `fire` gets the container too, and may arm, cancel and reset any timer in it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickwheel::{Budget, Timer, TimerExt, TimerHeap, Timestamp};
    ///
    /// let period = Duration::from_millis(10);
    /// let mut timers = TimerHeap::new();
    /// timers.insert(Timestamp::ZERO + period, "tick")?;
    ///
    /// // Re-arms itself for its next period: no drift, however late the turn.
    /// let fired = timers.expire(Timestamp::ZERO + period * 3 / 2, Budget::UNLIMITED, |timers, timer| {
    ///     timers.insert(timer.expiry + period, timer.value).expect("one has just left");
    /// });
    /// assert_eq!(fired, 1);
    /// assert_eq!(timers.next_expiry(), Some(Timestamp::ZERO + period * 2));
    /// # Ok::<(), tickwheel::InsertError<&str>>(())
    /// ```
    fn expire(&mut self, now: Timestamp, budget: Budget, mut fire: impl FnMut(&mut Self, Expired<T>)) -> usize {
        self.open_turn(now);
        let mut budget = budget;
        let mut fired = 0;
        while let Some(expired) = self.expire_next(&mut budget) {
            fire(self, expired);
            fired += 1;
        }
        fired
    }

    /// As [`expire`](Self::expire), with a budget in time: looks at `out_of_time` before each [slice](Self::TIME_SLICE)
    /// of entries, and leaves the rest for the next turn once it answers `true`.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use tickwheel::{TimerExt, TimerHeap, Timestamp};
    ///
    /// let mut timers = TimerHeap::new();
    /// timers.insert(Timestamp::ZERO, "due")?;
    ///
    /// let limit = Instant::now() + Duration::from_millis(5);
    /// timers.expire_until(Timestamp::ZERO, || Instant::now() >= limit, |_, timer| println!("{}", timer.value));
    /// # Ok::<(), tickwheel::InsertError<&str>>(())
    /// ```
    fn expire_until(
        &mut self,
        now: Timestamp,
        mut out_of_time: impl FnMut() -> bool,
        mut fire: impl FnMut(&mut Self, Expired<T>),
    ) -> usize {
        self.open_turn(now);
        let mut fired = 0;
        while !out_of_time() {
            let mut slice = Budget::entries(Self::TIME_SLICE);
            while let Some(expired) = self.expire_next(&mut slice) {
                fire(self, expired);
                fired += 1;
            }
            if !slice.is_spent() {
                break;
            }
        }
        fired
    }

    /// How many entries [`expire_until`](Self::expire_until) touches between two looks at the time.
    const TIME_SLICE: u64 = 64;
}

impl<T, C: Timer<T> + ?Sized> TimerExt<T> for C {}

/// A turn that is open: hands out the timers that are due, one after another, in the order of C3.
///
/// Made by [`TimerExt::turn`].
#[must_use = "a turn hands out its timers as it is iterated"]
pub struct Turn<'a, T, C: ?Sized> {
    timer: &'a mut C,
    budget: Budget,
    value: core::marker::PhantomData<fn() -> T>,
}

impl<'a, T, C: Timer<T> + ?Sized> Turn<'a, T, C> {
    /// The same turn with at most `budget` to spend.
    pub fn within(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// The container itself, to arm, cancel or reset timers while the turn is under way. What is armed for now or
    /// the past fires in the next turn.
    pub fn timers(&mut self) -> &mut C {
        self.timer
    }

    /// What is left of the budget.
    pub fn budget(&self) -> Budget {
        self.budget
    }
}

impl<T, C: Timer<T> + ?Sized> Iterator for Turn<'_, T, C> {
    type Item = Expired<T>;

    fn next(&mut self) -> Option<Expired<T>> {
        self.timer.expire_next(&mut self.budget)
    }
}

impl<T, C: ?Sized> fmt::Debug for Turn<'_, T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("budget", &self.budget).finish_non_exhaustive()
    }
}
