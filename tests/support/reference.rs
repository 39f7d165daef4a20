//! A sorted map as a timer: right, slow, and with a switch for each way to be wrong.
//!
//! The suites run over it to show that they pass where they should and fail where they should: a check that cannot fail
//! is none.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use tickwheel::{Budget, Deadline, Expired, InsertError, Timer, TimerId, Timestamp};

use crate::support::rules::Rules;
use crate::support::subject::Subject;

/// One way in which a timer can be wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// Deadlines round down.
    EarlyByATick,
    LateByATick,
    /// Within a tick, the last armed goes first.
    LastArmedFirst,
    /// What a budget left over comes last.
    LeftoversLast,
    /// An id fires a second time, with another timer's value.
    FiresOneIdTwice,
    LosesWhenFiring,
    LosesTheMovedLater,
    /// Cancel answers well and the timer fires all the same.
    CancelForgets,
    /// An id finds whatever is at its index.
    GenerationIgnored,
    /// Clearing and shrinking start generations anew.
    ClearForgetsGenerations,
    MovingMakesIdStale,
    NextExpiryTooLate,
    /// A cancelled timer's expiry is answered for ever.
    StaleAnswerComesBack,
    NextTurnAfterNextExpiry,
    /// What is armed for now during a turn fires in it.
    OverdueFiresAtOnce,
    /// What is armed for the past waits for the clock to move.
    OverdueWaits,
    /// A timer over 2^32 ticks away is lost, as in Linux 2.4.
    FarIsLost,
    /// A timer over 2^32 ticks away fires then.
    FarIsClamped,
    PanicsWhenFar,
    /// The last tick stands for 'not armed'.
    LastTickIsASentinel,
    BudgetIgnored,
    /// A turn in the past takes the time back.
    ClockRunsBack,
    /// A timer a whole turn of the ring away, in the slot that holds now, hides a near one.
    SlotOfNowHidesNear,
    /// The expiry that is told is the one of the arming.
    ExpiryNotUpdated,
    LimitIgnored,
    /// Cancelling keeps the value until the timer would have fired.
    CancelKeepsValue,
}

impl Fault {
    pub(crate) const ALL: [Self; 26] = [
        Self::EarlyByATick,
        Self::LateByATick,
        Self::LastArmedFirst,
        Self::LeftoversLast,
        Self::FiresOneIdTwice,
        Self::LosesWhenFiring,
        Self::LosesTheMovedLater,
        Self::CancelForgets,
        Self::GenerationIgnored,
        Self::ClearForgetsGenerations,
        Self::MovingMakesIdStale,
        Self::NextExpiryTooLate,
        Self::StaleAnswerComesBack,
        Self::NextTurnAfterNextExpiry,
        Self::OverdueFiresAtOnce,
        Self::OverdueWaits,
        Self::FarIsLost,
        Self::FarIsClamped,
        Self::PanicsWhenFar,
        Self::LastTickIsASentinel,
        Self::BudgetIgnored,
        Self::ClockRunsBack,
        Self::SlotOfNowHidesNear,
        Self::ExpiryNotUpdated,
        Self::LimitIgnored,
        Self::CancelKeepsValue,
    ];
}

/// Where a timer stands in the order: its tick, then its arming.
type Place = (u64, i64);

struct Armed<T> {
    index: u32,
    told_tick: u64,
    soft: u64,
    waits_in: Option<u64>,
    value: Option<T>,
}

#[derive(Clone, Copy)]
struct Slot {
    generation: u32,
    place: Option<Place>,
}

pub(crate) struct Reference<T> {
    rules: Rules,
    fault: Option<Fault>,
    armed: BTreeMap<Place, Armed<T>>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Values of timers that a faulty cancel keeps.
    kept: Vec<T>,
    stale_ticks: BTreeSet<u64>,
    armings: i64,
    limit: usize,
    begun: u64,
    turn: u64,
    /// The tick of the turn before: what is due by then is left over from it.
    left_over_until: u64,
    last_fired: Option<TimerId>,
}

impl<T> Reference<T> {
    pub(crate) fn new(rules: Rules, start: Timestamp, fault: Option<Fault>) -> Self {
        Self {
            rules,
            fault,
            armed: BTreeMap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            kept: Vec::new(),
            stale_ticks: BTreeSet::new(),
            armings: 0,
            limit: usize::MAX,
            begun: rules.begun(start),
            turn: 0,
            left_over_until: 0,
            last_fired: None,
        }
    }

