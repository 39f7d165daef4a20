//! How the task waits on Linux: by a timerfd that tokio's reactor watches.
//!
//! Who arms an earlier timer sets the timerfd itself, on its own thread, and wakes neither the task nor the reactor.
//! The timerfd always stands at what was last published as the moment until which the driver sleeps: publishing and
//! setting are done under one lock, by the task and by whoever arms.
//!
//! It is never read. tokio registers it edge-triggered, setting it takes back what had rung, and each ring is an edge
//! of its own. All there is to do for one is to have tokio forget that it is readable.
//!
//! Why tokio has it as a pipe stands in `docs/decisions/0010-timerfd-as-a-pipe.md`.

use std::io;

use ::tokio::net::unix::pipe::Receiver;
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime, timerfd_create,
    timerfd_settime,
};

use crate::driver::Core;
use crate::sync::{Arc, Mutex, Weak};

const ZERO: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

pub(super) struct ReactorTimer {
    timer: Receiver,
    /// Whose alarm it is. Its lock is held while the timer is set.
    core: Mutex<Weak<Core>>,
}

impl ReactorTimer {
    /// # Panics
    ///
    /// Outside of a tokio runtime, and in one without `enable_io`.
    pub(super) fn new() -> io::Result<Self> {
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        let timer = Receiver::from_owned_fd_unchecked(timer)?;
        Ok(Self { timer, core: Mutex::new(Weak::new()) })
    }

    /// Becomes the alarm of `core`, before anything is armed there.
    pub(super) fn follow(&self, core: &Arc<Core>) {
        *self.core.lock() = Arc::downgrade(core);
    }

    /// There is an earlier timer than the one that is waited for.
    pub(super) fn earlier(&self) {
        self.set();
    }

    /// Waits until a turn is wanted, or perhaps a moment less.
    ///
    /// # Errors
    ///
    /// If the runtime is being shut down.
    pub(super) async fn wait(&self) -> io::Result<()> {
        self.set();
        self.timer.readable().await?;
        // It takes back what tokio knows by now, and not what rings later.
        let _ = self.timer.try_io(|| Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        Ok(())
    }

    /// Publishes until when the driver sleeps and sets the timerfd to it.
    fn set(&self) {
        let driver; // the last one to go, as it may be the last one to hold the user's timer
        let core = self.core.lock();
        driver = core.upgrade();
        let Some(driver) = &driver else { return };
        let mut panic = None;
        let until = driver.sleeper.fall_asleep(|| driver.next_turn());
        let expiry = if until == u64::MAX {
            ZERO
        } else {
            // The driver's clock is read second: what passes between the two makes it ring early, and not late.
            let now = clock_gettime(ClockId::Monotonic);
            let left;
            (left, panic) = driver.wait_unreported(until);
            let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
            now + left
        };
        let once = Itimerspec { it_interval: ZERO, it_value: expiry };
        let set = timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &once);
        // It is a timerfd, and the time is one: there is nothing for the system to refuse.
        set.expect("a timerfd takes any time");
        drop(core);
        driver.report_panic(panic);
    }
}

#[cfg(all(test, not(tickwheel_loom)))]
mod tests {
    use core::future::{Future, poll_fn};
    use core::pin::pin;
    use core::task::Poll;
    use core::time::Duration;

    use super::ReactorTimer;
    use crate::driver::{Driver, LoopDriver};
    use crate::heap::TimerHeap;
    use crate::sync::Arc;

    const HOUR: Duration = Duration::from_secs(3600);

    /// Runs a test on a runtime whose reactor looks for events after every task.
    fn on_tokio(test: impl AsyncFnOnce(LoopDriver, &ReactorTimer)) {
        let mut runtime = ::tokio::runtime::Builder::new_current_thread();
        runtime.enable_io().event_interval(1).build().unwrap().block_on(async {
            let alarm = Arc::new(ReactorTimer::new().unwrap());
            let on_earlier = alarm.clone();
            let driver = Driver::builder().for_event_loop(TimerHeap::new(), move || on_earlier.earlier()).unwrap();
            alarm.follow(driver.core());
            test(driver, &alarm).await;
        });
    }

    /// Shows that it does not ring, however often the reactor looks.
    async fn is_silent(alarm: &ReactorTimer) {
        let mut wait = pin!(alarm.wait());
        for _ in 0..100 {
            poll_fn(|context| {
                assert!(wait.as_mut().poll(context).is_pending(), "it rings");
                Poll::Ready(())
            })
            .await;
            ::tokio::task::yield_now().await;
        }
    }

    #[test]
    fn a_ring_is_forgotten() {
        on_tokio(async |driver, alarm| {
            for _ in 0..3 {
                driver.call_after(Duration::from_micros(100), |_| ()).unwrap().detach();
                alarm.wait().await.unwrap();
                assert_eq!(driver.turn(driver.now()).fired, 1);
                is_silent(alarm).await;
                let _far = driver.call_after(HOUR, |_| ()).unwrap();
                is_silent(alarm).await;
            }
        });
    }

    #[test]
    fn setting_it_takes_back_what_has_rung_unheard() {
        on_tokio(async |driver, alarm| {
            driver.call_after(Duration::ZERO, |_| ()).unwrap().detach();
            alarm.earlier();
            assert_eq!(driver.turn(driver.now()).fired, 1);
            let _far = driver.call_after(HOUR, |_| ()).unwrap();
            is_silent(alarm).await;
        });
    }

    #[test]
    fn an_earlier_timer_sets_it_though_the_task_never_runs() {
        on_tokio(async |driver, alarm| {
            let _far = driver.call_after(HOUR, |_| ()).unwrap();
            is_silent(alarm).await;
            let handle = driver.handle();
            let arms = std::thread::spawn(move || {
                // Each is earlier than the one before, and so sets it anew.
                let at = |micros| handle.call_after(Duration::from_micros(micros), |_| ()).unwrap().detach();
                [3_000_000, 2_000_000, 1_000_000, 100].map(at)
            });
            arms.join().unwrap();
            // Without setting it once more, as `wait` would.
            let start = std::time::Instant::now();
            let gives_up = async {
                while start.elapsed() < Duration::from_secs(10) {
                    ::tokio::task::yield_now().await;
                }
                panic!("it does not ring");
            };
            smol::future::or(async { alarm.timer.readable().await.unwrap() }, gives_up).await;
            assert_eq!(driver.turn(driver.now()).fired, 1);
        });
    }
}
