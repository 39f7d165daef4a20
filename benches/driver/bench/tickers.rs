//! What can run something again and again, to a period.
//!
//! # Bias
//!
//! - The start lies at another place within a millisecond at each round, so that those that round up to a tick are
//!   sometimes lucky and sometimes not.
//! - All count from that start, so that none drifts, and make up for what they miss; crossbeam's `tick` alone
//!   counts the next period from when the last message was taken, and so has nothing to make up for.
//! - The driver has one thread that waits for all timers; `std::thread::sleep`, `spin_sleep` and `tick` take a thread
//!   for each period, the caller's.
//! - A coarse driver rounds up to its tick of 1 ms, as tokio does. At 100 µs ten runs share a tick.
//! - `spin_sleep` is used as it comes on Linux: it sleeps until 125 µs before the moment, then yields in a loop.

use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use harness::{Kind, Who};
use tickwheel::{Driver, DriverBuilder, MissedTicks, Period, Resolution, Timer, TimerHeap, TimerTask, TimerWheel};
use tokio::runtime::Builder;
use tokio::time::MissedTickBehavior;

/// A run: when it was due, and when it ran.
pub(crate) struct Run {
    pub(crate) due: Instant,
    pub(crate) ran: Instant,
}

/// What is asked for: `count` runs, every `period`, for the first time `first` from the beginning.
#[derive(Clone, Copy)]
pub(crate) struct Beat {
    pub(crate) first: Duration,
    pub(crate) period: Duration,
    pub(crate) count: usize,
}

/// Runs something to a beat.
pub(crate) struct Ticker {
    pub(crate) who: Who,
    pub(crate) tick: fn(Beat) -> Vec<Run>,
    /// Whether each run is due just a period after the one before.
    pub(crate) keeps_step: bool,
}

const fn ticker(name: &'static str, kind: Kind, what: &'static str, tick: fn(Beat) -> Vec<Run>) -> Ticker {
    Ticker { who: Who { name, kind, what, mark: "" }, tick, keeps_step: true }
}

const STD: Kind = Kind::HandWritten;
const CROSSBEAM: Kind = Kind::Published("crossbeam-channel");

pub(crate) const TICKERS: &[Ticker] = &[
    ticker("wheel", Kind::Ours, "`TimerWheel` of 1 ms", |beat| by_driver(Driver::builder(), wheel(), beat)),
    ticker("heap", Kind::Ours, "`TimerHeap`", |beat| by_driver(Driver::builder(), TimerHeap::new(), beat)),
    ticker("heap-precise", Kind::Ours, "the same, `precise()`", |beat| {
        by_driver(Driver::builder().precise(), TimerHeap::new(), beat)
    }),
    ticker("heap-spin", Kind::Ours, "the same, `spin()`", |beat| {
        by_driver(Driver::builder().spin(), TimerHeap::new(), beat)
    }),
    ticker("thread-sleep", STD, "`std::thread::sleep` in a loop", |beat| by_sleeping(beat, sleep_until)),
    ticker("spin_sleep", Kind::Published("spin_sleep"), "`sleep_until` in a loop", |beat| {
        by_sleeping(beat, spin_sleep::sleep_until)
    }),
    Ticker { keeps_step: false, ..ticker("crossbeam-tick", CROSSBEAM, "`tick`", by_channel) },
    ticker("tokio-interval", Kind::Published("tokio"), "`interval_at` in a task", by_interval),
];

fn wheel() -> TimerWheel<TimerTask> {
    TimerWheel::new(Resolution::MILLISECOND)
}

/// A periodic callback.
fn by_driver(builder: DriverBuilder, timer: impl Timer<TimerTask> + Send + 'static, beat: Beat) -> Vec<Run> {
    let driver = builder.spawn(timer).expect("the system has one more thread");
    // With room for all, and no receiver that waits: sending allocates nothing and wakes no thread.
    let (all, runs) = sync_channel(beat.count);
    let every = Period::every(beat.period).expect("no period is zero").with_missed_ticks(MissedTicks::Burst);
    let guard = driver.call_every_at(driver.now() + beat.first, every, move |event| {
        let ran = Instant::now();
        // What does not fit any more was not asked for.
        let _ = all.try_send((event.due, ran));
    });
    let guard = guard.expect("the driver runs");
    thread::sleep(beat.first + beat.period * beat.count as u32);
    // How long to wait for runs before they count as lost.
    let until = Instant::now() + beat.period * beat.count as u32 * 3 + Duration::from_secs(20);
    let runs = (0..beat.count).map_while(|_| runs.recv_timeout(until.saturating_duration_since(Instant::now())).ok());
    let runs = runs.map(|(due, ran)| Run { due: driver.to_instant(due), ran }).collect();
    guard.cancel_and_wait();
    runs
}

/// A loop that sleeps until each moment.
fn by_sleeping(beat: Beat, sleep_until: fn(Instant)) -> Vec<Run> {
    let first = Instant::now() + beat.first;
    let tick = |n: usize| {
        let due = first + beat.period * n as u32;
        sleep_until(due);
        Run { due, ran: Instant::now() }
    };
    (0..beat.count).map(tick).collect()
}

fn sleep_until(due: Instant) {
    thread::sleep(due.saturating_duration_since(Instant::now()));
}

/// Its first message comes after a period, wherever that ends.
fn by_channel(beat: Beat) -> Vec<Run> {
    let ticks = crossbeam_channel::tick(beat.period);
    let tick = |_| Run { due: ticks.recv().expect("it never ends"), ran: Instant::now() };
    (0..beat.count).map(tick).collect()
}

/// A task in a runtime of several threads.
fn by_interval(beat: Beat) -> Vec<Run> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build();
    let runtime = runtime.expect("the system has two more threads");
    let ticking = runtime.spawn(async move {
        let mut interval = tokio::time::interval_at(tokio::time::Instant::now() + beat.first, beat.period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut runs = Vec::with_capacity(beat.count);
        for _ in 0..beat.count {
            let due = interval.tick().await.into_std();
            runs.push(Run { due, ran: Instant::now() });
        }
        runs
    });
    runtime.block_on(ticking).expect("the task does not panic")
}
