//! A program that uses `tokio::time` changes one `use` line, and runs the same.
//!
//! `program.inc` is compiled twice, each time below another `use` line. Both run on a clock that goes on to the next
//! timer when all wait, tokio's paused one and a [`ManualClock`], so that what they print can be held against each
//! other to the millisecond.

use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};

use tickwheel::{Driver, ManualClock, Resolution, TimerHeap, TimerWheel};

mod on_tokio {
    use tokio::time::{self, Duration, Instant, MissedTickBehavior};

    include!("program.inc");
}

mod on_tickwheel {
    use tickwheel::compat::time::{self, Duration, Instant, MissedTickBehavior};

    include!("program.inc");
}

fn on_tokios_clock() -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(on_tokio::program())
}

/// Notes that it was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Runs the program without any runtime, on the driver given: whenever it waits for the clock, and for nothing else,
/// that goes on to the next timer.
fn on_ours(clock: &ManualClock, timers: &Driver) -> Vec<String> {
    let _entered = timers.enter();
    let mut program = pin!(on_tickwheel::program());
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    loop {
        if let Poll::Ready(lines) = program.as_mut().poll(&mut Context::from_waker(&waker)) {
            return lines;
        }
        while !woken.0.swap(false, Ordering::SeqCst) {
            clock.step().expect("it waits for a timer");
        }
    }
}

#[test]
fn a_program_of_tokios_runs_the_same_after_one_use_line_is_changed() {
    let expected = on_tokios_clock();
    assert!(expected.len() > 35, "it does something: {expected:#?}");
    let clock = ManualClock::new();
    let coarse = Driver::builder().clock(clock.clone()).spawn(TimerWheel::new(Resolution::MILLISECOND)).unwrap();
    assert_eq!(on_ours(&clock, &coarse), expected);
    let clock = ManualClock::new();
    let precise = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
    assert_eq!(on_ours(&clock, &precise), expected);
}

#[test]
fn l27_a_period_of_zero_panics_in_the_file_that_asked_for_it() {
    use tickwheel::compat::time::{Duration, Instant, interval, interval_at};

    let where_it_panics = |call: &dyn Fn()| {
        let (sender, receiver) = mpsc::channel();
        panic::set_hook(Box::new(move |panic| sender.send(panic.location().unwrap().file().to_owned()).unwrap()));
        panic::catch_unwind(AssertUnwindSafe(call)).unwrap_err();
        drop(panic::take_hook());
        receiver.recv().unwrap()
    };
    assert_eq!(where_it_panics(&|| drop(interval(Duration::ZERO))), file!());
    assert_eq!(where_it_panics(&|| drop(interval_at(Instant::now(), Duration::ZERO))), file!());
}
