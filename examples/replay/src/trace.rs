//! Recorded timer traces: the two formats, read whole, with one clear error for whatever is wrong.
//!
//! A trace is a CSV file, plain or gzipped, of what a kernel did with its timers. Its header tells the two kinds apart:
//! the timer wheel's has a `jiffy`, the high-resolution timers' a soft and a hard time. Once read, both are the same
//! list of [`Event`]s with deadlines in nanoseconds, and what the recording leaves implicit has been made plain:
//!
//! - The wheel takes a timer out before it calls it. A `cancel` whose timer's next event is an `expire` is therefore no
//!   cancellation, but [`Action::OwnDequeue`].
//! - `mod_timer` takes a pending timer out and puts it back in one call. A `cancel` whose timer's next event is a
//!   `start` at most [`RESET_WITHIN`] later is such a reset: [`Action::Reset`] where the `cancel` stood,
//!   [`Action::ResetDone`] where the `start` did.
//! - A deadline over [`OTHER_CLOCK_BEYOND`] away was given on the wall clock, which shares no line with the trace's
//!   time.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use indicatif::ProgressBar;
use tickwheel::{Deadline, Resolution, Tick, Timestamp};

/// The longest that a reset's two halves lie apart. The kernel does both in one call, a few microseconds at most; what
/// takes longer was interrupted there, or is a cancellation and a new start.
pub(crate) const RESET_WITHIN: Duration = Duration::from_micros(100);

/// Three years: no kernel arms a timer for that long after a boot-time clock's now, but every wall-clock time is
/// farther.
pub(crate) const OTHER_CLOCK_BEYOND: Duration = Duration::from_nanos(100_000_000_000_000_000);

const WHEEL_HEADER: &str = "at_ns,op,timer,jiffy,function";
const HRTIMER_HEADER: &str = "at_ns,op,timer,soft_ns,hard_ns,function";

/// Which of the kernel's two kinds of timer a trace holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Wheel,
    Hrtimer,
}

/// A trace, read whole.
pub(crate) struct Trace {
    pub(crate) file: PathBuf,
    pub(crate) kind: Kind,
    pub(crate) events: Vec<Event>,
    /// The timers' numbers in the file; events name them by their place in here.
    pub(crate) timers: Vec<u32>,
    /// The functions' names; events name them by their place in here.
    pub(crate) functions: Vec<String>,
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
    ArmOnOtherClock,
    /// The timer was moved to another deadline, whether it was pending or not.
    Reset(Deadline),
    /// The second half of the timer's last [`Reset`](Self::Reset): nothing is left to do.
    ResetDone,
    /// The timer was taken out, for good.
    Cancel,
    /// The wheel took the timer out to call it: an [`Expire`](Self::Expire) follows.
    OwnDequeue,
    /// The timer's function was called, at `ran` by the kernel's own account: the beginning of a jiffy for the wheel.
    Expire { ran: Timestamp },
}

impl Trace {
    /// Reads the whole of `file`, showing on `progress` how many of its bytes are done.
    pub(crate) fn read(file: &Path, jiffy: Resolution, progress: &ProgressBar) -> Result<Self, TraceError> {
        let refused = |error| TraceError::unreadable(file, error);
        let opened = File::open(file).map_err(refused)?;
        let found = opened.metadata().map_err(refused)?;
        if found.is_dir() {
            return Err(refused(io::ErrorKind::IsADirectory.into()));
        }
        progress.set_length(found.len());
        let lines = unpacked(progress.wrap_read(opened)).map_err(refused)?;
        let mut trace = Reader::new(file, jiffy, lines).read_all()?;
        trace.link();
        Ok(trace)
    }

    /// From the first tick of the trace's clock to the last event.
    pub(crate) fn length(&self) -> Duration {
        self.events.last().map_or(Duration::ZERO, |last| last.at - Timestamp::ZERO)
    }

    /// How many lines say this.
    pub(crate) fn count(&self, what: impl Fn(Action) -> bool) -> u64 {
        self.events.iter().filter(|event| what(event.action)).count() as u64
    }

    /// Tells resets and the kernel's own dequeues from cancellations, which only the timer's next event shows: hence
    /// backwards.
    fn link(&mut self) {
        let mut next_of = vec![None; self.timers.len()];
        for at in (0..self.events.len()).rev() {
            let event = self.events[at];
            let next = next_of[event.timer as usize].replace(at);
            if let (Action::Cancel, Some(next)) = (event.action, next) {
                self.link_cancel(at, next);
            }
        }
    }

    fn link_cancel(&mut self, cancel: usize, next: usize) {
        let Event { at, line, function, action, .. } = self.events[next];
        match action {
            Action::Expire { .. } if self.kind == Kind::Wheel => self.events[cancel].action = Action::OwnDequeue,
            Action::Arm(deadline) if at - self.events[cancel].at <= RESET_WITHIN => {
                self.events[next].action = Action::ResetDone;
                let event = &mut self.events[cancel];
                *event = Event { line, function, action: Action::Reset(deadline), ..*event };
            }
            _ => {}
        }
    }
}

type Lines = Box<dyn BufRead>;

/// Longer than any line of a trace: what is longer is some other file.
const LONGEST_LINE: u64 = 4096;

