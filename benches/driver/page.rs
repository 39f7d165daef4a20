//! What is printed, and written down once more as a page of Markdown.

use std::fmt::Display;
use std::fs;
use std::path::Path;

use crate::stats::Spread;

/// A page of Markdown, printed as it grows.
#[derive(Default)]
pub(crate) struct Page {
    text: String,
}

impl Page {
    pub(crate) fn line(&mut self, line: impl Display) {
        let line = format!("{line}\n");
        print!("{line}");
        self.text += &line;
    }

    /// A title, with what the table below it shows.
    pub(crate) fn heading(&mut self, title: &str, what: &str) {
        self.line(format_args!("\n### {title}\n\n{what}\n"));
    }

    /// The head of a table whose first column is words and whose others are figures.
    pub(crate) fn head(&mut self, cells: &[String]) {
        self.row(cells);
        self.line(format_args!("|---|{}", "---:|".repeat(cells.len() - 1)));
    }

    pub(crate) fn row(&mut self, cells: &[String]) {
        self.line(format_args!("| {} |", cells.join(" | ")));
    }

    /// Writes the page into the folder, which is made if it is not there.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), String> {
        let file = folder.join("driver.md");
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&file, self.text.trim_start()));
        written.map_err(|error| format!("{}: cannot be written: {error}", file.display()))?;
        println!("\n{} holds these tables", file.display());
        Ok(())
    }
}

/// A median with its range, in nanoseconds.
pub(crate) fn nanos(rounds: Vec<f64>) -> String {
    let Spread { least, median, greatest } = Spread::of(rounds);
    format!("{median:.0} ({least:.0}–{greatest:.0})")
}

/// A median with its range, in microseconds.
pub(crate) fn micros(rounds_ns: Vec<f64>) -> String {
    let Spread { least, median, greatest } = Spread::of(rounds_ns);
    format!("{} ({}–{})", short(median / 1e3), short(least / 1e3), short(greatest / 1e3))
}

/// Three digits or so.
pub(crate) fn short(number: f64) -> String {
    match number {
        number if number < 0.995 => format!("{number:.2}"),
        number if number < 9.95 => format!("{number:.1}"),
        number => format!("{number:.0}"),
    }
}
