//! A sleep for those who take no error.

#[cfg(feature = "backon")]
use core::future::Future;
#[cfg(feature = "backon")]
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use crate::future::{Sleep, without_error};
#[cfg(any(feature = "hyper", feature = "quinn"))]
use crate::time::Deadline;

/// A [`Sleep`] that stays pending once its driver is shut down, since completing would be early (L31), and panics if
/// the driver has no room for another timer.
#[derive(Debug)]
pub(super) struct InfallibleSleep {
    sleep: Sleep,
}

impl InfallibleSleep {
    pub(super) fn new(sleep: Sleep) -> Self {
        Self { sleep }
    }

    /// As a future, with a share in the task's budget.
    #[cfg(feature = "backon")]
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        without_error(ready!(Pin::new(&mut self.sleep).poll(context)))
    }
}

/// For libraries with timers that are moved, and polled beside the io that uses up the task's budget.
#[cfg(any(feature = "hyper", feature = "quinn"))]
impl InfallibleSleep {
    pub(super) fn poll_unbudgeted(&mut self, context: &mut Context<'_>) -> Poll<()> {
        without_error(ready!(self.sleep.poll_unbudgeted(context)))
    }

    pub(super) fn reset(&mut self, deadline: impl Into<Deadline>) {
        self.sleep.reset(deadline);
    }
}
