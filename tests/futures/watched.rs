//! A timer that tells when it is armed and looked at.

use tickwheel::{Budget, Deadline, Expired, InsertError, Task as Armed, Timer, TimerHeap, TimerId, Timestamp};

/// A timer that calls `on_insert` before each insert and `on_look` before each look, under its shard's lock.
pub(crate) struct Watched {
    heap: TimerHeap<Armed>,
    on_insert: Box<dyn FnMut() + Send>,
    on_look: Box<dyn FnMut() + Send>,
}

impl Watched {
    pub(crate) fn new(on_insert: impl FnMut() + Send + 'static, on_look: impl FnMut() + Send + 'static) -> Self {
        Self { heap: TimerHeap::new(), on_insert: Box::new(on_insert), on_look: Box::new(on_look) }
    }
}

impl Timer<Armed> for Watched {
    fn insert_deadline(&mut self, deadline: Deadline, value: Armed) -> Result<TimerId, InsertError<Armed>> {
        (self.on_insert)();
        self.heap.insert_deadline(deadline, value)
    }

    fn reschedule_deadline(&mut self, id: TimerId, deadline: Deadline) -> bool {
        self.heap.reschedule_deadline(id, deadline)
    }

    fn cancel(&mut self, id: TimerId) -> Option<Armed> {
        self.heap.cancel(id)
    }

    fn get(&self, id: TimerId) -> Option<&Armed> {
        self.heap.get(id)
    }

    fn get_mut(&mut self, id: TimerId) -> Option<&mut Armed> {
        (self.on_look)();
        self.heap.get_mut(id)
    }

    fn expiry(&self, id: TimerId) -> Option<Timestamp> {
        self.heap.expiry(id)
    }

    fn next_expiry(&self) -> Option<Timestamp> {
        self.heap.next_expiry()
    }

    fn next_turn(&self) -> Option<Timestamp> {
        self.heap.next_turn()
    }

    fn open_turn(&mut self, now: Timestamp) {
        self.heap.open_turn(now);
    }

    fn expire_next(&mut self, budget: &mut Budget) -> Option<Expired<Armed>> {
        self.heap.expire_next(budget)
    }

    fn len(&self) -> usize {
        self.heap.len()
    }

    fn for_each(&self, visit: &mut dyn FnMut(TimerId, Timestamp, &Armed)) {
        self.heap.for_each(visit);
    }

    fn clear(&mut self) {
        self.heap.clear();
    }

    fn reserve(&mut self, additional: usize) {
        self.heap.reserve(additional);
    }

    fn shrink_to_fit(&mut self) {
        self.heap.shrink_to_fit();
    }

    fn sibling(&self) -> Self {
        unreachable!("the driver has a single shard")
    }
}
