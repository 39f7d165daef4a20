//! This crate's futures on the wheel and on the heap, each with a driver's thread.
//!
//! For: nothing that the jobs do is expensive here but arming. Against: the driver's thread is one more thread, which
//! must wake tasks from outside of the runtime; [`InTokio`] has none. A handle is at hand, and not looked up; [`Named`]
//! looks it up, as the functions with tokio's names do.

use std::fmt::Debug;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tickwheel::compat::time;
use tickwheel::integrations::tokio::TokioDriver;
use tickwheel::{Driver, Handle, MonotonicClock, Resolution, Sleep, TimerTask, Timer, TimerHeap, TimerWheel, Timestamp};
use tokio::runtime::Runtime;

use crate::peers::{Limits, Peer, Resets, of_threads, runtime};

/// What a driver is made of, and what turns it.
pub(crate) trait Kind: Send + Sync + 'static {
    type Driver: Deref<Target = Handle> + Send + Sync;

    fn driver(threads: usize, clock: MonotonicClock, runtime: &Runtime) -> Self::Driver;
}

pub(crate) struct Wheel;
pub(crate) struct Heap;
/// The wheel, with one shard for all threads.
pub(crate) struct OneShard;
/// The wheel, turned by a task of the runtime.
pub(crate) struct InTokio;

fn wheel() -> TimerWheel<TimerTask> {
    TimerWheel::new(Resolution::MILLISECOND)
}

fn spawned(shards: usize, clock: MonotonicClock, timer: impl Timer<TimerTask> + Send + 'static) -> Driver {
    Driver::builder().clock(clock).shards(shards).spawn(timer).expect("the system has one more thread")
}

impl Kind for Wheel {
    type Driver = Driver;

    fn driver(threads: usize, clock: MonotonicClock, _runtime: &Runtime) -> Driver {
        spawned(threads, clock, wheel())
    }
}

impl Kind for Heap {
    type Driver = Driver;

    fn driver(threads: usize, clock: MonotonicClock, _runtime: &Runtime) -> Driver {
        spawned(threads, clock, TimerHeap::new())
    }
}

impl Kind for OneShard {
    type Driver = Driver;

    fn driver(_threads: usize, clock: MonotonicClock, _runtime: &Runtime) -> Driver {
        spawned(1, clock, wheel())
    }
}

impl Kind for InTokio {
    type Driver = TokioDriver;

    fn driver(threads: usize, clock: MonotonicClock, runtime: &Runtime) -> TokioDriver {
        let _entered = runtime.enter();
        let driver = Driver::builder().clock(clock).shards(threads).spawn_on_tokio(wheel());
        driver.expect("the system has one more file descriptor")
    }
}

/// The futures of a handle.
pub(crate) struct Ours<K: Kind> {
    driver: K::Driver,
    clock: MonotonicClock,
}

fn check(driver: &Handle, cancelled: u64) -> Result<(), String> {
    let metrics = driver.metrics();
    let seen = (metrics.armed - metrics.fired, metrics.cancelled, metrics.pending);
    let expected = (cancelled, cancelled, 0);
    let what = "armed but not fired, cancelled, and pending";
    if seen == expected { Ok(()) } else { Err(format!("{what}: {seen:?} instead of {expected:?}")) }
}

impl<K: Kind> Peer for Ours<K> {
    fn start(threads: usize) -> (Self, Runtime) {
        let (clock, runtime) = (MonotonicClock::new(), runtime(threads));
        (Self { driver: K::driver(threads, clock, &runtime), clock }, runtime)
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
pub(crate) struct Named(Driver);

impl Peer for Named {
    fn start(threads: usize) -> (Self, Runtime) {
        let driver = spawned(threads, MonotonicClock::new(), wheel());
        let handle = driver.handle();
        let mut builder = of_threads(threads);
        builder.on_thread_start(move || std::mem::forget(handle.enter()));
        (Self(driver), builder.build().expect("the system has more threads"))
    }

    fn enter(&self) -> impl Sized {
        self.0.enter()
    }

    fn sleep(&self, delay: Duration) -> impl Future<Output: Send> + Send {
        time::sleep(delay)
    }

    fn check(&self, cancelled: u64) -> Result<(), String> {
        check(&self.0, cancelled)
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
