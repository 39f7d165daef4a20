//! The timers of a wheel, and where each is filed.
//!
//! Every place in the arena that has an entry in the wheel has exactly one. That is the invariant which makes lazy work
//! safe: an entry needs no generation of its own, since a place is not given out again before its entry has been met.
//!
//! - *Moved to later*: only the place's tick changes. The entry stays where it is, and when it is met it is filed
//!   again.
//! - *Cancelled*: the value leaves at once; the entry stays, stale, and is dropped when it is met, or swept. Where it
//!   is the last of its slot, as it is for a timer that is cancelled soon after it was armed, it goes at once.
//! - *Moved to earlier* than its entry: the entry is stale from now on, and a *proxy* is filed in the right slot: a
//!   place of its own without a value, which leads to the timer. So the id stays good.
//!
//! A place whose entry is stale is [marked](Marks). So every live timer has one good entry (its own, its proxy's,
//! or its place among the [`Outliers`]), and each mark stands for one stale entry more.
//!
//! Ticks in entries and places are the low halves; all of them lie from `now` to within the last level's reach, so that
//! they are told apart. The few that do not are outliers.

use super::chunk::{Batch, Chunks};
use super::geometry::{Geometry, LEVELS, limits, place, reach};
use super::level::Level;
use super::marks::Marks;
use super::outliers::{Outliers, Side};
use super::progress::{Cascade, Sweep};
use super::work::Work;
use crate::arena::{Apart, Arena, Parting};
use crate::error::InsertError;
use crate::timer::TimerId;

/// What a place is, in its tag. `link` and `datum` below are the two words of the place's head.
pub(crate) mod tag {
    /// A timer whose entry is its own: `datum` is its tick, `link` the tick under which the entry is filed.
    pub(crate) const OWN: u8 = 1;
    /// A timer whose entry is that of a proxy, `link`; `datum` is its tick.
    pub(crate) const PROXIED: u8 = 2;
    /// A timer among the outliers.
    pub(crate) const OUTLIER: u8 = 3;
    /// No timer but the entry of one, `link`, or of none any more if it is stale; `datum` is the tick under which the
    /// entry is filed.
    pub(crate) const PROXY: u8 = 4;
    /// No timer any more, but its entry is still out there.
    pub(crate) const DEAD: u8 = 5;
}

/// Levels whose first slots are there from the beginning: with ticks of a millisecond, for a quarter of an hour.
const PREPARED_LEVELS: usize = 3;

/// All that a wheel holds, in ticks.
pub(crate) struct Store<T, G> {
    pub(crate) arena: Arena<Apart<u32, T>>,
    /// The places whose entry is stale.
    pub(crate) stale: Marks,
    pub(crate) chunks: Chunks,
    pub(crate) levels: [Level<G>; LEVELS],
    pub(crate) outliers: Outliers,
    /// Entries of `now`, on their way from their slot to being handed out.
    pub(crate) due: Batch,
    /// The tick at which the wheel stands: everything before it has been handed out.
    pub(crate) now: u64,
    /// How far each level but the last reaches at `now`.
    pub(crate) limits: [u64; LEVELS - 1],
    /// The tick of the last turn that was opened. Until that turn is done, `now` may lie before it.
    pub(crate) target: u64,
    /// No timer is due before this tick: exact, but for what was cancelled or moved since it was last visited.
    pub(crate) soonest: u64,
    /// Whether that turn still has something to do.
    pub(crate) turn_is_open: bool,
    pub(crate) cascade: Cascade,
    pub(crate) sweep: Sweep,
    pub(crate) work: Work,
}

impl<T, G: Geometry> Store<T, G> {
    /// An empty store, with the memory that its first timers will need.
    pub(crate) fn new(now: u64) -> Self {
        let mut store = Self::bare(now);
        store.reserve(1);
        store.levels[..PREPARED_LEVELS].iter_mut().for_each(Level::prepare_some);
        store
    }

    fn bare(now: u64) -> Self {
        Self {
            arena: Arena::new(),
            stale: Marks::new(),
            chunks: Chunks::new(),
            levels: core::array::from_fn(Level::new),
            outliers: Outliers::new(),
            due: Batch::EMPTY,
            now,
            limits: limits::<G>(now),
            target: now,
            soonest: u64::MAX,
            turn_is_open: false,
            cascade: Cascade::at(now),
            sweep: Sweep::default(),
            work: Work::default(),
        }
    }

    /// Entries held, of live timers and stale ones.
    pub(crate) const fn entries(&self) -> usize {
        self.arena.live() + self.stale.count()
    }

