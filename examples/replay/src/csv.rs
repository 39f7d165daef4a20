//! Recordings in our own CSV: two formats, read whole, with one clear error for whatever is wrong.
//!
//! The header tells the two kinds apart: the timer wheel's has a `jiffy`, the high-resolution timers' a soft and a hard
//! time.

use std::io;
use std::path::Path;

use tickwheel::{Deadline, Resolution, Tick, Timestamp};

use crate::error::{TraceError, quoted};
use crate::numbering::Numbering;
use crate::source::Lines;
use crate::trace::{Action, Event, Kind, Names, OTHER_CLOCK_BEYOND, Trace};

pub(crate) const WHEEL_HEADER: &str = "at_ns,op,timer,jiffy,function";
pub(crate) const HRTIMER_HEADER: &str = "at_ns,op,timer,soft_ns,hard_ns,function";

/// Longer than any line of a trace: what is longer is some other file.
const LONGEST_LINE: usize = 4096;

/// Which kind of timer a file holds, if its first line is one of the headers.
pub(crate) fn kind_of(header: &[u8]) -> Option<Kind> {
    match std::str::from_utf8(header) {
        Ok(WHEEL_HEADER) => Some(Kind::Wheel),
        Ok(HRTIMER_HEADER) => Some(Kind::Hrtimer),
        _ => None,
    }
}

/// Reads the lines below the header.
pub(crate) fn read(file: &Path, lines: &mut Lines, kind: Kind, jiffy: Resolution) -> Result<Trace, TraceError> {
    Reader { file, jiffy, lines, timers: Numbering::default(), functions: Numbering::default() }.read_all(kind)
}

/// What is said of a file that ends in the middle.
pub(crate) fn broken_off(file: &Path, line: u64, error: io::Error) -> TraceError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            TraceError::line(file, line, "the rest of the gzip stream", "its end: the file is truncated")
        }
        _ => TraceError::line(file, line, "a readable file", error.to_string()),
    }
}

/// Turns lines into events.
struct Reader<'a> {
    file: &'a Path,
    jiffy: Resolution,
    lines: &'a mut Lines,
    timers: Numbering<u32>,
    functions: Numbering<Vec<u8>>,
}

impl Reader<'_> {
    fn read_all(mut self, kind: Kind) -> Result<Trace, TraceError> {
        let mut events = Vec::new();
        let mut last_at = Timestamp::ZERO;
        while self.next_line()? {
            let event = self.parse(kind)?;
            if event.at < last_at {
                let expected = format!("an at_ns of at least {}, that of the line before", last_at.as_nanos());
                return Err(self.wrong(expected, quoted(self.column(0))));
            }
            last_at = event.at;
            events.push(event);
        }
        if events.is_empty() {
            return Err(self.wrong("at least one event below the header", "the end of the file"));
        }
        let functions = self.functions.names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let timers = Names::Numbers(self.timers.names);
        Ok(Trace::new(self.file, kind, self.jiffy, events, timers, functions))
    }

    /// Moves on to the next line, and says whether there is one.
    fn next_line(&mut self) -> Result<bool, TraceError> {
        let found = self.lines.next().map_err(|error| broken_off(self.file, self.lines.number(), error))?;
        if self.lines.budget_exhausted() || self.text().len() >= LONGEST_LINE {
            return Err(self.wrong(format!("a line of less than {LONGEST_LINE} bytes"), quoted(self.text())));
        }
        Ok(found)
    }

    /// The line, without its end. No field of the format holds a comma, so none is quoted.
    fn text(&self) -> &[u8] {
        self.lines.text()
    }

    fn columns(&self) -> impl Iterator<Item = &[u8]> {
        self.text().split(|byte| *byte == b',')
    }

    /// One column of a line that is known to have so many.
    fn column(&self, place: usize) -> &[u8] {
        self.columns().nth(place).unwrap_or_default()
    }

    fn parse(&mut self, kind: Kind) -> Result<Event, TraceError> {
        let columns = match kind {
            Kind::Wheel => 5,
            Kind::Hrtimer => 6,
        };
        let found = self.columns().count();
        if found != columns {
            let found = format!("{found}: {}", quoted(self.text()));
            return Err(self.wrong(format!("{columns} columns"), found));
        }
        let at = Timestamp::from_nanos(self.number(0, "an at_ns")?);
        let action = match kind {
            Kind::Wheel => self.wheel_action()?,
            Kind::Hrtimer => self.hrtimer_action(at)?,
        };
        let number = self.number(2, "a timer's number")?;
        let Ok(number) = u32::try_from(number) else {
            return Err(self.wrong("a timer's number below 2^32", quoted(self.column(2))));
        };
        let Ok(line) = u32::try_from(self.lines.number()) else {
            return Err(self.wrong("fewer than 2^32 lines", "one more"));
        };
        let timer = self.timers.place_of(&number);
        let function = self.lines.text().rsplit(|byte| *byte == b',').next().unwrap_or_default();
        let function = self.functions.place_of(function);
        Ok(Event { at, line, timer, function, action })
    }

    fn wheel_action(&self) -> Result<Action, TraceError> {
        let begins = |jiffy| self.jiffy.start_of(Tick::new(jiffy));
        match self.column(1) {
            b"start" => Ok(Action::Arm(Deadline::at(begins(self.number(3, "the jiffy that it is armed for")?)))),
            b"cancel" => self.nothing(3).map(|()| Action::Cancel),
            b"expire" => Ok(Action::Expire { ran: begins(self.number(3, "the jiffy that it ran in")?) }),
            other => Err(self.unknown_op(other)),
        }
    }

    fn hrtimer_action(&self, at: Timestamp) -> Result<Action, TraceError> {
        match self.column(1) {
            b"start" => {
                let soft = Timestamp::from_nanos(self.number(3, "a soft_ns")?);
                let hard = Timestamp::from_nanos(self.number(4, "a hard_ns")?);
                if hard < soft {
                    return Err(self.wrong("a hard_ns that is not before soft_ns", quoted(self.column(4))));
                }
                let deadline = Deadline::at(soft).with_slack(hard - soft);
                Ok(if soft - at > OTHER_CLOCK_BEYOND {
                    Action::ArmOnOtherClock(deadline)
                } else {
                    Action::Arm(deadline)
                })
            }
            b"cancel" => self.nothing(3).and_then(|()| self.nothing(4)).map(|()| Action::Cancel),
            b"expire" => {
                Ok(Action::Expire { ran: Timestamp::from_nanos(self.number(3, "the soft_ns that it ran at")?) })
            }
            other => Err(self.unknown_op(other)),
        }
    }

    fn number(&self, column: usize, what: &str) -> Result<u64, TraceError> {
        let field = self.column(column);
        let digits = std::str::from_utf8(field).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        match digits.and_then(|text| text.parse().ok()) {
            Some(number) => Ok(number),
            None => Err(self.wrong(format!("{what}, a number below 2^64"), quoted(field))),
        }
    }

    fn nothing(&self, column: usize) -> Result<(), TraceError> {
        match self.column(column) {
            [] => Ok(()),
            other => Err(self.wrong("a cancel without a time", quoted(other))),
        }
    }

    fn unknown_op(&self, found: &[u8]) -> TraceError {
        self.wrong("the op `start`, `cancel` or `expire`", quoted(found))
    }

    fn wrong(&self, expected: impl Into<String>, found: impl Into<String>) -> TraceError {
        TraceError::line(self.file, self.lines.number(), expected, found)
    }
}
