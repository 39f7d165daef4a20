//! Reads a text line by line, keeps its timers' events, and makes a trace of each kind of timer that it holds.

use std::path::Path;

use tickwheel::{Deadline, Timestamp};

use super::clock::{self, Jiffies};
use super::line::{self, Line, What};
use crate::error::{TraceError, quoted_line};
use crate::expected;
use crate::numbering::Numbering;
use crate::source::Lines;
use crate::trace::{Action, Event, Kind, Names, Trace};

/// Deadlines from here on were given on the wall clock: no machine has been up for that long, 31 years.
const WALL_CLOCK_FROM: u64 = 1_000_000_000_000_000_000;

const HALF_A_DAY: u64 = 12 * 3_600 * 1_000_000_000;

/// What the user said about the recording.
#[derive(Clone, Copy, Default)]
pub(crate) struct Settings {
    pub(crate) hz: Option<u32>,
    pub(crate) only: Option<Kind>,
}

/// What a text held.
pub(crate) struct Recording {
    pub(crate) traces: Vec<Trace>,
    /// What is to be told beside the results.
    pub(crate) notes: Vec<String>,
}

/// Reads the lines from the one that `lines` stands at, to the last.
pub(crate) fn read(file: &Path, lines: &mut Lines, settings: Settings) -> Result<Recording, TraceError> {
    let mut collector = Collector::new(settings);
    loop {
        collector
            .take(lines.number(), lines.text(), lines.budget_exhausted())
            .map_err(|what| TraceError::whole(file, what))?;
        match lines.next() {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(crate::csv::broken_off(file, lines.number(), error)),
        }
    }
    collector.finish(file)
}

/// The events of one kind of timer, in the order of the lines, with times as they were printed.
struct Events {
    kind: Kind,
    events: Vec<Event>,
    timers: Numbering<u64>,
}

impl Events {
    fn new(kind: Kind) -> Self {
        Self { kind, events: Vec::new(), timers: Numbering::default() }
    }
}

struct Collector {
    settings: Settings,
    wheel: Events,
    hrtimers: Events,
    functions: Numbering<Vec<u8>>,
    jiffies: Jiffies,
    /// The number of the first that could not be read, the line, and how many there are.
    unreadable: Option<(u64, String, u64)>,
    lost: u64,
    /// How often it was told that events were lost.
    gaps: u64,
    overwritten: u64,
    /// Added to the time of day; and the time before.
    midnights: u64,
    time: u64,
    /// Whether a tracer's own head line was seen.
    is_trace: bool,
    /// The first line with something in it, to show what the file holds if it is no recording.
    first: Option<(u64, String)>,
}

impl Collector {
    fn new(settings: Settings) -> Self {
        Self {
            settings,
            wheel: Events::new(Kind::Wheel),
            hrtimers: Events::new(Kind::Hrtimer),
            functions: Numbering::default(),
            jiffies: Jiffies::new(settings.hz),
            unreadable: None,
            lost: 0,
            gaps: 0,
            overwritten: 0,
            midnights: 0,
            time: 0,
            is_trace: false,
            first: None,
        }
    }

    fn take(&mut self, number: u64, text: &[u8], budget_exhausted: bool) -> Result<(), String> {
        if self.first.is_none() && !text.is_empty() {
            self.first = Some((number, quoted_line(text)));
        }
        match line::read(text) {
            Line::Event(event) if !budget_exhausted => self.keep(number, event)?,
            Line::Other => self.look_at_head(text),
            Line::Lost(count) => {
                self.lost += count;
                self.gaps += 1;
            }
            Line::Unreadable | Line::Event(_) => match &mut self.unreadable {
                Some((_, _, count)) => *count += 1,
                none => *none = Some((number, quoted_line(text), 1)),
            },
        }
        Ok(())
    }

    /// `# tracer: nop`, and `# entries-in-buffer/entries-written: 624/4397   #P:4`.
    fn look_at_head(&mut self, text: &[u8]) {
        let Some(text) = text.strip_prefix(b"#") else {
            self.is_trace |= text.starts_with(b"cpus=");
            return;
        };
        let text = text.trim_ascii_start();
        self.is_trace |= text.starts_with(b"tracer:");
        let counts = text.strip_prefix(b"entries-in-buffer/entries-written:");
        let Some(counts) = counts.and_then(|text| std::str::from_utf8(text.trim_ascii()).ok()) else { return };
        let counts = counts.split_whitespace().next().and_then(|counts| counts.split_once('/'));
        let counts = counts.and_then(|(kept, all)| Some((kept.parse::<u64>().ok()?, all.parse::<u64>().ok()?)));
        self.overwritten += counts.map_or(0, |(kept, all)| all.saturating_sub(kept));
    }

    fn keep(&mut self, number: u64, found: line::Event<'_>) -> Result<(), String> {
        let line = u32::try_from(number).map_err(|_| "it has more than 2^32 lines".to_owned())?;
        let mut time = found.time.nanos;
        if found.time.is_of_day {
            if time + self.midnights + HALF_A_DAY < self.time {
                self.midnights += 2 * HALF_A_DAY;
            }
            time = time.saturating_add(self.midnights);
        }
        self.time = time;

        let what = if found.is_wheel { self.jiffies.take(time, found.is_narrow, found.what) } else { found.what };
        let action = match what {
            What::Start { soft, hard, .. } if !found.is_wheel && soft >= WALL_CLOCK_FROM => {
                Action::ArmOnOtherClock(raw(soft, hard))
            }
            What::Start { soft, hard, .. } => Action::Arm(raw(soft, hard)),
            What::Cancel => Action::Cancel,
            What::Expire { now } => Action::Expire { ran: Timestamp::from_nanos(now) },
        };
        let kept = if found.is_wheel { &mut self.wheel } else { &mut self.hrtimers };
        let timer = kept.timers.place_of(&found.timer);
        // A cancel tells no function, and each name is looked up but once in its event.
        let function = self.functions.place_of(found.function);
        kept.events.push(Event { at: Timestamp::from_nanos(time), line, timer, function, action });
        Ok(())
    }

