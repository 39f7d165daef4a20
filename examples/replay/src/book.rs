//! The self-check: a book of its own about what was armed, which holds the timer under test to its promises.
//!
//! The book believes nothing that the timer says. It notes each arming with its deadline, its slack and the moment it
//! was made, compares every firing with that, and at the end looks for what never came. The only arithmetic is on
//! nanoseconds, so no fault of the crate's rounding can hide in it.

use std::fmt;
use std::time::Duration;

use tickwheel::{Deadline, Expired, TimerId, Timestamp};

use crate::trace::{Event, Trace};

/// How many faults are kept to be shown; all are counted.
const SHOWN: usize = 10;

/// Names one arming: the value that the timer under test carries.
pub(crate) type Serial = u32;

/// One life of a timer, from its start to its end, through any number of resets.
#[derive(Clone, Copy)]
pub(crate) struct Arming {
    pub(crate) id: TimerId,
    pub(crate) deadline: Deadline,
    /// When it got this deadline: it cannot fire before, however long past the deadline is.
    pub(crate) armed_at: Timestamp,
    timer: u32,
    function: u32,
    line: u32,
    state: State,
    /// When the recording kernel called it.
    kernel_ran: Option<Timestamp>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Pending,
    Fired(Timestamp),
    Cancelled,
}

/// When one timer was due, and when it was called: by the timer under test and by the kernel.
#[derive(Clone, Copy)]
pub(crate) struct Firing {
    pub(crate) deadline: Deadline,
    pub(crate) armed_at: Timestamp,
    pub(crate) ours: Timestamp,
    pub(crate) kernel: Option<Timestamp>,
}

pub(crate) struct Book {
    tick: Duration,
    armings: Vec<Arming>,
    pending: usize,
    fired: u64,
    cancelled: u64,
    /// The latest time at which anything could be due.
    horizon: Timestamp,
    miscounted: bool,
    faults: Vec<Fault>,
    fault_count: u64,
}

impl Book {
    /// A book for a timer that may be `tick` late.
    pub(crate) fn new(tick: Duration) -> Self {
        Self {
            tick,
            armings: Vec::new(),
            pending: 0,
            fired: 0,
            cancelled: 0,
            horizon: Timestamp::ZERO,
            miscounted: false,
            faults: Vec::new(),
            fault_count: 0,
        }
    }

    /// The serial that the next arming will have.
    pub(crate) fn next_serial(&self) -> Serial {
        self.armings.len() as Serial
    }

    pub(crate) fn arming(&self, serial: Serial) -> &Arming {
        &self.armings[serial as usize]
    }

    pub(crate) fn is_pending(&self, serial: Serial) -> bool {
        self.arming(serial).state == State::Pending
    }

    pub(crate) fn armed(&self) -> u64 {
        self.armings.len() as u64
    }

    pub(crate) fn fired(&self) -> u64 {
        self.fired
    }

    pub(crate) fn cancelled(&self) -> u64 {
        self.cancelled
    }

    /// The time by which every timer must have fired.
    pub(crate) fn horizon(&self) -> Timestamp {
        self.horizon + self.tick
    }

    /// `event` armed a timer, which goes by `id`.
    pub(crate) fn note_armed(&mut self, event: &Event, deadline: Deadline, id: TimerId) {
        let Event { at, timer, function, line, .. } = *event;
        let state = State::Pending;
        self.armings.push(Arming { id, deadline, armed_at: at, timer, function, line, state, kernel_ran: None });
        self.pending += 1;
        self.horizon = self.horizon.max(deadline.hard()).max(at);
    }

    /// `event` moved a pending timer, and the timer under test said whether it `found` it.
    pub(crate) fn note_moved(&mut self, serial: Serial, event: &Event, deadline: Deadline, found: bool) {
        self.horizon = self.horizon.max(deadline.hard()).max(event.at);
        let arming = &mut self.armings[serial as usize];
        (arming.deadline, arming.armed_at, arming.line) = (deadline, event.at, event.line);
        if !found {
            self.fault(Some(serial), What::Lost);
        }
    }

    /// A pending timer was cancelled, and the timer under test gave this `value` back.
    pub(crate) fn note_cancelled(&mut self, serial: Serial, value: Option<Serial>) {
        self.armings[serial as usize].state = State::Cancelled;
        self.pending -= 1;
        self.cancelled += 1;
        match value {
            Some(value) if value == serial => {}
            Some(_) => self.fault(Some(serial), What::Exchanged),
            None => self.fault(Some(serial), What::Lost),
        }
    }

    /// The id of a timer that had fired was used, and the timer under test said whether it `found` one by it.
    pub(crate) fn note_stale_call(&mut self, serial: Serial, found: bool) {
        if found {
            self.fault(Some(serial), What::StaleIdWorked);
        }
    }

    /// No timer could be armed for `event`.
    pub(crate) fn note_refused(&mut self) {
        self.fault(None, What::Refused);
    }

