//! The replay: a trace's events applied to a timer, in virtual time.
//!
//! Virtual time is the trace's `at_ns` and moves only when it is told to. Before an event is applied the timer is
//! turned at each [`next_turn`](tickwheel::Timer::next_turn) that lies before it, as a driver would that slept until
//! then, and at the event's own time. After the last event it is turned at each `next_turn` until it asks for none.
//!
//! Each start of a timer is an arming of its own, with a serial number that the timer under test carries as its value.
//! So a timer that the kernel called before the timer under test was due, and started again, still fires once for each
//! start.

use indicatif::ProgressBar;
use tickwheel::{Deadline, Expired, Timer, TimerExt, TimerId, Timestamp};

use crate::book::{Book, Serial};
use crate::timing::{Call, Samples, Stopwatch};
use crate::trace::{Action, Event, Trace};

/// Into how many spans the trace's length is divided, to say how many timers were pending in each.
pub(crate) const SPANS: usize = 1000;

/// After how many turns in a row at one moment, none of which handed anything out, the replay gives up.
const STUCK_AFTER: u32 = 100;

/// Events between two looks at the progress bar.
const PROGRESS_STEP: usize = 1 << 12;

/// All that a replay found.
pub(crate) struct Outcome {
    pub(crate) book: Book,
    pub(crate) samples: Samples,
    pub(crate) oddities: Oddities,
    pub(crate) at_events: Turns,
    pub(crate) at_next_turn: Turns,
    pub(crate) in_drain: Turns,
    pub(crate) most_pending: usize,
    /// The most pending in each span of the trace.
    pub(crate) pending: Vec<usize>,
    /// Every turn that handed something out, with how many timers that were.
    pub(crate) work: Vec<(Timestamp, usize)>,
    /// The time of the last turn.
    pub(crate) drained_at: Timestamp,
}

/// What the recording and an exact timer see differently, counted.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Oddities {
    /// Cancels and resets of timers that were armed before the recording.
    pub(crate) cancelled_from_before: u64,
    /// Expiries of timers that were armed before the recording.
    pub(crate) expired_from_before: u64,
    /// Cancels and resets of timers that have fired here already.
    pub(crate) fired_already: u64,
    /// Timers that the kernel called before they had fired here.
    pub(crate) kernel_was_first: u64,
    /// Cancels and expiries of timers that the recording does not hold as pending.
    pub(crate) not_pending: u64,
    /// Timers that the recording holds as pending at its end.
    pub(crate) pending_in_recording: u64,
    /// How many of these have fired here already.
    pub(crate) pending_but_fired: u64,
}

/// How many turns there were, and how many of them handed nothing out.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Turns {
    pub(crate) all: u64,
    pub(crate) empty: u64,
}

/// Replays `trace` through `timer`, to the last timer, and checks it against `book`.
pub(crate) fn replay(
    trace: &Trace,
    timer: &mut dyn Timer<Serial>,
    book: Book,
    stopwatch: Stopwatch,
    progress: &ProgressBar,
) -> Outcome {
    let mut replay = Replay::new(trace, timer, book, stopwatch);
    progress.set_length(trace.events.len() as u64);
    for (done, event) in trace.events.iter().enumerate() {
        if done % PROGRESS_STEP == 0 {
            progress.set_position(done as u64);
        }
        replay.advance_to(event.at);
        replay.apply(event);
        replay.look_at_len();
    }
    replay.count_pending();
    replay.drain();
    replay.finish()
}

/// What the recording knows of a timer.
#[derive(Clone, Copy)]
enum Recorded {
    Unseen,
    Armed(Serial),
    ArmedOnOtherClock,
    Over,
}

struct Replay<'a> {
    trace: &'a Trace,
    timer: &'a mut dyn Timer<Serial>,
    stopwatch: Stopwatch,
    recorded: Vec<Recorded>,
    now: Timestamp,
    /// What the turn that is under way has handed out; kept between turns, so that none has to allocate.
    fired: Vec<Expired<Serial>>,
    /// The span looked at last, and how many were pending then.
    last_span: usize,
    last_len: usize,
    /// Turns since the last one that moved the clock or handed something out.
    idle_turns: u32,
    outcome: Outcome,
}

