//! `cargo bench -p bench-driver`: what the driver costs, and how late it is, beside its peers.
//!
//! - nothing (four minutes): every job, printed as tables in Markdown, which are also written to `driver.md` (`--out`).
//! - `… -- --quick`: the same, shorter. `… -- --jobs pairs,lateness,idle`: some of the jobs.
//! - `… -- --test`: everything once, small, with every check; CI runs it.
//!
//! | job | what is measured |
//! |---|---|
//! | `pairs` | a timeout is armed through a handle and cancelled, by 1 to 8 threads at once |
//! | `lateness` | how late what is due every 100 µs, 1 ms and 10 ms runs, and what the waiting costs |
//! | `idle` | what a driver does with a million timers none of which is due |
//!
//! `armers` has those that take part in `pairs`, `tickers` those in `lateness`; what favors or harms one stands there.
//! Every run is checked: nothing is lost, nothing fires early, and what is cancelled does not fire.

mod armers;
mod idle;
mod lateness;
mod pairs;
mod tickers;

use std::process::ExitCode;

use harness::{Bench, NoMore, Options, Watch, description, exit, load_average, write};

use armers::ARMERS;
use tickers::TICKERS;

/// Which versions were measured.
const LOCK: &str = include_str!("../../../Cargo.lock");

/// Measures a job, and says what it found.
type Run = fn(&Options<NoMore>, &mut Watch) -> String;

const JOBS: [(&str, Run); 3] = [("pairs", pairs::run), ("lateness", lateness::run), ("idle", idle::run)];

fn main() -> ExitCode {
    exit(run())
}

fn run() -> Result<(), String> {
    let bench = Bench {
        name: "driver",
        about: "What the driver of this crate costs, and how late it is, beside its peers",
        jobs: JOBS.map(|job| job.0).into(),
        contenders: ARMERS.iter().map(|it| it.who.name).chain(TICKERS.iter().map(|it| it.who.name)).collect(),
    };
    let options = bench.options::<NoMore>();
    let load = load_average().map_or(String::new(), |load| format!(" Load average before: {load}."));
    let mut page = format!("One run, on {}.{load}\n", description());
    let mut watch = Watch::new(JOBS.len());
    for (_, run) in JOBS.into_iter().filter(|job| options.wants_job(job.0)) {
        page += &run(&options, &mut watch);
    }
    write(&bench, &options, page, &watch.finish(), &[])
}
