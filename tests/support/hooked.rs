//! A heap that calls functions of the test's under the shard's lock: with each deadline that a timer is given, and
//! before each look at a timer.

use std::sync::Arc;

use tickwheel::{Budget, Deadline, Expired, InsertError, Timer, TimerHeap, TimerId, TimerTask, Timestamp};

type Hook = Arc<dyn Fn(Deadline) -> Deadline + Send + Sync>;

/// What `hook` answers is the deadline that the timer gets.
pub(crate) struct Hooked {
    heap: TimerHeap<TimerTask>,
    hook: Hook,
    on_look: Arc<dyn Fn() + Send + Sync>,
}

impl Hooked {
    pub(crate) fn new(
        hook: impl Fn(Deadline) -> Deadline + Send + Sync + 'static,
        on_look: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self { heap: TimerHeap::new(), hook: Arc::new(hook), on_look: Arc::new(on_look) }
    }
}

impl Timer<TimerTask> for Hooked {
    fn insert_deadline(&mut self, deadline: Deadline, value: TimerTask) -> Result<TimerId, InsertError<TimerTask>> {
        self.heap.insert_deadline((self.hook)(deadline), value)
    }

    fn reset_deadline(&mut self, id: TimerId, deadline: Deadline) -> bool {
        self.heap.reset_deadline(id, (self.hook)(deadline))
    }

    fn cancel(&mut self, id: TimerId) -> Option<TimerTask> {
        self.heap.cancel(id)
    }

    fn get(&self, id: TimerId) -> Option<&TimerTask> {
        self.heap.get(id)
    }

    fn get_mut(&mut self, id: TimerId) -> Option<&mut TimerTask> {
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

    fn expire_next(&mut self, budget: &mut Budget) -> Option<Expired<TimerTask>> {
        self.heap.expire_next(budget)
    }

    fn len(&self) -> usize {
        self.heap.len()
    }

    fn for_each(&self, visit: &mut dyn FnMut(TimerId, Timestamp, &TimerTask)) {
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
        Self { heap: self.heap.sibling(), hook: self.hook.clone(), on_look: self.on_look.clone() }
    }
}
