//! A wasm32-unknown-unknown program with timers: its host, a page or node, says what time it is and turns it.
//!
//! There is no clock here that the standard library could read, and no thread. `scripts/check-wasm` builds it and runs
//! it in node, where `run.mjs` is the event loop.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::future::Future;
use std::io::ErrorKind;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tickwheel::{
    CallbackGuard, Clock, Driver, Handle, LocalDriver, LoopDriver, ManualClock, Resolution, TimerHeap, TimerWheel,
    Timestamp,
};

const MS: Duration = Duration::from_millis(1);

/// What time it is, as the host has said last, in nanoseconds.
static NOW: AtomicU64 = AtomicU64::new(0);

struct HostClock;

impl Clock for HostClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(NOW.load(Ordering::Relaxed))
    }
}

thread_local! {
    static TIMERS: RefCell<Option<(LoopDriver, CallbackGuard)>> = const { RefCell::new(None) };
    static TICKS: Cell<u32> = const { Cell::new(0) };
}

fn start_ticking(period: Duration) -> Result<(), Box<dyn Error>> {
    let wheel = TimerWheel::new(Resolution::MILLISECOND);
    // The host asks for the next turn each time that it has called something here: there is nobody to wake.
    let timers = Driver::builder().clock(HostClock).for_event_loop(wheel, || {})?;
    let tick = timers.call_every(period, |_| TICKS.set(TICKS.get() + 1))?;
    TIMERS.set(Some((timers, tick)));
    Ok(())
}

/// Begins to tick every so many milliseconds; 0 if it cannot.
#[no_mangle]
pub extern "C" fn start(period_ms: u32) -> u32 {
    u32::from(start_ticking(period_ms * MS).is_ok())
}

/// Fires what is due by `now_ms`, and says in how many milliseconds to call again; negative if nothing is armed.
#[no_mangle]
pub extern "C" fn turn(now_ms: f64) -> f64 {
    NOW.store((now_ms * 1e6) as u64, Ordering::Relaxed);
    TIMERS.with_borrow(|timers| {
        let Some((timers, _)) = timers else { return -1.0 };
        let _ = timers.turn(timers.now());
        timers.timeout().map_or(-1.0, |timeout| timeout.as_secs_f64() * 1e3)
    })
}

/// How many ticks there were.
#[no_mangle]
pub extern "C" fn ticks() -> u32 {
    TICKS.get()
}

/// What needs a clock or a thread says so by an error. How many did not.
#[no_mangle]
pub extern "C" fn wrong_answers() -> u32 {
    let heap = TimerHeap::new;
    let without_clock = Driver::builder().for_event_loop(heap(), || {}).err();
    let without_anything = Driver::spawn(heap()).err();
    let without_thread = Driver::builder().clock(HostClock).spawn(heap()).err();
    let without_pool = Driver::builder().clock(HostClock).callback_pool(1).for_event_loop(heap(), || {}).err();
    let of_process = Handle::try_current().err();
    let is_right = |error: &Option<std::io::Error>| {
        error.as_ref().is_some_and(|error| error.kind() == ErrorKind::Unsupported && !error.to_string().is_empty())
    };
    let answers = [without_clock, without_anything, without_thread, without_pool, of_process];
    answers.iter().filter(|error| !is_right(error)).count() as u32
}

fn everything_else() -> Result<u32, Box<dyn Error>> {
    let mut done = 0;

    // A clock moved by hand, futures and channels.
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).shards(2).spawn(TimerHeap::new())?;
    let _entered = timers.enter();
    let mut sleep = pin!(Handle::current_or_default().sleep(5 * MS));
    let mut context = Context::from_waker(Waker::noop());
    let after = timers.after(7 * MS)?;
    assert_eq!(sleep.as_mut().poll(&mut context), Poll::Pending);
    clock.advance(10 * MS);
    done += u32::from(sleep.as_mut().poll(&mut context) == Poll::Ready(Ok(())));
    done += u32::from(after.try_recv().is_ok());

    // A driver of one thread's.
    let local = LocalDriver::new(TimerHeap::new(), clock.clone());
    let called = Rc::new(Cell::new(0));
    let counted = called.clone();
    let _guard = local.call_after(3 * MS, move |_| counted.set(counted.get() + 1))?;
    clock.advance(3 * MS);
    let _ = local.turn(local.now());
    done += called.get();
    Ok(done)
}

/// How much of the rest works, of 3.
#[no_mangle]
pub extern "C" fn others() -> u32 {
    everything_else().unwrap_or(0)
}
