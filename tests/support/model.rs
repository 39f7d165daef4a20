//! The model: a sorted map that knows every promise, and panics with the promise's name when one is broken.
//!
//! It does not predict one sequence of timers. It says of each timer handed out whether it could be the next one: a
//! timer that was ever moved to later has no promised place within its tick, so such timers are kept apart
//! (`floating`).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use tickwheel::{Deadline, Expired, TimerId, Timestamp};

use crate::support::rules::{Due, Rules};

/// Sorts timers by the tick that they are ordered by, then by when they were armed.
type Place = (u64, u64);

#[derive(Clone, Debug)]
struct Armed {
    id: TimerId,
    value: u64,
    deadline: Deadline,
    /// The first tick in which it may fire.
    soft: u64,
    /// The time of the last turn when it was armed: an overdue timer counts as due then.
    armed_at: Timestamp,
    /// The turn in which it was armed although it was due already: it must wait for the next one.
    overdue_in: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Whereabouts {
    place: Place,
    floating: bool,
    /// Its index in `live`.
    position: usize,
}

pub(crate) struct Model {
    rules: Rules,
    /// Timers whose order is promised.
    fixed: BTreeMap<Place, Armed>,
    /// Timers that were moved to later: promised only to their tick.
    floating: BTreeMap<Place, Armed>,
    places: HashMap<TimerId, Whereabouts>,
    live: Vec<TimerId>,
    /// Every id that was ever given out.
    given_out: HashSet<TimerId>,
    /// The last few ids that are stale by now.
    stale: Vec<TimerId>,
    /// Ticks that a timer has left, and that no finished turn has reached since.
    left_behind: BTreeSet<u64>,
    armings: u64,
    turn: u64,
    /// The latest time that a turn was opened at, and its tick.
    now: Timestamp,
    begun: u64,
}

impl Model {
    pub(crate) fn new(rules: Rules, start: Timestamp) -> Self {
        Self {
            rules,
            fixed: BTreeMap::new(),
            floating: BTreeMap::new(),
            places: HashMap::new(),
            live: Vec::new(),
            given_out: HashSet::new(),
            stale: Vec::new(),
            left_behind: BTreeSet::new(),
            armings: 0,
            turn: 0,
            now: start,
            begun: rules.begun(start),
        }
    }

    pub(crate) fn rules(&self) -> Rules {
        self.rules
    }

    /// The time of the last turn.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn live(&self) -> &[TimerId] {
        &self.live
    }

    pub(crate) fn stale(&self) -> &[TimerId] {
        &self.stale
    }

    pub(crate) fn is_armed(&self, id: TimerId) -> bool {
        self.places.contains_key(&id)
    }

    pub(crate) fn value(&self, id: TimerId) -> u64 {
        self.armed(id).value
    }

    /// What the container must say of the timer's expiry.
    pub(crate) fn expiry(&self, id: TimerId) -> Timestamp {
        self.rules.start_of(self.places[&id].place.0)
    }

    fn armed(&self, id: TimerId) -> &Armed {
        let at = self.places[&id];
        if at.floating { &self.floating[&at.place] } else { &self.fixed[&at.place] }
    }

    pub(crate) fn insert(&mut self, id: TimerId, deadline: Deadline, value: u64) {
        assert!(self.given_out.insert(id), "C5: the id {id:?} was given out before");
        let (due, overdue_in) = self.effective(deadline);
        let armed = Armed { id, value, deadline, soft: due.soft, armed_at: self.now, overdue_in };
        self.put(due.hard, false, armed);
    }

    pub(crate) fn remove(&mut self, id: TimerId) -> u64 {
        let tick = self.places[&id].place.0;
        self.left_behind.insert(tick);
        self.take(id).value
    }

