//! A recording once it is read: a list of [`Event`]s with deadlines in nanoseconds, whatever it was read from.
//!
//! What a recording leaves implicit is made plain here:
//!
//! - The kernel takes a timer out before it calls it, and most kernels print that. A `cancel` whose timer's next event
//!   is its expiry is therefore no cancellation, but [`Action::OwnDequeue`].
//! - `mod_timer` takes a pending timer out and puts it back in one call. A `cancel` whose timer's next event is a
//!   `start` at most [`RESET_WITHIN`] later is such a reset: [`Action::Reset`] where the `cancel` stood,
//!   [`Action::ResetDone`] where the `start` did. A `start` of a timer that is armed is a reset, too.
//! - A deadline over [`OTHER_CLOCK_BEYOND`] away was given on the wall clock, which shares no line with the trace's
//!   time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::ProgressBar;
use tickwheel::{Deadline, Resolution, Timestamp};

use crate::error::TraceError;
use crate::source::Lines;
use crate::text::{self, Recording, Settings};
use crate::{csv, expected};

/// The longest that a reset's two halves lie apart. The kernel does both in one call, a few microseconds at most; what
/// takes longer was interrupted there, or is a cancellation and a new start.
pub(crate) const RESET_WITHIN: Duration = Duration::from_micros(100);

/// Three years: no kernel arms a timer for that long after a boot-time clock's now, but every wall-clock time is
/// farther.
pub(crate) const OTHER_CLOCK_BEYOND: Duration = Duration::from_nanos(100_000_000_000_000_000);

/// The jiffies of a CSV that are meant unless the user says otherwise.
const CSV_HZ: u32 = 250;

/// Which of the kernel's two kinds of timer a trace holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Wheel,
    Hrtimer,
}

impl Kind {
    /// As an option names it.
    pub(crate) fn option(self) -> &'static str {
        match self {
            Self::Wheel => "wheel",
            Self::Hrtimer => "hrtimer",
        }
    }

    /// In the words of a sentence.
    pub(crate) fn plain(self) -> &'static str {
        match self {
            Self::Wheel => "the timer wheel",
            Self::Hrtimer => "high-resolution timers",
        }
    }
}

/// A trace, read whole.
pub(crate) struct Trace {
    pub(crate) file: PathBuf,
    pub(crate) kind: Kind,
    /// How long a jiffy is.
    pub(crate) jiffy: Resolution,
    pub(crate) events: Vec<Event>,
    /// The timers' names in the file; events name them by their place in here.
    pub(crate) timers: Names,
    /// The functions' names; events name them by their place in here.
    pub(crate) functions: Vec<String>,
}

/// What a file calls its timers.
pub(crate) enum Names {
    Numbers(Vec<u32>),
    Addresses(Vec<u64>),
}

impl Names {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Addresses(addresses) => addresses.len(),
        }
    }

    /// The name of the timer at this place.
    pub(crate) fn name(&self, timer: u32) -> String {
        match self {
            Self::Numbers(numbers) => numbers[timer as usize].to_string(),
            Self::Addresses(addresses) => format!("{:#x}", addresses[timer as usize]),
        }
    }
}

/// One line of a trace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) at: Timestamp,
    pub(crate) line: u32,
    pub(crate) timer: u32,
    pub(crate) function: u32,
    pub(crate) action: Action,
}

/// What a line says was done, once the lines around it are taken into account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Action {
    /// The timer was armed.
    Arm(Deadline),
    /// The timer was armed for a time on another clock.
    ArmOnOtherClock(Deadline),
    /// The timer was moved to another deadline, whether it was pending or not.
    Reset(Deadline),
    /// The second half of the timer's last [`Reset`](Self::Reset): nothing is left to do.
    ResetDone,
    /// The timer was taken out, for good.
    Cancel,
    /// The kernel took the timer out to call it: an [`Expire`](Self::Expire) follows.
    OwnDequeue,
    /// The timer's function was called, at `ran` by the kernel's own account: the beginning of a jiffy for the wheel.
    Expire { ran: Timestamp },
}

/// Reads the whole of `file`, whatever it is, showing on `progress` how many of its bytes are done.
pub(crate) fn read(file: &Path, settings: Settings, progress: &ProgressBar) -> Result<Recording, TraceError> {
    let lines = Lines::open(file, progress).map_err(|error| TraceError::unreadable(file, error))?;
    read_lines(file, lines, settings)
}

