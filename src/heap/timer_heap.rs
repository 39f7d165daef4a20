//! The precise timer, after Linux's hrtimer: deadlines to the nanosecond, and slack.
//!
//! A timer has a *soft* time, before which it does not fire, and a *hard* time, soft and slack, up to which it may
//! wait. The heap is ordered by hard time and then by order of arming, and a turn goes through it from the front for as
//! long as the first one's soft time has come:
//!
//! ```text
//! turn at now = 60        soft  hard
//!   A                      50    70     fires: its soft time has come, its hard time lies ahead
//!   B                      60    90     fires too, and shares A's wake-up
//!   C                      80   100     stops the turn
//!   D                      55   120     could fire, but need not yet, and the turn does not look behind C
//! ```
//!
//! So a turn touches only what it hands out and the one that stops it. Nothing that must fire is missed: whatever lies
//! behind the one that stops it has a hard time no earlier than that one's, which lies ahead.
//!
//! # Timers that are armed while a turn is under way
//!
//! A timer armed for the time of the last turn or before it counts as due at that time, and fires in the next turn
//! (C7). So the turn also stops at one that is due but was armed after the turn was opened. Let `now` be the turn's
//! time and X that timer. Its hard time was raised to `now` if it lay before it, so it is at least `now`. An older
//! timer whose hard time is `now` or before lies ahead of X: its hard time is no later, and where it is equal its
//! sequence number is smaller. Hence whatever lies behind X was armed after the turn was opened as well, or has its
//! hard time after `now`: none of it has to fire in this turn. The next turn is wanted at X's hard time.

use core::fmt;

use crate::arena::Arena;
use crate::error::InsertError;
use crate::heap::group::{Entry, Key};
use crate::heap::indexed_heap::{IndexedHeap, MAX_ENTRIES};
use crate::time::{Deadline, Timestamp};
use crate::timer::{Budget, Expired, Timer, TimerId};

/// What a place keeps of a timer beside its position in the heap: the soft time, and whether there is slack. In 32-bit
/// words, so that a place of a timer with one word has no padding.
#[derive(Clone, Copy)]
struct Soft {
    has_slack: bool,
    nanos: [u32; 2],
}

impl Soft {
    #[inline]
    fn new(soft: Timestamp, hard: Timestamp) -> Self {
        let nanos = soft.as_nanos();
        Self { has_slack: soft != hard, nanos: [nanos as u32, (nanos >> 32) as u32] }
    }

    #[inline]
    fn nanos(self) -> u64 {
        u64::from(self.nanos[0]) | u64::from(self.nanos[1]) << 32
    }
}

/// The precise timer: a heap over nanosecond deadlines, with slack.
///
/// It keeps the [contract](Timer#the-contract) with a tick of one nanosecond. Arming, cancelling, resetting and
/// handing out one timer take O(log n) steps; looking at the next one takes one.
///
/// # Slack
///
/// Timers are ordered by their hard time ([`Deadline::hard`]), which is also what [`expiry`](Timer::expiry) and
/// [`next_turn`](Timer::next_turn) say. A turn fires the first timer for as long as its soft time ([`Deadline::soft`])
/// has come, as Linux's hrtimers do. So timers whose slack overlaps share one wake-up, and none fires before its soft
/// time; but one whose soft time has come waits, up to its hard time at the longest, behind one whose soft time has
/// not.
///
/// A timer armed at or before the last turn's time is due at that time, whatever its slack, and fires in the next turn.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tickwheel::{Deadline, Timer, TimerExt, TimerHeap, Timestamp};
///
/// let at = |us| Timestamp::ZERO + Duration::from_micros(us);
/// let mut timers = TimerHeap::new();
/// timers.insert(Deadline::at(at(50)).with_slack(Duration::from_micros(20)), "flush")?;
/// timers.insert(Deadline::at(at(60)).with_slack(Duration::from_micros(30)), "probe")?;
/// timers.insert(at(100), "frame")?;
///
/// // One wake-up, as late as the first of them allows, serves both.
/// let wake = timers.next_turn().unwrap();
/// assert_eq!(wake, at(70));
/// let fired: Vec<_> = timers.turn(wake).map(|timer| timer.value).collect();
/// assert_eq!(fired, ["flush", "probe"]);
/// assert_eq!(timers.next_turn(), Some(at(100)));
/// # Ok::<(), tickwheel::InsertError<&str>>(())
/// ```
pub struct TimerHeap<T> {
    /// A place's link is its timer's position in the heap.
    places: Arena<Soft, T>,
    heap: IndexedHeap,
    /// The number that the next arming gets.
    next_sequence: u64,
    last_turn: Timestamp,
    /// The next sequence number when the last turn was opened: what has this or a later one waits for the next turn.
    turn_sequence: u64,
    /// Whether the last turn went through to the timer that stopped it.
    turn_is_done: bool,
    /// A turn before this time hands out nothing: the soft time of the timer that stopped the last one, or an earlier
    /// one that was asked for since; none once that timer has left its place.
    quiet_until: Timestamp,
}

