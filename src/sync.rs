//! Locks, atomics, threads and channels: the one file that knows where they come from.
//!
//! In earnest they are parking_lot's, the standard library's and crossbeam's. Under `cfg(tickwheel_loom)` they are
//! loom's, so that a model explores every order in which threads can meet; for what loom has no fit for there is a
//! small stand-in on loom's own mutex and condition variable, with just the calls that are used here.
//!
//! `Arc` is the standard library's in both: loom's has no weak pointers and does not turn into one of a trait object.
//! [`Counter`] is too, for what is counted only to be told, and for hints: whatever it shows, what is promised holds.
//!
//! No time passes in a model: a wait ends by being notified, and the machine's clock stands still (L29).

pub(crate) use alloc::sync::{Arc, Weak};

#[cfg(feature = "std")]
pub(crate) use with_std::*;

#[cfg(all(feature = "std", not(tickwheel_loom)))]
mod with_std {
    use std::time::Instant;

    pub(crate) use std::sync::atomic::{AtomicU64, Ordering};

    #[cfg(feature = "driver")]
    pub(crate) use for_driver::*;
    #[cfg(not(feature = "driver"))]
    pub(crate) use plain::Mutex;

    /// What time it is by the machine.
    pub(crate) fn machine_time() -> Instant {
        Instant::now()
    }

    #[cfg(feature = "driver")]
    mod for_driver {
        use std::sync::atomic::AtomicUsize;

        pub(crate) use crossbeam_channel as channel;
        pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
        pub(crate) use std::hint::spin_loop;
        #[cfg(feature = "futures")]
        pub(crate) use std::sync::OnceLock;
        pub(crate) use std::sync::atomic::{AtomicU64 as Counter, fence};
        pub(crate) use std::thread;

        /// How many threads the machine runs at a time.
        #[cfg(feature = "futures")]
        pub(crate) fn cores() -> usize {
            thread::available_parallelism().map_or(1, core::num::NonZeroUsize::get)
        }

        /// A small number that is this thread's own: 0 for the first that asks, 1 for the next.
        pub(crate) fn thread_number() -> usize {
            static NEXT: AtomicUsize = AtomicUsize::new(0);
            std::thread_local! {
                static OWN: usize = NEXT.fetch_add(1, super::Ordering::Relaxed);
            }
            OWN.try_with(|own| *own).unwrap_or(0) // a thread that is ending may still drop timers
        }
    }

    /// The standard library's mutex, for a build without the driver. What it guards here is whole at any moment, so
    /// that a panic under it spoils nothing.
    #[cfg(not(feature = "driver"))]
    mod plain {
        use std::sync::{MutexGuard, PoisonError};

        #[derive(Debug, Default)]
        pub(crate) struct Mutex<T>(std::sync::Mutex<T>);

        impl<T> Mutex<T> {
            pub(crate) fn new(value: T) -> Self {
                Self(std::sync::Mutex::new(value))
            }

            pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
                self.0.lock().unwrap_or_else(PoisonError::into_inner)
            }
        }
    }
}

#[cfg(all(feature = "std", tickwheel_loom))]
mod with_std {
    use core::fmt;
    use core::ops::{Deref, DerefMut};
    use core::time::Duration;
    use std::collections::VecDeque;
    use std::time::Instant;

