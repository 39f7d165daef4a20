//! Containers and what must be true of them.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use tickwheel::{Budget, Deadline, Expired, TimerExt, TimerId, Timestamp};

use crate::container::{Container, Rounding, make};
use crate::ops::{Op, Pick, When};

/// Timers that all containers may hold together.
const MOST: usize = 1500;

struct Armed {
    value: u32,
    soft: Timestamp,
    due: Timestamp,
    armed: u64,
    /// It has no promised place within its tick.
    floats: bool,
    /// It was overdue when it was armed in this turn, and waits for the next.
    waits: bool,
}

/// A container and its model.
struct Checked {
    timers: Box<dyn Container>,
    rounding: Rounding,
    armed: BTreeMap<TimerId, Armed>,
    now: Timestamp,
    next: u64,
}

pub(crate) struct World {
    containers: Vec<Checked>,
    ids: Vec<TimerId>,
    value: u32,
}

impl World {
    pub(crate) fn new(kinds: [u8; 3], start: Timestamp) -> Self {
        let containers = kinds.map(|kind| {
            let (timers, rounding) = make(kind, start);
            Checked { timers, rounding, armed: BTreeMap::new(), now: start, next: 0 }
        });
        Self { containers: containers.into(), ids: vec![TimerId::new(0, NonZeroU32::MIN)], value: 0 }
    }

    pub(crate) fn apply(&mut self, which: usize, op: Op, more: &mut impl Iterator<Item = (u8, Op)>) {
        let which = which % self.containers.len();
        match op {
            Op::Turn { to, budget, inside } => {
                let to = self.containers[which].moment(to);
                self.turn(which, to, budget, inside, more);
            }
            Op::Sleep { budget } => {
                if let Some(wanted) = self.containers[which].timers.next_turn() {
                    self.turn(which, wanted, budget, 0, more);
                }
            }
            Op::BecomeSibling { of } => {
                let of = &self.containers[usize::from(of) % self.containers.len()];
                let (timers, rounding, now) = (of.timers.sibling_of_its_kind(), of.rounding, of.now);
                self.containers[which] = Checked { timers, rounding, armed: BTreeMap::new(), now, next: 0 };
            }
            op => self.call(which, op),
        }
        self.containers[which].check();
    }

    /// A call that is no turn.
    fn call(&mut self, which: usize, op: Op) {
        let picked = |pick| self.pick(pick);
        match op {
            Op::Insert { at, slack } => self.insert(which, at, slack),
            Op::InsertMany { count, at } => (0..count).for_each(|_| self.insert(which, at, None)),
            Op::Cancel(pick) => {
                let id = picked(pick);
                self.containers[which].cancel(id);
            }
            Op::CancelMany { first, step } => {
                let first = usize::from(first) % self.ids.len();
                let ids = self.ids[first..].iter().step_by(usize::from(step) + 1).take(300);
                ids.for_each(|id| self.containers[which].cancel(*id));
            }
            Op::Reset { id, at, slack } => {
                let id = picked(id);
                self.containers[which].reset(id, at, slack);
            }
            Op::RescheduleMany { first, step, at } => {
                let first = usize::from(first) % self.ids.len();
                let ids = self.ids[first..].iter().step_by(usize::from(step) + 1).take(300);
                ids.for_each(|id| self.containers[which].reset(*id, at, None));
            }
            Op::Clear => {
                self.containers[which].timers.clear();
                self.containers[which].armed.clear();
            }
            Op::Shrink => self.containers[which].timers.shrink_to_fit(),
            Op::Reserve(additional) => self.containers[which].timers.reserve(usize::from(additional) * 8),
            Op::Look(pick) => {
                let id = picked(pick);
                self.containers[which].look(id);
            }
            Op::Turn { .. } | Op::Sleep { .. } | Op::BecomeSibling { .. } => {}
        }
    }

    fn pick(&self, pick: Pick) -> TimerId {
        match pick {
            Pick::Known(n) => self.ids[usize::from(n) % self.ids.len()],
            Pick::Late(n) => self.ids[(self.ids.len() - 1).saturating_sub(usize::from(n))],
            Pick::Strange { index, generation } => {
                TimerId::new(u32::from(index), NonZeroU32::MIN.saturating_add(u32::from(generation)))
            }
        }
    }

