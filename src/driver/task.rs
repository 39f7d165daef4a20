//! What a timer of a driver carries: a future's waker, or a callback.

use std::task::Waker;

use super::callback::Callback;
use crate::clock::FiredKind;
use crate::sync::Arc;

/// What a driver's timer sets off when it fires, to name the timers that a driver takes: a `TimerWheel<Task>`, a
/// `TimerHeap<Task>`, or one of your own.
///
/// It is two words, so that a million sleeping futures take little.
#[derive(Debug)]
pub struct Task(pub(crate) Kind);

#[derive(Debug)]
pub(crate) enum Kind {
    Wake(Waker),
    /// A callback of the user's, or a message to be sent.
    Call(Arc<Callback>),
}

const _: () = assert!(size_of::<Task>() == 2 * size_of::<usize>());

impl Task {
    pub(crate) fn wake(waker: Waker) -> Self {
        Self(Kind::Wake(waker))
    }

    /// Whether it wakes what `waker` wakes.
    pub(crate) fn will_wake(&self, waker: &Waker) -> bool {
        matches!(&self.0, Kind::Wake(own) if own.will_wake(waker))
    }

    pub(crate) fn call(callback: Arc<Callback>) -> Self {
        Self(Kind::Call(callback))
    }

    /// What it sets off, for a recording.
    pub(crate) fn word(&self) -> &str {
        match self.kind() {
            FiredKind::Waker => "waker",
            FiredKind::Callback => "callback",
            FiredKind::Message => "message",
        }
    }

    pub(crate) fn kind(&self) -> FiredKind {
        match &self.0 {
            Kind::Wake(_) => FiredKind::Waker,
            Kind::Call(callback) => callback.kind(),
        }
    }
}
