//! What a run found, before it is written down in one form or another.

use std::fmt::Debug;

use serde::Serialize;

/// Units of figures: nanoseconds of processor time, of one thread or of all; nanoseconds of wall time; the longest of
/// many calls; and bytes.
pub const CPU: &str = "ns of thread CPU";
pub const PROCESS_CPU: &str = "ns of process CPU";
pub const WALL: &str = "ns passed";
pub const LATE: &str = "ns late";
pub const LONGEST: &str = "ns, longest call";
pub const BYTES: &str = "bytes";

/// One figure of one job, for every contender that was measured.
#[derive(Serialize)]
pub struct Row {
    pub job: &'static str,
    pub figure: String,
    pub unit: &'static str,
    /// With how many timers, where there are several sizes.
    pub timers: Option<usize>,
    pub cells: Vec<Cell>,
}

#[derive(Serialize)]
pub struct Cell {
    pub contender: &'static str,
    /// For calls, the least and the median are the longest call without interruptions, the greatest that with them.
    #[serde(flatten)]
    pub spread: Spread,
    pub rounds: usize,
    pub calls: Option<Calls>,
}

/// The middle of several rounds, and the least and greatest of them.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Spread {
    pub least: f64,
    pub median: f64,
    pub greatest: f64,
}

impl Spread {
    /// Of one round or more.
    pub(crate) fn of(mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        let (below, above) = ((rounds.len() - 1) / 2, rounds.len() / 2);
        let median = (rounds[below] + rounds[above]) / 2.0;
        Self { least: rounds[0], median, greatest: rounds[rounds.len() - 1] }
    }
}

/// The distribution of single calls, in nanoseconds.
#[derive(Serialize)]
pub struct Calls {
    pub count: usize,
    pub p50: u64,
    pub p99: u64,
    pub p999: u64,
    pub p9999: u64,
    /// For growing times, the share of calls that took that long or longer.
    #[serde(skip)]
    pub tail: Vec<(u64, f64)>,
}

impl Row {
    pub fn new(job: &'static str, figure: impl Into<String>, unit: &'static str, timers: Option<usize>) -> Self {
        Self { job, figure: figure.into(), unit, timers, cells: Vec::new() }
    }

    pub fn cell(&self, contender: &str) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.contender == contender)
    }

    /// The median.
    pub fn value(&self, contender: &str) -> Option<f64> {
        self.cell(contender).map(|cell| cell.spread.median)
    }

    /// The contender with the least figure, and how many times that of `main` it is.
    pub fn best_over(&self, main: &str, others: impl Iterator<Item = &'static str>) -> Option<(&'static str, f64)> {
        let figures = others.filter_map(|other| Some((other, self.value(other)?)));
        let (name, least) = figures.min_by(|one, other| one.1.total_cmp(&other.1))?;
        Some((name, least / self.value(main)?))
    }

    /// Job and figure, as a heading.
    pub fn name(&self) -> String {
        format!("{} {}", self.job, self.figure)
    }
}

/// Adds a cell to each of a step's rows: for each round, a number for each row, or for the first ones.
pub fn add_cells(rows: &mut [Row], contender: &'static str, rounds: &[Vec<f64>]) {
    for (place, row) in rows.iter_mut().enumerate() {
        let taken: Vec<_> = rounds.iter().filter_map(|figures| figures.get(place).copied()).collect();
        if !taken.is_empty() {
            row.cells.push(Cell { contender, rounds: taken.len(), spread: Spread::of(taken), calls: None });
        }
    }
}

/// Everything that a run found.
#[derive(Default, Serialize)]
pub struct Results {
    pub seconds: u64,
    pub rows: Vec<Row>,
    /// Contenders whose run failed its check, and how.
    pub failures: Vec<String>,
}

impl Results {
    pub fn row(&self, job: &str, figure: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.job == job && row.figure == figure)
    }

    /// The figures in the order in which they were measured, each with its rows by size.
    pub fn figures(&self) -> Vec<Vec<&Row>> {
        let mut figures: Vec<Vec<&Row>> = Vec::new();
        for row in &self.rows {
            match figures.iter_mut().find(|rows| rows[0].job == row.job && rows[0].figure == row.figure) {
                Some(rows) => rows.push(row),
                None => figures.push(vec![row]),
            }
        }
        figures.iter_mut().for_each(|rows| rows.sort_by_key(|row| row.timers));
        figures
    }
}

/// # Errors
///
/// That what was seen is not what was expected.
pub fn expect<T: PartialEq + Debug>(seen: T, expected: T, what: &str) -> Result<(), String> {
    if seen == expected { Ok(()) } else { Err(format!("{what}: {seen:?} instead of {expected:?}")) }
}
