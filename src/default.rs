//! Which driver the free functions use: the one that the thread has entered, else one for the whole process.
//!
//! So tests of one process each have a clock of their own, and a program that wants none of this says nothing and has
//! its timers all the same.

use core::cell::RefCell;
use core::fmt;
use core::marker::PhantomData;
use std::thread_local;
use std::vec::Vec;

use crate::driver::Handle;

thread_local! {
    /// What this thread has entered and not left yet, the last one last.
    static ENTERED: RefCell<Vec<(u64, Handle)>> = const { RefCell::new(Vec::new()) };
}

/// Leaves the driver that was entered when it is dropped; made by [`Handle::enter`].
#[must_use = "the driver is left as soon as its guard is dropped"]
pub struct EnterGuard {
    entry: u64,
    /// It is this thread that has to leave.
    thread: PhantomData<*const ()>,
}

impl Handle {
    /// Makes this driver the one that the free functions use on this thread, until the guard is dropped.
    ///
    /// Entering goes deeper: the driver entered last counts, whatever the order in which guards are dropped. A guard
    /// that is forgotten enters for the rest of the thread's life. So a runtime of tokio's enters a driver:
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
    /// assert_eq!(Handle::current().now(), clock.now());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enter(&self) -> EnterGuard {
        let entry = ENTERED.with_borrow_mut(|entered| {
            let entry = entered.last().map_or(0, |(last, _)| last + 1);
            entered.push((entry, self.clone()));
            entry
        });
        EnterGuard { entry, thread: PhantomData }
    }

    /// The driver that this thread has entered last and not left, else the one for the whole process.
    ///
    /// The latter starts at its first use: a [`TimerWheel`](crate::TimerWheel) with ticks of a millisecond on a thread
    /// named `tickwheel`. It cannot be shut down.
    ///
    /// # Panics
    ///
    /// If it is the first use of the process's driver and the system gives no thread for it.
    pub fn current() -> Self {
        let entered = ENTERED.try_with(|entered| entered.borrow().last().map(|(_, handle)| handle.clone()));
        entered.ok().flatten().unwrap_or_else(of_process)
    }
}

#[cfg(not(tickwheel_loom))]
fn of_process() -> Handle {
    use crate::driver::Driver;
    use crate::sync::OnceLock;
    use crate::time::Resolution;
    use crate::wheel::TimerWheel;

    static OF_PROCESS: OnceLock<Driver> = OnceLock::new();
    let driver = OF_PROCESS.get_or_init(|| {
        let driver = Driver::builder().shards(crate::sync::cores()).spawn(TimerWheel::new(Resolution::MILLISECOND));
        driver.unwrap_or_else(|error| panic!("no thread for the timers of this process: {error}"))
    });
    driver.handle()
}

/// A model's drivers end with it, and so there is none for the whole process.
#[cfg(tickwheel_loom)]
fn of_process() -> Handle {
    panic!("a model has no driver for the whole process: enter one of its own with Handle::enter()")
}

impl Drop for EnterGuard {
    fn drop(&mut self) {
        let left = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            let place = entered.iter().position(|(entry, _)| *entry == self.entry);
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