    fn insert(&mut self, which: usize, at: When, slack: Option<u16>) {
        if self.containers.iter().map(|container| container.armed.len()).sum::<usize>() < MOST {
            self.value += 1;
            let id = self.containers[which].insert(at, slack, self.value);
            self.ids.push(id);
        }
    }

    /// A turn, of which the next few operations are done inside, one after each timer that fires.
    fn turn(
        &mut self,
        which: usize,
        to: Timestamp,
        budget: Option<u8>,
        inside: u8,
        more: &mut impl Iterator<Item = (u8, Op)>,
    ) {
        let mut budget = budget.map_or(Budget::UNLIMITED, |budget| Budget::entries(budget.into()));
        let mut left_inside = inside % 4;
        self.containers[which].open_turn(to);
        loop {
            let said = self.containers[which].timers.first();
            let Some(expired) = self.containers[which].timers.expire_next(&mut budget) else { break };
            assert_eq!(said, Some(expired.id), "the timer that was to be first");
            self.containers[which].fire(&expired);
            if left_inside > 0 {
                left_inside -= 1;
                let Some((_, op)) = more.next() else { continue };
                self.call(which, op);
            }
        }
        if !budget.is_spent() {
            self.containers[which].finish_turn();
        }
    }

    /// Sleeps until nothing is armed.
    pub(crate) fn drain(&mut self) {
        for which in 0..self.containers.len() {
            let mut idle = 0;
            while let Some(wanted) = self.containers[which].timers.next_turn() {
                let before = self.containers[which].armed.len();
                self.turn(which, wanted, Some(100), 0, &mut std::iter::empty());
                idle = if self.containers[which].armed.len() < before { 0 } else { idle + 1 };
                assert!(idle < 2000, "turns with nothing to do, one after another");
            }
            assert!(self.containers[which].armed.is_empty(), "no turn is wanted, and timers are armed");
            self.containers[which].check();
        }
    }
}

impl Checked {
    /// A moment of this container's.
    fn moment(&self, when: When) -> Timestamp {
        let tick = self.rounding.tick_ns();
        let now = self.now.as_nanos();
        let ahead = |ticks: u64| now.saturating_add(ticks.saturating_mul(tick));
        let shifted = |at: u64, off: i8| at.saturating_add_signed(i64::from(off).saturating_mul(tick as i64 / 2));
        Timestamp::from_nanos(match when {
            When::Near(ticks) => ahead(ticks.into()),
            When::Soon(ticks) => ahead(ticks.into()),
            When::Edge { bits, off } => shifted(ahead(1 << (bits % 40)), off),
            When::Slot { bits, ahead, off } => {
                let width = tick.saturating_mul(1 << (bits % 40));
                shifted((now / width).saturating_add(u64::from(ahead)).saturating_mul(width), off)
            }
            When::Far(nanos) => nanos,
            When::Past(ticks) => now.saturating_sub(u64::from(ticks).saturating_mul(tick)),
            When::EndOfTime(nanos) => u64::MAX - u64::from(nanos),
        })
    }

    fn deadline(&self, at: When, slack: Option<u16>) -> Deadline {
        let tick = self.rounding.tick_ns();
        let slack = slack.map_or(0, |slack| u64::from(slack).saturating_mul(tick / 4 + 1));
        Deadline::at(self.moment(at)).with_slack(Duration::from_nanos(slack))
    }

    /// What must be told of a timer that was armed for this deadline: when it is due, and whether it is overdue.
    fn due(&self, deadline: Deadline, told: Timestamp) -> (Timestamp, bool) {
        let (first, last_turn) = (self.rounding.up(deadline.soft()), self.rounding.down(self.now));
        if first <= last_turn {
            assert_eq!(told, last_turn, "an overdue timer is due at the last turn's time");
            return (last_turn, true);
        }
        if deadline.is_exact() {
            assert_eq!(told, first, "a timer is due at its deadline, rounded up");
        }
        assert!(told >= deadline.soft(), "never early");
        let latest = deadline.hard() + Duration::from_nanos(self.rounding.tick_ns() - 1);
        assert!(told <= latest, "at most slack and a tick late");
        (told, false)
    }