    /// A turn at `now` handed this out.
    pub(crate) fn note_fired(&mut self, expired: Expired<Serial>, now: Timestamp) {
        let Some(arming) = self.armings.get_mut(expired.value as usize) else {
            return self.fault(None, What::NeverArmed);
        };
        match arming.state {
            State::Pending => {}
            State::Fired(_) => return self.fault(Some(expired.value), What::Twice { again: now }),
            State::Cancelled => return self.fault(Some(expired.value), What::Cancelled { fired: now }),
        }
        arming.state = State::Fired(now);
        self.pending -= 1;
        self.fired += 1;
        let (id, soft, hard) = (arming.id, arming.deadline.soft(), arming.deadline.hard().max(arming.armed_at));
        if now < soft {
            self.fault(Some(expired.value), What::Early { by: soft - now, fired: now });
        } else if now > hard + self.tick {
            self.fault(Some(expired.value), What::Late { by: now - hard, fired: now });
        }
        if expired.id != id {
            self.fault(Some(expired.value), What::Exchanged);
        }
    }

    /// The kernel called this timer's function.
    pub(crate) fn note_kernel_ran(&mut self, serial: Serial, ran: Timestamp) {
        self.armings[serial as usize].kernel_ran = Some(ran);
    }

    /// The timer under test asks for one turn after another at `now`, without handing anything out.
    pub(crate) fn note_stuck(&mut self, now: Timestamp) {
        self.fault(None, What::Stuck { at: now });
    }

    /// The same calls were answered otherwise the second time.
    pub(crate) fn note_unsteady(&mut self) {
        self.fault(None, What::Unsteady);
    }

    /// Compares how many timers are armed with what the timer under test says. A count that is wrong once tends to stay
    /// wrong: one such fault is enough, lest it hide others.
    pub(crate) fn check_len(&mut self, len: usize) {
        if len != self.pending && !self.miscounted {
            self.miscounted = true;
            self.fault(None, What::Miscounted { says: len, armed: self.pending });
        }
    }

    /// Nothing is to come any more: what is pending still was never handed out.
    pub(crate) fn close(&mut self) {
        for serial in 0..self.next_serial() {
            if self.is_pending(serial) {
                self.fault(Some(serial), What::Never);
            }
        }
    }

    /// Every timer that fired, with the kernel's time for the same one where it called it too.
    pub(crate) fn firings(&self) -> impl Iterator<Item = Firing> {
        self.armings.iter().filter_map(|arming| match arming.state {
            State::Fired(ours) => {
                let Arming { deadline, armed_at, kernel_ran: kernel, .. } = *arming;
                Some(Firing { deadline, armed_at, ours, kernel })
            }
            State::Pending | State::Cancelled => None,
        })
    }

    fn fault(&mut self, serial: Option<Serial>, what: What) {
        self.fault_count += 1;
        if self.faults.len() < SHOWN {
            self.faults.push(Fault { arming: serial.map(|serial| self.armings[serial as usize]), what });
        }
    }

    pub(crate) fn fault_count(&self) -> u64 {
        self.fault_count
    }

    /// The first faults, in words that name the timer, its function and the line that armed it.
    pub(crate) fn describe_faults(&self, trace: &Trace) -> Vec<String> {
        self.faults.iter().map(|fault| fault.describe(trace)).collect()
    }

    #[cfg(test)]
    pub(crate) fn faults(&self) -> Vec<What> {
        self.faults.iter().map(|fault| fault.what).collect()
    }
}

#[derive(Clone, Copy)]
struct Fault {
    arming: Option<Arming>,
    what: What,
}

/// What a timer did that it must not do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    Early { by: Duration, fired: Timestamp },
    Late { by: Duration, fired: Timestamp },
    Twice { again: Timestamp },
    Never,
    Cancelled { fired: Timestamp },
    NeverArmed,
    Exchanged,
    Lost,
    StaleIdWorked,
    Refused,
    Stuck { at: Timestamp },
    Unsteady,
    Miscounted { says: usize, armed: usize },
}

impl Fault {
    fn describe(&self, trace: &Trace) -> String {
        let Some(arming) = &self.arming else { return self.what.to_string() };
        let name = trace.timers.name(arming.timer);
        let function = &trace.functions[arming.function as usize];
        let Arming { line, deadline, .. } = arming;
        let (soft, hard) = (deadline.soft(), deadline.hard());
        let until = if soft == hard { String::new() } else { format!(" (with its slack: {hard:?})") };
        format!("timer {name} ({function}), armed in line {line} for {soft:?}{until}: {}", self.what)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Early { by, fired } => write!(f, "fired early by {by:?}, at {fired:?}"),
            Self::Late { by, fired } => write!(f, "fired late by {by:?}, at {fired:?}, which is more than a tick"),
            Self::Twice { again } => write!(f, "fired twice, again at {again:?}"),
            Self::Never => write!(f, "never fired"),
            Self::Cancelled { fired } => write!(f, "fired at {fired:?} although it had been cancelled"),
            Self::NeverArmed => write!(f, "a timer fired that nobody had armed"),
            Self::Exchanged => write!(f, "its id and its value do not belong together"),
            Self::Lost => write!(f, "was pending, but its id found nothing"),
            Self::StaleIdWorked => write!(f, "had fired, but its id still found a timer"),
            Self::Refused => write!(f, "a timer could not be armed"),
            Self::Stuck { at } => write!(f, "turns are wanted at {at:?} without end, but hand nothing out"),
            Self::Unsteady => write!(f, "two replays of one trace led to different calls"),
            Self::Miscounted { says, armed } => write!(f, "{armed} timers are armed, but the container counts {says}"),
        }
    }
}
