//! What the tests share: drivers on clocks moved by hand, a task that is polled by hand, a small executor.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tickwheel::{Clock, Driver, ManualClock, Resolution, TimerHeap, TimerWheel, Timestamp};

pub(crate) fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// So many milliseconds after the clock's zero.
pub(crate) fn at(n: u64) -> Timestamp {
    Timestamp::ZERO + ms(n)
}

/// A coarse driver, with ticks of a millisecond, and its clock.
pub(crate) fn coarse() -> (ManualClock, Driver) {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).spawn(TimerWheel::new(Resolution::MILLISECOND)).unwrap();
    (clock, timers)
}

/// A precise driver, and its clock.
pub(crate) fn precise() -> (ManualClock, Driver) {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
    (clock, timers)
}

/// Runs a test on both.
pub(crate) fn on_both(test: impl Fn(ManualClock, Driver)) {
    let (clock, timers) = coarse();
    test(clock, timers);
    let (clock, timers) = precise();
    test(clock, timers);
}

/// Counts how often it is woken.
#[derive(Default)]
pub(crate) struct Wakes(AtomicUsize);

impl Wakes {
    pub(crate) fn take(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A future with a waker of its own, polled by hand.
pub(crate) struct Task<F> {
    pub(crate) future: Pin<Box<F>>,
    wakes: Arc<Wakes>,
}

impl<F> Task<F> {
    pub(crate) fn new(future: F) -> Self {
        Self { future: Box::pin(future), wakes: Arc::default() }
    }

    /// How often it was woken since this was asked last.
    pub(crate) fn wakes(&self) -> usize {
        self.wakes.take()
    }

    /// How many hold its waker.
    pub(crate) fn wakers(&self) -> usize {
        Arc::strong_count(&self.wakes) - 1
    }

    /// Calls something that takes a context, with this task's.
    pub(crate) fn enter<R>(&mut self, call: impl FnOnce(Pin<&mut F>, &mut Context<'_>) -> R) -> R {
        let waker = Waker::from(self.wakes.clone());
        call(self.future.as_mut(), &mut Context::from_waker(&waker))
    }

    /// Makes a task of the same future that wakes another.
    pub(crate) fn into_other_task(self) -> Self {
        Self { future: self.future, wakes: Arc::default() }
    }
}

impl<F: Future> Task<F> {
    pub(crate) fn poll(&mut self) -> Poll<F::Output> {
        self.enter(|future, context| future.poll(context))
    }
}

/// Polls once, and wakes nobody.
pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Runs a future to its end: whenever it waits, and nothing has woken it, the clock goes on to the next timer.
pub(crate) fn run<F: Future>(clock: &ManualClock, future: F) -> F::Output {
    let mut future = pin!(future);
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(wakes.clone());
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        while wakes.take() == 0 {
            assert!(clock.step().is_some(), "it waits, and no timer is armed, at {:?}", clock.now());
        }
    }
}
