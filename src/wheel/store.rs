//! The timers of a wheel, and where each is filed.
//!
//! A timer within reach has one entry in the slot of its tick, and its place in the arena keeps the entry's position.
//! So it is removed exactly, in a step, when it is cancelled or moved to earlier: nothing of it stays behind. Moved to
//! later, only the tick changes in its place; the entry is met where it lies, and filed again.
//!
//! Places keep the low halves of ticks; all of them lie from `now` to within the last level's reach, so that they are
//! told apart. The few timers that do not are [`Outliers`].
//!
//! Most turns have nothing to do. They only set the time, and `now` follows when there is something, though it never
//! lags behind by a turn of tv1. So there are three times: `now`, up to which all has been handed out; the tick of the
//! last turn that had something to do, `target`; and the time of the last turn, in nanoseconds.

use super::geometry::{Geometry, LEVELS, Ring, limits, reach, ring, rings};
use super::outliers::{Outliers, Side};
use super::slots::{MAX_TIMERS, OUTLIER, Slots};
use super::ticks::Ticks;
use super::work::WorkCounters;
use crate::arena::Arena;
use crate::error::InsertError;
use crate::time::{Deadline, Timestamp};
use crate::timer::TimerId;

/// The last time that is kept in nanoseconds; later ones are known by their tick alone.
const LAST_TIME: u64 = i64::MAX as u64;

/// All that a wheel holds.
pub(crate) struct Store<T, G> {
    pub(crate) ticks: Ticks,
    /// The time of the last turn in nanoseconds, as a number that no deadline from the far end of time is after.
    pub(crate) time: i64,
    /// A turn before this time has nothing to do; 0 while turns have.
    pub(crate) quiet_until: u64,
    /// No timer is due before this tick.
    pub(crate) soonest: u64,
    /// Whether that tick is the one of a timer, one that may have been cancelled or moved since.
    pub(crate) is_exact: bool,
    /// The tick at which the wheel stands: everything before it has been handed out.
    pub(crate) now: u64,
    /// The last tick that each level takes.
    limits: [u64; LEVELS],
    rings: [Ring; LEVELS + 1],
    /// A place's link is its position, its datum the low half of its tick.
    pub(crate) places: Arena<u32, T>,
    pub(crate) slots: Slots<G>,
    pub(crate) outliers: Outliers,
    /// The tick of the last turn that had something to do. Until that turn is done, `now` may lie before it.
    pub(crate) target: u64,
    /// Whether that turn still has something to do.
    pub(crate) turn_is_open: bool,
    /// The uppermost level whose slot of `now` has timers, or 0.
    pub(crate) full_level: usize,
    /// Whether a slot has a share to bring down.
    pub(crate) is_feeding: bool,
    /// Up to this tick shares have been brought down.
    pub(crate) fed_until: u64,
    pub(crate) work: WorkCounters,
}

impl<T, G: Geometry> Store<T, G> {
    /// An empty store whose last turn was at `time`.
    pub(crate) fn new(ticks: Ticks, time: Timestamp) -> Self {
        let now = ticks.before(time);
        Self {
            ticks,
            time: time.as_nanos().min(LAST_TIME) as i64,
            quiet_until: 0,
            soonest: u64::MAX,
            is_exact: true,
            now,
            limits: limits::<G>(now, |_, _| false),
            rings: rings::<G>(),
            places: Arena::new(MAX_TIMERS),
            slots: Slots::new(),
            outliers: Outliers::new(),
            target: now,
            turn_is_open: false,
            full_level: 0,
            is_feeding: false,
            fed_until: now,
            work: WorkCounters::default(),
        }
    }

    /// An empty store with the same settings, at the same time.
    pub(crate) fn sibling(&self) -> Self {
        Self {
            time: self.time,
            places: self.places.sibling(),
            ..Self::new(self.ticks, self.ticks.start_of(self.last_turn()))
        }
    }

    /// The tick of the last turn.
    #[inline]
    pub(crate) fn last_turn(&self) -> u64 {
        if self.time == LAST_TIME as i64 {
            return self.target;
        }
        self.target.max(self.ticks.before(Timestamp::from_nanos(self.time as u64)))
    }

    /// Notes the time of a turn.
    pub(crate) fn set_time(&mut self, now: Timestamp) {
        if now.as_nanos() < LAST_TIME {
            self.time = self.time.max(now.as_nanos() as i64);
            self.target = self.last_turn();
        } else {
            self.time = LAST_TIME as i64;
            self.target = self.target.max(self.ticks.before(now));
        }
    }

