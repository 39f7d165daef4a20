//! What a driver is made of: how many shards, which clock, who calls the callbacks, how exactly it waits.

use core::any::Any;
use core::fmt;
use core::time::Duration;
use std::borrow::ToOwned;
use std::boxed::Box;
use std::io;
use std::path::PathBuf;
use std::string::String;
use std::vec::Vec;

use super::activity::Activity;
use super::core::{Core, TurnLimits};
use super::event_loop::LoopDriver;
use super::hooks::Hooks;
use super::owner::Driver;
use super::pool::Pool;
use super::shard::BoxedTimer;
use super::sleeper::Sleeper;
use super::task::TimerTask;
use super::thread::{Parker, Waiting};
use super::turn_runner::TurnRunner;
use crate::clock::{Clock, MonotonicClock, TaskKind};
use crate::error::ArmErrorReason;
use crate::recorded::Recorded;
use crate::recording::Recording;
use crate::sync::Arc;
use crate::timer::{Budget, Timer};

/// How many shards a driver can have, and how many threads for its callbacks.
const AT_MOST: usize = 1 << 16;

/// Settings of a driver that is to be made; from [`Driver::builder`].
#[must_use = "a builder makes a driver with spawn() or for_event_loop()"]
pub struct DriverBuilder {
    shards: usize,
    name: String,
    limits: TurnLimits,
    /// The machine's unless given; that is not read before it is needed, as there are platforms without (L38).
    clock: Option<Box<dyn Clock + Send + Sync>>,
    pool_threads: usize,
    waiting: Waiting,
    hooks: Hooks,
    record: Option<PathBuf>,
}

impl Driver {
    /// A driver with the usual settings: one shard, the machine's clock, callbacks on the driver's thread.
    ///
    /// # Errors
    ///
    /// What the system says if it gives no more threads.
    pub fn spawn(timer: impl Timer<TimerTask> + Send + 'static) -> io::Result<Self> {
        Self::builder().spawn(timer)
    }

    /// A driver with settings of its own.
    pub fn builder() -> DriverBuilder {
        DriverBuilder::new()
    }
}

impl DriverBuilder {
    fn new() -> Self {
        Self {
            shards: 1,
            name: "tickwheel".to_owned(),
            limits: TurnLimits { budget: Budget::entries(65_536), time: None },
            clock: None,
            pool_threads: 0,
            waiting: Waiting { timer_slack_ns: None, spins: false },
            hooks: Hooks::default(),
            record: None,
        }
    }

    /// How many shards there are, each with a lock and a timer of its own: as many as threads that arm, at most. 1
    /// unless set; 0 counts as 1. More than 65,536 are an error when the driver is made.
    pub fn shards(self, shards: usize) -> Self {
        Self { shards: shards.max(1), ..self }
    }

