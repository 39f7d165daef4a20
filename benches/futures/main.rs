//! The crate's futures beside their peers: `cargo bench --manifest-path benches/futures/Cargo.toml`.
//!
//! - nothing: every job and contender, in half an hour;
//! - `-- --quick`: the same, smaller, within two minutes;
//! - `-- --jobs poll,crowd`, `-- --only wheel,tokio`: some of them;
//! - `-- --out DIR`: where `futures.md`, `futures.json` and `futures.svg` go (`target/futures` of the repository);
//! - `-- --test`: everything once, small, with every check, and with contenders that must fail them; CI runs it.
//!
//! | job | what is measured |
//! |---|---|
//! | `create` | a sleep is made and dropped, never polled |
//! | `poll` | made, polled once, dropped |
//! | `ready` | a timeout around a future that is ready at once, polled |
//! | `pending` | a timeout around one that is not, polled once, dropped |
//! | `hot` | the same armed sleep is moved again and again, each time 10 µs later |
//! | `random` | a random one of many armed sleeps is moved behind all others |
//! | `crowd` | as many tasks as that sleep once, on a runtime of two threads: CPU for each, and how late they run |
//! | `contention` | `poll`, on 1, 2, 4 and 8 threads at once |
//!
//! [`once`], [`resets`], [`crowd`] and [`contention`] hold the jobs, [`peers`] who takes part and what favours or harms
//! each. Every run is checked: nothing is ready early, nothing is lost, and what was dropped wakes nobody.

#[path = "../jobs/clock.rs"]
mod clock;
#[path = "../driver/cpu.rs"]
#[allow(dead_code, reason = "the driver's bench also asks for one thread")]
mod cpu;
#[path = "../versus/src/machine.rs"]
mod machine;
#[path = "../jobs/stats.rs"]
mod stats;

mod block_on;
mod contention;
mod crowd;
mod faults;
mod job;
mod measure;
mod once;
mod options;
mod peers;
mod queues;
mod report;
mod resets;
mod results;
mod roster;
mod targets;
mod waker;

use std::process::ExitCode;

use clap::Parser;

use options::Options;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("error: {what}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    if options.is_test() {
        faults::are_found(&options.scale())?;
    }
    let results = measure::all(options)?;
    if options.is_test() {
        println!("checks: every job ran, every run was right, and wrong contenders were found out");
        return Ok(());
    }
    report::write(options, &results)
}
