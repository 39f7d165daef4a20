//! The live table: redrawn in place on a terminal, printed line by line elsewhere.

use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::line::{Line, Seen};

/// How often it is printed where it cannot be redrawn.
const PRINTED: Duration = Duration::from_millis(500);

pub(crate) struct Screen {
    /// A bar without a bar for each line; none where standard output is no terminal.
    rows: Vec<ProgressBar>,
    printed: Instant,
}

impl Screen {
    pub(crate) fn new(lines: &[Line]) -> Self {
        println!("{}", heading());
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stdout());
        let style = ProgressStyle::with_template("{msg}").expect("the template is well-formed");
        let row = |_| bars.add(ProgressBar::new_spinner().with_style(style.clone()));
        let rows = if bars.is_hidden() { Vec::new() } else { lines.iter().map(row).collect() };
        Self { rows, printed: Instant::now() }
    }

    pub(crate) fn draw(&mut self, lines: &[Line]) {
        if self.rows.is_empty() {
            if self.printed.elapsed() >= PRINTED {
                self.printed = Instant::now();
                lines.iter().for_each(|line| println!("{}", row(line, &line.seen())));
            }
            return;
        }
        for (bar, line) in self.rows.iter().zip(lines) {
            bar.set_message(row(line, &line.seen()));
        }
    }

    /// Draws it for the last time, to stay.
    pub(crate) fn finish(self, lines: &[Line]) {
        self.rows.iter().for_each(ProgressBar::finish_and_clear);
        lines.iter().for_each(|line| println!("{}", row(line, &line.seen())));
    }
}

fn heading() -> String {
    let [min, avg, p50, p99, max] = ["min", "avg", "p50", "p99", "max"];
    format!("{:>12}{:>10}{:>8}{min:>10}{avg:>10}{p50:>10}{p99:>10}{max:>10}   µs late", "interval", "runs", "missed")
}

fn row(line: &Line, seen: &Seen) -> String {
    let us = |ns: f64| format!("{:.1}", ns / 1e3);
    let late = &seen.late_ns;
    // An empty histogram calls its least value the greatest that there could be.
    let min = if late.is_empty() { 0 } else { late.min() };
    let interval = format!("{:?}", line.interval);
    format!(
        "{interval:>12}{:>10}{:>8}{:>10}{:>10}{:>10}{:>10}{:>10}",
        seen.runs,
        seen.missed,
        us(min as f64),
        us(late.mean()),
        us(late.value_at_quantile(0.5) as f64),
        us(late.value_at_quantile(0.99) as f64),
        us(late.max() as f64),
    )
}
