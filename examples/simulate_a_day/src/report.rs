//! The day as a table, hour by hour, with a bar for the requests.

use std::fmt::Write;
use std::time::Duration;

use crate::Args;
use crate::book::{Counts, Outcome};

const WIDEST_BAR: u64 = 32;

/// What happened, hour by hour.
pub(crate) fn table(args: &Args, outcome: &Outcome) -> String {
    let hours = outcome.hours();
    let most = hours.iter().map(|hour| hour.requests).max().unwrap_or(0).max(1);
    let mut table = format!(
        "{} hours of {} connections at once on a {}, seed {}\n\n\
         {:>7}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>11}{:>10}\n",
        args.hours,
        args.connections,
        args.timer.name(),
        args.seed,
        "until",
        "open",
        "arrived",
        "left",
        "idle",
        "vanished",
        "retries",
        "too late",
        "keep-alive",
        "requests",
    );
    for (hour, counts) in (1..).zip(&hours) {
        let bar = "▇".repeat((counts.requests * WIDEST_BAR).div_ceil(most) as usize);
        row(&mut table, &format!("{hour}:00"), counts, &counts.open.to_string(), &bar);
    }
    let sum = hours.into_iter().fold(Counts::default(), Counts::and);
    row(&mut table, "all", &sum, "", "");
    table
}

fn row(table: &mut String, name: &str, counts: &Counts, open: &str, bar: &str) {
    let Counts { arrived, left, idle, vanished, requests, retries, too_late, keep_alives, .. } = counts;
    let people = format!("{name:>7}{open:>9}{arrived:>9}{left:>9}{idle:>9}{vanished:>9}");
    let work = format!("{retries:>9}{too_late:>9}{keep_alives:>11}{requests:>10} {bar}");
    writeln!(table, "{}", format!("{people}{work}").trim_end()).expect("a string takes all");
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
