//! What the suites share: a task that counts its wake-ups, and a queue on a clock moved by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tickwheel::{
    Clock, DelayQueue, Driver, Expired, ManualClock, Resolution, Timer, TimerError, TimerHeap, TimerWheel, Timestamp,
};

pub(crate) const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[derive(Default)]
struct WakeUps(AtomicUsize);

impl Wake for WakeUps {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A task, as an executor sees it: polled, and woken since or not.
#[derive(Default)]
pub(crate) struct Task {
    wake_ups: Arc<WakeUps>,
}

impl Task {
    /// Polls something, and forgets the wake-ups from before.
    pub(crate) fn poll<R>(&self, poll: impl FnOnce(&mut Context<'_>) -> R) -> R {
        self.wake_ups.0.store(0, Ordering::Relaxed);
        let waker = Waker::from(self.wake_ups.clone());
        poll(&mut Context::from_waker(&waker))
    }

    /// How often it was woken since it was last polled.
    pub(crate) fn wake_ups(&self) -> usize {
        self.wake_ups.0.load(Ordering::Relaxed)
    }

    pub(crate) fn is_woken(&self) -> bool {
        self.wake_ups() > 0
    }

    /// How many wakers of it there are.
    pub(crate) fn wakers(&self) -> usize {
        Arc::strong_count(&self.wake_ups) - 1
    }
}

/// A driver as precise as can be on a clock moved by hand, which does not stand at zero.
pub(crate) fn driver() -> (ManualClock, Driver) {
    let clock = ManualClock::starting_at(Timestamp::ZERO + ms(5_000));
    let driver = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
    (clock, driver)
}

/// A queue, its only consumer, and the clock by which both live.
pub(crate) struct Bed<T, C> {
    pub(crate) clock: ManualClock,
    pub(crate) driver: Driver,
    pub(crate) queue: DelayQueue<T, C>,
    pub(crate) task: Task,
    start: Timestamp,
}

impl<T> Bed<T, TimerWheel<T>> {
    pub(crate) fn wheel() -> Self {
        Self::on(TimerWheel::new(Resolution::MILLISECOND))
    }
}

impl<T> Bed<T, TimerHeap<T>> {
    pub(crate) fn heap() -> Self {
        Self::on(TimerHeap::new())
    }
}

impl<T, C: Timer<T>> Bed<T, C> {
    pub(crate) fn on(timer: C) -> Self {
        let (clock, driver) = driver();
        let queue = DelayQueue::with_timer(&driver, timer);
        Self { start: clock.now(), clock, driver, queue, task: Task::default() }
    }

    /// The moment `n` milliseconds after the start.
    pub(crate) fn at(&self, n: u64) -> Timestamp {
        self.start + ms(n)
    }

    /// Moves the clock on to `n` milliseconds after the start.
    pub(crate) fn go_to(&self, n: u64) {
        self.clock.advance_to(self.at(n));
    }

    /// Shuts the driver down, and leaves another in its place that has nothing to do.
    pub(crate) fn shut_down(&mut self) {
        std::mem::replace(&mut self.driver, driver().1).shutdown();
    }

    pub(crate) fn poll(&mut self) -> Poll<Option<Result<Expired<T>, TimerError>>> {
        self.task.poll(|context| self.queue.poll_expired(context))
    }

    #[track_caller]
    pub(crate) fn pending(&mut self) {
        assert!(self.poll().is_pending(), "nothing is due, and something is to come");
    }

    #[track_caller]
    pub(crate) fn ready(&mut self) -> T {
        match self.poll() {
            Poll::Ready(Some(Ok(expired))) => expired.value,
            Poll::Ready(Some(Err(error))) => panic!("{error}"),
            Poll::Ready(None) => panic!("the queue is empty"),
            Poll::Pending => panic!("nothing is due"),
        }
    }

    #[track_caller]
    pub(crate) fn empty(&mut self) {
        assert!(matches!(self.poll(), Poll::Ready(None)), "the queue is empty");
        assert_eq!((self.queue.len(), self.queue.is_empty(), self.queue.peek()), (0, true, None));
    }
}

/// Makes a test of each case, on either timer.
macro_rules! on_both {
    ($($case:ident),* $(,)?) => {
        mod on_a_wheel {
            $(#[test] fn $case() { super::$case(crate::support::Bed::wheel()) })*
        }
        mod on_a_heap {
            $(#[test] fn $case() { super::$case(crate::support::Bed::heap()) })*
        }
    };
}

pub(crate) use on_both;