    fn finish(mut self, file: &Path) -> Result<Recording, TraceError> {
        let settings = self.settings;
        let wrong = |what: String| Err(TraceError::whole(file, what));
        let found = self.wheel.events.len() + self.hrtimers.events.len();
        if found == 0 {
            return match &self.unreadable {
                Some((line, text, count)) => {
                    let all =
                        if *count == 1 { "its one timer event".to_owned() } else { format!("{count} timer events") };
                    wrong(format!(
                        "expected timer events, found none that can be read; {all} cannot, line {line}: {text}"
                    ))
                }
                None if self.is_trace => wrong(
                    "expected timer events, found a trace without any: record with `-e timer`, or with \
                     events/timer/enable set to 1"
                        .to_owned(),
                ),
                None => Err(expected::unknown(file, self.first.as_ref().map(|(line, text)| (*line, text.as_str())))),
            };
        }
        let mut notes = self.notes();
        let (is_wanted, is_there) =
            (|kind| settings.only.is_none_or(|only| only == kind), |kept: &Events| !kept.events.is_empty());
        let first = self.wheel.events.iter().chain(&self.hrtimers.events).map(|event| event.at).min();
        let mut start = i128::from(first.unwrap_or_default().as_nanos());
        let mut traces = Vec::new();

        let mut jiffies = None;
        if is_there(&self.wheel) {
            match self.jiffies.settle() {
                Ok(found) => jiffies = Some(found),
                Err(why) if is_wanted(Kind::Wheel) => return wrong(why),
                Err(_) => {}
            }
        }
        // The start of both kinds lies on a tick.
        let first_jiffy = jiffies.as_ref().map(|jiffies| jiffies.before(start));
        if let (Some(jiffies), Some(first)) = (&jiffies, first_jiffy) {
            start = jiffies.begin(first);
        }
        let functions: Vec<String> =
            self.functions.names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();

        if let (Some(jiffies), Some(first)) = (&jiffies, first_jiffy) {
            if is_wanted(Kind::Wheel) {
                notes.push(jiffies.told());
                let tick = u64::try_from(jiffies.tick().as_nanos()).unwrap_or(u64::MAX);
                let shift = |jiffy: Timestamp| {
                    Timestamp::from_nanos(jiffy.as_nanos().saturating_sub(first).saturating_mul(tick))
                };
                traces.push(Self::trace(file, &mut self.wheel, &functions, jiffies, start, shift));
            }
        }
        if is_there(&self.hrtimers) && is_wanted(Kind::Hrtimer) {
            let (offset, told) = clock::hrtimer_offset(&self.hrtimers.events, WALL_CLOCK_FROM);
            notes.push(told);
            let shift = |raw: Timestamp| shifted(i128::from(raw.as_nanos()) + offset - start);
            let jiffies = jiffies.unwrap_or_else(|| clock::Settled::usual(settings.hz));
            traces.push(Self::trace(file, &mut self.hrtimers, &functions, &jiffies, start, shift));
        }
        match settings.only {
            Some(kind) if traces.is_empty() => wrong(format!("it holds no timers of the kind {}", kind.option())),
            _ => Ok(Recording { traces, notes }),
        }
    }

    /// Gives the events their times from the start on, in order.
    fn trace(
        file: &Path,
        kept: &mut Events,
        functions: &[String],
        jiffies: &clock::Settled,
        start: i128,
        shift: impl Fn(Timestamp) -> Timestamp,
    ) -> Trace {
        let mut events = std::mem::take(&mut kept.events);
        let moved = |deadline: Deadline| {
            let (soft, hard) = (shift(deadline.soft()), shift(deadline.hard()));
            Deadline::at(soft).with_slack(hard - soft)
        };
        for event in &mut events {
            event.at = shifted(i128::from(event.at.as_nanos()) - start);
            event.action = match event.action {
                Action::Arm(deadline) => Action::Arm(moved(deadline)),
                Action::ArmOnOtherClock(deadline) => Action::ArmOnOtherClock(moved(deadline)),
                Action::Expire { ran } => Action::Expire { ran: shift(ran) },
                other => other,
            };
        }
        // Lines of several processors may be a little out of order.
        if !events.is_sorted_by_key(|event| event.at) {
            events.sort_by_key(|event| event.at);
        }
        let timers = Names::Addresses(std::mem::take(&mut kept.timers).names);
        Trace::new(file, kept.kind, jiffies.resolution(), events, timers, functions.to_vec())
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.gaps > 0 {
            let count = if self.lost == 0 { "some".to_owned() } else { crate::report::grouped(self.lost) };
            notes.push(format!(
                "lost: {count} events, by the recorder's own account: timers may seem armed that are not"
            ));
        }
        if self.overwritten > 0 {
            let count = crate::report::grouped(self.overwritten);
            notes.push(format!("overwritten: {count} events from before the first, by the recorder's own account"));
        }
        if let Some((line, text, count)) = &self.unreadable {
            let count = crate::report::grouped(*count);
            notes.push(format!("not read: {count} timer events that cannot be, the first in line {line}: {text}"));
        }
        notes
    }
}

/// A deadline in the units of the recording.
fn raw(soft: u64, hard: u64) -> Deadline {
    let soft = Timestamp::from_nanos(soft);
    Deadline::at(soft).with_slack(Timestamp::from_nanos(hard) - soft)
}

/// What lies before the start counts as the start.
fn shifted(nanos: i128) -> Timestamp {
    Timestamp::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
}
