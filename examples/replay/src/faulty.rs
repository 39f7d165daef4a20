//! A timer to test the replay with: a sorted map that keeps every promise, until it is told which one to break.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::time::Duration;

use tickwheel::{Budget, Deadline, Expired, InsertError, Timer, TimerId, Timestamp};

/// The promise to break.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    None,
    /// Fires this long before the deadline.
    Early(Duration),
    /// Fires this long after it.
    Late(Duration),
    /// Hands every timer out a second time in the next turn.
    Twice,
    /// Forgets every timer when it is due.
    Never,
    /// Fires timers that were cancelled.
    Cancelled,
    /// Finds the timer armed last by the id of one that has fired.
    StaleId,
    /// Hands out another timer's id.
    Exchanged,
    /// Says that it holds one timer more than it does.
    Miscounts,
    /// Always wants a turn.
    Stuck,
}

/// Keyed by when the timer fires and the order of arming.
type Key = (Timestamp, u64);

/// The timer. Ids are never used twice, so they need no generation.
pub(crate) struct FaultyTimer<T> {
    fault: Fault,
    queue: BTreeMap<Key, Held<T>>,
    keys: HashMap<TimerId, Key>,
    again: Vec<Expired<T>>,
    handing_out: Vec<Expired<T>>,
    now: Timestamp,
    made: u32,
    armed: u64,
}

struct Held<T> {
    id: TimerId,
    expiry: Timestamp,
    value: T,
}

impl<T> FaultyTimer<T> {
    pub(crate) fn new(fault: Fault) -> Self {
        Self {
            fault,
            queue: BTreeMap::new(),
            keys: HashMap::new(),
            again: Vec::new(),
            handing_out: Vec::new(),
            now: Timestamp::ZERO,
            made: 0,
            armed: 0,
        }
    }

    fn key_for(&mut self, deadline: Deadline) -> Key {
        self.armed += 1;
        let fires = match self.fault {
            Fault::Early(by) => deadline.soft() - by,
            Fault::Late(by) => deadline.soft() + by,
            _ => deadline.soft(),
        };
        (fires, self.armed)
    }
}

impl<T: Copy> Timer<T> for FaultyTimer<T> {
    fn insert_deadline(&mut self, deadline: Deadline, value: T) -> Result<TimerId, InsertError<T>> {
        let id = TimerId::new(self.made, NonZeroU32::MIN);
        self.made += 1;
        let key = self.key_for(deadline);
        self.queue.insert(key, Held { id, expiry: deadline.soft(), value });
        self.keys.insert(id, key);
        Ok(id)
    }

    fn reset_deadline(&mut self, id: TimerId, deadline: Deadline) -> bool {
        let Some(key) = self.keys.get(&id).copied() else { return self.fault == Fault::StaleId };
        let held = self.queue.remove(&key).expect("every key is queued");
        let key = self.key_for(deadline);
        self.queue.insert(key, Held { expiry: deadline.soft(), ..held });
        self.keys.insert(id, key);
        true
    }

    fn cancel(&mut self, id: TimerId) -> Option<T> {
        let key = self.keys.remove(&id)?;
        if self.fault == Fault::Cancelled {
            return self.queue.get(&key).map(|held| held.value);
        }
        self.queue.remove(&key).map(|held| held.value)
    }

    fn get(&self, id: TimerId) -> Option<&T> {
        self.queue.get(self.keys.get(&id)?).map(|held| &held.value)
    }

    fn get_mut(&mut self, id: TimerId) -> Option<&mut T> {
        self.queue.get_mut(self.keys.get(&id)?).map(|held| &mut held.value)
    }

    fn expiry(&self, id: TimerId) -> Option<Timestamp> {
        self.queue.get(self.keys.get(&id)?).map(|held| held.expiry)
    }

    fn next_expiry(&self) -> Option<Timestamp> {
        self.queue.keys().next().map(|(fires, _)| *fires)
    }

    fn next_turn(&self) -> Option<Timestamp> {
        if self.fault == Fault::Stuck || !self.again.is_empty() {
            return Some(self.now);
        }
        self.next_expiry()
    }

    fn open_turn(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        self.handing_out = std::mem::take(&mut self.again);
        while let Some(first) = self.queue.first_entry().filter(|first| first.key().0 <= self.now) {
            let Held { id, expiry, value } = first.remove();
            self.keys.remove(&id);
            let id = if self.fault == Fault::Exchanged { TimerId::new(u32::MAX, NonZeroU32::MIN) } else { id };
            let expired = Expired { id, expiry, value };
            if self.fault == Fault::Twice {
                self.again.push(expired);
            }
            if self.fault != Fault::Never {
                self.handing_out.push(expired);
            }
        }
        self.handing_out.reverse();
    }

    fn expire_next(&mut self, budget: &mut Budget) -> Option<Expired<T>> {
        budget.spend(1);
        self.handing_out.pop()
    }

    fn len(&self) -> usize {
        self.keys.len() + usize::from(self.fault == Fault::Miscounts)
    }

    fn for_each(&self, visit: &mut dyn FnMut(TimerId, Timestamp, &T)) {
        self.queue.values().for_each(|held| visit(held.id, held.expiry, &held.value));
    }

    fn clear(&mut self) {
        self.queue.clear();
        self.keys.clear();
    }

    fn reserve(&mut self, _additional: usize) {}

    fn shrink_to_fit(&mut self) {}

    fn sibling(&self) -> Self {
        Self { now: self.now, ..Self::new(self.fault) }
    }
}
