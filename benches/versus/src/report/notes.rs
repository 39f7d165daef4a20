//! Contenders as the tables name them, and what must be said under the tables.

use crate::machine::version;
use crate::options::Options;
use crate::results::{Results, Row};
use crate::roster::{Kind, Peer};
use crate::targets::is_comparable;

/// Behind the name of one that cancels lazily.
const LAZY: &str = " ‡";
/// Behind a figure that does not speak of the contender.
pub(crate) const NOT_COMPARABLE: &str = " †";
/// Behind a longest call that was not told from an interruption.
pub(crate) const RUN_ONCE: &str = " °";

/// The contender's name for a table: ours in bold.
pub(crate) fn name(peer: &Peer) -> String {
    let mark = if peer.cancels { "" } else { LAZY };
    match peer.kind {
        Kind::Ours => format!("**{}**", peer.name()),
        Kind::Baseline => format!("*{}*{mark}", peer.name()),
        Kind::Published(_) | Kind::HandWritten => format!("{}{mark}", peer.name()),
    }
}

/// Who is who.
pub(crate) fn contenders(options: &Options) -> String {
    let mut text = String::from("| contender | what it is |\n|---|---|\n");
    for peer in &options.peers {
        let source = match peer.kind {
            Kind::Ours => format!("this crate, {}", version("tickwheel").unwrap_or("unreleased")),
            Kind::Published(package) => format!("{package} {}", version(package).unwrap_or("of unknown version")),
            Kind::HandWritten => "as a user would write it".to_owned(),
            Kind::Baseline => "a baseline, no yardstick".to_owned(),
        };
        text += &format!("| {} | {}: {source} |\n", name(peer), peer.what);
    }
    text
}

/// What the marks mean, who may be late, and who failed.
pub(crate) fn notes(options: &Options, results: &Results) -> String {
    let mut text = String::new();
    if options.peers.iter().any(|peer| !peer.cancels) {
        text += "‡ Cancels and resets lazily: what they leave behind stays until its deadline, without bound. Not \
                 counted as a peer with real cancellation.\n\n";
    }
    let marked =
        |row: &Row| options.peers.iter().any(|peer| !is_comparable(row, peer) && row.cell(peer.name()).is_some());
    if results.rows.iter().any(marked) {
        text += "† Not comparable, and left out of all ratios: these timers run in a tokio runtime whose clock is \
                 moved by hand at each tick, and with so few timers that is nearly all that was measured";
        if let Some(ns) = results.paused_tick_ns {
            text += &format!(" (an empty tick took {ns:.0} ns)");
        }
        text += ". From 10^5 timers on it is spread over several operations for each tick and counted in.\n\n";
    }
    if results.rows.iter().flat_map(|row| &row.cells).any(|cell| cell.calls.is_some() && cell.rounds == 1) {
        text += "° Run once, for want of time: an interruption of the thread, some milliseconds on a busy \
                 machine, may be \
                 this longest call.\n\n";
    }
    for peer in &options.peers {
        let (early, late, why) = peer.tolerance;
        if early > 0 || late > 0 {
            text +=
                &format!("{} may fire {early} ticks early and {late} late, by its own design: {why}.\n\n", peer.name());
        }
    }
    for failure in &results.failures {
        text += &format!("Failed, and left out: {failure}.\n\n");
    }
    text + "Every other run was checked: each timer came out once, with its own value, in its own tick.\n"
}
