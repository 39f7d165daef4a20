//! `cargo bench --bench driver`: what the driver costs, and how late it is, beside its peers.
//!
//! - `cargo bench --bench driver` (four minutes): every job, printed as tables in Markdown, which are also written to
//!   `driver.md` (`--out`).
//! - `… -- --quick`: the same, shorter. `… -- --jobs pairs,lateness,idle`: some of the jobs.
//! - `… -- --test`: everything once, small, with every check; CI runs it.
//!
//! | job | what is measured |
//! |---|---|
//! | `pairs` | a timeout is armed through a handle and cancelled, by 1 to 8 threads at once |
//! | `lateness` | how late what is due every 100 µs, 1 ms and 10 ms runs, and what the waiting costs |
//! | `idle` | what a driver does with a million timers none of which is due |
//!
//! Whoever takes part in `pairs` is in `armers`, in `lateness` in `tickers`; what favours or harms one stands there.
//! Every run is checked: nothing is lost, nothing fires early, and what is cancelled does not fire.

#[path = "../jobs/clock.rs"]
mod clock;
#[path = "../versus/src/machine.rs"]
#[allow(dead_code, reason = "the other package asks for versions too")]
mod machine;
#[path = "../jobs/stats.rs"]
mod stats;

mod armers;
mod cpu;
mod idle;
mod lateness;
mod options;
mod page;
mod pairs;
mod tickers;

use std::process::ExitCode;

use clap::Parser;

use options::{Job, Options};
use page::Page;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("error: {what}");
            ExitCode::FAILURE
        }
    }
}

/// How busy the machine was with other things, where it can be found out.
fn busy_before() -> Option<String> {
    let loads = std::fs::read_to_string("/proc/loadavg").ok()?;
    Some(format!(" Load average of the minute before: {}.", loads.split(' ').next()?))
}

fn run(options: &Options) -> Result<(), String> {
    let mut page = Page::default();
    let (description, busy) = (machine::description(), busy_before().unwrap_or_default());
    page.line(format_args!("One run, on {description}.{busy}"));
    for job in options.jobs() {
        match job {
            Job::Pairs => pairs::run(&options.scale(), &mut page)?,
            Job::Lateness => lateness::run(&options.scale(), &mut page)?,
            Job::Idle => idle::run(&options.scale(), &mut page)?,
        }
    }
    if options.is_test() {
        println!("checks: every job ran, and every run was right");
        return Ok(());
    }
    page.write(&options.out())
}
