//! A container and the model side by side: every call goes to both, and every answer is checked.

use tickwheel::{Budget, Deadline, TimerExt, TimerId, Timestamp};

use crate::support::model::Model;
use crate::support::subject::Subject;

pub(crate) struct Checked<C> {
    timer: C,
    model: Model,
    next_value: u64,
}

impl<C: Subject> Checked<C> {
    /// Takes a container that is empty, and whose last turn was at `start`.
    pub(crate) fn new(timer: C, start: Timestamp) -> Self {
        let model = Model::new(timer.rules(), start);
        Self { timer, model, next_value: 0 }
    }

    pub(crate) fn model(&self) -> &Model {
        &self.model
    }

    pub(crate) fn timer(&self) -> &C {
        &self.timer
    }

    pub(crate) fn insert(&mut self, deadline: Deadline) -> TimerId {
        let value = self.next_value;
        self.next_value += 1;
        let id = self.timer.insert(deadline, value).expect("no limit was set");
        self.model.insert(id, deadline, value);
        assert_eq!(self.timer.get(id), Some(&value), "C5: a new id finds its timer");
        self.check_expiry(id);
        self.check_next();
        id
    }

    /// Cancels a timer that is armed.
    pub(crate) fn cancel(&mut self, id: TimerId) {
        let value = self.model.remove(id);
        assert_eq!(self.timer.cancel(id), Some(value), "C4: cancelling {id:?} gives its value back");
        self.check_stale(id);
        self.check_next();
    }

    /// Moves a timer that is armed.
    pub(crate) fn reset(&mut self, id: TimerId, deadline: Deadline) {
        self.model.reset(id, deadline);
        assert!(self.timer.reset(id, deadline), "C5: {id:?} is armed, and was not found");
        self.check_expiry(id);
        self.check_next();
    }

    /// Tries everything with an id whose timer has left.
    pub(crate) fn check_stale(&mut self, id: TimerId) {
        assert_eq!(self.timer.get(id), None, "C5: {id:?} is stale");
        assert_eq!(self.timer.get_mut(id), None, "C5: {id:?} is stale");
        assert_eq!(self.timer.expiry(id), None, "C5: {id:?} is stale");
        assert_eq!(self.timer.cancel(id), None, "C5: {id:?} is stale");
        assert!(!self.timer.reset(id, self.model.now()), "C5: {id:?} is stale");
        assert!(!self.timer.contains(id), "C5: {id:?} is stale");
    }

    pub(crate) fn open_turn(&mut self, now: Timestamp) {
        self.timer.open_turn(now);
        self.model.open_turn(now);
    }

    /// Takes the next timer of the turn that is open.
    pub(crate) fn expire_next(&mut self, budget: &mut Budget) -> Option<TimerId> {
        let before = budget.left();
        let Some(expired) = self.timer.expire_next(budget) else {
            if !budget.is_spent() {
                self.finish_turn();
            }
            return None;
        };
        assert!(budget.left() < before, "C8: {expired:?} cost no budget, or there was none left");
        self.model.fire(&expired);
        assert_eq!(self.timer.len(), self.model.live().len(), "C4: a timer that has fired is not counted");
        self.check_stale(expired.id);
        Some(expired.id)
    }

    fn finish_turn(&mut self) {
        self.model.finish_turn();
        self.check_next();
        if self.model.nothing_waits() {
            let (wanted, now) = (self.timer.next_turn(), self.model.now());
            assert!(wanted.is_none_or(|wanted| wanted > now), "C6: done at {now:?}, a turn is wanted at {wanted:?}");
        }
    }

    /// A whole turn, all that is due.
    pub(crate) fn turn(&mut self, now: Timestamp) -> usize {
        self.turn_within(now, Budget::UNLIMITED)
    }

    pub(crate) fn turn_within(&mut self, now: Timestamp, mut budget: Budget) -> usize {
        let allowed = budget.left();
        self.open_turn(now);
        let mut fired = 0;
        while self.expire_next(&mut budget).is_some() {
            fired += 1;
        }
        assert!(fired as u64 <= allowed, "C8: a budget of {allowed}, and {fired} fired");
        self.check_next();
        fired
    }

    pub(crate) fn clear(&mut self) {
        let ids = self.model.live().to_vec();
        self.timer.clear();
        self.model.clear();
        ids.into_iter().take(8).for_each(|id| self.check_stale(id));
        self.check_next();
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.timer.shrink_to_fit();
        self.check_next();
    }

    pub(crate) fn reserve(&mut self, additional: usize) {
        self.timer.reserve(additional);
        self.check_next();
    }

    fn check_expiry(&self, id: TimerId) {
        assert_eq!(self.timer.expiry(id), Some(self.model.expiry(id)), "C2, L12: the expiry of {id:?}");
    }

    fn check_next(&self) {
        assert_eq!(self.timer.len(), self.model.live().len(), "C4: the timers that are armed are counted");
        assert_eq!(self.timer.is_empty(), self.model.live().is_empty(), "C4: empty means none");
        self.model.check_next(self.timer.next_expiry(), self.timer.next_turn());
    }

    /// Looks at every timer, every recent stale id, and the container's own invariants.
    pub(crate) fn check_all(&mut self) {
        self.timer.check();
        self.check_next();
        for &id in self.model.live() {
            assert_eq!(self.timer.get(id).copied(), Some(self.model.value(id)), "C5: {id:?} is armed");
            self.check_expiry(id);
        }
        let first = self.timer.first().map(|id| self.model.expiry(id));
        assert_eq!(first, self.model.next_expiry(), "L12: the first is one of those that are due first");
        let mut visited = 0;
        self.timer.for_each(&mut |id, expiry, value| {
            visited += 1;
            assert!(self.model.is_armed(id), "C4: for_each met {id:?}, which is not armed");
            assert_eq!((expiry, *value), (self.model.expiry(id), self.model.value(id)), "L12: for_each on {id:?}");
        });
        assert_eq!(visited, self.model.live().len(), "C4: for_each meets every timer once");
        for id in self.model.stale().to_vec() {
            self.check_stale(id);
        }
    }

    /// Turns until nothing is armed, sleeping until `next_turn` each time, and checks that this comes to an end.
    pub(crate) fn drain(&mut self) {
        let mut turns_without_a_timer = 0;
        while let Some(wanted) = self.timer.next_turn() {
            let fired = self.turn(wanted);
            turns_without_a_timer = if fired == 0 { turns_without_a_timer + 1 } else { 0 };
            assert!(turns_without_a_timer < 10_000, "C6: {turns_without_a_timer} turns in a row had nothing to do");
        }
        assert!(self.timer.is_empty(), "C6: no turn is wanted, and timers are armed");
        self.check_all();
    }
}
