//! This crate's futures on the wheel and on the heap, each with a driver's thread.
//!
//! For: nothing that the jobs do is expensive here but arming. Against: the driver's thread is one more thread, which
//! must wake tasks from outside of the runtime; [`IN_TOKIO`] has none. A handle is at hand, and not looked up;
//! [`Named`] looks it up, as the functions with tokio's names do.

use std::any::Any;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use harness::expect;
use tickwheel::compat::time;
use tickwheel::{Driver, Handle, Resolution, Sleep, TimerHeap, TimerTask, TimerWheel, Timestamp};
use tokio::runtime::Runtime;

use crate::peers::{Limits, Peer, Resets, of_threads, runtime};

fn wheel() -> TimerWheel<TimerTask> {
    TimerWheel::new(Resolution::MILLISECOND)
}

pub(crate) const WHEEL: usize = 0;
pub(crate) const HEAP: usize = 1;
/// The wheel, with one shard for all threads.
pub(crate) const ONE_SHARD: usize = 2;
/// The wheel, turned by a task of the runtime.
pub(crate) const IN_TOKIO: usize = 3;

/// The futures of a handle to a driver of one of these kinds.
pub(crate) struct Ours<const KIND: usize> {
    handle: Handle,
    _driver: Box<dyn Any + Send + Sync>,
}

fn check(handle: &Handle, cancelled: u64) -> Result<(), String> {
    let metrics = handle.metrics();
    let seen = (metrics.armed - metrics.fired, metrics.cancelled, metrics.pending);
    expect(seen, (cancelled, cancelled, 0), "armed but not fired, cancelled, and pending")
}

impl<const KIND: usize> Peer for Ours<KIND> {
    fn start(threads: usize) -> (Self, Runtime) {
        let runtime = runtime(threads);
        let builder = Driver::builder().shards(if KIND == ONE_SHARD { 1 } else { threads });
        let (handle, driver): (_, Box<dyn Any + Send + Sync>) = if KIND == IN_TOKIO {
            let _entered = runtime.enter();
            let driver = builder.spawn_on_tokio(wheel()).expect("the system has one more file descriptor");
            (driver.handle(), Box::new(driver))
        } else {
            let driver = if KIND == HEAP { builder.spawn(TimerHeap::new()) } else { builder.spawn(wheel()) };
            let driver = driver.expect("the system has one more thread");
            (driver.handle(), Box::new(driver))
        };
        (Self { handle, _driver: driver }, runtime)
    }

    fn sleep(&self, delay: Duration) -> impl Future<Output: Send> + Send {
        self.handle.sleep(delay)
    }

    fn check(&self, cancelled: u64) -> Result<(), String> {
        check(&self.handle, cancelled)
    }
}

impl<const KIND: usize> Resets for Ours<KIND> {
    type Sleep = Sleep;
    type Moment = Timestamp;

    fn movable(&self, delay: Duration) -> Sleep {
        self.handle.sleep(delay)
    }

    fn moment(&self, at: Instant) -> Timestamp {
        self.handle.to_timestamp(at)
    }

    fn reset(sleep: Pin<&mut Sleep>, to: Timestamp) {
        sleep.get_mut().reset(to);
    }
}

impl<const KIND: usize> Limits for Ours<KIND> {
    fn timeout<F: Future>(&self, delay: Duration, future: F) -> impl Future<Output = Result<F::Output, impl Debug>> {
        self.handle.timeout(delay, future)
    }
}

/// The functions with tokio's names, on a wheel that every thread has entered.
pub(crate) struct Named(Driver);

impl Peer for Named {
    fn start(threads: usize) -> (Self, Runtime) {
        let driver = Driver::builder().shards(threads).spawn(wheel()).expect("the system has one more thread");
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

named!([] Named, time);