    /// The tick, at `now` or after it, that has this low half.
    #[inline]
    pub(crate) const fn widen(&self, tick: u32) -> u64 {
        self.now + tick.wrapping_sub(self.now as u32) as u64
    }

    /// Whether a timer for `tick` belongs into a slot.
    #[inline]
    fn is_within(&self, tick: u64) -> bool {
        tick > self.target && tick - self.now < reach::<G>()
    }

    /// Files an entry for a place straight into the slot of its tick.
    #[inline]
    pub(crate) fn file(&mut self, tick: u64, index: u32) {
        self.soonest = self.soonest.min(tick);
        let level = place(&self.limits, tick);
        self.sweep.note_filed(level, self.levels[level].index(tick));
        self.levels[level].push(&mut self.chunks, tick, index, false);
    }

    /// Sees to it that the place which is given out next can be marked.
    #[inline]
    fn make_room(&mut self) {
        if self.arena.is_full() {
            self.stale.reserve(self.arena.next_places());
        }
    }

    #[inline]
    pub(crate) fn insert(&mut self, tick: u64, value: T) -> Result<TimerId, InsertError<T>> {
        if !self.is_within(tick) {
            return self.insert_outlier(tick, value);
        }
        self.make_room();
        let id = self.arena.insert(value, tag::OWN, tick as u32, tick as u32)?;
        self.file(tick, id.index());
        Ok(id)
    }

    #[cold]
    #[inline(never)]
    fn insert_outlier(&mut self, tick: u64, value: T) -> Result<TimerId, InsertError<T>> {
        self.make_room();
        let id = self.arena.insert(value, tag::OUTLIER, 0, 0)?;
        self.add_outlier(tick, id.index());
        Ok(id)
    }

    /// Puts a timer among the outliers: beyond reach, or overdue, which is due at the tick of the last turn.
    fn add_outlier(&mut self, tick: u64, index: u32) {
        let side = if tick <= self.target { Side::After } else { Side::Before };
        let tick = tick.max(self.target);
        self.soonest = self.soonest.min(tick);
        self.outliers.insert(tick, side, index);
    }

    /// The tick at which a timer is due.
    pub(crate) fn tick(&self, index: u32) -> Option<u64> {
        let head = self.arena.head(index);
        match head.tag() {
            tag::OUTLIER => self.outliers.tick(index),
            _ => Some(self.widen(head.datum)),
        }
    }

    #[inline]
    pub(crate) fn reschedule(&mut self, id: TimerId, tick: u64) -> bool {
        let now = self.now as u32;
        let within = self.is_within(tick);
        let Some(head) = self.arena.find_mut(id) else { return false };
        // The hot path, and one cache line: to later, or to where it is.
        if within && head.tag() == tag::OWN && (tick as u32).wrapping_sub(now) >= head.link.wrapping_sub(now) {
            head.datum = tick as u32;
        } else {
            self.move_elsewhere(id.index(), tick, within);
        }
        true
    }

    /// Reschedules where the timer's entry cannot serve as it is.
    #[inline(never)]
    fn move_elsewhere(&mut self, index: u32, tick: u64, within: bool) {
        let head = self.arena.head(index);
        if head.tag() == tag::OWN {
            let filed = self.widen(head.link);
            self.give_up_entry(filed, index);
        } else if self.stays_under_another_name(index, tick, within) {
            return;
        }
        if !within {
            self.become_outlier(index, tick);
        } else if self.stale.contains(index) {
            self.file_proxy(index, tick);
        } else {
            self.file_own(index, tick);
        }
        self.keep_up();
    }

    /// Whether a timer that is not filed under its own name is rescheduled with what it has: a proxy that lies early
    /// enough, or its place among the outliers. If not, it has done with either.
    #[inline(never)]
    fn stays_under_another_name(&mut self, index: u32, tick: u64, within: bool) -> bool {
        let head = self.arena.head(index);
        let stays;
        if head.tag() == tag::PROXIED {
            let proxy = head.link;
            stays = within && tick >= self.widen(self.arena.head(proxy).datum);
            if stays {
                self.arena.head_mut(index).datum = tick as u32;
            } else {
                self.abandon_proxy(proxy);
            }
        } else {
            stays = tick > self.target && self.outliers.tick(index) == Some(tick);
            if !stays {
                self.outliers.remove(index);
            }
        }
        stays
    }

    #[inline(never)]
    fn become_outlier(&mut self, index: u32, tick: u64) {
        self.arena.head_mut(index).set_tag(tag::OUTLIER);
        self.add_outlier(tick, index);
    }

