//! What the models share: how one is explored, drivers to explore, and witnesses of what was called when.
//!
//! loom learns of what threads do to one another only from its own types. So whatever one thread looks at while another
//! may still write it is loom's ([`Runs`], [`Latch`]); what is only read once all threads are joined is the standard
//! library's, and adds no branches.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use loom::sync::atomic::AtomicUsize as Shared;
use loom::sync::{Condvar, Mutex};
use tickwheel::{
    Clock, Driver, DriverBuilder, LoopDriver, ManualClock, Resolution, Timer, TimerEvent, TimerHeap, TimerTask,
    TimerWheel, Timestamp, geometry::Small,
};

thread_local! {
    /// What panicked in code that a driver called. The driver goes on after it, so the model itself must ask.
    static PANICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// How much of a model is explored.
#[derive(Clone, Copy)]
pub(crate) enum Bound {
    /// Every order.
    None,
    /// Every order in which at most so many times a thread is stopped in favour of another although it could go on.
    /// Faults of this kind seldom need more than two.
    Preemptions(usize),
}

/// Explores `run`, and fails if it panics in any order, in a callback too, or if all threads wait for ever.
pub(crate) fn model(bound: Bound, run: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.max_branches = 10_000;
    builder.preemption_bound = match bound {
        Bound::None => None,
        Bound::Preemptions(most) => Some(most),
    };
    let orders = Arc::new(AtomicUsize::new(0));
    let counted = orders.clone();
    PANICS.with_borrow_mut(Vec::clear);
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        run();
        PANICS.with_borrow(|panics| assert!(panics.is_empty(), "in code that the driver called: {panics:?}"));
    });
    let orders = orders.load(Ordering::Relaxed);
    assert!(orders > 1, "there was but one order to explore: the threads never met");
    println!("{orders} orders");
}

/// So many milliseconds after the clock's zero.
pub(crate) fn at(ms: u64) -> Timestamp {
    Timestamp::ZERO + Duration::from_millis(ms)
}

/// A clock that stands still.
pub(crate) struct Still(pub(crate) Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// A clock that stands still until a model moves it, and that other threads read meanwhile.
#[derive(Clone)]
pub(crate) struct Hand(Arc<Shared>);

impl Hand {
    /// One that stands at zero.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared::new(0)))
    }

    pub(crate) fn move_to(&self, ms: usize) {
        self.0.store(ms, Ordering::Release);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        at(self.0.load(Ordering::Acquire) as u64)
    }
}

/// A small wheel, which a model makes anew in each order.
pub(crate) fn wheel() -> TimerWheel<TimerTask, Small> {
    TimerWheel::with_geometry(Resolution::MILLISECOND)
}

pub(crate) fn heap() -> TimerHeap<TimerTask> {
    TimerHeap::new()
}

/// A driver whose clock stands at `now`, and which reports panics to [`model`].
pub(crate) fn builder(now: Timestamp) -> DriverBuilder {
    on(Still(now))
}

/// A driver whose clock is moved by hand, with so many threads for its callbacks.
pub(crate) fn by_hand(pool: usize) -> (ManualClock, Driver) {
    let clock = ManualClock::new();
    let timers = on(clock.clone()).callback_pool(pool).spawn(heap()).unwrap();
    (clock, timers)
}

/// A driver on a clock, which reports panics to [`model`].
pub(crate) fn on(clock: impl Clock + Send + Sync + 'static) -> DriverBuilder {
    let report = |panic: &(dyn std::any::Any + Send)| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string()));
        PANICS.with_borrow_mut(|panics| panics.push(text.unwrap_or_default()));
    };
    Driver::builder().clock(clock).on_panic(report)
}

/// A driver that the model turns, and that nobody waits for.
pub(crate) fn turned(timer: impl Timer<TimerTask> + Send + 'static) -> Arc<LoopDriver> {
    Arc::new(builder(at(10)).for_event_loop(timer, || {}).unwrap())
}

/// As [`turned`], with a clock that stands at its zero and that the model moves.
pub(crate) fn moved(timer: impl Timer<TimerTask> + Send + 'static) -> (Hand, Arc<LoopDriver>) {
    let clock = Hand::new();
    let timers = Arc::new(on(clock.clone()).for_event_loop(timer, || {}).unwrap());
    (clock, timers)
}

/// Moves the clock to 10 ms and then turns the driver, on another thread; how many fired comes from joining it.
pub(crate) fn move_elsewhere(clock: &Hand, timers: &Arc<LoopDriver>) -> loom::thread::JoinHandle<u64> {
    let (clock, timers) = (clock.clone(), timers.clone());
    loom::thread::spawn(move || {
        clock.move_to(10);
        timers.turn(at(10)).fired
    })
}

/// Turns a driver to 10 ms on another thread; how many fired comes from joining it.
pub(crate) fn turn_elsewhere(timers: &Arc<LoopDriver>) -> loom::thread::JoinHandle<u64> {
    let timers = timers.clone();
    loom::thread::spawn(move || timers.turn(at(10)).fired)
}

/// Who has begun to run, and who has ended.
#[derive(Clone)]
pub(crate) struct Runs(Arc<Counts>);

struct Counts {
    begun: Shared,
    ended: Shared,
    /// How many of the closures are gone.
    dropped: Shared,
}

impl Runs {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Counts { begun: Shared::new(0), ended: Shared::new(0), dropped: Shared::new(0) }))
    }

    /// A callback that is witnessed.
    pub(crate) fn callback(&self) -> impl FnMut(TimerEvent) + Send + use<> {
        self.then(|_| {})
    }

    /// A callback that is witnessed, and calls `call` between its beginning and its end.
    pub(crate) fn then<F: FnMut(TimerEvent) + Send>(&self, mut call: F) -> impl FnMut(TimerEvent) + Send + use<F> {
        let gone = Gone(self.clone());
        move |event| {
            gone.0.0.begun.fetch_add(1, Ordering::Relaxed);
            call(event);
            gone.0.0.ended.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many runs there were. None is under way.
    #[track_caller]
    pub(crate) fn count(&self) -> usize {
        let ended = self.0.ended.load(Ordering::Relaxed);
        assert_eq!(self.0.begun.load(Ordering::Relaxed), ended, "a run is under way");
        ended
    }

    /// How many of the closures are gone.
    pub(crate) fn dropped(&self) -> usize {
        self.0.dropped.load(Ordering::Relaxed)
    }
}

struct Gone(Runs);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.0.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// A door that one thread opens and others wait at.
#[derive(Clone)]
pub(crate) struct Latch(Arc<(Mutex<bool>, Condvar)>);

impl Latch {
    pub(crate) fn new() -> Self {
        Self(Arc::new((Mutex::new(false), Condvar::new())))
    }

    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    pub(crate) fn wait(&self) {
        let mut open = self.0.0.lock().unwrap();
        while !*open {
            open = self.0.1.wait(open).unwrap();
        }
    }
}

#[test]
#[should_panic(expected = "in code that the driver called")]
fn a_model_fails_by_a_panic_in_a_callback() {
    model(Bound::None, || {
        let timers = turned(wheel());
        let _guard = timers.call_at(at(5), |_| panic!("on purpose")).unwrap();
        let _ = timers.turn(at(10));
    });
}
