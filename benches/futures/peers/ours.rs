//! This crate's futures on the wheel and on the heap, each with a driver's thread.
//!
//! For: nothing that the jobs do is expensive here but arming. Against: the driver's thread is one more thread, which
//! must wake tasks from outside of the runtime; [`InTokio`] has none. A handle is at hand, and not looked up; [`Named`]
//! looks it up, as the functions with tokio's names do.

use std::fmt::Debug;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tickwheel::compat::time;
use tickwheel::integrations::tokio::TokioDriver;
use tickwheel::{Driver, Handle, MonotonicClock, Resolution, Sleep, Task, Timer, TimerHeap, TimerWheel, Timestamp};
use tokio::runtime::Runtime;

use crate::peers::{Limits, Peer, Resets, of_threads, runtime};

/// What a driver is made of.
pub(crate) trait Kind: Send + Sync + 'static {
    fn timer() -> impl Timer<Task> + Send + 'static;

    /// Shards for so many threads.
    fn shards(threads: usize) -> usize {
        threads
    }
}

pub(crate) struct Wheel;
pub(crate) struct Heap;
/// The wheel, with one shard for all threads.
pub(crate) struct OneShard;

impl Kind for Wheel {
    fn timer() -> impl Timer<Task> + Send + 'static {
        TimerWheel::new(Resolution::MILLISECOND)
    }
}

impl Kind for Heap {
    fn timer() -> impl Timer<Task> + Send + 'static {
        TimerHeap::new()
    }
}

impl Kind for OneShard {
    fn timer() -> impl Timer<Task> + Send + 'static {
        Wheel::timer()
    }

    fn shards(_threads: usize) -> usize {
        1
    }
}

/// The futures of a handle.
pub(crate) struct Ours<K> {
    driver: Driver,
    clock: MonotonicClock,
    runtime: Runtime,
    kind: PhantomData<K>,
}

fn driver<K: Kind>(threads: usize, clock: MonotonicClock) -> Driver {
    let driver = Driver::builder().clock(clock).shards(K::shards(threads)).spawn(K::timer());
    driver.expect("the system has one more thread")
}

fn check(driver: &Handle, cancelled: u64) -> Result<(), String> {
    let metrics = driver.metrics();
    let seen = (metrics.armed - metrics.fired, metrics.cancelled, metrics.pending);
    let expected = (cancelled, cancelled, 0);
    let what = "armed but not fired, cancelled, and pending";
    if seen == expected { Ok(()) } else { Err(format!("{what}: {seen:?} instead of {expected:?}")) }
}

impl<K: Kind> Peer for Ours<K> {
    fn start(threads: usize) -> Self {
        let clock = MonotonicClock::new();
        Self { driver: driver::<K>(threads, clock), clock, runtime: runtime(threads), kind: PhantomData }
    }

    fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn sleep(&self, delay: Duration) -> impl Future<Output: Send> + Send {
        self.driver.sleep(delay)
    }

    fn check(&self, cancelled: u64) -> Result<(), String> {
        check(&self.driver, cancelled)
    }
}

impl<K: Kind> Resets for Ours<K> {
    type Sleep = Sleep;
    type Moment = Timestamp;

    fn movable(&self, delay: Duration) -> Sleep {
        self.driver.sleep(delay)
    }

    fn moment(&self, at: Instant) -> Timestamp {
        self.clock.timestamp(at)
    }

    fn reset(sleep: Pin<&mut Sleep>, to: Timestamp) {
        sleep.get_mut().reset(to);
    }
}

impl<K: Kind> Limits for Ours<K> {
    fn timeout<F: Future>(&self, delay: Duration, future: F) -> impl Future<Output = Result<F::Output, impl Debug>> {
        self.driver.timeout(delay, future)
    }
}

/// The functions with tokio's names, on a wheel that every thread has entered.
pub(crate) struct Named {
    driver: Driver,
    runtime: Runtime,
}

impl Peer for Named {
    fn start(threads: usize) -> Self {
        let driver = driver::<Wheel>(threads, MonotonicClock::new());
        let handle = driver.handle();
        let mut builder = of_threads(threads);
        builder.on_thread_start(move || std::mem::forget(handle.enter()));
        Self { driver, runtime: builder.build().expect("the system has more threads") }
    }

    fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn within<R>(&self, work: impl FnOnce() -> R) -> R {
        let _entered = (self.runtime.enter(), self.driver.enter());
        work()
    }

    fn sleep(&self, delay: Duration) -> impl Future<Output: Send> + Send {
        time::sleep(delay)
    }

    fn check(&self, cancelled: u64) -> Result<(), String> {
        check(&self.driver, cancelled)
    }
}

impl Resets for Named {
    type Sleep = time::Sleep;
    type Moment = time::Instant;

    fn movable(&self, delay: Duration) -> time::Sleep {
        time::sleep(delay)
    }

    fn moment(&self, at: Instant) -> time::Instant {
        time::Instant::from_std(at)
    }

    fn reset(sleep: Pin<&mut time::Sleep>, to: time::Instant) {
        sleep.reset(to);
    }
}

impl Limits for Named {
    fn timeout<F: Future>(&self, delay: Duration, future: F) -> impl Future<Output = Result<F::Output, impl Debug>> {
        time::timeout(delay, future)
    }
}

/// The futures of a handle to a wheel that a task of the runtime turns.
pub(crate) struct InTokio {
    driver: TokioDriver,
    clock: MonotonicClock,
    runtime: Runtime,
}

impl Peer for InTokio {
    fn start(threads: usize) -> Self {
        let (clock, runtime) = (MonotonicClock::new(), runtime(threads));
        let driver = {
            let _entered = runtime.enter();
            Driver::builder().clock(clock).shards(threads).spawn_on_tokio(Wheel::timer())
        };
        Self { driver: driver.expect("the system has one more file descriptor"), clock, runtime }
    }

    fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn sleep(&self, delay: Duration) -> impl Future<Output: Send> + Send {
        self.driver.sleep(delay)
    }

    fn check(&self, cancelled: u64) -> Result<(), String> {
        check(&self.driver, cancelled)
    }
}

impl Resets for InTokio {
    type Sleep = Sleep;
    type Moment = Timestamp;

    fn movable(&self, delay: Duration) -> Sleep {
        self.driver.sleep(delay)
    }

    fn moment(&self, at: Instant) -> Timestamp {
        self.clock.timestamp(at)
    }

    fn reset(sleep: Pin<&mut Sleep>, to: Timestamp) {
        sleep.get_mut().reset(to);
    }
}

impl Limits for InTokio {
    fn timeout<F: Future>(&self, delay: Duration, future: F) -> impl Future<Output = Result<F::Output, impl Debug>> {
        self.driver.timeout(delay, future)
    }
}
