//! How the task waits where there is no timerfd: by a timer of tokio's, and so to the millisecond.

use std::io;

use ::tokio::sync::Notify;
use ::tokio::time::timeout;

use crate::driver::Core;
use crate::sync::{Arc, Mutex, Weak};

pub(super) struct ReactorTimer {
    earlier: Notify,
    /// Whose alarm it is.
    core: Mutex<Weak<Core>>,
}

impl ReactorTimer {
    #[cfg_attr(target_os = "linux", allow(dead_code, reason = "elsewhere it cannot fail"))]
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { earlier: Notify::new(), core: Mutex::new(Weak::new()) })
    }

    /// Becomes the alarm of `core`, before anything is armed there.
    pub(super) fn follow(&self, core: &Arc<Core>) {
        *self.core.lock() = Arc::downgrade(core);
    }

    /// There is an earlier timer than the one that is waited for.
    pub(super) fn earlier(&self) {
        self.earlier.notify_one();
    }

    /// Waits until a turn is wanted, or perhaps less.
    pub(super) async fn wait(&self) -> io::Result<()> {
        let core = self.core.lock().upgrade();
        let Some(core) = core else { return Ok(()) };
        let until = core.sleeper.fall_asleep(|| core.next_turn());
        if until == u64::MAX {
            drop(core);
            self.earlier.notified().await;
            return Ok(());
        }
        let left = core.wait_for(until);
        drop(core);
        let _ = timeout(left, self.earlier.notified()).await;
        Ok(())
    }
}

#[cfg(all(test, not(tickwheel_loom)))]
mod tests {
    use core::time::Duration;

    use super::ReactorTimer;
    use crate::driver::{Driver, LoopDriver};
    use crate::heap::TimerHeap;
    use crate::sync::Arc;

    fn driver() -> (LoopDriver, Arc<ReactorTimer>) {
        let alarm = Arc::new(ReactorTimer::new().unwrap());
        let on_earlier = alarm.clone();
        let driver = Driver::builder().for_event_loop(TimerHeap::new(), move || on_earlier.earlier()).unwrap();
        alarm.follow(driver.core());
        (driver, alarm)
    }

    fn block_on(test: impl Future<Output = ()>) {
        ::tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(test);
    }

    #[test]
    fn it_waits_until_a_turn_is_wanted() {
        block_on(async {
            let (driver, alarm) = driver();
            driver.call_after(Duration::from_millis(3), |_| ()).unwrap().detach();
            while driver.turn(driver.now()).fired == 0 {
                alarm.wait().await.unwrap();
            }
            assert_eq!(driver.pending(), 0);
        });
    }

    #[test]
    fn an_earlier_timer_ends_the_wait() {
        for far in [None, Some(Duration::from_secs(3600))] {
            block_on(async {
                let (driver, alarm) = driver();
                let _far = far.map(|far| driver.call_after(far, |_| ()).unwrap());
                let handle = driver.handle();
                let arms = std::thread::spawn(move || handle.call_after(Duration::ZERO, |_| ()).unwrap().detach());
                while driver.turn(driver.now()).fired == 0 {
                    alarm.wait().await.unwrap();
                }
                arms.join().unwrap();
            });
        }
    }
}
