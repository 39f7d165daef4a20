//! What the crate sets out to reach beside its peers, and whether a run reached it.
//!
//! Ratios are the peer's figure over ours. Differences below 1.3× are ties on a shared machine, so that "level" is met
//! from 1/1.3 on.

use crate::results::{Results, Row, Unit};
use crate::roster::{PEERS, Peer};

const TIE: f64 = 1.0 / 1.3;
/// Bytes for each timer, at any size from here on.
const MOST_BYTES: f64 = 40.0;
const MANY: usize = 900_000;
/// The sizes for which the ratios were set.
const SIZES: [usize; 3] = [100_000, 1_000_000, 10_000_000];
const FEW: usize = 1_000;
/// Up to this many timers most ticks fire nothing, and who pays for moving a runtime's clock pays mostly for that.
const CLOCK_RULES_UP_TO: usize = 10_000;

/// One target as a run saw it.
pub(crate) struct Outcome {
    pub(crate) figure: String,
    pub(crate) timers: usize,
    pub(crate) what: String,
    pub(crate) wanted: f64,
    pub(crate) seen: f64,
    pub(crate) met: bool,
    /// One of the many rows in which only nothing must be lost.
    pub(crate) guard: bool,
}

/// By how much ours must lead: the figure, the peer, and the least ratio.
const LEADS: [(&str, &str, f64); 25] = [
    ("f turn (hold)", "nexus", 100.0),
    ("f turn (hold)", "delayqueue", 100.0),
    ("f turn (hold)", "sleep", 100.0),
    ("f turn (hold)", "linux", 100.0),
    (LONGEST_OF_ALL, "nexus", 100.0),
    (LONGEST_OF_ALL, "delayqueue", 100.0),
    (LONGEST_OF_ALL, "sleep", 100.0),
    (LONGEST_OF_ALL, "linux", 100.0),
    ("b2 reset, running", "nexus", 5.0),
    ("b2 reset, running", "delayqueue", 8.0),
    ("b2 reset, running", "sleep", 5.0),
    ("b reset random", "nexus", 5.0),
    ("b reset random", "delayqueue", 9.0),
    ("b reset random", "sleep", 2.5),
    ("c hold", "nexus", 5.0),
    ("c hold", "delayqueue", 4.0),
    ("c hold", "sleep", 7.0),
    ("a2 cancel random, arm", "nexus", 2.0),
    ("a2 cancel random, arm", "delayqueue", 3.0),
    ("a2 cancel random, arm", "sleep", 3.0),
    ("a1 arm, cancel", "nexus", 3.0),
    ("a1 arm, cancel", "delayqueue", 6.0),
    ("a1 arm, cancel", "sleep", 7.0),
    ("e allocated, filled", "delayqueue", 1.5),
    ("e allocated, filled", "sleep", 4.0),
];

/// The figure under which [`longest_calls`] stands.
const LONGEST_OF_ALL: &str = "g longest call of all";

/// Whether a contender's figure says anything of the contender at this size.
pub(crate) fn is_comparable(row: &Row, peer: &Peer) -> bool {
    let running = ["b2", "c", "d"].contains(&row.job);
    !(peer.pays_for_clock && running && row.timers <= CLOCK_RULES_UP_TO)
}

/// The best of the published and hand-written with real cancellation, over ours.
pub(crate) fn best_peer(row: &Row) -> Option<(&'static str, f64)> {
    let yardsticks = PEERS.iter().filter(|peer| peer.is_yardstick() && is_comparable(row, peer));
    let best = yardsticks.filter_map(|peer| Some((peer.name(), row.value(peer.name())?)));
    let (name, value) = best.min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some((name, value / row.value("wheel")?))
}

/// Every target for which this run has figures.
pub(crate) fn outcomes(results: &Results) -> Vec<Outcome> {
    let longest = longest_calls(results);
    let all = || results.rows.iter().chain(&longest);
    let mut outcomes: Vec<_> = LEADS
        .iter()
        .flat_map(|&(figure, peer, wanted)| {
            let rows = all().filter(move |row| row.figure == figure && is_set_for(row));
            rows.filter_map(move |row| lead(row, "wheel", peer, wanted))
        })
        .collect();
    let list = results.row("a2 cancel random, arm", SIZES[2]);
    outcomes.extend(list.and_then(|row| lead(row, "wheel", "linux", TIE)));
    outcomes.extend(results.rows.iter().filter(|row| row.unit == Unit::NsEach).flat_map(no_loss));
    outcomes.extend(results.of("e allocated, filled").into_iter().filter_map(bytes));
    outcomes
}

fn is_set_for(row: &Row) -> bool {
    SIZES.contains(&row.timers) || row.unit == Unit::BytesEach && row.timers >= MANY
}

fn lead(row: &Row, ours: &str, other: &str, wanted: f64) -> Option<Outcome> {
    let peer = PEERS.iter().find(|peer| peer.name() == other).filter(|peer| is_comparable(row, peer))?;
    let seen = row.value(peer.name())? / row.value(ours)?;
    let what = format!("{other} over {ours}");
    let met = seen >= wanted;
    Some(Outcome { figure: row.figure.clone(), timers: row.timers, what, wanted, seen, met, guard: false })
}

/// At no size may a row be slower than tokio's timers, nor the heap than a plain one; few timers must be as fast as a
/// list's.
fn no_loss(row: &Row) -> Vec<Outcome> {
    let few = row.timers == FEW;
    let tokios = if few { 1.0 } else { TIE };
    let mut found = vec![lead(row, "wheel", "delayqueue", tokios), lead(row, "wheel", "sleep", tokios)];
    found.extend(["heap4", "heap4-c3c5"].map(|plain| lead(row, "heap", plain, TIE)));
    if few && row.job == "c" {
        found.push(lead(row, "wheel", "linux", TIE));
    }
    found.into_iter().flatten().map(|outcome| Outcome { guard: true, ..outcome }).collect()
}

fn bytes(row: &Row) -> Option<Outcome> {
    let (seen, wanted) = match row.timers {
        FEW => (row.value("wheel")?, row.value("delayqueue")?),
        MANY.. => (row.value("wheel")?, MOST_BYTES),
        _ => return None,
    };
    let what = "bytes, at most".to_owned();
    let met = seen <= wanted;
    Some(Outcome { figure: row.figure.clone(), timers: row.timers, what, wanted, seen, met, guard: false })
}

/// The longest call of job g, whatever its kind, for each contender and size.
fn longest_calls(results: &Results) -> Vec<Row> {
    let mut longest: Vec<Row> = Vec::new();
    for row in results.rows.iter().filter(|row| row.job == "g") {
        if longest.last().is_none_or(|last| last.timers != row.timers) {
            let figure = LONGEST_OF_ALL.to_owned();
            longest.push(Row { job: "g", figure, unit: Unit::NsLongest, timers: row.timers, cells: Vec::new() });
        }
        let all = &mut longest.last_mut().expect("one was pushed").cells;
        for cell in &row.cells {
            match all.iter_mut().find(|longest| longest.contender == cell.contender) {
                Some(longest) => longest.value = longest.value.max(cell.value),
                None => all.push(crate::results::Cell { calls: None, ..*cell }),
            }
        }
    }
    longest
}