impl<T> TimerHeap<T> {
    /// An empty heap whose last turn was at the clock's zero.
    pub const fn new() -> Self {
        Self::starting_at(Timestamp::ZERO)
    }

    /// An empty heap whose last turn was at `now`: what is armed for then or before is overdue.
    pub const fn starting_at(now: Timestamp) -> Self {
        Self::of(Arena::new(MAX_ENTRIES), now)
    }

    const fn of(places: Arena<Soft, T>, last_turn: Timestamp) -> Self {
        Self {
            places,
            heap: IndexedHeap::new(),
            next_sequence: 0,
            last_turn,
            turn_sequence: 0,
            turn_is_done: true,
            quiet_until: Timestamp::ZERO,
        }
    }

    /// The same heap with room for at most `max_timers` at a time, though never for fewer than it holds. Further ones
    /// are refused.
    ///
    /// ```
    /// use tickwheel::{TimerExt, TimerHeap, Timestamp};
    ///
    /// let mut timers = TimerHeap::new().with_max_timers(1);
    /// timers.insert(Timestamp::ZERO, "first")?;
    /// assert_eq!(timers.insert(Timestamp::ZERO, "second").unwrap_err().into_value(), "second");
    /// # Ok::<(), tickwheel::InsertError<&str>>(())
    /// ```
    pub fn with_max_timers(mut self, max_timers: usize) -> Self {
        self.places.set_max_live(max_timers);
        self
    }

    /// Checks that the heap is in order: for tests, and for those who change this code. It visits every timer.
    ///
    /// # Panics
    ///
    /// If it is not, with a sentence that says where.
    #[doc(hidden)]
    pub fn check(&self) {
        self.places.check();
        assert_eq!(self.heap.len(), self.places.live(), "every armed timer lies in the heap, and nothing else");
        assert!(self.turn_sequence <= self.next_sequence, "the last turn was opened in the past");
        let soft = self.heap.first().map_or(u64::MAX, |first| self.soft_ns(first.index));
        let first_ns = soft.max(self.last_turn.as_nanos());
        assert!(self.quiet_until.as_nanos() <= first_ns, "no turn to come passes over the timer that is first");
        self.heap.check(|Entry { key, index }, position| {
            let (link, soft) = self.places.armed(index).expect("every timer in the heap is armed");
            assert_eq!(link, position, "the timer at {index} knows where in the heap it lies");
            assert!(soft.nanos() <= key.hard_ns(), "the soft time of the timer at {index} is not after its hard time");
            assert_eq!(soft.has_slack, soft.nanos() < key.hard_ns(), "the timer at {index} knows whether it has slack");
            assert!(key.sequence() < self.next_sequence, "the timer at {index} was armed in the past");
        });
    }

    /// The soft and the hard time of a timer that is armed now. An overdue one counts as due at the last turn's time,
    /// whatever its slack.
    #[inline]
    fn effective(&self, deadline: Deadline) -> (Timestamp, Timestamp) {
        if deadline.soft() <= self.last_turn {
            (self.last_turn, self.last_turn)
        } else {
            (deadline.soft(), deadline.hard())
        }
    }

    /// The soft time of a timer that is armed.
    #[inline]
    fn soft_ns(&self, index: u32) -> u64 {
        self.places.armed(index).map_or(u64::MAX, |(_, soft)| soft.nanos())
    }

    fn take_sequence(&mut self) -> u64 {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        sequence
    }

    /// Whether the timer that comes first is due in the turn under way.
    #[inline]
    fn is_due(&self, first: Entry) -> bool {
        let now_ns = self.last_turn.as_nanos();
        // The soft time, which lies elsewhere, is asked only where the hard time does not settle it.
        first.key.sequence() < self.turn_sequence
            && (first.key.hard_ns() <= now_ns || self.soft_ns(first.index) <= now_ns)
    }

