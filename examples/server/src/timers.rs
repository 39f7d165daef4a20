//! The one place that knows which timers the server runs on: this crate's, or tokio's to compare with.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::rt::TokioTimer;
use tickwheel::integrations::hyper::HyperTimer;
use tickwheel::{Driver, DriverBuilder, Handle, Resolution, TimerHeap, TimerWheel};

use crate::options::{Options, TimerKind};

/// Makes timeouts. A clone makes them on the same driver.
#[derive(Clone)]
pub(crate) enum Timers {
    Ours(Arc<Driver>),
    Tokio,
}

impl Timers {
    pub(crate) fn start(options: &Options) -> io::Result<Self> {
        let builder = Driver::builder();
        Self::build(options.timer, if let Some(file) = &options.record { builder.record(file) } else { builder })
    }

    #[cfg(test)]
    pub(crate) fn on_clock(kind: TimerKind, clock: impl tickwheel::Clock + Send + Sync + 'static) -> io::Result<Self> {
        Self::build(kind, Driver::builder().clock(clock))
    }

    fn build(kind: TimerKind, builder: DriverBuilder) -> io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        let builder = builder.shards(cores);
        Ok(match kind {
            TimerKind::Wheel => Self::Ours(Arc::new(builder.spawn(TimerWheel::new(Resolution::MILLISECOND))?)),
            TimerKind::Heap => Self::Ours(Arc::new(builder.precise().spawn(TimerHeap::new())?)),
            TimerKind::Tokio => Self::Tokio,
        })
    }

    /// The driver, to ask for its figures.
    pub(crate) fn handle(&self) -> Option<&Handle> {
        match self {
            Self::Ours(driver) => Some(driver),
            Self::Tokio => None,
        }
    }

    pub(crate) fn sleep(&self, delay: Duration) -> Sleep {
        match self {
            Self::Ours(driver) => Sleep::Ours(driver.sleep(delay)),
            Self::Tokio => Sleep::Tokio(Box::pin(tokio::time::sleep(delay))),
        }
    }

    /// What `work` comes to, or `None` if it takes longer than `limit`.
    pub(crate) async fn within<F: Future>(&self, limit: Duration, work: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            output = work => Some(output),
            () = self.sleep(limit) => None,
        }
    }

    /// The same timers as hyper takes them.
    pub(crate) fn for_hyper(&self) -> SharedTimer {
        match self {
            Self::Ours(driver) => SharedTimer(Arc::new(HyperTimer::new(driver.handle()))),
            Self::Tokio => SharedTimer(Arc::new(TokioTimer::new())),
        }
    }
}

/// Waits for a moment.
pub(crate) enum Sleep {
    Ours(tickwheel::Sleep),
    Tokio(Pin<Box<tokio::time::Sleep>>),
}

impl Sleep {
    pub(crate) fn is_elapsed(&self) -> bool {
        match self {
            Self::Ours(sleep) => sleep.is_elapsed(),
            Self::Tokio(sleep) => sleep.is_elapsed(),
        }
    }

    /// Waits for `delay` from now on instead.
    pub(crate) fn reset(&mut self, delay: Duration) {
        match self {
            Self::Ours(sleep) => sleep.reset_after(delay),
            Self::Tokio(sleep) => sleep.as_mut().reset(tokio::time::Instant::now() + delay),
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match &mut *self {
            // Only the end of the program shuts the driver down, and nobody waits then.
            Self::Ours(sleep) => Pin::new(sleep).poll(context).map(|_| ()),
            Self::Tokio(sleep) => sleep.as_mut().poll(context),
        }
    }
}

/// A timer for hyper that its two builders can share.
#[derive(Clone)]
pub(crate) struct SharedTimer(Arc<dyn hyper::rt::Timer + Send + Sync>);

impl hyper::rt::Timer for SharedTimer {
    fn sleep(&self, delay: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        self.0.sleep(delay)
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        self.0.sleep_until(deadline)
    }

    fn now(&self) -> std::time::Instant {
        self.0.now()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn hyper::rt::Sleep>>, deadline: std::time::Instant) {
        self.0.reset(sleep, deadline);
    }
}
