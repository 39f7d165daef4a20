//! The tables: means side by side, and the longest calls.

use harness::{CPU, Results, Row, Table, median, thousands, times};
use jobs::{Entry, OURS};

pub(crate) fn print(results: &Results, entries: &[Entry], rounds: usize) {
    let (means, calls): (Vec<_>, Vec<_>) = results.rows.iter().partition(|row| row.unit == CPU);
    if !means.is_empty() {
        println!(
            "\nMeans, in thread CPU time, of {rounds} interleaved rounds; lead: the best peer's over the first's.\n"
        );
        println!("{}", means_table(&means, entries));
    }
    if !calls.is_empty() {
        println!(
            "\nSingle calls, wall time: each call's least of several identical runs, and the longest of all runs.\n"
        );
        println!("{}", calls_table(&calls));
    }
}

fn means_table(rows: &[&Row], entries: &[Entry]) -> Table {
    let heads = ["ns: median (range)", "timers"].into_iter().chain(entries.iter().map(|entry| entry.name));
    let mut table = Table::new(1, heads.chain(["lead"]).map(str::to_owned).collect());
    let is_ours = |name: &str| OURS.iter().any(|ours| ours.name == name);
    for row in rows {
        let mut cells = vec![row.name(), row.timers.map_or(String::new(), thousands)];
        cells.extend(entries.iter().map(|it| row.cell(it.name).map_or("–".to_owned(), |cell| median(cell, 1.0))));
        let peers = entries.iter().map(|entry| entry.name).filter(|name| !is_ours(name));
        let lead = row.best_over(entries[0].name, peers).filter(|_| is_ours(entries[0].name));
        cells.push(lead.map_or(String::new(), |(_, ratio)| times(ratio)));
        table.row(cells);
    }
    table
}

fn calls_table(rows: &[&Row]) -> Table {
    let heads = ["ns a call", "", "timers", "calls", "p50", "p99", "p99.9", "p99.99", "longest", "longest seen"];
    let mut table = Table::new(2, heads.map(str::to_owned).into());
    for (row, cell) in rows.iter().flat_map(|row| row.cells.iter().map(move |cell| (row, cell))) {
        let Some(calls) = &cell.calls else { continue };
        let mut cells = vec![row.name(), cell.contender.to_owned(), row.timers.map_or(String::new(), thousands)];
        cells.push(calls.count.to_string());
        cells.extend([calls.p50, calls.p99, calls.p999, calls.p9999].map(|ns| ns.to_string()));
        cells.extend([cell.spread.median, cell.spread.greatest].map(|ns| format!("{ns:.0}")));
        table.row(cells);
    }
    table
}
