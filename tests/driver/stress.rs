//! Threads that arm, move and cancel at random against a running driver on the machine's clock: nothing is lost, called
//! twice, or called early.
//!
//! How long each takes is set by `TICKWHEEL_STRESS_SECONDS`, a quarter of a second unless set. With a million timers
//! pending it is to be run in release: `cargo test --release --test driver -- --ignored a_million_pending`.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use tickwheel::{
    CallbackGuard, CallbackStatus, Clock, Driver, Handle, MonotonicClock, Resolution, Timer, TimerEvent, TimerHeap,
    TimerTask, TimerWheel,
};

use crate::common::LONG;

const THREADS: u64 = 3;
const HOUR: Duration = Duration::from_secs(3600);

/// What became of the timers, counted where it happened.
#[derive(Default)]
struct Book {
    called: AtomicU64,
    early: AtomicU64,
    /// Called though its cancel had answered that it was pending, or called twice.
    wrong: AtomicU64,
    /// Closures that are alive.
    alive: AtomicUsize,
}

/// One timer: the least of its deadlines, and how often it was called.
struct Entry {
    book: Arc<Book>,
    due_ns: AtomicU64,
    calls: AtomicU64,
    is_cancelled: AtomicU64,
}

/// Counts the closure that it is in as alive.
struct Alive(Arc<Book>);