    /// Hands out the timer that comes first if it is due, and notes that the turn is done if it is not.
    #[inline(never)]
    fn expire_first(&mut self, budget: &mut Budget) -> Option<Expired<T>> {
        let first = self.heap.first();
        match first.filter(|&first| self.is_due(first)) {
            Some(first) => {
                budget.spend(1);
                let expired = self.hand_out(first);
                // Most turns hand out one: looked at while it is at hand, the next one spares another call of this.
                let next = self.heap.first();
                if !next.is_some_and(|next| self.is_due(next)) {
                    self.stop(next);
                }
                expired
            }
            None => {
                self.stop(first);
                None
            }
        }
    }

    /// Notes that the turn has come to a timer that stops it, or to the end.
    fn stop(&mut self, first: Option<Entry>) {
        self.turn_is_done = true;
        self.quiet_until = match first {
            // One that is due and waits for the next turn does not keep that quiet.
            Some(first) if first.key.sequence() < self.turn_sequence => {
                Timestamp::from_nanos(self.soft_ns(first.index))
            }
            Some(_) => Timestamp::ZERO,
            None => Timestamp::MAX,
        };
    }

    /// Notes that a timer is armed anew for this soft time, and that the one at `position`, if any, has left that.
    #[inline]
    fn disturb(&mut self, soft: Timestamp, left: Option<u32>) {
        if soft < self.quiet_until {
            self.quiet_until = soft;
        }
        if left.is_some_and(IndexedHeap::is_first) {
            self.quiet_until = Timestamp::ZERO;
        }
    }

    fn hand_out(&mut self, first: Entry) -> Option<Expired<T>> {
        // The value first: its cache line is on its way while the heap is put in order.
        let (id, _, value) = self.places.remove_if(first.index, |_, _, _| true)?;
        let places = &mut self.places;
        self.heap.remove_first(|index, position| places.set_link(index, position));
        Some(Expired { id, expiry: Timestamp::from_nanos(first.key.hard_ns()), value })
    }
}

impl<T> Timer<T> for TimerHeap<T> {
    #[inline]
    fn insert_deadline(&mut self, deadline: Deadline, value: T) -> Result<TimerId, InsertError<T>> {
        let (soft, hard) = self.effective(deadline);
        let id = self.places.insert(self.heap.next_position(), Soft::new(soft, hard), value)?;
        self.disturb(soft, None);
        let key = Key::new(hard.as_nanos(), self.take_sequence());
        let places = &mut self.places;
        self.heap.push(Entry { key, index: id.index() }, |index, position| places.set_link(index, position));
        Ok(id)
    }

    /// A timer whose hard time stays as it was keeps its place in the order of arming, unless it is overdue: then it
    /// counts as armed now, and waits for the next turn, as long as it does not wait for that already.
    #[inline]
    fn reset_deadline(&mut self, id: TimerId, deadline: Deadline) -> bool {
        let (soft, hard) = self.effective(deadline);
        let Some((position, datum, _)) = self.places.find_mut(id) else {
            return false;
        };
        // Where there was no slack the place knows the hard time, and the entry, which lies elsewhere, is not read.
        let old_ns = if datum.has_slack { self.heap.key(position).hard_ns() } else { datum.nanos() };
        *datum = Soft::new(soft, hard);
        self.disturb(soft, Some(position));
        let hard_ns = hard.as_nanos();
        if hard_ns == old_ns {
            let waits = self.heap.key(position).sequence() >= self.turn_sequence;
            if soft > self.last_turn || waits {
                return true;
            }
        }
        let entry = Entry { key: Key::new(hard_ns, self.take_sequence()), index: id.index() };
        let places = &mut self.places;
        let moved = |index, position| places.set_link(index, position);
        if hard_ns < old_ns {
            self.heap.bring_forward(position, entry, moved);
        } else {
            self.heap.put_off(position, entry, moved);
        }
        true
    }

    #[inline]
    fn cancel(&mut self, id: TimerId) -> Option<T> {
        let (position, value) = self.places.remove(id)?;
        self.disturb(Timestamp::MAX, Some(position));
        let places = &mut self.places;
        self.heap.remove(position, |index, position| places.set_link(index, position));
        Some(value)
    }

    fn get(&self, id: TimerId) -> Option<&T> {
        self.places.find(id).map(|(.., value)| value)
    }

    fn get_mut(&mut self, id: TimerId) -> Option<&mut T> {
        self.places.find_mut(id).map(|(.., value)| value)
    }

