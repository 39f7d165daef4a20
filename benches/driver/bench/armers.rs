//! What can arm a timeout and cancel it, from any number of threads.
//!
//! # Bias
//!
//! - All read the machine's clock for each timer, and a sleep of the driver's once more as it is polled, to be ready at
//!   once if its deadline has come. All but the bare wheel carry something to run when it fires: a closure of one word,
//!   or a waker that is counted, as those of all runtimes are.
//! - tokio's `sleep` and the driver's live on the stack and allocate nothing. A callback has a node and a closure on
//!   the heap, two allocations for each timer; with tokio, something that runs by itself would be a task.
//! - Sleeps are polled on threads that are not a runtime's workers, so that tokio's cooperative budget does not
//!   interfere.
//! - The bare wheel behind a mutex is the least that a program could do itself: it is never turned, and an earlier
//!   timer wakes no thread.

use std::future::Future;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Context;
use std::time::Duration;

use harness::{Alert, Kind, Who, expect};
use parking_lot::Mutex;
use tickwheel::{
    Clock, Driver, MonotonicClock, Resolution, Timer, TimerEvent, TimerExt, TimerHeap, TimerTask, TimerWheel,
};
use tokio::runtime::Builder;

pub(crate) type Delays<'a> = &'a mut dyn Iterator<Item = Duration>;
pub(crate) type ArmAndCancel = dyn Fn(Delays<'_>) -> Result<(), String> + Sync;

/// Arms a timeout and cancels it, again and again.
pub(crate) struct Armer {
    /// Arms and cancels a timer for each of the delays, or says what went wrong with one of them.
    pub(crate) arm_and_cancel: Box<ArmAndCancel>,
    /// Whether there is nothing left of so many timers but those in the background.
    pub(crate) check: Box<dyn Fn(u64) -> Result<(), String>>,
}

/// An armer and how it is made, for a number of threads, with timers in the background.
pub(crate) struct Entry {
    pub(crate) who: Who,
    pub(crate) start: fn(usize, u64) -> Armer,
}

const fn ours(name: &'static str, what: &'static str, start: fn(usize, u64) -> Armer) -> Entry {
    entry(name, Kind::Ours, what, start)
}

const fn entry(name: &'static str, kind: Kind, what: &'static str, start: fn(usize, u64) -> Armer) -> Entry {
    Entry { who: Who { name, kind, what, mark: "" }, start }
}

const SHARDED: &str = "the same with a shard for each thread";

pub(crate) const ARMERS: &[Entry] = &[
    ours("wheel-callback", "`call_after` on a `TimerWheel`, 1 shard", |_, others| callbacks(wheel(), 1, others)),
    ours("wheel-callback-sharded", SHARDED, |shards, others| callbacks(wheel(), shards, others)),
    ours("wheel-sleep", "`sleep` on a `TimerWheel`, 1 shard", |_, others| sleeps(wheel(), 1, others)),
    ours("wheel-sleep-sharded", SHARDED, |shards, others| sleeps(wheel(), shards, others)),
    ours("heap-callback", "`call_after` on a `TimerHeap`, 1 shard", |_, others| callbacks(TimerHeap::new(), 1, others)),
    ours("heap-callback-sharded", SHARDED, |shards, others| callbacks(TimerHeap::new(), shards, others)),
    ours("heap-sleep", "`sleep` on a `TimerHeap`, 1 shard", |_, others| sleeps(TimerHeap::new(), 1, others)),
    ours("heap-sleep-sharded", SHARDED, |shards, others| sleeps(TimerHeap::new(), shards, others)),
    entry("tokio-sleep", Kind::Published("tokio"), "`sleep`", |_, others| tokio_sleeps(others)),
    entry("mutex-wheel", Kind::Baseline, "`Mutex<TimerWheel<u64>>`, no driver", |_, others| bare(others)),
];

/// Delays, in milliseconds: timeouts of a server, none of which fires while it is measured.
pub(crate) const DELAYS_MS: Range<u64> = 60_000..120_000;

/// Those in the background are spread evenly over the same delays.
fn background_delay(index: u64, background: u64) -> Duration {
    Duration::from_millis(DELAYS_MS.start + index * (DELAYS_MS.end - DELAYS_MS.start) / background)
}

fn wheel() -> TimerWheel<TimerTask> {
    TimerWheel::new(Resolution::MILLISECOND)
}

/// A driver with timers in the background.
fn driver(timer: impl Timer<TimerTask> + Send + 'static, shards: usize, background: u64) -> Driver {
    let driver = Driver::builder().shards(shards).spawn(timer).expect("the system has one more thread");
    for index in 0..background {
        let handle = driver.on_shard(index as usize % shards);
        let delay = background_delay(index, background);
        handle.call_after(delay, counting(&CALLS)).expect("the driver runs").detach();
    }
    driver
}

/// What `driver` has done with `pairs` timers and those in the background.
fn check_driver(driver: &Driver, pairs: u64, background: u64) -> Result<(), String> {
    let metrics = driver.metrics();
    let calls = CALLS.load(Ordering::Relaxed);
    let seen = (metrics.armed, metrics.cancelled, metrics.fired, metrics.pending as u64, calls);
    expect(seen, (pairs + background, pairs, 0, background, 0), "armed, cancelled, fired, pending and called")
}

/// How often a callback was called, whether it had been cancelled or not: all of them are due after the bench. A word
/// that all share costs nothing to be dropped.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// A callback that counts how often it is called, and is one word long.
fn counting(calls: &'static AtomicU64) -> impl FnOnce(TimerEvent) + Send + 'static {
    move |_| _ = calls.fetch_add(1, Ordering::Relaxed)
}

/// A driver's handle: `call_after`, and the drop of its guard.
fn callbacks(timer: impl Timer<TimerTask> + Send + 'static, shards: usize, background: u64) -> Armer {
    let driver = driver(timer, shards, background);
    let handle = driver.handle();
    let arm_and_cancel = move |delays: Delays<'_>| {
        for delay in delays {
            drop(handle.call_after(delay, counting(&CALLS)).map_err(|error| error.to_string())?);
        }
        Ok(())
    };
    let check = move |pairs| check_driver(&driver, pairs, background);
    Armer { arm_and_cancel: Box::new(arm_and_cancel), check: Box::new(check) }
}

/// A driver's handle: `sleep`, polled once and dropped.
fn sleeps(timer: impl Timer<TimerTask> + Send + 'static, shards: usize, background: u64) -> Armer {
    let driver = driver(timer, shards, background);
    let (handle, alert) = (driver.handle(), Alert::default());
    let woken = alert.clone();
    let check = move |pairs| {
        check_driver(&driver, pairs, background)?;
        expect(woken.count(), 0, "woken")
    };
    let arm_and_cancel = move |delays: Delays<'_>| poll_all(&alert, delays, |delay| handle.sleep(delay)).map(drop);
    Armer { arm_and_cancel: Box::new(arm_and_cancel), check: Box::new(check) }
}

/// tokio's `sleep` in a runtime of several threads: made, polled once, dropped.
fn tokio_sleeps(background: u64) -> Armer {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build();
    let runtime = runtime.expect("the system has two more threads");
    let (alert, armed) = (Alert::default(), Arc::<AtomicU64>::default());
    for index in 0..background {
        let waker = alert.waker();
        runtime.spawn(async move {
            tokio::time::sleep(background_delay(index, background)).await;
            waker.wake();
        });
    }
    let (handle, woken, counted) = (runtime.handle().clone(), alert.clone(), armed.clone());
    let arm_and_cancel = move |delays: Delays<'_>| {
        let _entered = handle.enter();
        armed.fetch_add(poll_all(&alert, delays, tokio::time::sleep)?, Ordering::Relaxed);
        Ok(())
    };
    let check = move |pairs| {
        let alive = runtime.metrics().num_alive_tasks() as u64;
        let seen = (counted.load(Ordering::Relaxed), woken.count(), alive);
        expect(seen, (pairs, 0, background), "armed, woken and asleep")
    };
    Armer { arm_and_cancel: Box::new(arm_and_cancel), check: Box::new(check) }
}

