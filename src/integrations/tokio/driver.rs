//! The task that turns a driver on a tokio runtime, and its owner.

use core::fmt;
use core::ops::Deref;
use core::panic::{RefUnwindSafe, UnwindSafe};
use std::io;

use ::tokio::task::{AbortHandle, yield_now};

#[cfg(not(target_os = "linux"))]
use super::sleep::ReactorTimer;
#[cfg(target_os = "linux")]
use super::timerfd::ReactorTimer;
use crate::driver::{DriverBuilder, Handle, LoopDriver, TimerTask};
use crate::sync::Arc;
use crate::timer::Timer;

/// A driver that a task of a tokio runtime turns; made by [`DriverBuilder::spawn_on_tokio`].
///
/// It is a [`Handle`] too. Dropping it ends the task and shuts the driver down, which waits for callbacks on a callback
/// pool and for nothing else. The runtime that shuts down does the same to it: what was armed is dropped, and its
/// futures, wherever they are polled, end with [`TimerError::Closed`](crate::TimerError::Closed).
pub struct TokioDriver {
    shared: Arc<Shared>,
    /// None with a clock that is moved by hand.
    task: Option<AbortHandle>,
}

struct Shared {
    driver: LoopDriver,
    alarm: Arc<ReactorTimer>,
}

impl DriverBuilder {
    /// Makes the driver and has the tokio runtime turn it that this is called in: `current_thread` or `multi_thread`.
    ///
    /// On Linux a turn comes tens of microseconds after its time on an idle runtime, by a timerfd; elsewhere tokio's
    /// own timer wakes the task, to the millisecond. A runtime whose threads are all busy turns late, as it polls late.
    ///
    /// Callbacks run on the runtime's thread that turns: one that blocks holds up all tasks of that thread. Give it
    /// a [`callback_pool`](Self::callback_pool), or keep them short; the same goes for the [`budget`](Self::budget).
    /// Thread name (but for the pool), timer slack and spinning are a thread's, and say nothing here.
    ///
    /// With a [`ManualClock`](crate::ManualClock) there is no task: whoever moves the clock turns the driver.
    ///
    /// # Errors
    ///
    /// What the system says if it gives no more file descriptors, or no threads for the callback pool.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime. On Linux also in one without `enable_io`, in words that say so; elsewhere that is
    /// `enable_time`, and the panic is the task's.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickwheel::{Driver, TimerHeap};
    ///
    /// let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    /// runtime.block_on(async {
    ///     let timers = Driver::builder().spawn_on_tokio(TimerHeap::new())?;
    ///     let start = timers.now();
    ///     timers.sleep(Duration::from_micros(300)).await?;
    ///     assert!(timers.now() - start >= Duration::from_micros(300));
    ///     Ok::<(), Box<dyn std::error::Error>>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn_on_tokio(self, timer: impl Timer<TimerTask> + Send + 'static) -> io::Result<TokioDriver> {
        let alarm = Arc::new(ReactorTimer::new()?);
        // The driver outlives its shutting down, in its handles; the alarm does not.
        let on_earlier = Arc::downgrade(&alarm);
        let driver = self.for_event_loop(timer, move || {
            if let Some(alarm) = on_earlier.upgrade() {
                alarm.earlier();
            }
        })?;
        alarm.follow(driver.core());
        let is_registered = driver.register_with_clock();
        let shared = Arc::new(Shared { driver, alarm });
        let task = (!is_registered).then(|| ::tokio::spawn(run(Closing(shared.clone()))).abort_handle());
        Ok(TokioDriver { shared, task })
    }
}

/// Shuts the driver down when the task ends, however it does.
struct Closing(Arc<Shared>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.driver.close();
    }
}

async fn run(closing: Closing) {
    let Shared { driver, alarm } = &*closing.0;
    // Its owner aborts it.
    let core = driver.core();
    loop {
        let now = core.now_or_last();
        if core.is_due(now) {
            // Nothing else of the user's goes further than the call of it, but the timer may be the user's too.
            if core.guarded(|| driver.turn(now)).is_none() {
                break;
            }
            // What is due may be due again at once, without end: others have their chance between any two turns (L41).
            yield_now().await;
        } else if alarm.wait().await.is_err() {
            break;
        }
    }
}

impl TokioDriver {
    /// A handle to this driver.
    pub fn handle(&self) -> Handle {
        self.shared.driver.handle()
    }

    /// Shuts the driver down, as dropping it does.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Deref for TokioDriver {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.shared.driver
    }
}

impl Drop for TokioDriver {
    fn drop(&mut self) {
        self.shared.driver.close();
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// A panic leaves nothing of it half done.
impl UnwindSafe for TokioDriver {}
impl RefUnwindSafe for TokioDriver {}

impl fmt::Debug for TokioDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioDriver").field("handle", &**self).finish_non_exhaustive()
    }
}
