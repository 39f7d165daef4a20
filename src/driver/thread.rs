//! The driver's thread: the one place in the crate that waits for a moment to come.

use core::time::Duration;
use std::io;
use std::string::String;

use super::core::Core;
use super::metrics::TurnCounts;
use super::shard::NEVER;
use super::spin::Spin;
use super::turn_runner::TurnRunner;
use crate::sync::{Arc, Condvar, Mutex, thread};
use crate::time::Timestamp;

/// How the thread waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    /// The timer slack of the thread, in nanoseconds, where the system has one to be set; `None` leaves it.
    pub(crate) timer_slack_ns: Option<u64>,
    /// Whether it spins for the last part.
    pub(crate) spins: bool,
}

/// What others tell the thread.
#[derive(Default)]
pub(crate) struct Parker {
    signals: Mutex<Signals>,
    changed: Condvar,
}

#[derive(Default)]
struct Signals {
    /// There is an earlier timer than the one that is slept for.
    is_earlier: bool,
    stop: bool,
}

impl Signals {
    /// Counts why the thread is awake, if it was told something. Word of an earlier timer is heard once.
    fn hear(&mut self, core: &Core) -> bool {
        let counter = if self.stop {
            &core.counts.woken_by_signal
        } else if self.is_earlier {
            &core.counts.woken_by_earlier
        } else {
            return false;
        };
        TurnCounts::add(counter);
        self.is_earlier = false;
        true
    }
}

impl Parker {
    /// Wakes the thread for an earlier timer.
    pub(crate) fn unpark(&self) {
        self.signals.lock().is_earlier = true;
        self.changed.notify_one();
    }

    /// Asks the thread to end.
    pub(crate) fn stop(&self) {
        self.signals.lock().stop = true;
        self.changed.notify_one();
    }

    /// Takes the wish to end back, before a thread is started again.
    pub(crate) fn restart(&self) {
        *self.signals.lock() = Signals::default();
    }

    fn is_stopped(&self) -> bool {
        self.signals.lock().stop
    }

    /// Waits until it is told something, at most for `at_most`; says whether it was told something.
    fn wait(&self, core: &Core, at_most: Option<Duration>) -> bool {
        let mut signals = self.signals.lock();
        if !signals.stop && !signals.is_earlier {
            match at_most {
                Some(at_most) => drop(self.changed.wait_for(&mut signals, at_most)),
                None => self.changed.wait(&mut signals),
            }
        }
        signals.hear(core)
    }

    /// Hears what it was told, if it was told something, without waiting.
    fn hear(&self, core: &Core) -> bool {
        self.signals.lock().hear(core)
    }
}

/// Starts the thread that turns a driver until its parker is told to stop.
pub(crate) fn start(
    turn_runner: Arc<TurnRunner>,
    parker: Arc<Parker>,
    waiting: Waiting,
    name: String,
) -> io::Result<thread::JoinHandle<()>> {
    parker.restart();
    let spawned = thread::Builder::new().name(name).spawn(move || {
        let core = turn_runner.core();
        core.on_thread(|| {
            // Nothing else of the user's goes further than the call of it, but the timer may be the user's too.
            if core.guarded(|| run(&turn_runner, &parker, waiting)).is_none() {
                turn_runner.close();
            }
        });
    });
    spawned.map_err(|error| match error.kind() {
        io::ErrorKind::Unsupported => io::Error::new(
            io::ErrorKind::Unsupported,
            "this platform has no threads: turn the driver yourself with for_event_loop(), or give it a ManualClock",
        ),
        _ => error,
    })
}

fn run(turn_runner: &TurnRunner, parker: &Parker, waiting: Waiting) {
    let core = turn_runner.core();
    set_timer_slack(waiting.timer_slack_ns);
    let mut spin = waiting.spins.then(Spin::new);
    while !parker.is_stopped() {
        let now = core.now_or_last();
        if core.is_due(now) && turn_runner.turn(now, None).budget_exhausted {
            continue;
        }
        let until = core.sleeper.fall_asleep(|| core.next_turn());
        sleep(core, parker, until, spin.as_mut());
        core.sleeper.wake_up();
    }
}

/// Sleeps until the clock shows `until`, or until there is something else to do.
fn sleep(core: &Core, parker: &Parker, until: u64, spin: Option<&mut Spin>) {
    if until == NEVER {
        parker.wait(core, None);
        return;
    }
    let left = core.wait_for(until);
    let until = Timestamp::from_nanos(until);
    if left.is_zero() {
        // Something fell due while the thread was awake: it does not sleep, and so it does not wake up either.
        parker.hear(core);
        return;
    }
    let margin = spin.as_ref().map_or(Duration::ZERO, |spin| spin.margin());
    if left > margin && parker.wait(core, Some(left - margin)) {
        return;
    }
    if let Some(spin) = spin {
        if left > margin {
            spin.learn(core.now_or_last() - (until - margin));
        }
        // A clock that panics ends it, and is read again after a while.
        let is_time = || core.read_clock().is_none_or(|now| now >= until);
        spin.spin(|| is_time() || core.sleeper.is_awake() || parker.is_stopped());
        if parker.hear(core) {
            return;
        }
    }
    TurnCounts::add(&core.counts.woken_by_time);
}

/// Sets the slack that Linux allows itself with this thread's sleeps: 50 µs unless it is told otherwise (L24).
#[cfg(all(target_os = "linux", not(tickwheel_loom)))]
fn set_timer_slack(slack_ns: Option<u64>) {
    if let Some(slack_ns) = slack_ns.and_then(core::num::NonZeroU64::new) {
        // Without it the sleeps are less exact, and nothing else.
        let _ = rustix::thread::set_current_timer_slack(Some(slack_ns));
    }
}

#[cfg(not(all(target_os = "linux", not(tickwheel_loom))))]
fn set_timer_slack(_: Option<u64>) {}
