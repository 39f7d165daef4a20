//! What a driver calls of the user's beside the timers themselves, and how it calls any of the user's code: so that a
//! panic goes no further (L15).

use core::any::Any;
use core::panic::AssertUnwindSafe;
use std::boxed::Box;
use std::panic::catch_unwind;

use super::metrics::TurnCounts;
use super::trace;
use crate::clock::TaskKind;
use crate::error::ArmErrorReason;

/// What a panic carries.
pub(crate) type Panic = Box<dyn Any + Send>;

/// Called with what a panic carried.
type OnPanic = Box<dyn Fn(&(dyn Any + Send)) + Send + Sync>;
/// Called with what could not be armed again, and why.
type OnFull = Box<dyn Fn(TaskKind, ArmErrorReason) + Send + Sync>;
type OnThread = Box<dyn Fn() + Send + Sync>;

#[derive(Default)]
pub(crate) struct Hooks {
    pub(crate) on_panic: Option<OnPanic>,
    pub(crate) on_full: Option<OnFull>,
    pub(crate) on_thread_start: Option<OnThread>,
    pub(crate) on_thread_stop: Option<OnThread>,
}

impl Hooks {
    /// Calls code of the user's; `None` if it panicked, which is counted and reported.
    pub(crate) fn guarded<R>(&self, counts: &TurnCounts, call: impl FnOnce() -> R) -> Option<R> {
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(result) => Some(result),
            Err(panic) => {
                self.panicked(counts, panic);
                None
            }
        }
    }

    /// Counts and reports what code of the user's panicked with.
    pub(crate) fn panicked(&self, counts: &TurnCounts, panic: Panic) {
        TurnCounts::add(&counts.panics);
        trace::panicked(message(&*panic));
        if let Some(on_panic) = &self.on_panic {
            // One that panics itself is not called again for that.
            let _ = catch_unwind(AssertUnwindSafe(|| on_panic(&*panic)));
        }
        // What the panic carries may panic as it is dropped.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(panic)));
    }

    /// Reports what is over because it could not be armed again.
    pub(crate) fn full(&self, counts: &TurnCounts, kind: TaskKind, reason: ArmErrorReason) {
        TurnCounts::add(&counts.not_rearmed);
        trace::not_rearmed(kind, reason);
        if let Some(on_full) = &self.on_full {
            self.guarded(counts, || on_full(kind, reason));
        }
    }

    /// Runs what one of the driver's threads is for, between the two hooks of threads. However it ends, the second one
    /// is called.
    pub(crate) fn on_thread(&self, counts: &TurnCounts, run: impl FnOnce()) {
        struct Stop<'a>(&'a Hooks, &'a TurnCounts);

        impl Drop for Stop<'_> {
            fn drop(&mut self) {
                if let Some(on_thread_stop) = &self.0.on_thread_stop {
                    self.0.guarded(self.1, on_thread_stop);
                }
            }
        }

        if let Some(on_thread_start) = &self.on_thread_start {
            self.guarded(counts, on_thread_start);
        }
        let _stop = Stop(self, counts);
        run();
    }
}

/// The words of a panic, if it has any.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<std::string::String>().map(|text| text.as_str())).unwrap_or("(no message)")
}