impl Alive {
    fn new(book: &Arc<Book>) -> Self {
        book.alive.fetch_add(1, Ordering::SeqCst);
        Self(book.clone())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Entry {
    fn called(&self, clock: MonotonicClock, event: TimerEvent) {
        self.book.called.fetch_add(1, Ordering::SeqCst);
        let is_wrong = self.calls.fetch_add(1, Ordering::SeqCst) > 0 || self.is_cancelled.load(Ordering::SeqCst) > 0;
        self.book.wrong.fetch_add(is_wrong.into(), Ordering::SeqCst);
        // The deadline that it is called for, and the clock, not the time that the driver says.
        let is_early = clock.now() < event.due || event.now < event.due;
        let is_early = is_early || self.due_ns.load(Ordering::SeqCst) > clock.now().as_nanos();
        self.book.early.fetch_add(is_early.into(), Ordering::SeqCst);
    }
}

/// How often each was done.
#[derive(Default, Debug)]
struct Done {
    armed: u64,
    cancelled: u64,
    moved: u64,
    over: u64,
}

/// A driver, and who torments it.
struct Torment<'a> {
    timers: Handle,
    clock: MonotonicClock,
    book: &'a Arc<Book>,
    /// How many timers are pending when it begins, of each thread.
    pending: usize,
    /// Where the threads wait for each other before it begins.
    armed: &'a Barrier,
    time: Duration,
}

/// Arms a timer that writes into the book.
fn arm(torment: &Torment<'_>, delay: Duration) -> (Arc<Entry>, CallbackGuard) {
    let Torment { timers, clock, book, .. } = torment;
    let (due, clock) = (timers.now() + delay, *clock);
    let alive = Alive::new(book);
    let (calls, is_cancelled) = (AtomicU64::new(0), AtomicU64::new(0));
    let due_ns = AtomicU64::new(due.as_nanos());
    let entry = Arc::new(Entry { book: Arc::clone(book), due_ns, calls, is_cancelled });
    let own = entry.clone();
    let guard = timers.call_at(due, move |event| {
        own.called(clock, event);
        drop(alive);
    });
    (entry, guard.unwrap())
}

/// Arms, moves and cancels at random for its time, and then waits for all that it left to itself.
fn torment(seed: u64, torment: &Torment<'_>) -> Done {
    let Torment { timers, pending, .. } = torment;
    let mut rng = Rng::with_seed(seed);
    let mut held: Vec<_> = (0..*pending).map(|_| arm(torment, HOUR)).collect();
    let mut done = Done { armed: *pending as u64, ..Done::default() };
    torment.armed.wait();
    let seen = timers.pending();
    torment.armed.wait();
    assert_eq!(seen, pending * THREADS as usize, "none has fired yet");
    let end = Instant::now() + torment.time;
    let finish = |entry: Arc<Entry>, guard: CallbackGuard, done: &mut Done| match guard.cancel_and_wait() {
        CallbackStatus::Pending => {
            entry.is_cancelled.store(1, Ordering::SeqCst);
            assert_eq!(entry.calls.load(Ordering::SeqCst), 0, "it was pending");
            done.cancelled += 1;
        }
        CallbackStatus::Running | CallbackStatus::Over => {
            assert_eq!(entry.calls.load(Ordering::SeqCst), 1, "it was over");
            done.over += 1;
        }
        CallbackStatus::Full => panic!("there is room"),
    };
    // However busy the machine is, something has been done in the end.
    while Instant::now() < end || done.armed < *pending as u64 + 200 || done.moved < 20 {
        match rng.u8(..8) {
            0..=2 => {
                // Some are far, and only ever cancelled or moved.
                let delay = if rng.u8(..4) == 0 { HOUR } else { Duration::from_micros(rng.u64(..3_000)) };
                held.push(arm(torment, delay));
                done.armed += 1;
            }
            3..=4 if !held.is_empty() => {
                let (entry, guard) = &held[rng.usize(..held.len())];
                let due = timers.now() + Duration::from_micros(rng.u64(..3_000));
                // The least of them, noted before: it may be called for the new one before this thread goes on.
                entry.due_ns.fetch_min(due.as_nanos(), Ordering::SeqCst);
                done.moved += u64::from(guard.reset(due) == CallbackStatus::Pending);
            }
            _ if held.len() > pending + 500 || (!held.is_empty() && rng.u8(..4) == 0) => {
                let (entry, guard) = held.swap_remove(rng.usize(..held.len()));
                finish(entry, guard, &mut done);
            }
            _ => thread::yield_now(),
        }
    }
    // Half are cancelled, and the other half is due soon and waited for.
    let mut soon = Vec::new();
    for (n, (entry, guard)) in held.into_iter().enumerate() {
        let due = timers.now() + Duration::from_micros(500);
        entry.due_ns.fetch_min(due.as_nanos(), Ordering::SeqCst);
        if n % 2 == 0 || guard.reset(due) != CallbackStatus::Pending {
            finish(entry, guard, &mut done);
        } else {
            soon.push((entry, guard));
        }
    }
    let limit = Instant::now() + LONG;
    for (entry, guard) in soon {
        while guard.status() != CallbackStatus::Over {
            assert!(Instant::now() < limit, "one is lost");
            thread::yield_now();
        }
        assert_eq!(entry.calls.load(Ordering::SeqCst), 1);
        done.over += 1;
    }
    done
}

fn stress(timer: impl Timer<TimerTask> + Send + 'static, shards: usize, pool: usize, pending: usize, seconds: f64) {
    let clock = MonotonicClock::new();
    let driver = Driver::builder().clock(clock).shards(shards).callback_pool(pool).spawn(timer).unwrap();
    let book = Arc::new(Book::default());
    let (armed, time) = (Barrier::new(THREADS as usize), Duration::from_secs_f64(seconds));
    let pending = pending.div_ceil(THREADS as usize);
    let done: Vec<Done> = thread::scope(|scope| {
        let torments = (0..THREADS).map(|seed| {
            let own = Torment { timers: driver.handle(), clock, book: &book, pending, armed: &armed, time };
            scope.spawn(move || torment(seed, &own))
        });
        let running: Vec<_> = torments.collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let sum = |of: fn(&Done) -> u64| done.iter().map(of).sum::<u64>();
    let (armed, cancelled, over) = (sum(|done| done.armed), sum(|done| done.cancelled), sum(|done| done.over));
    let read = |count: &AtomicU64| count.load(Ordering::SeqCst);
    println!(
        "{shards} shards, {pool} threads, {} pending: {armed} armed, {cancelled} cancelled, {over} over",
        pending * THREADS as usize
    );
    assert!(armed >= THREADS * 200 && cancelled > 0 && over > 0 && sum(|done| done.moved) >= THREADS * 20, "{done:?}");
    assert_eq!((armed, read(&book.called)), (cancelled + over, over), "nothing is lost and nothing is called twice");
    assert_eq!((read(&book.early), read(&book.wrong)), (0, 0));
    assert_eq!(book.alive.load(Ordering::SeqCst), 0, "each closure is gone");
    let metrics = driver.metrics();
    assert_eq!((metrics.pending, metrics.panics), (0, 0));
    assert_eq!(metrics.armed, metrics.cancelled + metrics.fired);
}

/// On either timer, with one shard and several, with and without a pool.
fn stress_all(seconds: f64) {
    for (shards, pool) in [(1, 0), (3, 0), (1, 2), (3, 2)] {
        stress(TimerWheel::new(Resolution::MILLISECOND), shards, pool, 0, seconds);
        stress(TimerHeap::new(), shards, pool, 0, seconds);
    }
}

/// The same with so many timers pending at once.
fn stress_with(pending: usize, seconds: f64) {
    stress(TimerWheel::new(Resolution::MILLISECOND), 2, 0, pending, seconds);
    stress(TimerHeap::new(), 2, 0, pending, seconds);
}

fn seconds(unless_set: f64) -> f64 {
    std::env::var("TICKWHEEL_STRESS_SECONDS").map_or(unless_set, |seconds| seconds.parse().unwrap())
}

#[test]
fn c4_l7_nothing_is_lost_or_called_twice_or_early() {
    stress_all(seconds(0.25));
}

#[test]
#[ignore = "takes four minutes"]
fn c4_l7_nothing_is_lost_or_called_twice_or_early_for_minutes() {
    stress_all(seconds(30.0));
}

#[test]
fn c4_l7_nothing_is_lost_or_called_twice_or_early_with_thirty_thousand_pending() {
    stress_with(30_000, seconds(0.25));
}

#[test]
#[ignore = "takes seconds in release, and long without optimization"]
fn c4_l7_nothing_is_lost_or_called_twice_or_early_with_a_million_pending() {
    stress_with(1_000_000, seconds(2.0));
}

#[test]
fn l7_moving_the_clock_by_several_threads_while_others_arm_and_cancel() {
    let clock = tickwheel::ManualClock::new();
    let driver = Driver::builder().clock(clock.clone()).shards(2).callback_pool(1).spawn(TimerHeap::new()).unwrap();
    let book = Arc::new(Book::default());
    thread::scope(|scope| {
        for seed in 0..2 {
            let (timers, book) = (driver.handle(), book.clone());
            scope.spawn(move || {
                let mut rng = Rng::with_seed(seed);
                for _ in 0..2_000 {
                    let (alive, called) = (Alive::new(&book), book.clone());
                    let due = timers.now() + Duration::from_micros(rng.u64(..100));
                    let guard = timers.call_at(due, move |event| {
                        let _alive = &alive;
                        called.early.fetch_add((event.now < event.due).into(), Ordering::SeqCst);
                        called.called.fetch_add(1, Ordering::SeqCst);
                    });
                    let guard = guard.unwrap();
                    if rng.bool() {
                        guard.reset_after(Duration::from_micros(rng.u64(..100)));
                    }
                    if rng.bool() {
                        guard.detach();
                    }
                }
            });
            let clock = clock.clone();
            scope.spawn(move || {
                for _ in 0..2_000 {
                    clock.advance(Duration::from_micros(1));
                }
            });
        }
    });
    clock.advance(Duration::from_secs(1));
    let metrics = driver.metrics();
    assert_eq!((metrics.pending, metrics.panics, book.early.load(Ordering::SeqCst)), (0, 0, 0));
    assert!(book.called.load(Ordering::SeqCst) > 1_000);
    assert_eq!(book.alive.load(Ordering::SeqCst), 0, "each closure is gone");
}

#[test]
fn a_million_pending_while_others_fire_and_all_are_gone_in_the_end() {
    let driver = Driver::builder().shards(2).spawn(TimerWheel::new(Resolution::MILLISECOND)).unwrap();
    let book = Arc::new(Book::default());
    thread::scope(|scope| {
        for shard in 0..2 {
            let (timers, book) = (driver.on_shard(shard), book.clone());
            scope.spawn(move || {
                for n in 0..500_000_u32 {
                    let alive = Alive::new(&book);
                    timers.call_after(HOUR + Duration::from_micros(n.into()), move |_| drop(alive)).unwrap().detach();
                    if n % 100 == 0 {
                        let called = book.clone();
                        let call = move |_: TimerEvent| {
                            called.called.fetch_add(1, Ordering::SeqCst);
                        };
                        timers.call_after(Duration::from_micros(n.into()) / 500, call).unwrap().detach();
                    }
                }
            });
        }
    });
    let limit = Instant::now() + LONG;
    while book.called.load(Ordering::SeqCst) < 10_000 {
        assert!(Instant::now() < limit, "some are lost");
        thread::yield_now();
    }
    assert_eq!((driver.pending(), book.alive.load(Ordering::SeqCst)), (1_000_000, 1_000_000));
    driver.shutdown();
    assert_eq!(book.alive.load(Ordering::SeqCst), 0);
}