    pub(crate) fn with_max_timers(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn find(&self, id: TimerId) -> Option<Place> {
        let slot = self.slots.get(id.index() as usize)?;
        let current = slot.generation == id.generation().get() || self.has(Fault::GenerationIgnored);
        slot.place.filter(|_| current)
    }

    fn id(&self, index: u32) -> TimerId {
        let generation = self.slots[index as usize].generation;
        TimerId::new(index, NonZeroU32::new(generation).expect("generations start at 1"))
    }

    /// Soft and hard tick of a timer armed now, and whether it is overdue.
    fn due(&self, deadline: Deadline) -> (u64, u64, bool) {
        let due = self.rules.due(deadline);
        let (mut soft, mut hard) = (due.soft, due.hard);
        let far = hard.saturating_sub(self.begun) >> 32 > 0;
        assert!(!(far && self.has(Fault::PanicsWhenFar)), "too far ahead");
        match self.fault {
            Some(Fault::EarlyByATick) if soft > self.begun => {
                soft -= 1;
                hard = hard.saturating_sub(1).max(soft);
            }
            Some(Fault::LateByATick) => hard = hard.saturating_add(1),
            Some(Fault::FarIsLost) if far => soft = u64::MAX,
            Some(Fault::FarIsClamped) if far => {
                hard = self.begun + (1 << 32);
                soft = soft.min(hard);
            }
            _ => {}
        }
        let overdue = self.rules.first(deadline) <= self.begun || soft <= self.begun;
        if overdue { (self.begun, self.begun, true) } else { (soft, hard, false) }
    }

    fn arm(&mut self, index: u32, (soft, hard, overdue): (u64, u64, bool), value: T) {
        self.armings += 1;
        let arming = if self.has(Fault::LastArmedFirst) { -self.armings } else { self.armings };
        let place = (hard, arming);
        let waits = overdue && !self.has(Fault::OverdueFiresAtOnce);
        let waits_in = waits.then_some(if self.has(Fault::OverdueWaits) { self.begun } else { self.turn });
        self.armed.insert(place, Armed { index, told_tick: hard, soft, waits_in, value: Some(value) });
        self.slots[index as usize].place = Some(place);
    }

    fn must_wait(&self, armed: &Armed<T>) -> bool {
        let now = if self.has(Fault::OverdueWaits) { self.begun } else { self.turn };
        armed.waits_in == Some(now)
    }

    fn release(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        slot.place = None;
        slot.generation += 1;
        self.free.push(index);
    }

    /// The place of the timer that the open turn hands out next.
    fn next_due(&self) -> Option<Place> {
        let lost = |place: Place| match self.fault {
            Some(Fault::LastTickIsASentinel) => place.0 == self.rules.begun(Timestamp::MAX),
            _ => false,
        };
        let mut in_turn = self
            .armed
            .iter()
            .filter(|(place, armed)| !self.must_wait(armed) && !lost(**place))
            .take_while(|(_, armed)| armed.soft <= self.begun)
            .map(|(place, _)| *place);
        if self.has(Fault::LeftoversLast) {
            let fresh = in_turn.clone().find(|place| place.0 > self.left_over_until);
            return fresh.or_else(|| in_turn.next());
        }
        in_turn.next()
    }

    fn truly_next(&self) -> Option<u64> {
        let first = self.armed.keys().next()?.0;
        if !self.has(Fault::SlotOfNowHidesNear) {
            return Some(first);
        }
        let hides = |tick: u64| tick >> 8 > self.begun >> 8 && (tick >> 8) & 63 == (self.begun >> 8) & 63;
        self.armed.keys().map(|place| place.0).find(|tick| hides(*tick)).or(Some(first))
    }
}

impl<T> Timer<T> for Reference<T> {
    fn insert_deadline(&mut self, deadline: Deadline, value: T) -> Result<TimerId, InsertError<T>> {
        if self.armed.len() >= self.limit && !self.has(Fault::LimitIgnored) {
            return Err(InsertError::new(value, self.limit));
        }
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 1, place: None });
            self.slots.len() as u32 - 1
        });
        let due = self.due(deadline);
        self.arm(index, due, value);
        Ok(self.id(index))
    }

    fn reset_deadline(&mut self, id: TimerId, deadline: Deadline) -> bool {
        let Some(place) = self.find(id) else { return false };
        let due = self.due(deadline);
        let (soft, hard, overdue) = due;
        if hard == place.0 && !overdue {
            self.armed.get_mut(&place).expect("a slot leads to its timer").soft = soft;
            return true;
        }
        if hard > place.0 && self.has(Fault::LosesTheMovedLater) {
            self.cancel(id);
            return true;
        }
        let armed = self.armed.remove(&place).expect("a slot leads to its timer");
        let index = armed.index;
        self.stale_ticks.insert(place.0);
        let Some(value) = armed.value else { return false };
        if self.has(Fault::MovingMakesIdStale) {
            self.slots[index as usize].generation += 1;
        }
        self.arm(index, due, value);
        if self.has(Fault::ExpiryNotUpdated) {
            let place = self.slots[index as usize].place.expect("it was armed just now");
            self.armed.get_mut(&place).expect("it was armed just now").told_tick = armed.told_tick;
        }
        true
    }

    fn cancel(&mut self, id: TimerId) -> Option<T> {
        let place = self.find(id)?;
        let armed = self.armed.remove(&place).expect("a slot leads to its timer");
        self.release(armed.index);
        self.stale_ticks.insert(place.0);
        let value = armed.value?;
        if self.has(Fault::CancelKeepsValue) {
            self.kept.push(value);
            return None;
        }
        if self.has(Fault::CancelForgets) {
            let waits_in = armed.waits_in;
            self.armed.insert(place, Armed { value: None, waits_in, ..armed });
        }
        Some(value)
    }

    fn get(&self, id: TimerId) -> Option<&T> {
        self.armed[&self.find(id)?].value.as_ref()
    }

    fn get_mut(&mut self, id: TimerId) -> Option<&mut T> {
        let place = self.find(id)?;
        self.armed.get_mut(&place)?.value.as_mut()
    }

    fn expiry(&self, id: TimerId) -> Option<Timestamp> {
        Some(self.rules.start_of(self.armed[&self.find(id)?].told_tick))
    }

    fn next_expiry(&self) -> Option<Timestamp> {
        let mut tick = self.truly_next()?;
        if self.has(Fault::NextExpiryTooLate) {
            tick = self.armed.keys().nth(1).map_or(tick, |second| second.0);
        }
        if self.has(Fault::StaleAnswerComesBack) {
            tick = self.stale_ticks.first().map_or(tick, |stale| tick.min(*stale));
        }
        Some(self.rules.start_of(tick))
    }

    fn next_turn(&self) -> Option<Timestamp> {
        let expiry = self.next_expiry()?;
        Some(if self.has(Fault::NextTurnAfterNextExpiry) { expiry + self.rules.tick_length() } else { expiry })
    }

    fn open_turn(&mut self, now: Timestamp) {
        self.left_over_until = self.begun;
        let begun = self.rules.begun(now);
        self.begun = if self.has(Fault::ClockRunsBack) { begun } else { self.begun.max(begun) };
        self.turn += 1;
    }

    fn expire_next(&mut self, budget: &mut Budget) -> Option<Expired<T>> {
        if budget.is_spent() && !self.has(Fault::BudgetIgnored) {
            return None;
        }
        let place = self.next_due()?;
        budget.spend(1);
        let mut armed = self.armed.remove(&place).expect("what is due is armed");
        let id = self.id(armed.index);
        let value = armed.value.take()?;
        self.release(armed.index);
        if self.has(Fault::LosesWhenFiring) && self.armed.len() % 3 == 1 {
            return self.expire_next(budget);
        }
        let last_fired = self.last_fired.replace(id).filter(|_| self.has(Fault::FiresOneIdTwice));
        Some(Expired { id: last_fired.unwrap_or(id), expiry: self.rules.start_of(armed.told_tick), value })
    }

    fn len(&self) -> usize {
        self.armed.len()
    }

    fn for_each(&self, visit: &mut dyn FnMut(TimerId, Timestamp, &T)) {
        for armed in self.armed.values() {
            let value = armed.value.as_ref().expect("armed timers have values");
            visit(self.id(armed.index), self.rules.start_of(armed.told_tick), value);
        }
    }

    fn clear(&mut self) {
        let armed = std::mem::take(&mut self.armed);
        self.stale_ticks.clear();
        armed.values().for_each(|armed| self.release(armed.index));
        if self.has(Fault::ClearForgetsGenerations) {
            self.slots.clear();
            self.free.clear();
        }
        drop(armed);
    }

    fn reserve(&mut self, additional: usize) {
        self.slots.reserve(additional.min(self.limit.saturating_sub(self.armed.len())));
    }

    fn shrink_to_fit(&mut self) {
        self.slots.shrink_to_fit();
        self.free.shrink_to_fit();
    }

    fn sibling(&self) -> Self {
        let mut sibling = Self::new(self.rules, Timestamp::ZERO, self.fault).with_max_timers(self.limit);
        sibling.begun = self.begun;
        sibling
    }
}

impl Subject for Reference<u64> {
    fn rules(&self) -> Rules {
        self.rules
    }
}
