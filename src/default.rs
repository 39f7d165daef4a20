//! Which driver the free functions use: the one that the thread has entered, else one for the whole process.
//!
//! So tests of one process each have a clock of their own, and a program that wants none of this says nothing and has
//! its timers all the same.

use core::cell::RefCell;
use core::fmt;
use core::marker::PhantomData;
use std::io;
use std::thread_local;
use std::vec::Vec;

#[cfg(not(tickwheel_loom))]
use crate::driver::Driver;
use crate::driver::Handle;
#[cfg(not(tickwheel_loom))]
use crate::sync::{Mutex, OnceLock};
#[cfg(not(tickwheel_loom))]
use crate::time::Resolution;
#[cfg(not(tickwheel_loom))]
use crate::wheel::TimerWheel;

thread_local! {
    /// What this thread has entered and not left yet, the last one last.
    static ENTERED: RefCell<Vec<(u64, Handle)>> = const { RefCell::new(Vec::new()) };
}

/// Leaves the driver that was entered when it is dropped; made by [`Handle::enter`].
#[must_use = "the driver is left as soon as its guard is dropped"]
pub struct EnterGuard {
    /// None on a thread that is ending.
    entry: Option<u64>,
    /// It is this thread that has to leave.
    thread: PhantomData<*const ()>,
}

impl Handle {
    /// Makes this driver the one that the free functions use on this thread, until the guard is dropped.
    ///
    /// Guards nest: the driver entered last counts, whatever the order in which guards are dropped. A guard that is
    /// forgotten enters for the rest of the thread's life; on a thread that is ending, in the destructor of a
    /// thread-local value, entering may be without effect. So a tokio runtime enters a driver:
    /// `.on_thread_start(move || std::mem::forget(timers.enter()))`, where `timers` is a `Handle`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickwheel::{Clock, Driver, Handle, ManualClock, TimerHeap};
    ///
    /// let clock = ManualClock::new();
    /// let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new())?;
    /// let _entered = timers.enter();
    /// clock.advance(Duration::from_secs(5));
    /// assert_eq!(Handle::current_or_default().now(), clock.now());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enter(&self) -> EnterGuard {
        let entry = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            // Not their number: guards that are dropped in another order leave gaps.
            let entry = entered.last().map_or(0, |(last, _)| last + 1);
            entered.push((entry, self.clone()));
            entry
        });
        EnterGuard { entry: entry.ok(), thread: PhantomData }
    }

    /// The driver that this thread has entered last and not left, else the one for the whole process.
    ///
    /// The latter starts at its first use: a [`TimerWheel`] with ticks of a millisecond on a thread
    /// named `tickwheel`. It cannot be shut down; [`Driver::pause_default`](crate::Driver::pause_default) pauses it.
    ///
    /// # Panics
    ///
    /// If it is the first use of the process's driver and the system gives no thread for it, or has none;
    /// [`try_current`](Self::try_current) does not.
    pub fn current_or_default() -> Self {
        Self::try_current().unwrap_or_else(|error| panic!("no driver for the timers of this process: {error}"))
    }

    /// As [`current_or_default`](Self::current_or_default), without panicking.
    ///
    /// # Errors
    ///
    /// If it is the first use of the process's driver: what the system says if it gives no thread for it, or has no
    /// threads or no clock.
    pub fn try_current() -> io::Result<Self> {
        let entered = ENTERED.try_with(|entered| entered.borrow().last().map(|(_, handle)| handle.clone()));
        entered.ok().flatten().map_or_else(of_process, Ok)
    }
}

/// The driver for the whole process.
#[cfg(not(tickwheel_loom))]
struct OfProcess {
    /// None before its first use, and away while it is being paused or resumed.
    driver: Option<Driver>,
    is_paused: bool,
}

#[cfg(not(tickwheel_loom))]
static OF_PROCESS: Mutex<OfProcess> = Mutex::new(OfProcess { driver: None, is_paused: false });
#[cfg(not(tickwheel_loom))]
static HANDLE: OnceLock<Handle> = OnceLock::new();

#[cfg(not(tickwheel_loom))]
fn of_process() -> io::Result<Handle> {
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let mut process = OF_PROCESS.lock();
    // Another thread may have been here first, and the driver may be away.
    if HANDLE.get().is_none() {
        let builder = Driver::builder().shards(crate::sync::cores());
        let driver = builder.start(TimerWheel::new(Resolution::MILLISECOND), !process.is_paused)?;
        HANDLE.get_or_init(|| driver.handle());
        process.driver = Some(driver);
    }
    Ok(HANDLE.get().expect("it was made").clone())
}

/// A model's drivers end with it, and so there is none for the whole process.
#[cfg(tickwheel_loom)]
fn of_process() -> io::Result<Handle> {
    Err(io::Error::other("a model has no driver for the whole process: enter one of its own with Handle::enter()"))
}

#[cfg(not(tickwheel_loom))]
impl Driver {
    /// Pauses the driver for the whole process, as [`pause`](Self::pause) does: before a fork. If it was not used yet,
    /// it does not start its thread before [`resume_default`](Self::resume_default).
    ///
    /// Between the two no thread may be at work with any of its timers; what is said of [forking](Self#forking) holds
    /// for it too.
    ///
    /// # Errors
    ///
    /// If it is called from a callback of this driver's, or while another thread pauses or resumes it; nothing was
    /// done.
    ///
    /// ```
    /// use tickwheel::{Driver, Handle};
    ///
    /// let timers = Handle::current_or_default();
    /// Driver::pause_default()?;
    /// // Here the process may fork.
    /// Driver::resume_default()?;
    /// # drop(timers);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn pause_default() -> io::Result<()> {
        with_default(Self::pause, true)
    }

    /// Has the driver for the whole process go on after [`pause_default`](Self::pause_default): after a fork, in the
    /// parent and in the child.
    ///
    /// # Errors
    ///
    /// What the system says if it gives no thread; the driver is paused then. Also while another thread pauses or
    /// resumes it.
    pub fn resume_default() -> io::Result<()> {
        with_default(Self::resume, false)
    }
}

/// Pauses or resumes the driver for the whole process. It is not locked meanwhile: pausing waits for callbacks, which
/// may come here too.
#[cfg(not(tickwheel_loom))]
fn with_default(change: fn(&mut Driver) -> io::Result<()>, is_paused: bool) -> io::Result<()> {
    let mut process = OF_PROCESS.lock();
    let Some(mut driver) = process.driver.take() else {
        if HANDLE.get().is_some() {
            return Err(io::Error::other("another thread is pausing or resuming the driver of this process"));
        }
        process.is_paused = is_paused;
        return Ok(());
    };
    drop(process);
    let changed = change(&mut driver);
    let mut process = OF_PROCESS.lock();
    process.driver = Some(driver);
    changed.map(|()| process.is_paused = is_paused)
}

impl Drop for EnterGuard {
    fn drop(&mut self) {
        let left = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            let place = entered.iter().position(|(entry, _)| Some(*entry) == self.entry);
            place.map(|place| entered.remove(place))
        });
        // The handle is dropped here, where nothing is borrowed.
        drop(left);
    }
}

impl fmt::Debug for EnterGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnterGuard").finish_non_exhaustive()
    }
}
