//! The owner of a driver: starts its thread, pauses it around a fork, and shuts it down.

use core::fmt;
use core::ops::Deref;
use core::panic::{RefUnwindSafe, UnwindSafe};
use std::io;
use std::string::String;

use super::handle::Handle;
use super::pool::Pool;
use super::thread::{Parker, Waiting, start};
use super::trace;
use super::turn_runner::TurnRunner;
use crate::sync::{Arc, thread};

/// A driver: turns a timer into callbacks, messages and futures, on a thread of its own.
///
/// It is a [`Handle`] too, and gives out further ones. Dropping it, or [`shutdown`](Self::shutdown), ends it: its
/// threads are joined, what was armed is dropped, and every handle answers that the driver was shut down.
///
/// ```
/// use std::time::Duration;
/// use tickwheel::{Driver, Resolution, TimerWheel};
///
/// let timers = Driver::spawn(TimerWheel::new(Resolution::MILLISECOND))?; // or TimerHeap::new()
/// let (sender, receiver) = std::sync::mpsc::channel();
/// timers.call_after(Duration::from_millis(2), move |_| sender.send("due").unwrap())?.detach();
/// assert_eq!(receiver.recv()?, "due");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Forking
///
/// A forked child has none of its parent's threads. [`pause`](Self::pause) before a fork and [`resume`](Self::resume)
/// after it, in the parent and in the child, keep both whole (L32). Forking while the driver runs is not supported: a
/// lock that its thread held stays locked in the child for ever.
pub struct Driver {
    handle: Handle,
    turn_runner: Arc<TurnRunner>,
    parker: Arc<Parker>,
    waiting: Waiting,
    name: String,
    /// The clock is moved by hand, by those who turn the driver.
    is_registered: bool,
    thread: Option<thread::JoinHandle<()>>,
}

impl Driver {
    /// Starts the driver; paused, unless it `runs`.
    pub(crate) fn start(
        turn_runner: Arc<TurnRunner>,
        parker: Arc<Parker>,
        waiting: Waiting,
        name: String,
        runs: bool,
    ) -> io::Result<Self> {
        let is_registered = turn_runner.register_with_clock();
        let handle = Handle::new(turn_runner.core().clone());
        let mut driver = Self { handle, turn_runner, parker, waiting, name, is_registered, thread: None };
        if runs {
            driver.start_threads()?;
        }
        trace::started(&driver.name, driver.shards());
        Ok(driver)
    }

    /// A handle to this driver.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Ends the driver's threads and keeps its timers: they can be armed, moved and cancelled meanwhile, and what falls
    /// due fires after [`resume`](Self::resume). It waits for callbacks that are running, and for those that wait for
    /// the pool. Pausing twice is pausing once.
    ///
    /// A driver on a clock moved by hand is not turned while it is paused, and what fell due fires when the clock is
    /// moved after [`resume`](Self::resume), be it by no time at all.
    ///
    /// # Errors
    ///
    /// If it is called from a callback of the driver's, which cannot wait for itself; nothing was done.
    pub fn pause(&mut self) -> io::Result<()> {
        let own = thread::current().id();
        let is_own = self.thread.as_ref().is_some_and(|thread| thread.thread().id() == own);
        if is_own || self.is_on_pool() || (self.is_registered && !self.turn_runner.activity().pause()) {
            return Err(io::Error::other(
                "pause() was called from one of the driver's own callbacks; call it from another thread",
            ));
        }
        self.end_threads(Pool::stop);
        trace::paused(&self.name);
        Ok(())
    }

    /// Starts the driver's threads again after a [`pause`](Self::pause); a driver that runs goes on running.
    ///
    /// # Errors
    ///
    /// What the system says if it gives no more threads; the driver is paused then.
    pub fn resume(&mut self) -> io::Result<()> {
        self.start_threads()?;
        trace::resumed(&self.name);
        Ok(())
    }

    fn start_threads(&mut self) -> io::Result<()> {
        if let Some(pool) = self.turn_runner.pool() {
            pool.start()?;
        }
        self.turn_runner.activity().resume();
        if self.is_registered || self.thread.is_some() {
            return Ok(());
        }
        let started = start(self.turn_runner.clone(), self.parker.clone(), self.waiting, self.name.clone());
        match started {
            Ok(thread) => self.thread = Some(thread),
            Err(error) => {
                self.end_threads(Pool::stop);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Shuts the driver down: what was armed is dropped, its futures are woken to find out, arming fails from now on.
    /// It waits for callbacks that are running; one that is due and has not begun is dropped, too.
    ///
    /// From a callback on one of the driver's threads it does not wait for that thread, which ends by itself (L14).
    /// Dropping the driver does the same.
    pub fn shutdown(self) {
        drop(self);
    }

    fn is_on_pool(&self) -> bool {
        self.turn_runner.pool().is_some_and(|pool| pool.is_own_thread())
    }

    fn end_threads(&mut self, end_pool: fn(&Pool)) {
        self.parker.stop();
        let own = thread::current().id();
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != own) {
            // A panic of the thread is one of this crate's own code, and it was printed.
            let _ = thread.join();
        }
        if let Some(pool) = self.turn_runner.pool() {
            end_pool(pool);
        }
    }
}

impl Deref for Driver {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.turn_runner.close();
        if self.is_registered {
            self.turn_runner.activity().wait();
        }
        self.end_threads(Pool::close);
    }
}

/// A panic leaves nothing of it half done.
impl UnwindSafe for Driver {}
impl RefUnwindSafe for Driver {}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("name", &self.name)
            .field("handle", &self.handle)
            .field(
                "is_paused",
                &if self.is_registered { self.turn_runner.activity().is_paused() } else { self.thread.is_none() },
            )
            .finish_non_exhaustive()
    }
}
