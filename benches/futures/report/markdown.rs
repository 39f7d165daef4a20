//! The tables: a line for each contender, a column for each figure.

use crate::job::Group;
use crate::machine;
use crate::options::Options;
use crate::report::digits;
use crate::results::{Results, Row};
use crate::roster::{CONTENDERS, Contender, Kind, MAIN};
use crate::targets::outcomes;

pub(crate) fn table(options: &Options, results: &Results) -> String {
    let quick = if options.is_quick() { "quick " } else { "" };
    let seconds = results.took.as_secs();
    let mut text = format!("One {quick}run of {seconds} seconds, on {}.\n\n", machine::description());
    text += &contenders(options);
    let scale = options.scale();
    let of_crowd = format!(
        "A crowd of {} over {:?}: microseconds of the process's CPU for each task, and milliseconds late",
        scale.crowd, scale.spread
    );
    let groups = [
        (Group::OneThread, "One thread: nanoseconds of its CPU for each".to_owned(), 1.0),
        (Group::Crowd, of_crowd, 1e3),
        (Group::Contention, "Several threads at `poll`: nanoseconds for each".to_owned(), 1.0),
    ];
    for (group, what, ns_in_unit) in groups {
        let rows = results.of(group);
        if !rows.is_empty() {
            text += &format!("\n### {what} (median, range of the rounds)\n\n");
            text += &figures(&rows, |row| if row.unit == "ns late" { 1e6 } else { ns_in_unit });
        }
    }
    text += &notes(results);
    text
}

/// Who is who.
fn contenders(options: &Options) -> String {
    let mut text = String::from("| contender | what it is |\n|---|---|\n");
    for contender in options.contenders() {
        let source = match contender.kind {
            Kind::Ours => format!("this crate, {}", machine::version("tickwheel").unwrap_or("unreleased")),
            Kind::Published(name) => format!("{name} {}", machine::version(name).unwrap_or("of unknown version")),
            Kind::Floor => "a floor, no yardstick".to_owned(),
        };
        text += &format!("| {} | {}: {source} |\n", name(contender), contender.what);
    }
    text
}

/// Ours in bold.
fn name(contender: &Contender) -> String {
    match contender.kind {
        Kind::Ours => format!("**{}**", contender.name),
        Kind::Published(_) => contender.name.to_owned(),
        Kind::Floor => format!("*{}*", contender.name),
    }
}

fn figures(rows: &[&Row], ns_in_unit: impl Fn(&Row) -> f64) -> String {
    let line = |name: &str, cell: &dyn Fn(&Row) -> Option<String>| {
        let cells = rows.iter().map(|row| cell(row).unwrap_or_else(|| "–".to_owned()));
        format!("| {name} | {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let mut text = line("", &|row| Some(row.figure.clone()));
    text += &format!("|---|{}\n", "---:|".repeat(rows.len()));
    for contender in CONTENDERS.iter().filter(|it| rows.iter().any(|row| row.cell(it.name).is_some())) {
        text += &line(&name(contender), &|row| {
            let spread = row.cell(contender.name)?.spread;
            let [median, least, greatest] =
                [spread.median, spread.least, spread.greatest].map(|ns| digits(ns / ns_in_unit(row)));
            let figure = format!("{median} ({least}–{greatest})");
            Some(if contender.kind == Kind::Ours { format!("**{figure}**") } else { figure })
        });
    }
    if rows.iter().any(|row| best_peer(row).is_some()) {
        text += &line("best peer over **wheel**", &|row| {
            best_peer(row).map(|(name, times)| format!("{}×: {name}", digits(times)))
        });
    }
    text
}

/// The peer with the least figure, and how many times ours it is.
fn best_peer(row: &Row) -> Option<(&'static str, f64)> {
    let peers = CONTENDERS.iter().filter(|contender| contender.is_yardstick());
    let figures = peers.filter_map(|peer| Some((peer.name, row.value(peer.name)?)));
    let (name, least) = figures.min_by(|one, other| one.1.total_cmp(&other.1))?;
    Some((name, least / row.value(MAIN)?))
}

fn notes(results: &Results) -> String {
    let mut text = String::new();
    let outcomes = outcomes(results);
    if !outcomes.is_empty() {
        text += "\n### Targets of the futures\n\n| what | wanted | seen | |\n|---|---:|---:|---|\n";
    }
    for outcome in outcomes {
        let met = if outcome.met { "met" } else { "**not met**" };
        text += &format!("| {} | {} | {} | {met} |\n", outcome.what, outcome.wanted, outcome.seen);
    }
    text += "\nEvery run was checked: nothing was ready early, nothing was lost, and what was dropped woke nobody.\n";
    for failure in &results.failures {
        text += &format!("\nFailed, and left out: {failure}.\n");
    }
    text
}
