//! Contenders that are wrong on purpose, which every check must find out.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use harness::Rounds;
use tokio::runtime::Runtime;
use tokio::time;

use crate::once::{AroundPending, AroundReady, PollOnce};
use crate::peers::{In, Limits, Peer, Resets, runtime};
use crate::scale::Scale;
use crate::{contention, crowd, once, resets};

type Start<'a> = &'a dyn Fn() -> Box<dyn Rounds>;

/// A check that misses a wrong contender so often does not find it.
const TRIES: usize = 20;

/// tokio's sleeps, over after so many percent of their time.
struct Wrong<const PERCENT: u32>;

/// Over too soon.
type Early = Wrong<50>;
/// Over at once.
type AtOnce = Wrong<0>;
/// Over when nobody waits any more.
type Lost = Wrong<1_000_000>;

impl<const PERCENT: u32> Peer for Wrong<PERCENT> {
    fn start(threads: usize) -> (Self, Runtime) {
        (Self, runtime(threads))
    }

    fn sleep(&self, delay: Duration) -> impl Future<Output: Send> + Send {
        time::sleep(delay * PERCENT / 100)
    }
}

impl<const PERCENT: u32> Resets for Wrong<PERCENT> {
    type Sleep = time::Sleep;
    type Moment = time::Instant;

    fn movable(&self, delay: Duration) -> time::Sleep {
        time::sleep(delay)
    }

    fn moment(&self, at: Instant) -> time::Instant {
        let now = Instant::now();
        (now + at.saturating_duration_since(now) * PERCENT / 100).into()
    }

    fn reset(sleep: Pin<&mut time::Sleep>, to: time::Instant) {
        sleep.reset(to);
    }
}

impl<const PERCENT: u32> Limits for Wrong<PERCENT> {
    fn timeout<T: Future>(&self, _delay: Duration, future: T) -> impl Future<Output = Result<T::Output, impl Debug>> {
        drop(future);
        std::future::ready(Err("at once"))
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
    let wrong: [(&str, Start<'_>); 10] = [
        ("early at poll", &|| once::start::<PollOnce, Early>(operations)),
        ("over at once at poll", &|| once::start::<PollOnce, AtOnce>(operations)),
        ("over at once at ready", &|| once::start::<AroundReady, AtOnce>(operations)),
        ("over at once at pending", &|| once::start::<AroundPending, AtOnce>(operations)),
        ("early at hot", &|| resets::start::<Early>(1, operations)),
        ("early at random", &|| resets::start::<Early>(100, operations)),
        ("over at once at contention", &|| contention::start::<AtOnce>(2, operations)),
        ("over at once at workers", &|| contention::start_workers::<AtOnce>(operations)),
        ("early in a crowd", &|| crowd::start::<In<Early>>(*scale)),
        ("lost in a crowd", &|| crowd::start::<In<Lost>>(hasty)),
    ];
    for (who, start) in wrong {
        // A thread that is kept from a busy processor long enough does not see that it was woken early.
        let is_missed = |_| {
            let mut rounds = start();
            rounds.round().and_then(|_| rounds.finish()).is_ok()
        };
        if (0..TRIES).all(is_missed) {
            return Err(format!("no check has found the contender that is {who}"));
        }
    }
    Ok(())
}
