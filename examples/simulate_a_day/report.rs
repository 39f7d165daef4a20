//! The day as a table, hour by hour, with a bar for the connections that were open.

use std::fmt::Write;
use std::time::Duration;

use crate::Args;
use crate::book::{Counts, Outcome};

const WIDEST_BAR: u64 = 32;

/// What happened, hour by hour.
pub(crate) fn table(args: &Args, outcome: &Outcome) -> String {
    let hours = outcome.hours();
    let most = hours.iter().map(|hour| hour.open).max().unwrap_or(0).max(1);
    let mut table = format!(
        "{} hours of {} connections on a {}, seed {}\n\n{:>7}{:>9}{:>9}{:>9}{:>9}{:>10}{:>9}{:>10}{:>11}  {}\n",
        args.hours,
        args.connections,
        args.timer.name(),
        args.seed,
        "until",
        "arrived",
        "left",
        "idle",
        "vanished",
        "requests",
        "retries",
        "too late",
        "keep-alive",
        "open at the end",
    );
    for (hour, counts) in (1..).zip(&hours) {
        let bar = "▇".repeat((counts.open * WIDEST_BAR).div_ceil(most) as usize);
        let open = format!("{bar} {}", counts.open);
        row(&mut table, &format!("{hour}:00"), counts, &open);
    }
    let sum = hours.into_iter().fold(Counts::default(), Counts::and);
    row(&mut table, "all", &sum, "");
    table
}

fn row(table: &mut String, name: &str, counts: &Counts, open: &str) {
    let Counts { arrived, left, idle, vanished, requests, retries, too_late, keep_alives, .. } = counts;
    let row = format!(
        "{name:>7}{arrived:>9}{left:>9}{idle:>9}{vanished:>9}{requests:>10}{retries:>9}{too_late:>10}{keep_alives:>11}"
    );
    writeln!(table, "{}", format!("{row}  {open}").trim_end()).expect("a string takes all");
}

/// What the two runs have in common, and how long they took.
pub(crate) fn closing(args: &Args, outcome: &Outcome, took: [Duration; 2]) -> String {
    let [first, second] = took.map(|took| took.as_secs_f64());
    let faster = f64::from(args.hours) * 3600.0 / first.max(second);
    format!(
        "\n{} timers armed, {} reset, {} cancelled, {} fired; {} events, digest {:016x}\n\
         two runs, of {first:.1} s and {second:.1} s: {faster:.0} times as fast as the day itself",
        outcome.armed, outcome.reset, outcome.cancelled, outcome.fired, outcome.events, outcome.digest,
    )
}
