//! The tables.

use std::fmt::Write;
use std::time::Duration;

use crate::machine;
use crate::options::Options;
use crate::report::notes::{NOT_COMPARABLE, RUN_ONCE, contenders, name, notes};
use crate::results::{Cell, Results, Row, Unit};
use crate::roster::{Kind, Peer};
use crate::targets::{Outcome, best_peer, is_comparable, outcomes};

pub(crate) fn table(options: &Options, results: &Results, took: Duration) -> String {
    let mut text = format!("One run of {}, on {}.\n\n", minutes(took), machine::description());
    text += &contenders(options);
    text += "\nEach cell: the figure, its range or quantiles, and how many times the wheel's it is.\n";
    for figure in results.figures() {
        let rows = results.of(figure);
        write!(text, "\n### {figure}: {}\n\n", unit(rows[0])).expect("a string takes everything");
        text += &figure_table(options, &rows);
    }
    text += "\n### Notes\n\n";
    text += &notes(options, results);
    let outcomes = outcomes(results);
    if !outcomes.is_empty() {
        text += "\n### Targets\n\n";
        text += &targets(&outcomes);
    }
    text
}

fn unit(row: &Row) -> &'static str {
    match row.unit {
        Unit::NsEach => "ns of thread CPU time for each (median, range of the rounds)",
        Unit::NsLongest => {
            "the longest call, with the least of its repeats (median; 99.9 % stay below; longest with interruptions)"
        }
        Unit::BytesEach => "bytes for each timer that the container was filled with",
    }
}

fn figure_table(options: &Options, rows: &[&Row]) -> String {
    let mut text = String::from("| timers |");
    rows.iter().for_each(|row| text += &format!(" {} |", thousands(row.timers)));
    text += "\n|---|";
    text += &"---:|".repeat(rows.len());
    text += "\n";
    for peer in options.peers.iter().filter(|peer| rows.iter().any(|row| row.cell(peer.name()).is_some())) {
        text += &line(name(peer), rows, |row| cell_text(row, peer));
    }
    if rows[0].cell("floor").is_some() {
        text += &line("*floor*".to_owned(), rows, |row| row.cell("floor").map(|cell| figure_text(row, cell)));
    }
    if rows.iter().any(|row| best_peer(row).is_some()) {
        let best = |row: &Row| best_peer(row).map(|(name, ratio)| format!("{}: {name}", times(ratio)));
        text += &line("best with real cancellation".to_owned(), rows, best);
    }
    text
}

fn line(name: String, rows: &[&Row], cell: impl Fn(&Row) -> Option<String>) -> String {
    let cells: String = rows.iter().map(|row| format!(" {} |", cell(row).unwrap_or_else(|| "–".to_owned()))).collect();
    format!("| {name} |{cells}\n")
}

fn cell_text(row: &Row, peer: &Peer) -> Option<String> {
    let cell = row.cell(peer.name())?;
    let figure = figure_text(row, cell);
    if !is_comparable(row, peer) {
        return Some(figure + NOT_COMPARABLE);
    }
    let ratio = row.value("wheel").filter(|_| peer.name() != "wheel").map(|wheel| cell.value / wheel);
    let ratio = ratio.map_or(String::new(), |ratio| format!(" · {}", times(ratio)));
    Some(if peer.kind == Kind::Ours { format!("**{figure}**{ratio}") } else { figure + &ratio })
}

fn figure_text(row: &Row, cell: &Cell) -> String {
    match (row.unit, &cell.calls) {
        (Unit::NsLongest, Some(calls)) => format!(
            "{}{} ({}; {}; {})",
            time(cell.value),
            if cell.rounds == 1 { RUN_ONCE } else { "" },
            time(calls.p50_ns as f64),
            time(calls.p999_ns as f64),
            time(cell.greatest)
        ),
        (Unit::BytesEach, _) => digits(cell.value),
        _ => format!("{} ({}–{})", digits(cell.value), digits(cell.least), digits(cell.greatest)),
    }
}

fn targets(outcomes: &[Outcome]) -> String {
    let met = outcomes.iter().filter(|outcome| outcome.met).count();
    let guarded = outcomes.iter().filter(|outcome| outcome.guard && outcome.met).count();
    let mut text = format!("{met} of {} met. ", outcomes.len());
    text +=
        &format!("{guarded} of them are not listed: there the wheel was to be no slower than tokio's timers, or the ");
    text += "heap than a plain one.\n\n| figure | timers | what | wanted | seen | |\n|---|---:|---|---:|---:|---|\n";
    for outcome in outcomes.iter().filter(|outcome| !(outcome.guard && outcome.met)) {
        let Outcome { figure, timers, what, wanted, seen, met, .. } = outcome;
        let (wanted, seen) = if what.starts_with("bytes") {
            (format!("≤ {}", digits(*wanted)), digits(*seen))
        } else {
            (format!("≥ {}", times(*wanted)), times(*seen))
        };
        let met = if *met { "met" } else { "**not met**" };
        text += &format!("| {figure} | {} | {what} | {wanted} | {seen} | {met} |\n", thousands(*timers));
    }
    text
}

/// Three digits, or all that stand before the point.
fn digits(value: f64) -> String {
    match value {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn times(ratio: f64) -> String {
    format!("{}×", digits(ratio))
}

/// A time in the unit that fits it.
pub(crate) fn time(ns: f64) -> String {
    match ns {
        1e6.. => format!("{} ms", digits(ns / 1e6)),
        1e3.. => format!("{} µs", digits(ns / 1e3)),
        _ => format!("{ns:.0} ns"),
    }
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn minutes(took: Duration) -> String {
    match took.as_secs() {
        120.. => format!("{} minutes", took.as_secs() / 60),
        seconds => format!("{seconds} seconds"),
    }
}
