//! Waiting until all that a clock moved by hand has set off has run.

use std::vec::Vec;

use crate::sync::{Condvar, Counter, Mutex, Ordering, thread};

/// Who is at work for a driver: the threads that are in a turn or in a callback, and callbacks that wait for the pool.
///
/// It is kept only for a driver whose clock is moved by hand.
#[derive(Default)]
pub(crate) struct Quiet {
    /// Set once, before the first turn.
    is_watched: Counter,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    working: Vec<thread::ThreadId>,
    queued: usize,
}

impl Quiet {
    /// Begins to keep it.
    pub(crate) fn watch(&self) {
        self.is_watched.store(1, Ordering::Relaxed);
    }

    fn is_watched(&self) -> bool {
        self.is_watched.load(Ordering::Relaxed) != 0
    }

    /// Notes that this thread is at work until [`leave`](Self::leave).
    pub(crate) fn enter(&self) {
        if self.is_watched() {
            self.state.lock().working.push(thread::current().id());
        }
    }

    pub(crate) fn leave(&self) {
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

    /// Notes that this thread is at work on a callback that had waited.
    pub(crate) fn enter_queued(&self) {
        if !self.is_watched() {
            return;
        }
        let mut state = self.state.lock();
        state.queued -= 1;
        state.working.push(thread::current().id());
    }

    /// Waits until nobody is at work. It returns at once on a thread that is at work itself: it would wait for ever.
    pub(crate) fn wait(&self) {
        let own = thread::current().id();
        let mut state = self.state.lock();
        if state.working.contains(&own) {
            return;
        }
        while state.queued > 0 || !state.working.is_empty() {
            self.changed.wait(&mut state);
        }
    }
}
