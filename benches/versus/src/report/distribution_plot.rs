//! How long turns take: the share of the turns of job f that took at least so long.

use crate::report::labels::{Line, Panel, Style, drawn, timers};
use crate::report::markdown::time;
use crate::results::Results;
use crate::roster::PEERS;

const SIZE_PX: (u32, u32) = (900, 560);
/// The size that is shown, if it was measured; else the greatest.
const SHOWN: usize = 1_000_000;

/// Nothing if job f was not measured.
pub(crate) fn svg(results: &Results) -> Option<String> {
    let rows = results.of("f turn (hold)");
    let row = rows.iter().find(|row| row.timers == SHOWN).or(rows.last())?;
    let lines = PEERS.iter().rev().filter_map(|peer| {
        let tail = &row.cell(peer.name())?.calls.as_ref()?.tail;
        let points = tail.iter().map(|&(ns, share)| (ns.max(1) as f64, share)).collect();
        Some(Line { contender: peer.name(), points })
    });
    let lines: Vec<_> = lines.collect();
    let title = format!("Turns of a hold with {} timers", timers(row.timers as f64));
    let panel = Panel {
        title: &title,
        x_title: "a turn's length",
        y_title: "share of turns that took at least so long",
        x_label: time,
        y_label: percent,
        style: Style::Curves,
    };
    Some(drawn(SIZE_PX, |area| panel.draw(area, &lines).map_err(|error| error.to_string())))
}

fn percent(share: f64) -> String {
    format!("{} %", (share * 1e8).round() / 1e6)
}
