//! The figures for programs.

use std::error::Error;

use serde_json::{Map, Value, json};

use crate::lateness::{Lateness, Scale};
use crate::replay::Outcome;
use crate::report::label;
use crate::timing::{Call, Watch};
use crate::trace::{Kind, Trace};
use crate::verdict::{Ends, ns_per_start};
use crate::{Contender, Study};

/// One document for all traces of a recording.
pub(crate) fn document(studies: &[Study], notes: &[String], watch: Watch) -> Result<String, Box<dyn Error>> {
    let clock = json!({ "cost_ns": watch.cost_ns, "resolution_ns": watch.resolution_ns });
    let traces: Vec<_> = studies.iter().map(study).collect();
    let document = json!({ "clock": clock, "notes": notes, "traces": traces });
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn study(study: &Study) -> Value {
    let Study { trace, replays, advice, plot } = study;
    let seconds = trace.length().as_secs_f64();
    let advice: Vec<_> = advice
        .iter()
        .map(|variant| {
            let figures = &variant.figures;
            json!({
                "timer": variant.name,
                "wake_ups": figures.wake_ups,
                "wake_ups_per_second": figures.wake_ups as f64 / seconds.max(1e-9),
                "fired": figures.fired,
                "mean_late_ns": figures.mean_late().as_nanos() as u64,
                "longest_late_ns": figures.longest_late.as_nanos() as u64,
            })
        })
        .collect();
    json!({
        "file": crate::error::shown_name(&trace.file),
        "kind": trace.kind.option(),
        "seconds": seconds,
        "jiffy_ns": trace.jiffy.tick_length().as_nanos() as u64,
        "events": trace.events.len(),
        "timers": trace.timers.len(),
        "replays": replays.iter().map(|(contender, outcome)| replay(trace, contender, outcome)).collect::<Vec<_>>(),
        "advice": advice,
        "plot": plot.display().to_string(),
    })
}

fn replay(trace: &Trace, contender: &Contender, outcome: &Outcome) -> Value {
    let ends = Ends::of(outcome);
    let late = Lateness::of(&outcome.book, &Scale::of(trace)).all_of_ours;
    json!({
        "timer": contender.name,
        "tick_ns": contender.tick.as_nanos() as u64,
        "broken_promises": outcome.book.fault_count(),
        "armed": outcome.book.armed(),
        "fired": ends.fired,
        "cancelled": ends.cancelled,
        "reset": ends.reset,
        "most_pending": outcome.most_pending,
        "pending_in_recording": outcome.oddities.pending_in_recording,
        "from_before": outcome.oddities.cancelled_from_before + outcome.oddities.expired_from_before,
        "fired_already": outcome.oddities.fired_already,
        "ns_per_start": ns_per_start(outcome),
        "longest_late": { "count": late.longest, "unit": if trace.kind == Kind::Wheel { "jiffies" } else { "ns" } },
        "calls": calls(outcome),
    })
}

fn calls(outcome: &Outcome) -> Map<String, Value> {
    let one = |call: Call| {
        let sorted = outcome.samples.sorted(call);
        let figures = json!({
            "calls": sorted.len(),
            "mean_ns": sorted.mean_ns(),
            "p50_ns": sorted.quantile_ns(0.5),
            "p999_ns": sorted.quantile_ns(0.999),
            "longest_ns": sorted.longest_ns(),
        });
        (label(call).to_owned(), figures)
    };
    Call::ALL.into_iter().map(one).collect()
}
