//! Everything that was measured, for programs.

use serde_json::{Value, json};

use crate::machine;
use crate::options::Options;
use crate::results::{Cell, Results, Row};
use crate::targets::{Outcome, outcomes};

pub(crate) fn text(options: &Options, results: &Results) -> String {
    let scale = options.scale();
    let all = json!({
        "machine": machine::description(),
        "seconds": results.took.as_secs(),
        "quick": options.is_quick(),
        "operations": scale.operations,
        "armed": scale.armed,
        "crowd": scale.crowd,
        "crowd_seconds": scale.spread.as_secs_f64(),
        "rows": results.rows.iter().map(row).collect::<Vec<_>>(),
        "targets": outcomes(results).iter().map(target).collect::<Vec<_>>(),
        "failures": results.failures,
    });
    format!("{all:#}\n")
}

fn row(row: &Row) -> Value {
    let cells: Vec<_> = row.cells.iter().map(cell).collect();
    json!({ "job": row.job.name(), "figure": row.figure, "unit": row.unit, "contenders": cells })
}

fn cell(cell: &Cell) -> Value {
    let spread = cell.spread;
    json!({
        "name": cell.contender,
        "median": spread.median,
        "least": spread.least,
        "greatest": spread.greatest,
        "rounds": cell.rounds,
    })
}

fn target(outcome: &Outcome) -> Value {
    json!({ "what": outcome.what, "wanted": outcome.wanted, "seen": outcome.seen, "met": outcome.met })
}
