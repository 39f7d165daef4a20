//! The adapters as methods of every stream.

use core::time::Duration;

use futures_core::Stream;

use super::debounce::Debounce;
use super::throttle::Throttle;
use super::timeout::StreamTimeout;
use crate::driver::Handle;

/// A limit to the time that each item may take, a least distance between items, and quiet before one: as methods of
/// every [`Stream`].
///
/// Those without a driver in their arguments use the one that this thread has entered, else the process's:
/// [`Handle::current_or_default`]. Their names do not clash with those of `futures`' `StreamExt`; import one of the two
/// `as _` to have both.
///
/// What they have in common:
///
/// - An item is a [`Result`], since there may be no waiting: the driver was shut down, or its shard is full. Such an
///   error is the last item. `TryStreamExt::try_next` of `futures` reads well with them.
/// - They are fused: past their end they say `None` and do not poll the inner stream again.
/// - They are safe to cancel: an item that was taken from the inner stream and not yet handed out stays in the adapter.
/// - One that is never polled takes no lock, and an item that is there at once costs no timer.
///
/// # Panics
///
/// Those that name no driver do as [`Handle::current_or_default`].
pub trait StreamExt: Stream + Sized {
    /// Says so where the next item is longer than `limit` in coming: [`StreamTimeout`].
    fn timeout(self, limit: Duration) -> StreamTimeout<Self> {
        self.timeout_on(&Handle::current_or_default(), limit)
    }

    /// [`timeout`](Self::timeout) on the driver given.
    fn timeout_on(self, timers: &Handle, limit: Duration) -> StreamTimeout<Self> {
        StreamTimeout::new(self, timers, limit)
    }

    /// Lets `gap` go by after each item before it takes the next one: [`Throttle`].
    fn throttle(self, gap: Duration) -> Throttle<Self> {
        self.throttle_on(&Handle::current_or_default(), gap)
    }

    /// [`throttle`](Self::throttle) on the driver given.
    fn throttle_on(self, timers: &Handle, gap: Duration) -> Throttle<Self> {
        Throttle::new(self, timers, gap)
    }

    /// Hands an item out once no other has come for as long as `quiet`: [`Debounce`].
    fn debounce(self, activity: Duration) -> Debounce<Self> {
        self.debounce_on(&Handle::current_or_default(), activity)
    }

    /// [`debounce`](Self::debounce) on the driver given.
    fn debounce_on(self, timers: &Handle, activity: Duration) -> Debounce<Self> {
        Debounce::new(self, timers, activity)
    }
}

impl<S: Stream> StreamExt for S {}