    pub(crate) fn reset(&mut self, id: TimerId, deadline: Deadline) {
        let (due, overdue_in) = self.effective(deadline);
        let before = self.places[&id];
        let moved_later = due.hard > before.place.0;
        let mut armed = self.take(id);
        let same_tick = due.hard == before.place.0;
        let unmoved = same_tick && overdue_in.is_none();
        // A timer that waits for the next turn and is made to wait again: who comes first then is not promised.
        let waits_again = same_tick && overdue_in.is_some() && overdue_in == armed.overdue_in;
        armed.deadline = deadline;
        armed.soft = due.soft;
        armed.armed_at = self.now;
        armed.overdue_in = overdue_in;
        if unmoved {
            self.put_at(before.place, before.floating, armed);
        } else {
            self.left_behind.insert(before.place.0);
            self.put(due.hard, before.floating || moved_later || waits_again, armed);
        }
        // It never left, so its id is not stale.
        self.stale.pop();
    }

    /// An overdue timer counts as due at the last turn's time, whatever its slack, and waits for the next turn.
    fn effective(&self, deadline: Deadline) -> (Due, Option<u64>) {
        if self.rules.first(deadline) <= self.begun {
            return (Due { soft: self.begun, hard: self.begun }, Some(self.turn));
        }
        (self.rules.due(deadline), None)
    }

    fn put(&mut self, tick: u64, floating: bool, armed: Armed) {
        self.armings += 1;
        self.put_at((tick, self.armings), floating, armed);
    }

    fn put_at(&mut self, place: Place, floating: bool, armed: Armed) {
        self.places.insert(armed.id, Whereabouts { place, floating, position: self.live.len() });
        self.live.push(armed.id);
        if floating {
            self.floating.insert(place, armed)
        } else {
            self.fixed.insert(place, armed)
        };
    }

    fn take(&mut self, id: TimerId) -> Armed {
        let at = self.places.remove(&id).expect("only armed timers are taken out of the model");
        self.live.swap_remove(at.position);
        if let Some(moved) = self.live.get(at.position) {
            self.places.get_mut(moved).expect("every live id has a place").position = at.position;
        }
        if self.stale.len() >= 256 {
            self.stale.drain(..128);
        }
        self.stale.push(id);
        let map = if at.floating { &mut self.floating } else { &mut self.fixed };
        map.remove(&at.place).expect("every id leads to its timer")
    }

    pub(crate) fn clear(&mut self) {
        while let Some(&id) = self.live.last() {
            self.take(id);
        }
        self.left_behind.clear();
    }

    pub(crate) fn open_turn(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        self.begun = self.begun.max(self.rules.begun(now));
        self.turn += 1;
    }

    /// Checks that `expired` may be the next timer of the turn that is open, and takes it out.
    pub(crate) fn fire(&mut self, expired: &Expired<u64>) {
        let id = expired.id;
        let at = *self.places.get(&id).unwrap_or_else(|| panic!("C4: {id:?} fired, but it is not armed"));
        let armed = self.armed(id).clone();
        let deadline = armed.deadline;
        assert_eq!(expired.value, armed.value, "C4: {id:?} fired with another's value");
        assert!(self.now >= deadline.soft(), "C1: {id:?} fired at {:?}, before {deadline:?}", self.now);
        assert!(armed.soft <= self.begun, "C1: {id:?} fired before its tick");
        assert_ne!(armed.overdue_in, Some(self.turn), "C7: {id:?} was overdue when armed, and fired in the same turn");
        assert_eq!(
            expired.expiry,
            self.rules.start_of(at.place.0),
            "C2: {id:?} for {deadline:?} fired with this expiry"
        );
        self.check_lateness(expired.expiry, &armed);
        self.check_order(id, at);
        self.take(id);
        // Until the turn is done, next_expiry may point at what it has handed out.
        self.left_behind.insert(at.place.0);
    }

    /// In nanoseconds, without the rounding that the container and this model share.
    fn check_lateness(&self, expiry: Timestamp, armed: &Armed) {
        let expiry_ns = u128::from(expiry.as_nanos());
        let soft_ns = u128::from(armed.deadline.soft().as_nanos());
        let asked = armed.deadline.hard().max(armed.armed_at);
        let limit_ns = u128::from(asked.as_nanos()) + u128::from(self.rules.tick_ns());
        assert!(expiry_ns >= soft_ns, "C1: {:?} is due at {expiry:?}, before its deadline", armed.id);
        assert!(expiry_ns < limit_ns, "C2: {:?} is due at {expiry:?}, over a tick after its deadline", armed.id);
    }

