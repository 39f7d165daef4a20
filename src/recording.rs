//! A recording that is being written: CSV lines into a buffer, and the buffer into any writer.
//!
//! Several timers may share one. Its lock is held for one line, and for writing the buffer out whenever that is full or
//! a second old; a writer that blocks blocks the timers. The first error ends the recording and is kept.

use core::fmt;
use core::time::Duration;
use std::boxed::Box;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::string::ToString;
use std::vec::Vec;

use crate::clock::Clock;
use crate::sync::{Arc, Mutex};
use crate::time::{Deadline, Timestamp};

const HEADER: &[u8] = b"at_ns,op,timer,soft_ns,hard_ns,function\n";

/// The buffer is written out when it holds so much; a line takes some 60 bytes.
const BUFFER: usize = 1 << 16;
/// No line is longer: four numbers and a name.
const LINE: usize = 256;
/// How old a line may get in the buffer while others follow.
const FLUSHED_EVERY: Duration = Duration::from_secs(1);
const LONGEST_NAME: usize = 128;

/// A recording that [`Recorded`](crate::Recorded) writes; clones stand for the same one.
#[derive(Clone)]
pub struct Recording(Arc<Sink>);

struct Sink(Mutex<State>);

struct State {
    to: Box<dyn Write + Send>,
    /// The file, where this crate opened it and so has to tell what goes wrong.
    file: Option<PathBuf>,
    buffer: Vec<u8>,
    flushed_at: Timestamp,
    last_at: Timestamp,
    armed: u32,
    operations: u64,
    error: Option<io::Error>,
}

/// What was done to a timer.
#[derive(Clone, Copy)]
pub(crate) enum Op {
    Start(Deadline),
    Cancel,
    Expire,
}

impl Recording {
    pub(crate) fn new(to: impl Write + Send + 'static) -> Self {
        Self::with(Box::new(to), None)
    }

    /// A recording to a new file, whose errors are told on standard error at the end.
    #[cfg(feature = "driver")]
    pub(crate) fn create(file: &Path) -> io::Result<Self> {
        let to = std::fs::File::create(file).map_err(|error| io::Error::new(error.kind(), told(file, &error)))?;
        Ok(Self::with(Box::new(to), Some(file.to_path_buf())))
    }

    fn with(to: Box<dyn Write + Send>, file: Option<PathBuf>) -> Self {
        let mut buffer = Vec::with_capacity(BUFFER + LINE);
        buffer.extend_from_slice(HEADER);
        let (flushed_at, last_at) = (Timestamp::ZERO, Timestamp::ZERO);
        let state = State { to, file, buffer, flushed_at, last_at, armed: 0, operations: 0, error: None };
        Self(Arc::new(Sink(Mutex::new(state))))
    }

    /// Writes out what is in the buffer and says how many operations were recorded so far. A recording whose timers
    /// live on goes on.
    ///
    /// # Errors
    ///
    /// The first error of the writer: the recording ends before it, with a whole line if the writer wrote whole
    /// buffers.
    pub fn finish(&self) -> io::Result<u64> {
        let mut state = self.0.0.lock();
        state.write_out();
        if state.error.is_none() {
            state.error = state.to.flush().err();
        }
        match &state.error {
            None => Ok(state.operations),
            Some(error) => Err(io::Error::new(error.kind(), error.to_string())),
        }
    }

    /// Records that a timer was armed, and gives the number that it has from now on.
    #[inline]
    pub(crate) fn start(&self, clock: &dyn Clock, deadline: Deadline, name: &str) -> u32 {
        let mut state = self.0.0.lock();
        let timer = state.armed;
        state.armed = timer.wrapping_add(1);
        state.record(clock, timer, Op::Start(deadline), name);
        timer
    }

    /// Records what was done to a timer that was armed before.
    #[inline]
    pub(crate) fn record(&self, clock: &dyn Clock, timer: u32, op: Op, name: &str) {
        self.0.0.lock().record(clock, timer, op, name);
    }
}

