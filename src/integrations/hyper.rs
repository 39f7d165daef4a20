//! hyper's timer: its header-read timeout, its HTTP/2 keep-alive and a client's pool run on a driver.
//!
//! ```
//! use std::time::Duration;
//! use hyper::server::conn::http1;
//! use tickwheel::integrations::hyper::HyperTimer;
//! use tickwheel::{Driver, Resolution, TimerWheel};
//!
//! let timers = Driver::spawn(TimerWheel::new(Resolution::MILLISECOND))?;
//! let mut server = http1::Builder::new();
//! server.timer(HyperTimer::new(timers.handle())).header_read_timeout(Duration::from_secs(10));
//! # Ok::<(), std::io::Error>(())
//! ```

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::boxed::Box;
use std::time::Instant;

use ::hyper::rt::{Sleep, Timer};

use super::infallible_sleep::InfallibleSleep;
use crate::driver::Handle;
use crate::time::Deadline;

/// A driver as hyper's [`Timer`]. Clones are the same timer.
///
/// What time it is says the driver's clock: with a [`ManualClock`](crate::ManualClock) hyper's timeouts of minutes are
/// tested in no time.
///
/// hyper's sleeps cannot fail. So they stay pending once the driver is shut down: completing would be early (L31).
///
/// # Panics
///
/// Polling a sleep does, if the driver has no room for another timer.
#[derive(Clone)]
pub struct HyperTimer {
    handle: Handle,
}

/// What [`HyperTimer`] sleeps with: one allocation, for hyper's box, and none when hyper moves it.
#[derive(Debug)]
pub struct HyperSleep {
    sleep: InfallibleSleep,
}

impl HyperTimer {
    /// A timer that sleeps on the driver of `handle`.
    pub fn new(handle: Handle) -> Self {
        Self { handle }
    }

    fn at(&self, deadline: impl Into<Deadline>) -> Pin<Box<dyn Sleep>> {
        Box::pin(HyperSleep { sleep: InfallibleSleep::new(self.handle.sleep_until(deadline)) })
    }
}

impl Timer for HyperTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.at(self.handle.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        self.at(self.handle.to_timestamp(deadline))
    }

    fn now(&self) -> Instant {
        self.handle.to_instant(self.handle.now())
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn Sleep>>, new_deadline: Instant) {
        match sleep.as_mut().downcast_mut_pin::<HyperSleep>() {
            Some(mut own) => own.sleep.reset(self.handle.to_timestamp(new_deadline)),
            None => *sleep = self.sleep_until(new_deadline),
        }
    }
}

impl fmt::Debug for HyperTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTimer").field("handle", &self.handle).finish_non_exhaustive()
    }
}

impl Sleep for HyperSleep {}

impl Future for HyperSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.sleep.poll_unbudgeted(context)
    }
}
