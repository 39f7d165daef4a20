//! Why a recording could not be read, in words for the one who has it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// How much is shown of a line that was found in place of another.
const SHOWN_CHARS: usize = 120;

/// Why a recording could not be read.
#[derive(Debug)]
pub(crate) struct TraceError {
    file: PathBuf,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    Unreadable(io::Error),
    Line { line: u64, expected: String, found: String },
    Whole(String),
}

impl TraceError {
    pub(crate) fn unreadable(file: &Path, error: io::Error) -> Self {
        Self { file: file.to_path_buf(), problem: Problem::Unreadable(error) }
    }

    pub(crate) fn line(file: &Path, line: u64, expected: impl Into<String>, found: impl Into<String>) -> Self {
        let problem = Problem::Line { line, expected: expected.into(), found: found.into() };
        Self { file: file.to_path_buf(), problem }
    }

    /// What is wrong with the file as a whole.
    pub(crate) fn whole(file: &Path, what: impl Into<String>) -> Self {
        Self { file: file.to_path_buf(), problem: Problem::Whole(what.into()) }
    }
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = shown_name(&self.file);
        match &self.problem {
            Problem::Unreadable(error) => write!(f, "{file}: expected a trace to read, found: {error}"),
            Problem::Line { line, expected, found } => {
                write!(f, "{file}, line {line}: expected {expected}, found {found}")
            }
            Problem::Whole(what) => write!(f, "{file}: {what}"),
        }
    }
}

impl std::error::Error for TraceError {}

/// The name of a file as it is told to people.
pub(crate) fn shown_name(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
}

/// What a field holds, between backquotes and not too long for a line of a terminal.
pub(crate) fn quoted(field: &[u8]) -> String {
    cut(field, 60)
}

/// A line as it was found, between backquotes: what cannot be printed is escaped, and what is too long is cut.
pub(crate) fn quoted_line(line: &[u8]) -> String {
    cut(line, SHOWN_CHARS)
}

fn cut(text: &[u8], most: usize) -> String {
    // A character takes at most four bytes, so no more of a line of megabytes is looked at.
    let (text, budget_exhausted) = if text.len() > 4 * most { (&text[..4 * most], true) } else { (text, false) };
    let text = String::from_utf8_lossy(text);
    let (mut shown, mut chars, mut more) = (String::new(), 0, budget_exhausted);
    for character in text.chars() {
        // A tab and a quote are plain enough; what `escape_debug` makes of the rest can be printed.
        let escaped = match character {
            '\'' | '"' | '\\' => character.to_string(),
            '\t' => " ".to_owned(),
            other => other.escape_debug().to_string(),
        };
        chars += escaped.chars().count();
        if chars > most {
            more = true;
            break;
        }
        shown.push_str(&escaped);
    }
    match (shown.is_empty(), more) {
        (true, _) => "nothing".to_owned(),
        (false, true) => format!("`{shown}…`"),
        (false, false) => format!("`{shown}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::{quoted, quoted_line};

    #[test]
    fn what_was_found_is_short_and_can_be_printed() {
        assert_eq!(quoted(b""), "nothing");
        assert_eq!(quoted(b"\x07a\tb\"c'"), "`\\u{7}a b\"c'`");
        let long = quoted_line(&b"\x00".repeat(1 << 20));
        assert!(long.chars().count() <= 123 && long.ends_with("…`"), "{long}");
        assert_eq!(quoted_line("é".repeat(120).as_bytes()).chars().count(), 122);
    }
}
