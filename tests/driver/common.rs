//! What the modules share: both timers behind one call, short names, and a bound on tests that could hang.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tickwheel::{Driver, DriverBuilder, ManualClock, Resolution, TimerHeap, TimerWheel, Timestamp};

pub(crate) const MS: Duration = Duration::from_millis(1);

/// Longer than anything takes that does not hang, on however busy a machine.
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) fn at_ms(ms: u64) -> Timestamp {
    Timestamp::from_nanos(ms * 1_000_000)
}

/// Makes a driver of a builder's settings: on a wheel that ticks each millisecond, or on a heap.
pub(crate) type Spawn = fn(DriverBuilder) -> Driver;

/// Runs a test on either timer.
pub(crate) fn on_both(test: impl Fn(Spawn)) {
    test(|builder| builder.spawn(TimerWheel::new(Resolution::MILLISECOND)).unwrap());
    test(|builder| builder.spawn(TimerHeap::new()).unwrap());
}

/// A driver's settings with a clock that is moved by hand, and the clock.
pub(crate) fn by_hand() -> (DriverBuilder, ManualClock) {
    let clock = ManualClock::new();
    (Driver::builder().clock(clock.clone()), clock)
}

/// Runs what would hang if the thing tested were wrong, and fails then.
#[track_caller]
pub(crate) fn without_hanging<R: Send + 'static>(run: impl FnOnce() -> R + Send + 'static) -> R {
    let (sender, receiver) = mpsc::channel();
    let thread = thread::spawn(move || sender.send(run()));
    match receiver.recv_timeout(LONG) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("it hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            let panic = thread.join().expect_err("it ended without a result");
            std::panic::resume_unwind(panic)
        }
    }
}

/// Calls its closure as it is dropped.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