impl State {
    fn record(&mut self, clock: &dyn Clock, timer: u32, op: Op, name: &str) {
        if self.error.is_some() {
            return;
        }
        // Under the lock, so that the lines of several timers are in order, whatever the clock does.
        let at = clock.now().max(self.last_at);
        self.last_at = at;
        self.operations += 1;
        let mut line = Line::new();
        line.number(at.as_nanos());
        match op {
            Op::Start(deadline) => {
                line.bytes(b",start,");
                line.number(timer.into());
                line.bytes(b",");
                let from = line.len;
                line.number(deadline.soft().as_nanos());
                line.bytes(b",");
                if deadline.is_exact() {
                    line.again(from);
                } else {
                    line.number(deadline.hard().as_nanos());
                    line.bytes(b",");
                }
                line.word(name);
            }
            Op::Cancel => {
                line.bytes(b",cancel,");
                line.number(timer.into());
                line.bytes(b",,,");
            }
            Op::Expire => {
                line.bytes(b",expire,");
                line.number(timer.into());
                line.bytes(b",");
                line.number(at.as_nanos());
                line.bytes(b",,");
                line.word(name);
            }
        }
        line.bytes(b"\n");
        self.buffer.extend_from_slice(line.written());
        if self.buffer.len() >= BUFFER || at - self.flushed_at >= FLUSHED_EVERY {
            self.flushed_at = at;
            self.write_out();
        }
    }

    fn write_out(&mut self) {
        if self.error.is_none() {
            self.error = self.to.write_all(&self.buffer).err();
        }
        self.buffer.clear();
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.write_out();
        if self.error.is_none() {
            self.error = self.to.flush().err();
        }
        if let (Some(file), Some(error)) = (&self.file, &self.error) {
            std::eprintln!("tickwheel: the recording of timers is incomplete: {}", told(file, error));
        }
    }
}

fn told(file: &Path, error: &io::Error) -> std::string::String {
    std::format!("{}: {error}", file.display())
}

/// The digits of every number below 100.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

/// A line that is being put together, on the stack: each operation writes one.
struct Line {
    bytes: [u8; LINE],
    len: usize,
}

impl Line {
    fn new() -> Self {
        Self { bytes: [0; LINE], len: 0 }
    }

    fn written(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn bytes<const LEN: usize>(&mut self, bytes: &[u8; LEN]) {
        self.bytes[self.len..self.len + LEN].copy_from_slice(bytes);
        self.len += LEN;
    }

    /// What was written since the line was `from` bytes long, once more.
    fn again(&mut self, from: usize) {
        let end = self.len;
        self.bytes.copy_within(from..end, end);
        self.len += end - from;
    }

    /// The digits, two at a time, from the last to the first.
    fn number(&mut self, number: u64) {
        let (start, mut rest) = (self.len, number);
        self.len += number.checked_ilog10().unwrap_or(0) as usize + 1;
        let mut at = self.len;
        while at >= start + 2 {
            at -= 2;
            self.bytes[at..at + 2].copy_from_slice(&PAIRS[(rest % 100) as usize]);
            rest /= 100;
        }
        if at > start {
            self.bytes[start] = b'0' + rest as u8;
        }
    }

    /// A name as a field of CSV: short, and without what ends a field.
    fn word(&mut self, name: &str) {
        let mut end = name.len().min(LONGEST_NAME);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        for byte in name[..end].bytes() {
            self.bytes[self.len] = if byte < b' ' || b",\"\x7f".contains(&byte) { b' ' } else { byte };
            self.len += 1;
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{LINE, LONGEST_NAME, Line};
    use std::string::ToString;

    #[test]
    fn numbers_are_written_in_full() {
        for wanted in [0, 7, 10, 99, 100, 909, 1_234_567, u64::MAX] {
            let mut line = Line::new();
            line.bytes(b",");
            line.number(wanted);
            assert_eq!(line.written()[1..], *wanted.to_string().as_bytes());
        }
    }

    #[test]
    fn a_name_never_ends_its_field() {
        let mut line = Line::new();
        line.word("a,b\n\"c\"");
        assert_eq!(line.written(), b"a b  c ");
        let mut line = Line::new();
        line.word(&"é".repeat(100));
        assert_eq!(line.written().len(), LONGEST_NAME);
        const { assert!(LONGEST_NAME + 4 * 20 + 16 <= LINE, "four numbers, a name, and what is around them") };
    }
}
