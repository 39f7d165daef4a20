//! What the crate sets out to reach beside its peers, and whether a run reached it.
//!
//! Ratios are the wheel's figure over the peer's. A figure within a tenth of its goal counts as reached.

use harness::{BYTES, CPU, LONGEST, Results, Row, Verdict, digits, thousands, time, times};

use crate::roster::{PEERS, Peer};

const ROOM: f64 = 1.1;
/// The sizes that goals are set for.
const SIZES: [usize; 4] = [1_000, 100_000, 1_000_000, 10_000_000];
/// Where a size has no goal.
const ANY: f64 = f64::INFINITY;
/// Up to this many timers most ticks fire nothing, and a contender in a runtime pays mostly for moving its clock.
const CLOCK_RULES_UP_TO: usize = 10_000;
/// The jobs in which the clock runs.
const RUNNING: [&str; 6] = ["b2", "c", "d", "clustered", "constant", "c-64"];

/// Job and figure, the peer, and the greatest ratio at each of the sizes.
const BESIDE: [(&str, &str, [f64; 4]); 15] = [
    ("a1 arm, cancel", "heap4", [1.25, 1.25, 1.3, 1.5]),
    ("a2 cancel random, arm", "heap4", [0.9, 0.75, 0.75, ANY]),
    ("a2 cancel random, arm", "linux", [ANY, ANY, 1.35, 1.5]),
    ("b reset random", "linux", [1.0, 0.95, 0.85, 0.85]),
    ("b2 reset, running", "linux", [0.75, 1.25, 0.95, 1.0]),
    ("c hold", "heap4", [1.4, 0.6, 0.2, ANY]),
    ("c hold", "linux", [ANY, ANY, 0.4, 0.45]),
    ("d arm", "heap4", [ANY, 0.9, 0.95, 1.0]),
    ("d fire", "heap4", [1.35, 0.6, 0.2, 0.2]),
    ("a2 cancel random, arm", "nexus", [1.0, 1.0, 0.4, 1.0]),
    ("a2 cancel random, arm", "delayqueue", [1.0, 1.0, 0.4, 1.0]),
    ("b reset random", "nexus", [1.0, 1.0, 0.4, 1.0]),
    ("b reset random", "delayqueue", [1.0, 1.0, 0.4, 1.0]),
    ("c hold", "nexus", [1.0, 1.0, 0.4, 1.0]),
    ("c hold", "delayqueue", [1.0, 1.0, 0.4, 1.0]),
];

/// Those that the wheel is to be ahead of in every mean.
const BEHIND: [&str; 3] = ["nexus", "delayqueue", "sleep"];

/// The most nanoseconds, or bytes, at each of the sizes.
const AT_MOST: [(&str, [f64; 4]); 8] = [
    ("f turn (hold)", [ANY, ANY, 8e3, 100e3]),
    ("g turn (mixed)", [ANY, ANY, 15e3, 150e3]),
    ("g insert", [ANY, ANY, 1e3, ANY]),
    ("g cancel", [ANY, ANY, 1e3, ANY]),
    ("g reset", [ANY, ANY, 1e3, ANY]),
    ("g insert, growing", [ANY, ANY, 5e3, ANY]),
    ("e allocated, filled", [64.0, 32.0, 32.0, 32.0]),
    ("e allocated, after churn", [ANY, 42.0, 42.0, 42.0]),
];

/// Whether a contender's figure says anything of the contender at this size.
pub(crate) fn is_comparable(row: &Row, peer: &Peer) -> bool {
    let timers = row.timers.unwrap_or(0);
    !(peer.pays_for_clock && row.unit == CPU && RUNNING.contains(&row.job) && timers <= CLOCK_RULES_UP_TO)
}

/// The best of the published and hand-written with real cancellation, over ours.
pub(crate) fn best_peer(row: &Row) -> Option<(&'static str, f64)> {
    let yardsticks = PEERS.iter().filter(|peer| peer.is_yardstick() && is_comparable(row, peer));
    row.best_over("wheel", yardsticks.map(|peer| peer.who.name))
}

/// Every goal for which this run has figures.
pub(crate) fn verdicts(results: &Results) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for row in &results.rows {
        let (name, size) = (row.name(), SIZES.iter().position(|&size| Some(size) == row.timers));
        let goal = |goals: &[f64; 4]| size.map_or(ANY, |size| goals[size]);
        for (_, peer, goals) in BESIDE.iter().filter(|beside| beside.0 == name) {
            verdicts.extend(ratio(row, "wheel", peer, goal(goals), false));
        }
        let has_goal = |peer: &str| BESIDE.iter().any(|beside| beside.0 == name && beside.1 == peer);
        if row.unit == CPU {
            let ahead = BEHIND.iter().filter(|peer| !has_goal(peer));
            verdicts.extend(ahead.filter_map(|peer| ratio(row, "wheel", peer, 1.0, true)));
            verdicts.extend(ratio(row, "heap", "heap4", 1.3, true));
        }
        for (_, goals) in AT_MOST.iter().filter(|most| most.0 == name) {
            verdicts.extend(at_most(row, goal(goals)));
        }
    }
    verdicts
}

fn ratio(row: &Row, ours: &str, other: &str, wanted: f64, guard: bool) -> Option<Verdict> {
    let peer = PEERS.iter().find(|peer| peer.who.name == other).filter(|peer| is_comparable(row, peer))?;
    let seen = row.value(ours)? / row.value(peer.who.name)?;
    verdict(row, format!("{ours} over {other}"), wanted, seen, times, guard)
}

fn at_most(row: &Row, wanted: f64) -> Option<Verdict> {
    let show = match row.unit {
        LONGEST => time,
        BYTES => |bytes| format!("{} bytes", digits(bytes)),
        _ => digits,
    };
    verdict(row, "wheel".to_owned(), wanted, row.value("wheel")?, show, false)
}

fn verdict(row: &Row, what: String, wanted: f64, seen: f64, show: fn(f64) -> String, guard: bool) -> Option<Verdict> {
    let of = vec![row.name(), row.timers.map_or(String::new(), thousands), what];
    (wanted < ANY).then(|| Verdict { guard, ..Verdict::at_most(of, wanted, ROOM, seen, show) })
}
