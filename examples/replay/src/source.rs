//! Where the bytes of a recording come from: a file or standard input, plain or gzipped, line by line.
//!
//! Memory is needed for one line, of which no more is kept than [`LONGEST_KEPT`]: a page may hold a script of megabytes
//! in one line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};

/// How much of a line is kept. No line of a trace is longer.
const LONGEST_KEPT: usize = 1 << 14;

const BUFFER: usize = 1 << 18;

/// The lines of a recording.
pub(crate) struct Lines {
    bytes: Box<dyn BufRead>,
    text: Vec<u8>,
    number: u64,
    budget_exhausted: bool,
}

impl Lines {
    /// Opens `file`, or standard input for `-`, and shows on `progress` how many of its bytes are done.
    pub(crate) fn open(file: &Path, progress: &ProgressBar) -> io::Result<Self> {
        if file == Path::new("-") {
            // How much is to come is not known.
            progress.set_style(ProgressStyle::with_template("{msg:24} {bytes}  {elapsed}").expect("it is well-formed"));
            return Self::new(progress.wrap_read(io::stdin()));
        }
        let opened = File::open(file)?;
        let found = opened.metadata()?;
        if found.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if found.len() > 0 {
            progress.set_length(found.len());
        }
        Self::new(progress.wrap_read(opened))
    }

    /// Unpacks `bytes` if the first two say that they are gzipped, whatever the file's name.
    pub(crate) fn new(mut bytes: impl Read + 'static) -> io::Result<Self> {
        let mut start = Vec::new();
        bytes.by_ref().take(2).read_to_end(&mut start)?;
        let gzipped = start == [0x1f, 0x8b];
        let whole = BufReader::with_capacity(BUFFER, io::Cursor::new(start).chain(bytes));
        let bytes: Box<dyn BufRead> = if gzipped {
            Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(whole)))
        } else {
            Box::new(whole)
        };
        Ok(Self { bytes, text: Vec::new(), number: 0, budget_exhausted: false })
    }

    /// Moves on to the next line, and says whether there is one.
    pub(crate) fn next(&mut self) -> io::Result<bool> {
        self.number += 1;
        self.text.clear();
        self.budget_exhausted = false;
        let mut found = false;
        loop {
            let buffer = match self.bytes.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if buffer.is_empty() {
                return Ok(found);
            }
            found = true;
            let end = memchr::memchr(b'\n', buffer);
            let part = &buffer[..end.unwrap_or(buffer.len())];
            let room = LONGEST_KEPT - self.text.len();
            self.budget_exhausted |= part.len() > room;
            self.text.extend_from_slice(&part[..part.len().min(room)]);
            let used = end.map_or(buffer.len(), |end| end + 1);
            self.bytes.consume(used);
            if end.is_some() {
                return Ok(true);
            }
        }
    }

    /// The line, without its end.
    pub(crate) fn text(&self) -> &[u8] {
        self.text.trim_ascii_end()
    }

    /// Its number; the first has 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Whether the line was too long to be kept whole.
    pub(crate) fn budget_exhausted(&self) -> bool {
        self.budget_exhausted
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_KEPT, Lines};

    #[test]
    fn lines_of_any_length_and_end_are_read() {
        let long = "x".repeat(3 << 20);
        let text = format!("a\r\n\n{long}\nlast");
        let mut lines = Lines::new(std::io::Cursor::new(text.into_bytes())).expect("memory can be read");
        let mut found = Vec::new();
        while lines.next().expect("memory can be read") {
            found.push((lines.number(), lines.text().len(), lines.budget_exhausted()));
        }
        assert_eq!(found, [(1, 1, false), (2, 0, false), (3, LONGEST_KEPT, true), (4, 4, false)]);
    }
}