    /// Files a timer that has no entry under its own name.
    fn file_own(&mut self, index: u32, tick: u64) {
        let head = self.arena.head_mut(index);
        head.set_tag(tag::OWN);
        (head.link, head.datum) = (tick as u32, tick as u32);
        self.file(tick, index);
    }

    /// Files a timer, whose own entry is stale, under the name of a proxy.
    fn file_proxy(&mut self, index: u32, tick: u64) {
        self.make_room();
        let Some(proxy) = self.arena.allot(tag::PROXY, index, tick as u32) else {
            // All 2³² places are taken. The outliers need none; only the order within the tick is lost.
            return self.become_outlier(index, tick);
        };
        let head = self.arena.head_mut(index);
        head.set_tag(tag::PROXIED);
        (head.link, head.datum) = (proxy, tick as u32);
        self.file(tick, proxy);
    }

    /// Takes a timer out before it fires.
    #[inline]
    pub(crate) fn cancel(&mut self, id: TimerId) -> Option<T> {
        // First: its loads would wait behind the stores below, which go where the id says, a cache miss away.
        self.keep_up();
        let index = id.index();
        let mut elsewhere = None;
        let mut ending = None;
        let value = self.arena.take_by_id(id, |head| {
            if head.tag() != tag::OWN {
                elsewhere = Some((head.tag(), head.link));
                return Parting::Keep(head.tag());
            }
            let tick = self.now + u64::from(head.link.wrapping_sub(self.now as u32));
            let level = place(&self.limits, tick);
            if !self.levels[level].pop_back_if(&mut self.chunks, tick, index) {
                self.stale.insert(index);
                self.sweep.note_stale(level, self.levels[level].index(tick));
                return Parting::Keep(tag::DEAD);
            }
            ending = Some((level, tick));
            Parting::Release
        })?;
        if let Some((level, tick)) = ending {
            self.entry_went(level, tick);
        } else if let Some((head_tag, link)) = elsewhere {
            self.leave_elsewhere(index, head_tag, link);
        }
        Some(value)
    }

    #[inline(never)]
    fn leave_elsewhere(&mut self, index: u32, head_tag: u8, link: u32) {
        if head_tag == tag::PROXIED {
            self.abandon_proxy(link);
        } else {
            self.outliers.remove(index);
        }
        self.leave(index);
    }

    /// Frees the place of a timer that has left, or keeps it while a stale entry still refers to it.
    #[inline]
    pub(crate) fn leave(&mut self, index: u32) {
        if self.stale.contains(index) {
            self.arena.head_mut(index).set_tag(tag::DEAD);
        } else {
            self.arena.release(index);
        }
    }

    /// Takes the entry of a place, which is filed under this tick, off the end of its slot if it lies there, or else
    /// marks it as stale.
    fn give_up_entry(&mut self, filed: u64, index: u32) {
        let level = place(&self.limits, filed);
        if self.levels[level].pop_back_if(&mut self.chunks, filed, index) {
            self.entry_went(level, filed);
        } else {
            self.stale.insert(index);
            self.sweep.note_stale(level, self.levels[level].index(filed));
        }
    }

    /// Has done with a proxy. Its place is not even looked at, a cache miss away: the mark says enough.
    fn abandon_proxy(&mut self, proxy: u32) {
        self.stale.insert(proxy);
        self.sweep.note_stale_somewhere();
    }

    /// Counts an entry that went off the end of its slot. Timers that were cancelled in the order of arming lie before
    /// it, stale: some go along.
    #[inline]
    fn entry_went(&mut self, level: usize, tick: u64) {
        self.work.collected += 1;
        if self.stale.count() > 0 {
            let (arena, stale) = (&mut self.arena, &mut self.stale);
            let gone = self.levels[level].drop_back(&mut self.chunks, tick, |place| drop_if_stale(arena, stale, place));
            self.work.collected += gone as u64;
        }
    }
}

/// Has done with the entry of a place, if it is stale; with the place too, if it was kept for the entry alone. Says
/// whether it was.
#[inline]
pub(crate) fn drop_if_stale<T>(arena: &mut Arena<Apart<u32, T>>, stale: &mut Marks, place: u32) -> bool {
    let is_stale = stale.contains(place);
    if is_stale {
        drop_stale(arena, stale, place);
    }
    is_stale
}

/// Has done with the stale entry of a place; with the place too, if it was kept for the entry alone.
#[inline]
pub(crate) fn drop_stale<T>(arena: &mut Arena<Apart<u32, T>>, stale: &mut Marks, place: u32) {
    stale.remove(place);
    if matches!(arena.head(place).tag(), tag::DEAD | tag::PROXY) {
        arena.release(place);
    }
}
