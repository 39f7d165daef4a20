//! What a program may take through `catch_unwind` without a word, as it may tokio's handles.

use std::panic::{RefUnwindSafe, UnwindSafe};

use tickwheel::{
    After, CallbackGuard, Driver, EnterGuard, Handle, Interval, LocalDriver, LocalGuard, LocalHandle, LocalTask,
    LocalWakeGuard, LoopDriver, ManualClock, MessageGuard, MonotonicClock, Sleep, Ticker, TimerHeap, TimerWheel,
};

#[test]
fn handles_drivers_and_guards_are_unwind_safe() {
    fn holds<T: UnwindSafe + RefUnwindSafe>() {}
    holds::<Handle>();
    holds::<Driver>();
    holds::<LoopDriver>();
    holds::<tickwheel::integrations::tokio::TokioDriver>();
    holds::<LocalDriver<TimerHeap<LocalTask>>>();
    holds::<LocalDriver<TimerWheel<LocalTask>>>();
    holds::<LocalHandle>();
    holds::<LocalGuard>();
    holds::<LocalWakeGuard>();
    holds::<CallbackGuard>();
    holds::<MessageGuard<&mut u8>>();
    holds::<After>();
    holds::<Ticker>();
    holds::<EnterGuard>();
    holds::<ManualClock>();
    holds::<MonotonicClock>();
    holds::<Sleep>();
    holds::<Interval>();
}
