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
//! - The bare wheel behind a mutex is the least that a program could do itself: nobody turns it, and an earlier timer
//!   wakes nobody.

use std::future::Future;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Wake};
use std::time::Duration;

use harness::{Alert, Kind, Who};
use parking_lot::Mutex;
use tickwheel::{
    Clock, Driver, MonotonicClock, Resolution, Timer, TimerEvent, TimerExt, TimerHeap, TimerTask, TimerWheel,
};
use tokio::runtime::{Builder, Runtime};

/// Arms a timeout and cancels it, again and again.
pub(crate) trait Armer: Sync {
    /// Arms and cancels a timer for each of `delays`.
    ///
    /// # Errors
    ///
    /// What went wrong with one of them.
    fn arm_and_cancel(&self, delays: &mut dyn Iterator<Item = Duration>) -> Result<(), String>;

    /// Whether there is nothing left of `pairs` timers but `background` others.
    fn check(&self, pairs: u64, background: u64) -> Result<(), String>;
}

/// An armer and how it is made, for a number of threads, with timers in the background.
pub(crate) struct Entry {
    pub(crate) who: Who,
    pub(crate) start: fn(usize, u64) -> Box<dyn Armer>,
}

const fn ours(name: &'static str, what: &'static str, start: fn(usize, u64) -> Box<dyn Armer>) -> Entry {
    Entry { who: Who { name, kind: Kind::Ours, what, mark: "" }, start }
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
    Entry {
        who: Who { name: "tokio-sleep", kind: Kind::Published("tokio"), what: "`sleep`", mark: "" },
        start: |_, others| Box::new(TokioSleeps::new(others)),
    },
    Entry {
        who: Who { name: "mutex-wheel", kind: Kind::Baseline, what: "`Mutex<TimerWheel<u64>>`, no driver", mark: "" },
        start: |_, others| Box::new(Bare::new(others)),
    },
];

fn callbacks(timer: impl Timer<TimerTask> + Send + 'static, shards: usize, background: u64) -> Box<dyn Armer> {
    Box::new(Callbacks(driver(timer, shards, background)))
}

fn sleeps(timer: impl Timer<TimerTask> + Send + 'static, shards: usize, background: u64) -> Box<dyn Armer> {
    Box::new(Sleeps { driver: driver(timer, shards, background), alert: Arc::default() })
}

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

/// A driver's handle: `call_after`, and the drop of its guard.
struct Callbacks(Driver);

/// How often a callback was called, whether it had been cancelled or not: all of them are due after the bench. A word
/// that all share costs nothing to be dropped.
static CALLS: AtomicU64 = AtomicU64::new(0);

impl Armer for Callbacks {
    fn arm_and_cancel(&self, delays: &mut dyn Iterator<Item = Duration>) -> Result<(), String> {
        for delay in delays {
            let guard = self.0.call_after(delay, counting(&CALLS));
            drop(guard.map_err(|error| error.to_string())?);
        }
        Ok(())
    }

    fn check(&self, pairs: u64, background: u64) -> Result<(), String> {
        check_driver(&self.0, pairs, background)
    }
}

/// A callback that counts how often it is called, and is one word long.
fn counting(calls: &'static AtomicU64) -> impl FnOnce(TimerEvent) + Send + 'static {
    move |_| _ = calls.fetch_add(1, Ordering::Relaxed)
}

/// A driver's handle: `sleep`, polled once and dropped.
struct Sleeps {
    driver: Driver,
    alert: Arc<Alert>,
}

impl Armer for Sleeps {
    fn arm_and_cancel(&self, delays: &mut dyn Iterator<Item = Duration>) -> Result<(), String> {
        poll_all(&self.alert, delays, |delay| self.driver.sleep(delay)).map(drop)
    }

    fn check(&self, pairs: u64, background: u64) -> Result<(), String> {
        check_driver(&self.driver, pairs, background)?;
        expect(self.alert.count(), 0, "woken")
    }
}

/// tokio's `sleep` in a runtime of several threads: made, polled once, dropped.
struct TokioSleeps {
    runtime: Runtime,
    armed: AtomicU64,
    alert: Arc<Alert>,
}

impl TokioSleeps {
    fn new(background: u64) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build();
        let runtime = runtime.expect("the system has two more threads");
        let alert = Arc::<Alert>::default();
        for index in 0..background {
            let alert = alert.clone();
            runtime.spawn(async move {
                tokio::time::sleep(background_delay(index, background)).await;
                alert.wake();
            });
        }
        Self { runtime, armed: AtomicU64::new(0), alert }
    }
}

impl Armer for TokioSleeps {
    fn arm_and_cancel(&self, delays: &mut dyn Iterator<Item = Duration>) -> Result<(), String> {
        let _entered = self.runtime.enter();
        let armed = poll_all(&self.alert, delays, tokio::time::sleep)?;
        self.armed.fetch_add(armed, Ordering::Relaxed);
        Ok(())
    }

    fn check(&self, pairs: u64, background: u64) -> Result<(), String> {
        let alive = self.runtime.metrics().num_alive_tasks() as u64;
        let seen = (self.armed.load(Ordering::Relaxed), self.alert.count(), alive);
        expect(seen, (pairs, 0, background), "armed, woken and asleep")
    }
}

/// Polls a sleep for each of `delays` once, drops it, and says how many there were.
fn poll_all<F: Future>(
    alert: &Arc<Alert>,
    delays: &mut dyn Iterator<Item = Duration>,
    sleep: impl Fn(Duration) -> F,
) -> Result<u64, String> {
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
struct Bare {
    clock: MonotonicClock,
    timers: Mutex<TimerWheel<u64>>,
    cancelled: AtomicU64,
}

impl Bare {
    fn new(background: u64) -> Self {
        let clock = MonotonicClock::new();
        let mut timers = TimerWheel::new(Resolution::MILLISECOND);
        for index in 0..background {
            timers.insert(clock.now() + background_delay(index, background), index).expect("there is room for more");
        }
        Self { clock, timers: Mutex::new(timers), cancelled: AtomicU64::new(0) }
    }
}

impl Armer for Bare {
    fn arm_and_cancel(&self, delays: &mut dyn Iterator<Item = Duration>) -> Result<(), String> {
        let mut cancelled = 0;
        for (value, delay) in (0..).zip(delays) {
            let deadline = self.clock.now() + delay;
            let id = self.timers.lock().insert(deadline, value).map_err(|error| error.to_string())?;
            if self.timers.lock().cancel(id) != Some(value) {
                return Err("a timer was not there to be cancelled".to_owned());
            }
            cancelled += 1;
        }
        self.cancelled.fetch_add(cancelled, Ordering::Relaxed);
        Ok(())
    }

    fn check(&self, pairs: u64, background: u64) -> Result<(), String> {
        let seen = (self.cancelled.load(Ordering::Relaxed), self.timers.lock().len() as u64);
        expect(seen, (pairs, background), "cancelled and pending")
    }
}

fn expect<T: PartialEq + std::fmt::Debug>(seen: T, expected: T, what: &str) -> Result<(), String> {
    if seen == expected { Ok(()) } else { Err(format!("{what}: {seen:?} instead of {expected:?}")) }
}
