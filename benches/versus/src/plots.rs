//! The plots: costs and longest calls against the number of timers, and how long turns take.

use harness::{CPU, Kind, LONGEST, Line, Panel, Results, Row, panels, power, time};
use jobs::title;

use crate::goals::is_comparable;
use crate::roster::{PEERS, Peer};

const PANEL_PX: (u32, u32) = (520, 360);
const WIDE_PX: (u32, u32) = (900, 480);
/// The size whose turns are shown, if it was measured; else the greatest.
const SHOWN: usize = 1_000_000;

/// Each with the name of its file.
pub(crate) fn all(results: &Results) -> [(&'static str, Option<String>); 3] {
    [
        ("cost.svg", by_size(results, CPU, "ns of CPU for each operation")),
        ("longest.svg", by_size(results, LONGEST, "longest single call")),
        ("turns.svg", turns(results)),
    ]
}

/// A panel for each figure that was measured at more than one size.
fn by_size(results: &Results, unit: &str, y_title: &'static str) -> Option<String> {
    let is_shown = |rows: &Vec<&Row>| rows.len() > 1 && rows[0].unit == unit && rows[0].job != "floor";
    let figures = results.figures().into_iter().filter(is_shown).map(|rows| Panel {
        title: title(rows[0]).to_owned(),
        x_title: "timers pending",
        y_title,
        x_label: power,
        y_label: time,
        marked: true,
        lines: lines(&rows, |row, contender| {
            row.value(contender).map(|ns| (row.timers.unwrap_or(0) as f64, ns)).into_iter().collect()
        }),
    });
    panels(&figures.collect::<Vec<_>>(), PANEL_PX)
}

/// The share of the turns of job f that took at least so long.
fn turns(results: &Results) -> Option<String> {
    let rows: Vec<&Row> = results.rows.iter().filter(|row| row.job == "f").collect();
    let row = rows.iter().find(|row| row.timers == Some(SHOWN)).or(rows.last())?;
    let points = |row: &Row, contender: &str| {
        let calls = row.cell(contender).and_then(|cell| cell.calls.as_ref());
        calls.map_or(Vec::new(), |calls| calls.tail.iter().map(|&(ns, share)| (ns.max(1) as f64, share)).collect())
    };
    let panel = Panel {
        title: format!("{}, {} timers", title(row), power(row.timers? as f64)),
        x_title: "a turn's length",
        y_title: "share of turns that took at least so long",
        x_label: time,
        y_label: |share| format!("{} %", (share * 1e8).round() / 1e6),
        marked: false,
        lines: lines(&[row], points),
    };
    panels(&[panel], WIDE_PX)
}

fn lines(rows: &[&Row], points: impl Fn(&Row, &str) -> Vec<(f64, f64)>) -> Vec<Line> {
    let line = |(color, peer): (usize, &Peer)| {
        let who = &PEERS[color].who;
        let comparable = rows.iter().filter(|row| is_comparable(row, peer));
        let points = comparable.flat_map(|row| points(row, who.name)).collect();
        Line { name: who.name, color, ours: who.kind == Kind::Ours, points }
    };
    PEERS.iter().enumerate().map(line).filter(|line| !line.points.is_empty()).collect()
}