    /// The name of the driver's thread, and the beginning of those of the callback pool. `tickwheel` unless set; Linux
    /// shows 15 characters of it. One with a NUL in it is an error when the driver is made.
    pub fn thread_name(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// How many entries a turn may touch, over all shards, before others get their chance: the loop of who turns, or
    /// word to pause. What is left over comes first in the next turn, at once. 65,536 unless set; 0 counts as 1.
    pub fn budget(self, budget: Budget) -> Self {
        let budget = Budget::entries(budget.left().max(1));
        Self { limits: TurnLimits { budget, ..self.limits }, ..self }
    }

    /// How long a turn may take. It is looked at after every 64 entries, so one slow callback, or 64, go past it. Not
    /// bounded unless set.
    pub fn turn_time(self, time: Duration) -> Self {
        Self { limits: TurnLimits { time: Some(time), ..self.limits }, ..self }
    }

    /// The clock. A [`MonotonicClock`] of the driver's own unless set.
    ///
    /// With a [`ManualClock`](crate::ManualClock) the driver has no thread: whoever moves the clock turns it. Any other
    /// clock is taken to run about as fast as the machine's; [`Clock`] says what a driver makes of one that jumps,
    /// steps back or panics.
    pub fn clock(self, clock: impl Clock + Send + Sync + 'static) -> Self {
        Self { clock: Some(Box::new(clock)), ..self }
    }

    /// Calls callbacks on `threads` threads of their own rather than on the one that turns, so that a slow one delays
    /// at most those that wait for the same threads (L16). 0, which is none, unless set. Wakers and messages stay with
    /// the driver's thread. More than 65,536 are an error when the driver is made.
    pub fn callback_pool(self, threads: usize) -> Self {
        Self { pool_threads: threads, ..self }
    }

    /// The timer slack of the driver's thread: how much later than asked for the system may wake it, to save power.
    /// Linux takes 50 µs unless it is set (`PR_SET_TIMERSLACK`); it is without effect elsewhere. 0 counts as 1 ns.
    pub fn timer_slack(self, slack: Duration) -> Self {
        let slack_ns = u64::try_from(slack.as_nanos()).unwrap_or(u64::MAX).max(1);
        Self { waiting: Waiting { timer_slack_ns: Some(slack_ns), ..self.waiting }, ..self }
    }

    /// As exactly as the system can: a [timer slack](Self::timer_slack) of 1 ns. For a [`TimerHeap`](crate::TimerHeap);
    /// it costs power where timers are many (L25).
    pub fn precise(self) -> Self {
        self.timer_slack(Duration::from_nanos(1))
    }

    /// Precise, and spinning for the last part of each sleep, for which it follows how much the system oversleeps: 95
    /// of 100 wake-ups are then exact to the microsecond. It costs as much processor time as the machine is bad at
    /// waking up; `docs/driver.md` has figures.
    pub fn spin(self) -> Self {
        let precise = self.precise();
        Self { waiting: Waiting { spins: true, ..precise.waiting }, ..precise }
    }

    /// Called with what a panic of a callback, a waker or the clock carried, on the thread where it happened. Rust
    /// prints a panic in any case, and [`Metrics::panics`](super::Metrics::panics) counts it.
    pub fn on_panic(self, report: impl Fn(&(dyn Any + Send)) + Send + Sync + 'static) -> Self {
        Self { hooks: Hooks { on_panic: Some(Box::new(report)), ..self.hooks }, ..self }
    }

    /// Called when a periodic callback, a ticker, or a message that found its channel full is to be armed again and its
    /// shard has no room: it is over then, and its guard says [`Full`](super::CallbackStatus::Full). The hook is told
    /// what it was and why; [`Metrics::not_rearmed`](super::Metrics::not_rearmed) counts it. It can only happen with a
    /// timer whose number of timers is limited.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickwheel::{Driver, TaskKind, ManualClock, CallbackStatus, TimerHeap};
    ///
    /// let clock = ManualClock::new();
    /// let (sender, lost) = std::sync::mpsc::channel();
    /// let timers = Driver::builder()
    ///     .clock(clock.clone())
    ///     .on_full(move |kind, _| sender.send(kind).unwrap())
    ///     .spawn(TimerHeap::new().with_max_timers(1))?;
    ///
    /// let handle = timers.handle();
    /// // It gives its own place away while it runs.
    /// let tick = timers.call_every(Duration::from_secs(1), move |_| {
    ///     handle.call_after(Duration::from_secs(60), |_| {}).unwrap().detach();
    /// })?;
    /// clock.advance(Duration::from_secs(1));
    /// assert_eq!((tick.status(), lost.try_recv()), (CallbackStatus::Full, Ok(TaskKind::Callback)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_full(self, report: impl Fn(TaskKind, ArmErrorReason) + Send + Sync + 'static) -> Self {
        Self { hooks: Hooks { on_full: Some(Box::new(report)), ..self.hooks }, ..self }
    }

    /// Called by each of the driver's threads as it starts, those of the callback pool included, and again by those
    /// that [`Driver::resume`] starts: to set a priority or an affinity, or to block signals. A panic in it is reported
    /// as a callback's is, and the thread goes on.
    pub fn on_thread_start(self, call: impl Fn() + Send + Sync + 'static) -> Self {
        Self { hooks: Hooks { on_thread_start: Some(Box::new(call)), ..self.hooks }, ..self }
    }

    /// Called by each of the driver's threads as the last thing that it does, those of the callback pool included.
    pub fn on_thread_stop(self, call: impl Fn() + Send + Sync + 'static) -> Self {
        Self { hooks: Hooks { on_thread_stop: Some(Box::new(call)), ..self.hooks }, ..self }
    }

    /// Records what is done with the driver's timers to a new file at `path`, as [`Recorded`] does, until the driver is
    /// shut down: what it then drops counts as cancelled. `replay`, in the repository, replays the file. The last
    /// column says what a timer sets off: `waker`, `callback` or `message`; nothing else of the program is written.
    ///
    /// A file that cannot be created is an error of [`spawn`](Self::spawn). One that cannot be written ends the
    /// recording but not the driver; it is told on standard error at the end.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickwheel::{Driver, Resolution, TimerWheel};
    ///
    /// let path = std::env::temp_dir().join(format!("timers-{}.csv", std::process::id()));
    /// let timers = Driver::builder().record(&path).spawn(TimerWheel::new(Resolution::MILLISECOND))?;
    /// timers.call_after(Duration::from_secs(60), |_| ())?.cancel();
    /// timers.shutdown();
    ///
    /// let recording = std::fs::read_to_string(&path)?;
    /// assert_eq!(recording.lines().count(), 3); // the header, a start and a cancel
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn record(self, path: impl Into<PathBuf>) -> Self {
        Self { record: Some(path.into()), ..self }
    }

    /// Makes the driver and starts its thread.
    ///
    /// `timer` is the first shard; the others are its [siblings](Timer::sibling).
    ///
    /// # Errors
    ///
    /// What the system says if it gives no more threads, or cannot create the file to [record](Self::record) to; on a
    /// platform without threads or without a clock, in words that say so. Settings that cannot be: of the kind
    /// [`InvalidInput`](io::ErrorKind::InvalidInput).
    pub fn spawn(self, timer: impl Timer<TimerTask> + Send + 'static) -> io::Result<Driver> {
        self.start(timer, true)
    }

