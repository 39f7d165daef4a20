//! What a timer of a driver carries: a future's waker, or a callback.

use std::task::Waker;

use super::callback::Callback;
use crate::clock::TaskKind;
use crate::sync::Arc;

/// What a driver's timer sets off when it fires, to name the timers that a driver takes: a `TimerWheel<TimerTask>`, a
/// `TimerHeap<TimerTask>`, or one of your own.
///
/// It is two words, so that a million sleeping futures take little.
#[derive(Debug)]
pub struct TimerTask(pub(crate) Kind);

#[derive(Debug)]
pub(crate) enum Kind {
    Wake(Waker),
    /// A callback of the user's, or a message to be sent.
    Call(Arc<Callback>),
}

const _: () = assert!(size_of::<TimerTask>() == 2 * size_of::<usize>());

impl TimerTask {
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
            TaskKind::Waker => "waker",
            TaskKind::Callback => "callback",
            TaskKind::Message => "message",
        }
    }

    pub(crate) fn kind(&self) -> TaskKind {
        match &self.0 {
            Kind::Wake(_) => TaskKind::Waker,
            Kind::Call(callback) => callback.kind(),
        }
    }
}