    /// Nothing that waits for no turn may lie before the timer that is handed out.
    fn check_order(&self, id: TimerId, at: Whereabouts) {
        let tick_begins = (at.place.0, 0);
        let fixed_until = if at.floating { tick_begins } else { at.place };
        let before = self.fixed.range(..fixed_until).chain(self.floating.range(..tick_begins));
        for (place, earlier) in before {
            assert_eq!(
                earlier.overdue_in,
                Some(self.turn),
                "C3: {id:?} fired at {:?} before {:?} at {place:?}",
                at.place,
                earlier.id
            );
        }
    }

    /// Checks that nothing is left to do for the turn that is open, after it has ended with budget to spare.
    pub(crate) fn finish_turn(&mut self) {
        if let Some(left) = self.first_in_turn() {
            panic!("C2: the turn at {:?} ended without {left:?}", self.now);
        }
        self.left_behind = self.left_behind.split_off(&self.begun.saturating_add(1));
        if self.begun == u64::MAX {
            self.left_behind.clear();
        }
    }

    /// A timer that the turn must hand out, if there is one: of the earliest tick that matters, one that nothing can
    /// lie before. A wheel passes over timers that wait for the next turn; a heap's turn may stop at one, as at one
    /// whose soft time lies ahead: what lies behind either has time left.
    fn first_in_turn(&self) -> Option<&Armed> {
        let waits = |armed: &Armed| armed.overdue_in == Some(self.turn);
        let is_passed_over = |armed: &Armed| waits(armed) && !self.rules.is_exact();
        let ends_turn = |armed: &Armed| armed.soft > self.begun || waits(armed);
        let next_of = |map: &BTreeMap<Place, Armed>| {
            map.iter().find(|(_, armed)| !is_passed_over(armed)).map(|(place, _)| place.0)
        };
        let tick = next_of(&self.fixed).into_iter().chain(next_of(&self.floating)).min()?;
        let tick_range = (tick, 0)..=(tick, u64::MAX);
        let first = self.fixed.range(tick_range.clone()).map(|(_, armed)| armed).find(|armed| !is_passed_over(armed));
        if first.is_some_and(ends_turn) {
            return None;
        }
        let mut floating =
            self.floating.range(tick_range).map(|(_, armed)| armed).filter(|armed| !is_passed_over(armed));
        if floating.clone().any(ends_turn) {
            // It may stand first.
            return None;
        }
        first.or_else(|| floating.next())
    }

    /// Whether the turn that is open must leave nothing that is due: no timer was overdue when armed in it.
    pub(crate) fn nothing_waits(&self) -> bool {
        self.next_tick().is_none_or(|tick| tick > self.begun)
    }

    fn next_tick(&self) -> Option<u64> {
        let first = |map: &BTreeMap<Place, Armed>| map.keys().next().map(|place| place.0);
        first(&self.fixed).into_iter().chain(first(&self.floating)).min()
    }

    /// When the next timer is truly due.
    pub(crate) fn next_expiry(&self) -> Option<Timestamp> {
        self.next_tick().map(|tick| self.rules.start_of(tick))
    }

    /// Checks what a container answers: never too late, and exact unless it answers for a timer that has left that
    /// tick.
    pub(crate) fn check_next(&self, next_expiry: Option<Timestamp>, next_turn: Option<Timestamp>) {
        let truth = self.next_expiry();
        if next_expiry != truth {
            assert!(!self.rules.is_exact(), "C6: next_expiry is {next_expiry:?}, and truly {truth:?}");
            let answer = next_expiry.unwrap_or_else(|| panic!("C6: next_expiry is None, and truly {truth:?}"));
            assert!(truth.is_none_or(|truth| answer <= truth), "C6: next_expiry is {answer:?}, later than {truth:?}");
            let left_behind = self.left_behind.iter().any(|tick| self.rules.start_of(*tick) == answer);
            assert!(left_behind, "C6: next_expiry is {answer:?}, truly {truth:?}, and no timer left that tick");
        }
        if let Some(expiry) = next_expiry {
            let turn = next_turn.expect("C6: a timer is due some time, and no turn is wanted");
            assert!(turn <= expiry, "C6: next_turn is {turn:?}, later than next_expiry {expiry:?}");
        }
    }
}
