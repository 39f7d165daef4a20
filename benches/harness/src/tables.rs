//! Tables in Markdown, padded so that they can be read as they are.

use std::fmt;

use indicatif::HumanCount;

use crate::machine::version;
use crate::results::{Calls, Cell, Row};

/// Where a contender comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// This crate's.
    Ours,
    /// A crate, by its name on the registry.
    Published(&'static str),
    /// Put together from the standard library or common crates, as a user would.
    HandWritten,
    /// What the others are measured against, or cannot go below.
    Baseline,
}

/// A contender, as the tables show it.
#[derive(Clone, Copy)]
pub struct Who {
    pub name: &'static str,
    pub kind: Kind,
    pub what: &'static str,
    /// Put behind its name, for a note.
    pub mark: &'static str,
}

impl Who {
    /// Its name for a table: ours in bold.
    pub fn label(&self) -> String {
        let Self { name, mark, .. } = self;
        match self.kind {
            Kind::Ours => format!("**{name}**{mark}"),
            Kind::Baseline => format!("*{name}*{mark}"),
            Kind::Published(_) | Kind::HandWritten => format!("{name}{mark}"),
        }
    }

    fn source(&self, lock: &str) -> String {
        match self.kind {
            Kind::Ours => format!("this crate, {}", version(lock, "tickwheel").unwrap_or("unreleased")),
            Kind::Published(package) => format!("{package} {}", version(lock, package).unwrap_or("of unknown version")),
            Kind::HandWritten => "as a user would write it".to_owned(),
            Kind::Baseline => "a baseline, no yardstick".to_owned(),
        }
    }
}

/// Columns of words at the left, columns of figures at the right.
pub struct Table {
    words: usize,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With the heads of its columns, the first `words` of which are not figures.
    pub fn new(words: usize, heads: Vec<String>) -> Self {
        Self { words, rows: vec![heads] }
    }

    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = |text: &String| text.chars().count();
        let widest = |column: usize| self.rows.iter().map(|row| length(&row[column])).max().unwrap_or(0).max(3);
        let widths: Vec<_> = (0..self.rows[0].len()).map(widest).collect();
        for (at, row) in self.rows.iter().enumerate() {
            for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                if column < self.words {
                    write!(f, "| {cell:width$} ")?;
                } else {
                    write!(f, "| {cell:>width$} ")?;
                }
            }
            writeln!(f, "|")?;
            if at == 0 {
                let end = |column| if column < self.words { '-' } else { ':' };
                let line = |(column, &width)| format!("|{}{}", "-".repeat(width + 1), end(column));
                writeln!(f, "{}|", widths.iter().enumerate().map(line).collect::<String>())?;
            }
        }
        Ok(())
    }
}

/// A line for each contender that has a cell in one of the rows, and a column for each row: by its number of timers, or
/// by its figure where there is no such number.
pub fn by_contender(corner: &str, rows: &[&Row], who: &[Who], cell: impl Fn(&Row, &Cell, &Who) -> String) -> Table {
    let head = |row: &&Row| row.timers.map_or_else(|| row.figure.clone(), thousands);
    let mut table = Table::new(1, [corner.to_owned()].into_iter().chain(rows.iter().map(head)).collect());
    for who in who.iter().filter(|who| rows.iter().any(|row| row.cell(who.name).is_some())) {
        let cells = rows.iter().map(|row| row.cell(who.name).map_or("–".to_owned(), |found| cell(row, found, who)));
        table.row([who.label()].into_iter().chain(cells).collect());
    }
    table
}

/// Adds a last line: the best of `others`, and how many times the figure of `main` it is.
pub fn add_best(table: &mut Table, what: &str, rows: &[&Row], best: impl Fn(&Row) -> Option<(&'static str, f64)>) {
    let cells: Vec<_> = rows.iter().map(|row| best(row)).collect();
    if cells.iter().any(Option::is_some) {
        let text = |best: Option<(&str, f64)>| {
            best.map_or("–".to_owned(), |(name, ratio)| format!("{}: {name}", times(ratio)))
        };
        table.row([what.to_owned()].into_iter().chain(cells.into_iter().map(text)).collect());
    }
}

/// The contenders, with their sources and the versions in the lock file.
pub fn contenders(who: &[Who], lock: &str) -> String {
    let mut table = Table::new(2, vec!["contender".to_owned(), "what it is".to_owned()]);
    for who in who {
        table.row(vec![who.label(), format!("{}: {}", who.what, who.source(lock))]);
    }
    table.to_string()
}

/// What a run set out to reach, and whether it did.
pub struct Verdict {
    /// What it is about, in as many columns as [`verdicts`] is given heads.
    pub of: Vec<String>,
    pub wanted: String,
    pub seen: String,
    pub met: bool,
    /// One of many in which nothing must be lost, and that is only listed if it is.
    pub guard: bool,
}

impl Verdict {
    /// A figure that is to be no greater than `wanted`, within a factor of `room`.
    pub fn at_most(of: Vec<String>, wanted: f64, room: f64, seen: f64, show: impl Fn(f64) -> String) -> Self {
        Self { of, wanted: format!("≤ {}", show(wanted)), seen: show(seen), met: seen <= wanted * room, guard: false }
    }
}

/// All of them under a title, or nothing where there are none.
pub fn verdicts(title: &str, heads: &[&str], verdicts: &[Verdict]) -> String {
    let heads = heads.iter().chain(&["goal", "measured", ""]).map(|&head| head.to_owned()).collect::<Vec<_>>();
    let mut table = Table::new(heads.len() - 3, heads);
    for verdict in verdicts.iter().filter(|verdict| !(verdict.guard && verdict.met)) {
        let met = if verdict.met { "met" } else { "**not met**" };
        let mut cells = verdict.of.clone();
        cells.extend([verdict.wanted.clone(), verdict.seen.clone(), met.to_owned()]);
        table.row(cells);
    }
    let met = verdicts.iter().filter(|verdict| verdict.met).count();
    match verdicts.len() {
        0 => String::new(),
        all => format!("\n### {title}\n\n{met} of {all} met.\n\n{table}"),
    }
}

/// A median with its range, each divided by `ns_in_unit`.
pub fn median(cell: &Cell, ns_in_unit: f64) -> String {
    let spread = cell.spread;
    let [median, least, greatest] = [spread.median, spread.least, spread.greatest].map(|ns| digits(ns / ns_in_unit));
    format!("{median} ({least}–{greatest})")
}

/// The longest call, with the least of its repeats (median; 99.9 % and 99.99 % stay below; longest of all); `mark`
/// stands behind one that was run once.
pub fn longest(cell: &Cell, calls: &Calls, mark: &str) -> String {
    let [p50, p999, p9999] = [calls.p50, calls.p999, calls.p9999].map(|ns| time(ns as f64));
    let mark = if cell.rounds == 1 { mark } else { "" };
    format!("{}{mark} ({p50}; {p999}; {p9999}; {})", time(cell.spread.median), time(cell.spread.greatest))
}

/// Three digits, or all that stand before the point.
pub fn digits(value: f64) -> String {
    match value {
        99.95.. => format!("{value:.0}"),
        9.995.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

pub fn times(ratio: f64) -> String {
    format!("{}×", digits(ratio))
}

/// A time in the unit that fits it.
pub fn time(ns: f64) -> String {
    match ns {
        1e6.. => format!("{} ms", digits(ns / 1e6)),
        1e3.. => format!("{} µs", digits(ns / 1e3)),
        _ => format!("{ns:.0} ns"),
    }
}

/// A number with a comma between each three digits.
pub fn thousands(number: usize) -> String {
    HumanCount(number as u64).to_string()
}
