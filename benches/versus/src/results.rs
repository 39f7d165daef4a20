//! What a run found, before it is written down in one form or another.

/// One figure at one size, for every contender that was measured.
pub(crate) struct Row {
    pub(crate) job: &'static str,
    pub(crate) figure: String,
    pub(crate) unit: Unit,
    pub(crate) timers: usize,
    pub(crate) cells: Vec<Cell>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    /// Nanoseconds of thread CPU time for each operation.
    NsEach,
    /// Nanoseconds of the longest single call.
    NsLongest,
    /// Bytes for each timer.
    BytesEach,
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NsEach => "ns",
            Self::NsLongest => "ns (longest)",
            Self::BytesEach => "bytes",
        }
    }
}

pub(crate) struct Cell {
    pub(crate) contender: &'static str,
    pub(crate) value: f64,
    /// The least and greatest round; for calls, the longest with and without interruptions.
    pub(crate) least: f64,
    pub(crate) greatest: f64,
    pub(crate) rounds: usize,
    pub(crate) calls: Option<Calls>,
}

/// The distribution of single calls.
pub(crate) struct Calls {
    pub(crate) count: usize,
    pub(crate) p50_ns: u64,
    pub(crate) p99_ns: u64,
    pub(crate) p999_ns: u64,
    /// For growing times, the share of calls that took that long or longer.
    pub(crate) tail: Vec<(u64, f64)>,
}

impl Row {
    pub(crate) fn cell(&self, contender: &str) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.contender == contender)
    }

    pub(crate) fn value(&self, contender: &str) -> Option<f64> {
        self.cell(contender).map(|cell| cell.value)
    }
}

/// Everything that a run found.
#[derive(Default)]
pub(crate) struct Results {
    pub(crate) rows: Vec<Row>,
    /// Runs that failed their check, or fell over.
    pub(crate) failures: Vec<String>,
    /// What an empty turn of a contender in a paused runtime takes.
    pub(crate) paused_tick_ns: Option<f64>,
}

impl Results {
    pub(crate) fn row(&self, figure: &str, timers: usize) -> Option<&Row> {
        self.rows.iter().find(|row| row.figure == figure && row.timers == timers)
    }

    /// The figures in the order in which they were measured, each once.
    pub(crate) fn figures(&self) -> Vec<&str> {
        let mut figures: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !figures.contains(&row.figure.as_str()) {
                figures.push(&row.figure);
            }
        }
        figures
    }

    /// The rows of one figure, by size.
    pub(crate) fn of(&self, figure: &str) -> Vec<&Row> {
        let mut rows: Vec<_> = self.rows.iter().filter(|row| row.figure == figure).collect();
        rows.sort_by_key(|row| row.timers);
        rows
    }
}