/// Unpacks `file` if its first two bytes say that it is gzipped, whatever its name.
fn unpacked(mut file: impl Read + 'static) -> io::Result<Lines> {
    let mut start = Vec::new();
    file.by_ref().take(2).read_to_end(&mut start)?;
    let gzipped = start == [0x1f, 0x8b];
    let whole = BufReader::with_capacity(1 << 16, io::Cursor::new(start).chain(file));
    Ok(if gzipped { Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(whole))) } else { Box::new(whole) })
}

/// Turns lines into events.
struct Reader<'a> {
    file: &'a Path,
    jiffy: Resolution,
    lines: Lines,
    /// The text of the line, without its end. No field of the format holds a comma, so none is quoted.
    text: Vec<u8>,
    line: u64,
    timers: Numbering<u32>,
    functions: Numbering<Vec<u8>>,
}

impl<'a> Reader<'a> {
    fn new(file: &'a Path, jiffy: Resolution, lines: Lines) -> Self {
        let (timers, functions) = (Numbering::new(), Numbering::new());
        Self { file, jiffy, lines, text: Vec::new(), line: 0, timers, functions }
    }

    fn read_all(mut self) -> Result<Trace, TraceError> {
        let kind = self.read_header()?;
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
        Ok(Trace { file: self.file.to_path_buf(), kind, events, timers: self.timers.names, functions })
    }

    fn read_header(&mut self) -> Result<Kind, TraceError> {
        let expected = || format!("the header `{WHEEL_HEADER}` or `{HRTIMER_HEADER}`");
        if !self.next_line()? {
            return Err(self.wrong(expected(), "an empty file"));
        }
        match std::str::from_utf8(&self.text) {
            Ok(WHEEL_HEADER) => Ok(Kind::Wheel),
            Ok(HRTIMER_HEADER) => Ok(Kind::Hrtimer),
            _ => Err(self.wrong(expected(), quoted(&self.text))),
        }
    }

    /// Moves on to the next line, and says whether there is one.
    fn next_line(&mut self) -> Result<bool, TraceError> {
        self.line += 1;
        self.text.clear();
        let read = self.lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut self.text);
        if read.map_err(|error| self.broken_off(error))? as u64 == LONGEST_LINE {
            return Err(self.wrong(format!("a line of less than {LONGEST_LINE} bytes"), quoted(&self.text)));
        }
        let found = !self.text.is_empty();
        let end = self.text.trim_ascii_end().len();
        self.text.truncate(end);
        Ok(found)
    }

    fn broken_off(&self, error: io::Error) -> TraceError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => self.wrong("the rest of the gzip stream", "its end: the file is truncated"),
            _ => self.wrong("a readable file", error.to_string()),
        }
    }

    fn columns(&self) -> impl Iterator<Item = &[u8]> {
        self.text.split(|byte| *byte == b',')
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
            let found = format!("{found}: {}", quoted(&self.text));
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
        let Ok(line) = u32::try_from(self.line) else {
            return Err(self.wrong("fewer than 2^32 lines", "one more"));
        };
        let timer = self.timers.place_of(&number);
        let function = self.text.rsplit(|byte| *byte == b',').next().unwrap_or_default();
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
                if soft - at > OTHER_CLOCK_BEYOND {
                    return Ok(Action::ArmOnOtherClock);
                }
                Ok(Action::Arm(Deadline::at(soft).with_slack(hard - soft)))
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
        let (expected, found) = (expected.into(), found.into());
        TraceError { file: self.file.to_path_buf(), problem: Problem::Line { line: self.line, expected, found } }
    }
}

/// What the file has, between backquotes and not too long for a line of a terminal.
fn quoted(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field);
    let (shown, more) = match text.char_indices().nth(60) {
        Some((end, _)) => (&text[..end], "…"),
        None => (&*text, ""),
    };
    if shown.is_empty() { "nothing".to_owned() } else { format!("`{}{more}`", shown.escape_debug()) }
}

/// Gives names places, in the order in which they come up.
struct Numbering<N> {
    names: Vec<N>,
    places: HashMap<N, u32>,
}

impl<N: Clone + Eq + std::hash::Hash> Numbering<N> {
    fn new() -> Self {
        Self { names: Vec::new(), places: HashMap::new() }
    }

    fn place_of<Q>(&mut self, name: &Q) -> u32
    where
        N: std::borrow::Borrow<Q>,
        Q: Eq + std::hash::Hash + ToOwned<Owned = N> + ?Sized,
    {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        // There are no more names than lines, of which there are fewer than 2^32.
        let place = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        place
    }
}

/// Why a trace could not be read.
#[derive(Debug)]
pub(crate) struct TraceError {
    file: PathBuf,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    Unreadable(io::Error),
    Line { line: u64, expected: String, found: String },
}

impl TraceError {
    fn unreadable(file: &Path, error: io::Error) -> Self {
        Self { file: file.to_path_buf(), problem: Problem::Unreadable(error) }
    }
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match &self.problem {
            Problem::Unreadable(error) => write!(f, "{file}: expected a trace to read, found: {error}"),
            Problem::Line { line, expected, found } => {
                write!(f, "{file}, line {line}: expected {expected}, found {found}")
            }
        }
    }
}

impl std::error::Error for TraceError {}
