//! The tables and the plot of a run.

use harness::{
    Bars, Kind, LATE, PROCESS_CPU, Results, Row, Verdict, Who, add_best, bars, by_contender, digits, median, opening,
    times, verdicts,
};

use crate::roster::{CONTENDERS, MAIN};
use crate::scale::Scale;

const LOCK: &str = include_str!("../Cargo.lock");

pub(crate) fn page(scale: &Scale, who: &[Who], results: &Results, quick: bool) -> String {
    let mut text = opening(if quick { "quick run" } else { "run" }, who, LOCK, results);
    let of_crowd = format!(
        "A crowd of {} over {:?}: microseconds of the process's CPU for each task, and milliseconds late",
        scale.crowd, scale.spread
    );
    let groups: [(&str, &[&str]); 4] = [
        ("One thread: nanoseconds of its CPU for each", &["create", "poll", "ready", "pending", "hot", "random"]),
        (&of_crowd, &["crowd"]),
        ("Several threads at `poll`: nanoseconds for each", &["contention"]),
        ("Tasks on the runtime's workers at `poll`: nanoseconds for each", &["workers"]),
    ];
    for (what, jobs) in groups {
        let rows: Vec<_> = results.rows.iter().filter(|row| jobs.contains(&row.job)).collect();
        if !rows.is_empty() {
            text += &format!("\n### {what} (median, range of the rounds)\n\n");
            let mut table = by_contender("", &rows, who, |row, cell, who| {
                let figure = median(cell, ns_in_unit(row));
                if who.kind == Kind::Ours { format!("**{figure}**") } else { figure }
            });
            add_best(&mut table, "best peer over **wheel**", &rows, |row| row.best_over(MAIN, yardsticks()));
            text += &table.to_string();
        }
    }
    text += &verdicts("Goals of the futures", &["what"], &goals(results));
    text + "\nEvery run was checked: nothing was ready early, nothing was lost, and what was dropped woke no task.\n"
}

fn ns_in_unit(row: &Row) -> f64 {
    match (row.job, row.unit) {
        (_, LATE) => 1e6,
        ("crowd", PROCESS_CPU) => 1e3,
        _ => 1.0,
    }
}

fn yardsticks() -> impl Iterator<Item = &'static str> {
    CONTENDERS.iter().filter(|it| matches!(it.who.kind, Kind::Published(_))).map(|it| it.who.name)
}

/// What the crate's futures set out to reach, as far as this run has figures.
fn goals(results: &Results) -> Vec<Verdict> {
    let value = |job: &str, figure: &str, who: &str| results.row(job, figure)?.value(who);
    let most = |what: &str, wanted, unit: &str, seen: Option<f64>| {
        let show = |value| format!("{} {unit}", digits(value));
        seen.map(|seen| Verdict::at_most(vec![what.to_owned()], wanted, 1.0, seen, show))
    };
    let ratio = |what: &str, wanted, job: &str, figure: &str, ours: &str, other: &str| {
        let seen = value(job, figure, ours)? / value(job, figure, other)?;
        Some(Verdict::at_most(vec![what.to_owned()], wanted, 1.0, seen, times))
    };
    let pending = || Some(value("pending", "pending", MAIN)? - value("pending", "pending", "clock")?);
    let late = value("crowd", "p99 late", MAIN).map(|ns| ns / 1e6);
    let workers = "2 workers, wall";
    let goals = [
        most("timeout around a ready future", 8.0, "ns", value("ready", "ready", MAIN)),
        most("timeout around a pending one, dropped, less a clock read", 45.0, "ns", pending()),
        most("the crowd's p99 late", 3.0, "ms", late),
        ratio("made and dropped: wheel over tokio", 1.0, "create", "create", MAIN, "tokio"),
        ratio("reset, hot: wheel over tokio", 1.0, "hot", "hot", MAIN, "tokio"),
        ratio("reset, random: wheel over tokio", 1.0, "random", "random", MAIN, "tokio"),
        ratio("on the workers: wheel over tokio-alt", 0.5, "workers", workers, MAIN, "tokio-alt"),
        ratio("on the workers: wheel-tokio over tokio-alt", 0.5, "workers", workers, "wheel-tokio", "tokio-alt"),
    ];
    goals.into_iter().flatten().collect()
}

/// The crowd as bars: how late 99 % of it were at most, and what each cost.
pub(crate) fn plot(results: &Results) -> Option<String> {
    let shown = |row: &Row, ns_in_unit: f64| -> Vec<(Who, f64)> {
        let figure = |who: Who| Some((who, row.value(who.name)? / ns_in_unit));
        CONTENDERS.iter().filter_map(|contender| figure(contender.who)).collect()
    };
    bars(&[
        Bars {
            title: "A crowd of sleeping tasks: how late 99 % of them were at most",
            axis: "milliseconds (logarithmic)",
            logarithmic: true,
            bars: shown(results.row("crowd", "p99 late")?, 1e6),
        },
        Bars {
            title: "CPU of the whole process for each task",
            axis: "microseconds",
            logarithmic: false,
            bars: shown(results.row("crowd", "CPU each")?, 1e3),
        },
    ])
}