    /// The tick, at `now` or after it, that has this low half.
    #[inline]
    pub(crate) const fn widen(&self, tick: u32) -> u64 {
        self.now + tick.wrapping_sub(self.now as u32) as u64
    }

    /// Whether the slot of a level that spans a tick has timers.
    #[inline]
    pub(crate) fn holds(&self, level: usize, tick: u64) -> bool {
        self.slots.occupied.contains(ring::<G>(level).slot(tick))
    }

    /// Sets how far each level reaches, after `now` has moved or a slot that holds levels back has emptied.
    #[inline(never)]
    pub(crate) fn set_limits(&mut self) {
        self.limits = limits::<G>(self.now, |level, tick| self.holds(level, tick));
    }

    /// The slot for a tick that is not before `now`: that of the lowest level which reaches so far, or none.
    #[inline]
    fn slot_of(&self, tick: u64) -> usize {
        // There is no branch in it: what it depends on is often still on its way from memory.
        let passed = self.limits.iter().map(|limit| usize::from(tick > *limit)).sum::<usize>();
        self.rings[passed % (LEVELS + 1)].slot(tick)
    }

    /// As [`slot_of`](Self::slot_of), for a tick within reach. The reach may end within the last level's next turn.
    fn slot_within(&self, tick: u64) -> usize {
        let slot = self.slot_of(tick);
        if self.slots.get(slot).is_some() { slot } else { ring::<G>(LEVELS - 1).slot(tick) }
    }

    /// Whether a timer for `tick` belongs into a slot.
    #[inline]
    fn is_within(&self, tick: u64) -> bool {
        tick > self.target && tick - self.now < reach::<G>()
    }

    /// Notes that a timer is armed for `tick`.
    #[inline]
    pub(crate) fn note_armed(&mut self, tick: u64) {
        if tick < self.soonest {
            (self.soonest, self.is_exact) = (tick, true);
            self.quiet_until = self.quiet_until.min(self.edge(tick));
        }
    }

    /// The first nanosecond of a tick, as far as times are kept in nanoseconds.
    #[inline]
    pub(crate) fn edge(&self, tick: u64) -> u64 {
        self.ticks.start_of(tick).as_nanos().min(LAST_TIME)
    }

    /// The tick at which a timer with this link and datum is due.
    pub(crate) fn tick(&self, index: u32, position: u32, tick: u32) -> u64 {
        if position == OUTLIER { self.outliers.tick(index).unwrap_or(self.now) } else { self.widen(tick) }
    }

    /// The tick at which a timer for this deadline is due, after `target` was brought up to date. One that is overdue
    /// does not wait for a rounder tick.
    fn due(&self, deadline: Deadline) -> u64 {
        let first = self.ticks.after(deadline.soft());
        if deadline.is_exact() || first <= self.target { first } else { self.ticks.expiry(deadline) }
    }

    /// Whether a deadline is like nearly all: without slack, ahead, and not at the far end of time.
    #[inline]
    fn is_plain(&self, deadline: Deadline) -> bool {
        deadline.soft().as_nanos() as i64 > self.time && deadline.is_exact()
    }

    #[inline]
    pub(crate) fn insert(&mut self, deadline: Deadline, value: T) -> Result<TimerId, InsertError<T>> {
        if !self.is_plain(deadline) {
            return self.insert_anywhere(deadline, value);
        }
        let tick = self.ticks.after_some(deadline.soft().as_nanos());
        let number = self.slot_of(tick);
        let Some(slot) = self.slots.get(number).filter(|_| tick >= self.soonest) else {
            return self.insert_anywhere(deadline, value);
        };
        let (position, has_room) = (slot.end, slot.has_room());
        let id = match self.places.insert_at_hand(position, tick as u32, value) {
            Ok(id) => id,
            Err(value) => return self.insert_anywhere(deadline, value),
        };
        if has_room {
            self.slots.append(number, id.index(), tick as u32);
        } else {
            self.push_slowly(number, tick, id.index());
        }
        Ok(id)
    }

    /// Puts a timer at the end of a slot that has no room in its last line.
    #[inline(never)]
    fn push_slowly(&mut self, slot: usize, tick: u64, index: u32) {
        self.push(slot, tick, index);
        self.ask_for_stock();
    }

