//! The cost of each job against the number of timers, a panel for each.

use crate::report::labels::{Line, Panel, Style, drawn, timers};
use crate::report::markdown::time;
use crate::results::{Results, Row, Unit};
use crate::roster::PEERS;
use crate::targets::is_comparable;

const PANEL_PX: (u32, u32) = (520, 380);
const COLUMNS: usize = 2;

/// Nothing if no job was measured at more than one size.
pub(crate) fn svg(results: &Results) -> Option<String> {
    let figures: Vec<_> = results
        .figures()
        .into_iter()
        .filter(|figure| {
            let rows = results.of(figure);
            rows.len() > 1 && rows[0].unit == Unit::NsEach && rows[0].job != "floor"
        })
        .collect();
    panels(results, &figures, "ns of CPU for each operation")
}

/// A grid of panels, one for each of `figures`.
pub(crate) fn panels(results: &Results, figures: &[&str], y_title: &str) -> Option<String> {
    if figures.is_empty() {
        return None;
    }
    let columns = figures.len().min(COLUMNS);
    let grid = (figures.len().div_ceil(columns), columns);
    let size = (PANEL_PX.0 * grid.1 as u32, PANEL_PX.1 * grid.0 as u32);
    let svg = drawn(size, |area| {
        for (area, figure) in area.split_evenly(grid).iter().zip(figures) {
            let panel = Panel {
                title: figure,
                x_title: "timers pending",
                y_title,
                x_label: timers,
                y_label: time,
                style: Style::Dots,
            };
            panel.draw(area, &lines(&results.of(figure))).map_err(|error| error.to_string())?;
        }
        Ok(())
    });
    Some(svg)
}

fn lines(rows: &[&Row]) -> Vec<Line> {
    let point = |row: &Row, contender| Some((row.timers as f64, row.value(contender)?));
    // Ours last, above the others.
    let lines = PEERS.iter().rev().map(|peer| Line {
        contender: peer.name(),
        points: rows.iter().filter(|row| is_comparable(row, peer)).filter_map(|row| point(row, peer.name())).collect(),
    });
    lines.filter(|line| !line.points.is_empty()).collect()
}
