//! Waiting until all that a clock moved by hand has set off has run.

use std::vec::Vec;

use crate::sync::{Condvar, Counter, Mutex, MutexGuard, Ordering, thread};

/// Who is at work for a driver: the threads that are in a turn or in a callback, and callbacks that wait for the pool.
///
/// It is kept only for a driver whose clock is moved by hand.
#[derive(Default)]
pub(crate) struct Activity {
    /// Set once, before the first turn.
    is_watched: Counter,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    working: Vec<thread::ThreadId>,
    queued: usize,
    is_paused: bool,
}

impl Activity {
    /// Begins to keep it.
    pub(crate) fn watch(&self) {
        self.is_watched.store(1, Ordering::Relaxed);
    }

    fn is_watched(&self) -> bool {
        self.is_watched.load(Ordering::Relaxed) != 0
    }

    /// Notes that this thread is at work until what it gives is dropped. `None`, and nothing is noted, while paused.
    pub(crate) fn enter(&self) -> Option<AtWork<'_>> {
        if self.is_watched() {
            let mut state = self.state.lock();
            if state.is_paused {
                return None;
            }
            state.working.push(thread::current().id());
        }
        Some(AtWork(self))
    }

    fn leave(&self) {
        if !self.is_watched() {
            return;
        }
        let mut state = self.state.lock();
        let own = thread::current().id();
        if let Some(place) = state.working.iter().position(|working| *working == own) {
            state.working.swap_remove(place);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Notes that a callback waits for the pool.
    pub(crate) fn queue(&self) {
        if self.is_watched() {
            self.state.lock().queued += 1;
        }
    }

    /// Notes that this thread is at work, on a callback that had waited, until what it gives is dropped.
    pub(crate) fn enter_queued(&self) -> AtWork<'_> {
        if self.is_watched() {
            let mut state = self.state.lock();
            state.queued -= 1;
            state.working.push(thread::current().id());
        }
        AtWork(self)
    }

    /// Whether this thread is at work.
    pub(crate) fn is_at_work(&self) -> bool {
        self.state.lock().is_at_work()
    }

    /// Waits until nobody is at work. It returns at once on a thread that is at work itself: it would wait for ever.
    pub(crate) fn wait(&self) {
        let mut state = self.state.lock();
        if !state.is_at_work() {
            self.wait_for_others(&mut state);
        }
    }

    /// Lets nobody come to work any more, and waits until nobody is. `false`, with nothing done, on a thread that is at
    /// work itself.
    pub(crate) fn pause(&self) -> bool {
        let mut state = self.state.lock();
        if state.is_at_work() {
            return false;
        }
        state.is_paused = true;
        self.wait_for_others(&mut state);
        true
    }

    pub(crate) fn resume(&self) {
        self.state.lock().is_paused = false;
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.is_watched() && self.state.lock().is_paused
    }

    fn wait_for_others(&self, state: &mut MutexGuard<'_, State>) {
        while state.queued > 0 || !state.working.is_empty() {
            self.changed.wait(state);
        }
    }
}

/// A thread that is at work, until this is dropped, by a panic too.
#[must_use]
pub(crate) struct AtWork<'a>(&'a Activity);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl State {
    fn is_at_work(&self) -> bool {
        self.working.contains(&thread::current().id())
    }
}
