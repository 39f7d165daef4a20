//! Everything that was measured, for programs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::machine;
use crate::results::{Calls, Cell, Results, Row};
use crate::targets::{Outcome, outcomes};

pub(crate) fn text(results: &Results, took: Duration) -> String {
    let all = json!({
        "machine": machine::description(),
        "seconds": took.as_secs(),
        "paused_tick_ns": results.paused_tick_ns,
        "rows": results.rows.iter().map(row).collect::<Vec<_>>(),
        "targets": outcomes(results).iter().map(target).collect::<Vec<_>>(),
        "failures": results.failures,
    });
    format!("{all:#}\n")
}

fn row(row: &Row) -> Value {
    json!({
        "job": row.job,
        "figure": row.figure,
        "unit": row.unit.name(),
        "timers": row.timers,
        "contenders": row.cells.iter().map(cell).collect::<Vec<_>>(),
    })
}

fn cell(cell: &Cell) -> Value {
    json!({
        "name": cell.contender,
        "value": cell.value,
        "least": cell.least,
        "greatest": cell.greatest,
        "rounds": cell.rounds,
        "calls": cell.calls.as_ref().map(calls),
    })
}

fn calls(calls: &Calls) -> Value {
    json!({ "count": calls.count, "p50": calls.p50_ns, "p99": calls.p99_ns, "p99.9": calls.p999_ns })
}

fn target(outcome: &Outcome) -> Value {
    json!({
        "figure": outcome.figure,
        "timers": outcome.timers,
        "what": outcome.what,
        "wanted": outcome.wanted,
        "seen": outcome.seen,
        "met": outcome.met,
        "guard": outcome.guard,
    })
}