    /// Arms a timer in whatever way it takes: for any deadline, on a new page.
    #[cold]
    #[inline(never)]
    fn insert_anywhere(&mut self, deadline: Deadline, value: T) -> Result<TimerId, InsertError<T>> {
        self.target = self.last_turn();
        let tick = self.due(deadline);
        let id = self.places.insert(OUTLIER, tick as u32, value)?;
        self.file_or_set_aside(tick, id.index());
        self.ask_for_stock();
        Ok(id)
    }

    /// Files a timer that lies nowhere, or makes it an outlier.
    fn file_or_set_aside(&mut self, tick: u64, index: u32) {
        if self.is_within(tick) {
            self.file(tick, index);
            return;
        }
        let side = if tick <= self.target { Side::After } else { Side::Before };
        let tick = tick.max(self.target);
        self.note_armed(tick);
        if side == Side::After {
            self.quiet_until = 0;
        }
        self.places.set_link(index, OUTLIER);
        self.outliers.insert(tick, side, index);
    }

    /// Files a timer within reach in the slot of its tick.
    #[inline]
    pub(crate) fn file(&mut self, tick: u64, index: u32) {
        self.note_armed(tick);
        self.push(self.slot_within(tick), tick, index);
    }

    /// Puts a timer at the end of a slot.
    #[inline]
    pub(crate) fn push(&mut self, slot: usize, tick: u64, index: u32) {
        let places = &mut self.places;
        let position = self.slots.push(slot, index, tick as u32, |index, position| places.set_link(index, position));
        self.places.set_link(index, position);
    }

    #[inline]
    pub(crate) fn reset(&mut self, id: TimerId, deadline: Deadline) -> bool {
        if self.is_plain(deadline) {
            let tick = self.ticks.after_some(deadline.soft().as_nanos());
            if tick - self.now < reach::<G>() && self.put_off(id, tick) {
                return true;
            }
        }
        self.move_anywhere(id, deadline)
    }

    /// Moves a timer that has an entry to a tick that is not before its own. Says whether it could.
    #[inline]
    fn put_off(&mut self, id: TimerId, tick: u64) -> bool {
        let now = self.now as u32;
        let Some((position, due, _)) = self.places.find_mut(id) else { return false };
        let is_later = (tick as u32).wrapping_sub(now) >= due.wrapping_sub(now) && position != OUTLIER;
        if is_later {
            *due = tick as u32;
        }
        is_later
    }

    /// Whether a timer can move to a tick though its entry stays: if the entry will have been met by then. One whose
    /// tick is in the span of its slot may have a promised place (C3), which it loses if it moves to earlier.
    fn may_stay(&self, position: u32, due: u32, tick: u64) -> bool {
        let number = self.slots.number(position);
        let least = self.slots.get(number).map_or(due, |slot| slot.least);
        let ring = self.rings.iter().take(LEVELS).rfind(|ring| usize::from(ring.base) <= number);
        let is_put_off = ring.is_some_and(|ring| (due ^ least) >> ring.shift != 0);
        tick >= self.widen(if is_put_off { least } else { due })
    }

    #[inline(never)]
    fn move_anywhere(&mut self, id: TimerId, deadline: Deadline) -> bool {
        self.target = self.last_turn();
        let tick = self.due(deadline);
        let Some((position, due, _)) = self.places.find(id) else { return false };
        let stays = if position == OUTLIER {
            tick > self.target && self.outliers.tick(id.index()) == Some(tick)
        } else {
            self.is_within(tick) && self.may_stay(position, due, tick)
        };
        if !stays {
            self.leave(position, id.index());
        }
        if let Some((_, due, _)) = self.places.find_mut(id) {
            *due = tick as u32;
        }
        if !stays {
            self.file_or_set_aside(tick, id.index());
            self.ask_for_stock();
        }
        true
    }

    /// Takes a timer out before it fires.
    #[inline]
    pub(crate) fn cancel(&mut self, id: TimerId) -> Option<T> {
        let (position, value) = self.places.remove(id)?;
        self.leave(position, id.index());
        Some(value)
    }

    /// Notes that a timer has left its position.
    #[inline]
    fn leave(&mut self, position: u32, index: u32) {
        if !self.slots.remove(position) {
            self.outliers.remove(index);
        }
    }
}