    fn expiry(&self, id: TimerId) -> Option<Timestamp> {
        let (position, ..) = self.places.find(id)?;
        Some(Timestamp::from_nanos(self.heap.key(position).hard_ns()))
    }

    /// When the next timer is due: the smallest hard time. Always exact.
    fn next_expiry(&self) -> Option<Timestamp> {
        Some(Timestamp::from_nanos(self.heap.first()?.key.hard_ns()))
    }

    fn first(&self) -> Option<TimerId> {
        self.places.id(self.heap.first()?.index)
    }

    /// When the next turn is wanted: at the smallest hard time, or now if the last turn was left before its end.
    fn next_turn(&self) -> Option<Timestamp> {
        let first = self.heap.first()?;
        let hard = Timestamp::from_nanos(first.key.hard_ns());
        // What a budget left over may have slack to wait with, but it was this turn's, and is done first.
        let is_left_over = !self.turn_is_done && self.is_due(first);
        Some(if is_left_over { hard.min(self.last_turn) } else { hard })
    }

    #[inline]
    fn open_turn(&mut self, now: Timestamp) {
        // A branch, and not a maximum: what comes next need not wait for the turn before.
        if now > self.last_turn {
            self.last_turn = now;
        }
        self.turn_sequence = self.next_sequence;
        self.turn_is_done = false;
    }

    #[inline]
    fn expire_next(&mut self, budget: &mut Budget) -> Option<Expired<T>> {
        if budget.is_spent() {
            return None;
        }
        if self.last_turn < self.quiet_until {
            self.turn_is_done = true;
            return None;
        }
        self.expire_first(budget)
    }

    fn len(&self) -> usize {
        self.places.live()
    }

    fn for_each(&self, visit: &mut dyn FnMut(TimerId, Timestamp, &T)) {
        for (id, position, _, value) in self.places.iter() {
            visit(id, Timestamp::from_nanos(self.heap.key(position).hard_ns()), value);
        }
    }

    fn clear(&mut self) {
        self.quiet_until = Timestamp::ZERO;
        // Values are dropped last: a drop that panics finds everything in order.
        let values = self.places.clear();
        self.heap.clear();
        drop(values);
    }

    fn reserve(&mut self, additional: usize) {
        let additional = self.places.reserve(additional);
        self.heap.reserve(additional);
    }

    fn shrink_to_fit(&mut self) {
        self.places.shrink_to_fit();
        self.heap.shrink_to_fit();
    }

    fn sibling(&self) -> Self {
        Self::of(self.places.sibling(), self.last_turn)
    }
}

impl<T> Default for TimerHeap<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for TimerHeap<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimerHeap")
            .field("len", &self.len())
            .field("next_expiry", &self.next_expiry())
            .field("last_turn", &self.last_turn)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Entry, Key, Timer, TimerHeap, Timestamp};
    use crate::timer::TimerExt;

    #[test]
    fn c5_a_place_is_given_up_with_its_last_generation() {
        let mut timers = TimerHeap::new();
        timers.places.set_last_generation(3);
        let mut seen = HashSet::new();
        for round in 0..50_u64 {
            let id = timers.insert(Timestamp::from_nanos(round), round).unwrap();
            assert!(seen.insert(id), "no id is given out twice");
            timers.reset(id, Timestamp::from_nanos(round + 7));
            assert_eq!(timers.get(id), Some(&round), "resetting keeps the id");
            assert_eq!(timers.cancel(id), Some(round));
            if round % 10 == 0 {
                timers.shrink_to_fit();
            }
            assert!(seen.iter().all(|&stale| !timers.contains(stale) && timers.expiry(stale).is_none()));
            timers.check();
        }
    }

    fn heap_of_three() -> TimerHeap<u32> {
        let mut timers = TimerHeap::new();
        for n in 0..3 {
            timers.insert(Timestamp::from_nanos(u64::from(n)), n).unwrap();
        }
        timers
    }

    #[test]
    #[should_panic(expected = "every armed timer lies in the heap")]
    fn check_catches_a_timer_that_the_heap_lost() {
        let mut timers = heap_of_three();
        timers.heap.pop_last();
        timers.check();
    }

    #[test]
    #[should_panic(expected = "knows where in the heap it lies")]
    fn check_catches_a_position_that_was_not_told() {
        let mut timers = heap_of_three();
        timers.heap.pop_last();
        timers.heap.push(Entry { key: Key::new(0, 0), index: 2 }, |_, _| {});
        timers.check();
    }
}
