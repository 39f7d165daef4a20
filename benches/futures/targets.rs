//! What the crate's futures set out to reach, and whether a run reached it.

use crate::job::Job;
use crate::results::Results;
use crate::roster::MAIN;

/// One target as a run saw it.
pub(crate) struct Outcome {
    pub(crate) what: &'static str,
    pub(crate) wanted: String,
    pub(crate) seen: String,
    pub(crate) met: bool,
}

/// Every target for which this run has figures.
pub(crate) fn outcomes(results: &Results) -> Vec<Outcome> {
    let value = |job: Job, figure: &str, who: &str| results.row(job, figure)?.value(who);
    let ours = |job: Job| value(job, &job.name(), MAIN);
    let most = |what, wanted: f64, unit: &str, seen: f64| Outcome {
        what,
        wanted: format!("≤ {wanted} {unit}"),
        seen: format!("{seen:.1} {unit}"),
        met: seen <= wanted,
    };
    let ahead = |what, job: Job| {
        let times = value(job, &job.name(), "tokio")? / ours(job)?;
        Some(Outcome { what, wanted: "≥ 1×".to_owned(), seen: format!("{times:.2}×"), met: times >= 1.0 })
    };
    let pending = || Some(ours(Job::Pending)? - value(Job::Pending, &Job::Pending.name(), "clock")?);
    [
        ours(Job::Ready).map(|ns| most("timeout around a ready future", 8.0, "ns", ns)),
        pending().map(|ns| most("timeout around a pending one, dropped, less a clock read", 45.0, "ns", ns)),
        value(Job::Crowd, "p99 late", MAIN).map(|ns| most("the crowd's p99 late", 3.0, "ms", ns / 1e6)),
        ahead("made and dropped: tokio over wheel", Job::Create),
        ahead("reset, hot: tokio over wheel", Job::Hot),
        ahead("reset, random: tokio over wheel", Job::Random),
    ]
    .into_iter()
    .flatten()
    .collect()
}