/// Polls a sleep for each of `delays` once, drops it, and says how many there were.
fn poll_all<F: Future>(alert: &Alert, delays: Delays<'_>, sleep: impl Fn(Duration) -> F) -> Result<u64, String> {
    let waker = alert.waker();
    let mut context = Context::from_waker(&waker);
    let mut armed = 0;
    for delay in delays {
        if pin!(sleep(delay)).poll(&mut context).is_ready() {
            return Err(format!("a sleep of {delay:?} was over at once"));
        }
        armed += 1;
    }
    Ok(armed)
}

/// The wheel behind a lock, and nothing else.
fn bare(background: u64) -> Armer {
    let clock = MonotonicClock::new();
    let mut timers = TimerWheel::new(Resolution::MILLISECOND);
    for index in 0..background {
        timers.insert(clock.now() + background_delay(index, background), index).expect("there is room for more");
    }
    let all = Arc::new((Mutex::new(timers), AtomicU64::new(0)));
    let checked = all.clone();
    let arm_and_cancel = move |delays: Delays<'_>| {
        let (timers, cancelled) = &*all;
        let mut done = 0;
        for (value, delay) in (0..).zip(delays) {
            let deadline = clock.now() + delay;
            let id = timers.lock().insert(deadline, value).map_err(|error| error.to_string())?;
            if timers.lock().cancel(id) != Some(value) {
                return Err("a timer was not there to be cancelled".to_owned());
            }
            done += 1;
        }
        cancelled.fetch_add(done, Ordering::Relaxed);
        Ok(())
    };
    let check = move |pairs| {
        let seen = (checked.1.load(Ordering::Relaxed), checked.0.lock().len() as u64);
        expect(seen, (pairs, background), "cancelled and pending")
    };
    Armer { arm_and_cancel: Box::new(arm_and_cancel), check: Box::new(check) }
}
