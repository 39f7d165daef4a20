//! The tables of a run, with what must be said under them.

use harness::{
    BYTES, Kind, LONGEST, Results, Row, Who, add_best, by_contender, digits, longest, median, opening, times, verdicts,
};

use crate::goals::{self, best_peer, is_comparable};
use crate::roster::Peer;

const LOCK: &str = include_str!("../Cargo.lock");
/// Behind a figure that does not speak of the contender.
const NOT_COMPARABLE: &str = " †";
/// Behind a longest call that was not told from an interruption.
const RUN_ONCE: &str = " °";

/// `paused_tick_ns` is what an empty turn takes in a paused runtime.
pub(crate) fn page(peers: &[&'static Peer], results: &Results, paused_tick_ns: Option<f64>) -> String {
    let mut who: Vec<Who> = peers.iter().map(|peer| peer.who).collect();
    let mut text = opening("run", &who, LOCK, results);
    text += "\nEach cell: the figure, its range or quantiles, and how many times the wheel's it is.\n";
    who.push(Who { name: "floor", kind: Kind::Baseline, what: "", mark: "" });
    for rows in results.figures() {
        text += &format!("\n### {}: {}\n\n", rows[0].name(), in_words(rows[0]));
        let mut table = by_contender("timers", &rows, &who, |row, cell, who| {
            let figure = match (&cell.calls, row.unit) {
                (Some(calls), _) => longest(cell, calls, RUN_ONCE),
                (None, BYTES) => digits(cell.spread.median),
                _ => median(cell, 1.0),
            };
            let peer = peers.iter().find(|peer| peer.who.name == who.name);
            if peer.is_some_and(|peer| !is_comparable(row, peer)) {
                return figure + NOT_COMPARABLE;
            }
            let figure = if who.kind == Kind::Ours { format!("**{figure}**") } else { figure };
            let ratio = row.value("wheel").filter(|_| who.name != "wheel").map(|wheel| cell.spread.median / wheel);
            ratio.map_or(figure.clone(), |ratio| format!("{figure} · {}", times(ratio)))
        });
        add_best(&mut table, "best with real cancellation", &rows, best_peer);
        text += &table.to_string();
    }
    text += "\n### Notes\n\n";
    text += &notes(peers, results, paused_tick_ns);
    text + &verdicts("Goals", &["figure", "timers", "what"], &goals::verdicts(results))
}

fn in_words(row: &Row) -> &'static str {
    match row.unit {
        LONGEST => {
            "the longest call, with the least of its repeats (median; 99.9 % and 99.99 % stay below; longest with \
             interruptions)"
        }
        BYTES => "bytes for each timer that the container was filled with",
        _ => "ns of thread CPU time for each (median, range of the rounds)",
    }
}

/// What the marks mean, which contenders may be late, and which failed.
fn notes(peers: &[&'static Peer], results: &Results, paused_tick_ns: Option<f64>) -> String {
    let mut text = String::new();
    if peers.iter().any(|peer| peer.is_lazy()) {
        text += "‡ Cancels and resets lazily: what they leave behind stays until its deadline, without bound. Not \
                 counted as a peer with real cancellation.\n\n";
    }
    let is_marked = |row: &Row| peers.iter().any(|peer| !is_comparable(row, peer) && row.cell(peer.who.name).is_some());
    if results.rows.iter().any(is_marked) {
        text += "† Not comparable, and left out of all ratios: these timers run in a tokio runtime whose clock is \
                 moved by hand at each tick, and with so few timers that is nearly all that was measured";
        if let Some(ns) = paused_tick_ns {
            text += &format!(" (an empty tick took {ns:.0} ns)");
        }
        text += ". From 10^5 timers on it is spread over several operations for each tick and counted in.\n\n";
    }
    if results.rows.iter().flat_map(|row| &row.cells).any(|cell| cell.calls.is_some() && cell.rounds == 1) {
        text += "° Run once, for want of time: an interruption of the thread, some milliseconds on a busy machine, may \
                 be this longest call.\n\n";
    }
    for peer in peers {
        let ((early, late, why), name) = (peer.tolerance, peer.who.name);
        if early > 0 || late > 0 {
            text += &format!("{name} may fire {early} ticks early and {late} late, by its own design: {why}.\n\n");
        }
    }
    text + "Every other run was checked: each timer came out once, with its own value, in its own tick.\n"
}
