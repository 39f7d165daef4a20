//! The waker that sleeps are polled with: counted, as those of all runtimes are, and it counts how often it wakes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Wake, Waker};

/// Counts how often it is woken, with all of its clones.
#[derive(Clone, Default)]
pub struct Alert(Arc<AtomicU64>);

impl Wake for Alert {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Alert {
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// A waker for one thread, as each task has its own: threads do not contend for its count of holders.
    pub fn waker(&self) -> Waker {
        Arc::new(self.clone()).into()
    }
}