    /// Makes the driver, and starts its thread if `runs`.
    pub(crate) fn start(self, timer: impl Timer<TimerTask> + Send + 'static, runs: bool) -> io::Result<Driver> {
        let parker = Arc::new(Parker::default());
        let (name, waiting) = (self.name.clone(), self.waiting);
        let unparked = parker.clone();
        let turn_runner = self.turn_runner(timer, true, Box::new(move || unparked.unpark()))?;
        Driver::start(turn_runner, parker, waiting, name, runs)
    }

    /// Makes a driver without a thread, for an event loop that turns it.
    ///
    /// `on_earlier` is called when a timer is armed, or moved, that is due earlier than what
    /// [`LoopDriver::next_turn`] last said, by the thread that does it: it must make the loop ask again, by a waker of
    /// its poll. It is called outside of all locks.
    ///
    /// # Errors
    ///
    /// What the system says if it gives no threads for the callback pool, or cannot create the file to
    /// [record](Self::record) to; on a platform without a clock, in words that say so. Settings that cannot be: of the
    /// kind [`InvalidInput`](io::ErrorKind::InvalidInput).
    pub fn for_event_loop(
        self,
        timer: impl Timer<TimerTask> + Send + 'static,
        on_earlier: impl Fn() + Send + Sync + 'static,
    ) -> io::Result<LoopDriver> {
        LoopDriver::start(self.turn_runner(timer, false, Box::new(on_earlier))?)
    }

    /// `is_thread` says that the driver has a thread of its own, which wakes by itself.
    fn turn_runner<C>(
        self,
        timer: C,
        is_thread: bool,
        unpark: Box<dyn Fn() + Send + Sync>,
    ) -> io::Result<Arc<TurnRunner>>
    where
        C: Timer<TimerTask> + Send + 'static,
    {
        self.check()?;
        let clock = self.clock.map_or_else(machine_clock, Ok)?;
        // A clock that does not go with the machine's may show a moment long before the thread's sleep until then ends.
        let wakes_itself = is_thread && clock.zero().is_some();
        let (timers, clock) = match &self.record {
            None => (shards(timer, self.shards), clock),
            Some(path) => {
                let (recording, clock) = (Recording::create(path)?, Arc::from(clock));
                let timer = Recorded::with_recording(timer, Arc::clone(&clock), recording).named(TimerTask::word);
                (shards(timer, self.shards), Box::new(clock) as _)
            }
        };
        let sleeper = Sleeper::new(wakes_itself, unpark);
        let core = Arc::new(Core::new(timers, clock, sleeper, self.limits, self.hooks));
        let activity = Arc::new(Activity::default());
        let pool = |threads| Pool::new(core.clone(), activity.clone(), threads, self.name.clone());
        let pool = (self.pool_threads > 0).then(|| pool(self.pool_threads));
        Ok(Arc::new(TurnRunner::new(core, pool, activity)))
    }

    /// Whether there can be such a driver.
    fn check(&self) -> io::Result<()> {
        let (name, shards, threads) = (&self.name, self.shards, self.pool_threads);
        let wrong = if name.contains('\0') {
            std::format!("thread_name({name:?}): a thread's name cannot have a NUL in it")
        } else if shards > AT_MOST {
            std::format!("shards({shards}): a driver has at most {AT_MOST}")
        } else if threads > AT_MOST {
            std::format!("callback_pool({threads}): a driver has at most {AT_MOST} threads")
        } else {
            return Ok(());
        };
        Err(io::Error::new(io::ErrorKind::InvalidInput, wrong))
    }
}

/// The machine's clock, where there is one.
fn machine_clock() -> io::Result<Box<dyn Clock + Send + Sync>> {
    if cfg!(all(target_family = "wasm", target_os = "unknown")) {
        let words = "this platform has no clock that the standard library can read: give the driver one with clock()";
        return Err(io::Error::new(io::ErrorKind::Unsupported, words));
    }
    Ok(Box::new(MonotonicClock::new()))
}

/// The first timer, and its siblings.
fn shards<C: Timer<TimerTask> + Send + 'static>(timer: C, count: usize) -> Vec<BoxedTimer> {
    let mut timers: Vec<BoxedTimer> = Vec::with_capacity(count);
    for _ in 1..count {
        timers.push(Box::new(timer.sibling()));
    }
    timers.insert(0, Box::new(timer));
    timers
}

impl fmt::Debug for DriverBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DriverBuilder")
            .field("shards", &self.shards)
            .field("thread_name", &self.name)
            .field("limits", &self.limits)
            .field("pool_threads", &self.pool_threads)
            .field("waiting", &self.waiting)
            .finish_non_exhaustive()
    }
}