    fn insert(&mut self, at: When, slack: Option<u16>, value: u32) -> TimerId {
        let deadline = self.deadline(at, slack);
        let id = self.timers.insert(deadline, value).expect("there is room");
        let told = self.timers.expiry(id).expect("it is armed");
        let (due, waits) = self.due(deadline, told);
        let soft = deadline.soft();
        let before = self.armed.insert(id, Armed { value, soft, due, armed: self.next, floats: false, waits });
        assert!(before.is_none(), "the id of a live timer was given out again");
        self.next += 1;
        id
    }

    fn cancel(&mut self, id: TimerId) {
        assert_eq!(self.timers.cancel(id), self.armed.remove(&id).map(|timer| timer.value), "{id:?}");
        self.look(id);
    }

    fn reset(&mut self, id: TimerId, at: When, slack: Option<u16>) {
        let deadline = self.deadline(at, slack);
        let found = self.timers.reset(id, deadline);
        assert_eq!(found, self.armed.contains_key(&id), "{id:?}");
        if !found {
            return;
        }
        let told = self.timers.expiry(id).expect("it is armed");
        let (due, waits) = self.due(deadline, told);
        let timer = self.armed.get_mut(&id).expect("it was found");
        timer.soft = deadline.soft();
        if due != timer.due || waits {
            timer.floats |= due > timer.due || (waits && timer.waits);
            (timer.due, timer.armed) = (due, self.next);
            self.next += 1;
        }
        timer.waits = waits;
    }

    /// What is told of an id.
    fn look(&mut self, id: TimerId) {
        let timer = self.armed.get(&id);
        assert_eq!(self.timers.get(id), timer.map(|timer| &timer.value), "{id:?}");
        assert_eq!(self.timers.expiry(id), timer.map(|timer| timer.due), "{id:?}");
        assert_eq!(self.timers.contains(id), timer.is_some(), "{id:?}");
        let value = timer.map(|timer| timer.value);
        assert_eq!(self.timers.get_mut(id).copied(), value, "{id:?}");
    }

    fn open_turn(&mut self, now: Timestamp) {
        self.timers.open_turn(now);
        self.now = self.now.max(now);
        self.armed.values_mut().for_each(|timer| timer.waits = false);
    }

    fn fire(&mut self, expired: &Expired<u32>) {
        let timer = self.armed.remove(&expired.id).expect("what fires is armed");
        assert_eq!((expired.value, expired.expiry), (timer.value, timer.due), "{:?}", expired.id);
        assert!(timer.soft <= self.now && !timer.waits, "never early, and not in the turn in which it was overdue");
        for (id, other) in &self.armed {
            let comes_first = other.due < timer.due
                || other.due == timer.due && other.armed < timer.armed && !other.floats && !timer.floats;
            assert!(!comes_first || other.waits, "{:?} fired before {id:?}", expired.id);
        }
        self.look(expired.id);
    }

    /// Nothing that is due is left.
    fn finish_turn(&self) {
        let now = self.rounding.down(self.now);
        let waits = self.armed.values().any(|timer| timer.waits);
        for (id, timer) in &self.armed {
            // A heap's turn stops at a timer that waits.
            let may_stay = timer.waits || (waits && self.rounding == Rounding::None && timer.due >= now);
            assert!(timer.due > now || may_stay, "the turn ended without {id:?}");
        }
    }

    fn check(&self) {
        self.timers.check_invariants();
        assert_eq!(self.timers.len(), self.armed.len(), "the timers are counted");
        let next = self.armed.values().map(|timer| timer.due).min();
        let told = self.timers.next_expiry();
        assert_eq!(told.is_some(), next.is_some());
        assert!(told <= next, "next_expiry is not too late");
        assert!(next.is_none() || self.timers.next_turn().is_some_and(|turn| Some(turn) <= told));
        let first = self.timers.first().map(|id| self.armed[&id].due);
        assert_eq!(first, next, "the first is one of those that are due first");
        let mut met = 0;
        self.timers.for_each(&mut |id, expiry, value| {
            let timer = &self.armed[&id];
            assert_eq!((expiry, *value), (timer.due, timer.value), "{id:?}");
            met += 1;
        });
        assert_eq!(met, self.armed.len(), "every timer is met once");
    }
}
