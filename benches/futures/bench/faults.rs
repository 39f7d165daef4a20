//! Contenders that are wrong on purpose, which every check must find out.

use std::fmt::Debug;
use std::future::{Future, pending};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::{Duration, Instant};

use harness::measure::Rounds;
use tokio::runtime::Runtime;
use tokio::time;

use crate::once::{AroundPending, AroundReady, PollOnce};
use crate::peers::{Limits, Peer, Resets, runtime};
use crate::scale::Scale;
use crate::{contention, crowd, once, resets};

/// How long a sleep of `delay` takes with this one.
trait Fault: Send + Sync + 'static {
    fn twisted(delay: Duration) -> Duration;
}

/// Over too soon.
struct Early;
/// Over at once.
struct AtOnce;

impl Fault for Early {
    fn twisted(delay: Duration) -> Duration {
        delay / 2
    }
}

impl Fault for AtOnce {
    fn twisted(_delay: Duration) -> Duration {
        Duration::ZERO
    }
}

/// tokio's sleeps with a fault.
struct Wrong<F>(Runtime, PhantomData<F>);

impl<F: Fault> Peer for Wrong<F> {
    fn start(threads: usize) -> Self {
        Self(runtime(threads), PhantomData)
    }

    fn runtime(&self) -> &Runtime {
        &self.0
    }

    fn sleep(&self, delay: Duration) -> impl Future<Output: Send> + Send {
        time::sleep(F::twisted(delay))
    }
}

impl<F: Fault> Resets for Wrong<F> {
    type Sleep = time::Sleep;
    type Moment = time::Instant;

    fn movable(&self, delay: Duration) -> time::Sleep {
        time::sleep(delay)
    }

    fn moment(&self, at: Instant) -> time::Instant {
        let now = Instant::now();
        (now + F::twisted(at.saturating_duration_since(now))).into()
    }

    fn reset(sleep: Pin<&mut time::Sleep>, to: time::Instant) {
        sleep.reset(to);
    }
}

impl<F: Fault> Limits for Wrong<F> {
    fn timeout<T: Future>(&self, _delay: Duration, future: T) -> impl Future<Output = Result<T::Output, impl Debug>> {
        drop(future);
        std::future::ready(Err("at once"))
    }
}

/// Its sleeps never end.
struct Lost(Runtime);

impl Peer for Lost {
    fn start(threads: usize) -> Self {
        Self(runtime(threads))
    }

    fn runtime(&self) -> &Runtime {
        &self.0
    }

    fn sleep(&self, _delay: Duration) -> impl Future<Output: Send> + Send {
        pending::<()>()
    }
}

/// Whether every check finds the contender that is wrong in that job.
///
/// # Errors
///
/// Which was not found out.
pub(crate) fn are_found(scale: &Scale) -> Result<(), String> {
    let operations = 100;
    let hasty = Scale { patience: Duration::from_millis(200), ..*scale };
    let wrong: [(&str, Box<dyn Rounds>); 10] = [
        ("early at poll", once::start::<PollOnce, Wrong<Early>>(operations)),
        ("over at once at poll", once::start::<PollOnce, Wrong<AtOnce>>(operations)),
        ("over at once at ready", once::start::<AroundReady, Wrong<AtOnce>>(operations)),
        ("over at once at pending", once::start::<AroundPending, Wrong<AtOnce>>(operations)),
        ("early at hot", resets::start::<Wrong<Early>>(1, operations)),
        ("early at random", resets::start::<Wrong<Early>>(100, operations)),
        ("over at once at contention", contention::start::<Wrong<AtOnce>>(2, operations)),
        ("over at once at workers", contention::start_workers::<Wrong<AtOnce>>(operations)),
        ("early in a crowd", crowd::start::<Wrong<Early>>(*scale)),
        ("lost in a crowd", crowd::start::<Lost>(hasty)),
    ];
    for (who, mut rounds) in wrong {
        if rounds.round().and_then(|_| rounds.finish()).is_ok() {
            return Err(format!("no check has found the contender that is {who}"));
        }
    }
    Ok(())
}
