//! Waits for one sleep on the calling thread, and checks when it is over.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::time::timeout_at;

/// A sleep that is not over by then is lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until `sleep` is over, which is due at `deadline` and may be over `early` before that. The thread is in a
/// runtime, which says when it has waited for too long.
///
/// # Errors
///
/// That it was over before, or is lost.
pub(crate) fn until_over<S: Future>(sleep: Pin<&mut S>, deadline: Instant, early: Duration) -> Result<(), String> {
    let over = Handle::current().block_on(async { timeout_at((deadline + PATIENCE).into(), sleep).await });
    over.map_err(|_| format!("a sleep is still pending {PATIENCE:?} after its deadline"))?;
    let now = Instant::now();
    if now + early < deadline { Err(format!("a sleep was over {:?} early", deadline - now)) } else { Ok(()) }
}