impl<'a> Replay<'a> {
    fn new(trace: &'a Trace, timer: &'a mut dyn Timer<Serial>, book: Book, stopwatch: Stopwatch) -> Self {
        let outcome = Outcome {
            book,
            samples: Samples::default(),
            oddities: Oddities::default(),
            at_events: Turns::default(),
            at_next_turn: Turns::default(),
            in_drain: Turns::default(),
            most_pending: 0,
            pending: vec![0; SPANS],
            work: Vec::new(),
            drained_at: Timestamp::ZERO,
        };
        let recorded = vec![Recorded::Unseen; trace.timers.len()];
        Self {
            trace,
            timer,
            stopwatch,
            recorded,
            now: Timestamp::ZERO,
            fired: Vec::new(),
            last_span: 0,
            last_len: 0,
            idle_turns: 0,
            outcome,
        }
    }

    /// Moves virtual time on to `at`, with a turn wherever one is wanted and one at `at` itself.
    fn advance_to(&mut self, at: Timestamp) {
        while let Some(wanted) = self.next_turn().filter(|wanted| *wanted < at) {
            let turn = self.turn(wanted.max(self.now));
            self.outcome.at_next_turn.add(turn);
            if self.is_stuck() {
                break;
            }
        }
        let turn = self.turn(at);
        self.outcome.at_events.add(turn);
    }

    /// Turns at each next turn until none is wanted, or until long after every timer was due.
    fn drain(&mut self) {
        while let Some(wanted) = self.next_turn() {
            let turn = self.turn(wanted.max(self.now));
            self.outcome.in_drain.add(turn);
            if self.is_stuck() || self.now > self.outcome.book.horizon() {
                break;
            }
        }
    }

    fn next_turn(&mut self) -> Option<Timestamp> {
        let timer = &*self.timer;
        self.stopwatch.time(|| timer.next_turn(), |_| Call::NextTurn)
    }

    /// Turns the timer and says how many it handed out.
    fn turn(&mut self, now: Timestamp) -> usize {
        let (timer, fired) = (&mut *self.timer, &mut self.fired);
        let turn = || {
            fired.extend(timer.turn(now));
            fired.len()
        };
        let count = self.stopwatch.time(turn, |count| if *count == 0 { Call::EmptyTurn } else { Call::FiringTurn });

        self.idle_turns = if now > self.now || count > 0 { 0 } else { self.idle_turns + 1 };
        self.now = now;
        if count > 0 {
            self.outcome.work.push((now, count));
        }
        self.fired.drain(..).for_each(|expired| self.outcome.book.note_fired(expired, now));
        self.look_at_len();
        count
    }

    /// Events may stand still in time, but a timer that is turned at its own wish must not.
    fn is_stuck(&mut self) -> bool {
        let stuck = self.idle_turns >= STUCK_AFTER;
        if stuck {
            self.outcome.book.note_stuck(self.now);
            self.idle_turns = 0;
        }
        stuck
    }

    fn apply(&mut self, event: &Event) {
        match event.action {
            Action::Arm(deadline) => self.arm(event, deadline),
            Action::Reset(deadline) => {
                self.count_end(event);
                self.arm(event, deadline);
            }
            Action::ArmOnOtherClock(_) => {
                self.cancel(event);
                self.recorded[event.timer as usize] = Recorded::ArmedOnOtherClock;
            }
            Action::Cancel => {
                self.count_end(event);
                self.cancel(event);
            }
            Action::Expire { ran } => self.expire(event, ran),
            Action::OwnDequeue | Action::ResetDone => {}
        }
    }

    /// Counts what a cancel or a reset says of its timer that an exact timer sees differently.
    fn count_end(&mut self, event: &Event) {
        let oddities = &mut self.outcome.oddities;
        match self.recorded[event.timer as usize] {
            Recorded::Unseen => oddities.cancelled_from_before += 1,
            Recorded::Over => oddities.not_pending += 1,
            Recorded::Armed(serial) if !self.outcome.book.is_pending(serial) => oddities.fired_already += 1,
            Recorded::Armed(_) | Recorded::ArmedOnOtherClock => {}
        }
    }

    /// Moves a timer that is pending, and arms it where it is not: what a user does who keeps its id.
    fn arm(&mut self, event: &Event, deadline: Deadline) {
        let moved = match self.recorded[event.timer as usize] {
            Recorded::Armed(serial) => self.reset(serial, event, deadline),
            _ => false,
        };
        if !moved {
            self.insert(event, deadline);
        }
    }

