//! The waker that sleeps are polled with: counted, as those of all runtimes are, and it notes whom it wakes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Wake, Waker};

/// Counts how often it is woken.
#[derive(Default)]
pub(crate) struct Alert(AtomicU64);

impl Wake for Alert {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Alert {
    /// It, and a waker that wakes it.
    pub(crate) fn new() -> (Arc<Self>, Waker) {
        let alert = Arc::new(Self::default());
        (alert.clone(), Waker::from(alert))
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