    pub(crate) use loom::hint::spin_loop;
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering, fence};
    pub(crate) use loom::thread;
    pub(crate) use std::sync::OnceLock;
    pub(crate) use std::sync::atomic::AtomicU64 as Counter;

    /// The same moment always: loom runs a model again and again, and must find it the same each time.
    pub(crate) fn machine_time() -> Instant {
        static MOMENT: OnceLock<Instant> = OnceLock::new();
        *MOMENT.get_or_init(Instant::now)
    }

    /// Numbers given out in the order in which threads ask would hang on the order that is being explored; a model says
    /// itself which shard a thread is to use, by `Handle::on_shard`.
    pub(crate) fn thread_number() -> usize {
        0
    }

    /// loom's mutex with parking_lot's calls.
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    pub(crate) struct MutexGuard<'a, T>(Option<loom::sync::MutexGuard<'a, T>>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            MutexGuard(Some(self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)))
        }
    }

    impl<T: Default> Default for Mutex<T> {
        fn default() -> Self {
            Self::new(T::default())
        }
    }

    impl<T> fmt::Debug for Mutex<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Mutex")
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            self.0.as_ref().expect("it is only taken while waiting")
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.0.as_mut().expect("it is only taken while waiting")
        }
    }

    /// loom's condition variable with parking_lot's calls. No time passes in a model: a wait ends by a notification.
    #[derive(Debug)]
    pub(crate) struct Condvar(loom::sync::Condvar);

    impl Condvar {
        pub(crate) fn new() -> Self {
            Self(loom::sync::Condvar::new())
        }

        pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
            let held = guard.0.take().expect("it is only taken while waiting");
            guard.0 = Some(self.0.wait(held).unwrap_or_else(std::sync::PoisonError::into_inner));
        }

        pub(crate) fn wait_for<T>(&self, guard: &mut MutexGuard<'_, T>, _: Duration) -> WaitTimeoutResult {
            self.wait(guard);
            WaitTimeoutResult
        }

        pub(crate) fn notify_one(&self) {
            self.0.notify_one();
        }

        pub(crate) fn notify_all(&self) {
            self.0.notify_all();
        }
    }

    /// That it was not the time that ended a wait: it never is.
    pub(crate) struct WaitTimeoutResult;

    impl Default for Condvar {
        fn default() -> Self {
            Self::new()
        }
    }

    /// crossbeam-channel's calls, as far as they are used here, on loom's mutex and condition variable: for models.
    ///
    /// There is no `select!` and no waiting with a timeout, since no time passes, and no channel without room
    /// (`bounded(0)`).
    #[cfg_attr(not(feature = "channels"), allow(unreachable_pub, dead_code))]
    pub(crate) mod channel {
        use super::{Condvar, Mutex, VecDeque};
        use crate::sync::Arc;
        pub use crossbeam_channel::{RecvError, SendError, TryRecvError, TrySendError};

        struct State<T> {
            queue: VecDeque<T>,
            senders: usize,
            receivers: usize,
        }

        struct Shared<T> {
            state: Mutex<State<T>>,
            changed: Condvar,
            capacity: usize,
        }

        /// The sending side.
        pub struct Sender<T>(Arc<Shared<T>>);

        /// The receiving side.
        pub struct Receiver<T>(Arc<Shared<T>>);

        /// A channel with room for any number of messages.
        pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
            bounded(usize::MAX)
        }

        /// A channel with room for `capacity` messages.
        ///
        /// # Panics
        ///
        /// If it is 0: this stand-in has no channels whose sender waits for a receiver.
        pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
            assert!(capacity > 0, "a channel in a model needs room for a message: take bounded(1)");
            let state = State { queue: VecDeque::new(), senders: 1, receivers: 1 };
            let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), capacity });
            (Sender(shared.clone()), Receiver(shared))
        }

        impl<T> Sender<T> {
            /// Sends without waiting.
            pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
                let mut state = self.0.state.lock();
                if state.receivers == 0 {
                    return Err(TrySendError::Disconnected(message));
                }
                if state.queue.len() >= self.0.capacity {
                    return Err(TrySendError::Full(message));
                }
                state.queue.push_back(message);
                drop(state);
                self.0.changed.notify_all();
                Ok(())
            }

            /// Sends, waiting for room.
            pub fn send(&self, message: T) -> Result<(), SendError<T>> {
                let mut state = self.0.state.lock();
                while state.receivers > 0 && state.queue.len() >= self.0.capacity {
                    self.0.changed.wait(&mut state);
                }
                if state.receivers == 0 {
                    return Err(SendError(message));
                }
                state.queue.push_back(message);
                drop(state);
                self.0.changed.notify_all();
                Ok(())
            }
        }

        impl<T> Receiver<T> {
            /// Receives without waiting.
            pub fn try_recv(&self) -> Result<T, TryRecvError> {
                let mut state = self.0.state.lock();
                let empty = if state.senders == 0 { TryRecvError::Disconnected } else { TryRecvError::Empty };
                let message = state.queue.pop_front().ok_or(empty);
                drop(state);
                self.0.changed.notify_all();
                message
            }

            /// Receives, waiting for a message.
            pub fn recv(&self) -> Result<T, RecvError> {
                let mut state = self.0.state.lock();
                while state.queue.is_empty() && state.senders > 0 {
                    self.0.changed.wait(&mut state);
                }
                let message = state.queue.pop_front().ok_or(RecvError);
                drop(state);
                self.0.changed.notify_all();
                message
            }

            /// How many messages wait.
            pub fn len(&self) -> usize {
                self.0.state.lock().queue.len()
            }

            /// Whether no message waits.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }
        }

        impl<T> Clone for Sender<T> {
            fn clone(&self) -> Self {
                self.0.state.lock().senders += 1;
                Self(self.0.clone())
            }
        }

        impl<T> Drop for Sender<T> {
            fn drop(&mut self) {
                self.0.state.lock().senders -= 1;
                self.0.changed.notify_all();
            }
        }

        impl<T> Clone for Receiver<T> {
            fn clone(&self) -> Self {
                self.0.state.lock().receivers += 1;
                Self(self.0.clone())
            }
        }

        impl<T> Drop for Receiver<T> {
            fn drop(&mut self) {
                let mut state = self.0.state.lock();
                state.receivers -= 1;
                // Nobody can receive them any more; they are dropped here, as in earnest, and out of the lock.
                let lost = if state.receivers == 0 { core::mem::take(&mut state.queue) } else { VecDeque::new() };
                drop(state);
                self.0.changed.notify_all();
                drop(lost);
            }
        }
    }
}