pub(crate) fn read_lines(file: &Path, mut lines: Lines, settings: Settings) -> Result<Recording, TraceError> {
    if !lines.next().map_err(|error| csv::broken_off(file, 1, error))? {
        return Err(TraceError::line(file, 1, expected::a_recording(), "an empty file"));
    }
    expected::refuse_binary(file, lines.text())?;
    let Some(kind) = csv::kind_of(lines.text()) else { return text::read(file, &mut lines, settings) };
    if let Some(only) = settings.only.filter(|only| *only != kind) {
        return Err(TraceError::whole(file, format!("it holds no timers of the kind {}", only.option())));
    }
    let jiffy = Resolution::from_hz(settings.hz.unwrap_or(CSV_HZ)).expect("the options allow no other");
    let trace = csv::read(file, &mut lines, kind, jiffy)?;
    Ok(Recording { traces: vec![trace], notes: Vec::new() })
}

impl Trace {
    /// A trace of `events` in their order.
    pub(crate) fn new(
        file: &Path,
        kind: Kind,
        jiffy: Resolution,
        events: Vec<Event>,
        timers: Names,
        functions: Vec<String>,
    ) -> Self {
        let mut trace = Self { file: file.to_path_buf(), kind, jiffy, events, timers, functions };
        trace.tell_dequeues();
        trace
    }

    /// Tells resets from cancellations and starts, to be replayed. What is written as CSV has both their halves.
    pub(crate) fn with_resets(mut self) -> Self {
        self.join_resets();
        self.tell_resets();
        self
    }

    /// From the first tick of the trace's clock to the last event.
    pub(crate) fn length(&self) -> Duration {
        self.events.last().map_or(Duration::ZERO, |last| last.at - Timestamp::ZERO)
    }

    /// What used the timers: a `kernel`, or a `program` that recorded its own. Any recording of a kernel's hrtimers
    /// holds its tick, or a sleep.
    pub(crate) fn recorder(&self) -> &'static str {
        const OF_KERNELS: [&str; 3] = ["hrtimer_wakeup", "tick_nohz_handler", "tick_sched_timer"];
        let is_kernels = self.functions.iter().any(|function| OF_KERNELS.contains(&function.as_str()));
        let is_ours = matches!((&self.timers, self.kind), (Names::Numbers(_), Kind::Hrtimer));
        if is_kernels || !is_ours { "kernel" } else { "program" }
    }

    /// How many lines say this.
    pub(crate) fn count(&self, what: impl Fn(Action) -> bool) -> u64 {
        self.events.iter().filter(|event| what(event.action)).count() as u64
    }

    /// Whether there is something to replay: a timer that is armed on the trace's own clock.
    pub(crate) fn arms_something(&self) -> bool {
        self.events.iter().any(|event| matches!(event.action, Action::Arm(_) | Action::Reset(_)))
    }

    /// Tells the kernel's own dequeues from cancellations.
    fn tell_dequeues(&mut self) {
        self.look_ahead(|cancel, next| {
            if matches!(next.action, Action::Expire { .. }) {
                cancel.action = Action::OwnDequeue;
            }
        });
    }

    /// Makes one reset of a cancel and the start at its heels.
    fn join_resets(&mut self) {
        self.look_ahead(|cancel, next| {
            if let (Action::Arm(deadline), true) = (next.action, next.at - cancel.at <= RESET_WITHIN) {
                next.action = Action::ResetDone;
                (cancel.line, cancel.function, cancel.action) = (next.line, next.function, Action::Reset(deadline));
            }
        });
    }

    /// Shows each cancel with the timer's next event, which alone shows what it was: hence backwards.
    fn look_ahead(&mut self, mut tell: impl FnMut(&mut Event, &mut Event)) {
        let mut next_of = vec![None; self.timers.len()];
        for at in (0..self.events.len()).rev() {
            let (before, after) = self.events.split_at_mut(at + 1);
            let event = &mut before[at];
            let next = next_of[event.timer as usize].replace(at);
            if let (Action::Cancel, Some(next)) = (event.action, next) {
                tell(event, &mut after[next - at - 1]);
            }
        }
    }

    /// Makes a reset of each start of a timer that is armed.
    fn tell_resets(&mut self) {
        let mut is_armed = vec![false; self.timers.len()];
        for event in &mut self.events {
            let is_armed = &mut is_armed[event.timer as usize];
            if let (Action::Arm(deadline), true) = (event.action, *is_armed) {
                event.action = Action::Reset(deadline);
            }
            *is_armed = match event.action {
                Action::Arm(_) | Action::Reset(_) => true,
                Action::ArmOnOtherClock(_) | Action::Cancel | Action::Expire { .. } => false,
                Action::OwnDequeue | Action::ResetDone => *is_armed,
            };
        }
    }
}
