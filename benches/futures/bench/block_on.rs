//! Waits for one sleep on the calling thread, and checks when it is over.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// A sleep that is not over by then is lost.
const PATIENCE: Duration = Duration::from_secs(10);

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits until `sleep` is over, which is due at `deadline` and may be over `early` before that.
///
/// # Errors
///
/// That it was over before, or is lost.
pub(crate) fn until_over<S: Future>(mut sleep: Pin<&mut S>, deadline: Instant, early: Duration) -> Result<(), String> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    while sleep.as_mut().poll(&mut context).is_pending() {
        let now = Instant::now();
        let Some(left) = (deadline + PATIENCE).checked_duration_since(now).filter(|left| !left.is_zero()) else {
            return Err(format!("a sleep is still pending {:?} after its deadline", now - deadline));
        };
        thread::park_timeout(left);
    }
    let now = Instant::now();
    if now + early < deadline { Err(format!("a sleep was over {:?} early", deadline - now)) } else { Ok(()) }
}