    fn reset(&mut self, serial: Serial, event: &Event, deadline: Deadline) -> bool {
        let pending = self.outcome.book.is_pending(serial);
        let id = self.outcome.book.arming(serial).id;
        let kind = if pending { Call::Reset } else { Call::Stale };
        let timer = &mut *self.timer;
        let found = self.stopwatch.time(|| timer.reset(id, deadline), |_| kind);
        if pending {
            self.outcome.book.note_moved(serial, event, deadline, found);
        } else {
            self.outcome.book.note_stale_call(serial, found);
        }
        pending
    }

    fn insert(&mut self, event: &Event, deadline: Deadline) {
        let serial = self.outcome.book.next_serial();
        let timer = &mut *self.timer;
        let inserted = self.stopwatch.time(|| timer.insert(deadline, serial), |_| Call::Insert);
        match inserted {
            Ok(id) => {
                self.outcome.book.note_armed(event, deadline, id);
                self.recorded[event.timer as usize] = Recorded::Armed(serial);
            }
            Err(_) => {
                self.outcome.book.note_refused();
                self.recorded[event.timer as usize] = Recorded::Over;
            }
        }
    }

    fn cancel(&mut self, event: &Event) {
        let before = std::mem::replace(&mut self.recorded[event.timer as usize], Recorded::Over);
        let Recorded::Armed(serial) = before else { return };
        let pending = self.outcome.book.is_pending(serial);
        let value = self.cancel_by_id(self.outcome.book.arming(serial).id, pending);
        if pending {
            self.outcome.book.note_cancelled(serial, value);
        } else {
            self.outcome.book.note_stale_call(serial, value.is_some());
        }
    }

    fn cancel_by_id(&mut self, id: TimerId, pending: bool) -> Option<Serial> {
        let kind = if pending { Call::Cancel } else { Call::Stale };
        let timer = &mut *self.timer;
        self.stopwatch.time(|| timer.cancel(id), |_| kind)
    }

    /// The kernel called the timer, which ends it for the recording. Here it fires when it is due, before or after.
    fn expire(&mut self, event: &Event, ran: Timestamp) {
        let before = std::mem::replace(&mut self.recorded[event.timer as usize], Recorded::Over);
        match before {
            Recorded::Unseen => self.outcome.oddities.expired_from_before += 1,
            Recorded::Over => self.outcome.oddities.not_pending += 1,
            Recorded::ArmedOnOtherClock => {}
            Recorded::Armed(serial) => {
                self.outcome.book.note_kernel_ran(serial, ran);
                if self.outcome.book.is_pending(serial) {
                    self.outcome.oddities.kernel_was_first += 1;
                }
            }
        }
    }

    fn look_at_len(&mut self) {
        let len = self.timer.len();
        self.outcome.book.check_len(len);
        self.outcome.most_pending = self.outcome.most_pending.max(len);
        let length = self.trace.length().as_nanos().max(1);
        let span = u128::from(self.now.as_nanos()) * SPANS as u128 / length;
        let span = (span as usize).min(SPANS - 1);
        // Each span since begins with as many as were left the last time.
        let pending = &mut self.outcome.pending;
        if span > self.last_span {
            pending[self.last_span + 1..=span].fill(self.last_len);
        }
        pending[span] = pending[span].max(len);
        (self.last_span, self.last_len) = (span, len);
    }

    fn count_pending(&mut self) {
        for recorded in &self.recorded {
            if let Recorded::Armed(serial) = recorded {
                self.outcome.oddities.pending_in_recording += 1;
                if !self.outcome.book.is_pending(*serial) {
                    self.outcome.oddities.pending_but_fired += 1;
                }
            }
        }
    }

    fn finish(self) -> Outcome {
        let Self { timer, stopwatch, now, mut outcome, .. } = self;
        outcome.book.check_len(timer.len());
        outcome.book.close();
        outcome.samples = stopwatch.into_samples();
        outcome.drained_at = now;
        outcome
    }
}

impl Turns {
    fn add(&mut self, handed_out: usize) {
        self.all += 1;
        self.empty += u64::from(handed_out == 0);
    }
}
