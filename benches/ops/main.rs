//! `cargo bench --bench ops`: what each operation of the wheel and the heap costs, and what its longest call is.
//!
//! - `cargo bench --bench ops` (about eight minutes): all rows through criterion, then the tables of the longest calls
//!   and of tokio's timers beside ours. `cargo bench --bench ops -- FILTER` runs matching rows only, without the
//!   tables.
//! - `cargo bench --bench ops -- --quick [--jobs b2,f] [--sizes 1000,1000000] [--only wheel,delayqueue] [--rounds 5]`:
//!   tables of ours alone, without criterion.
//! - `cargo bench --bench ops -- --test`: everything once, small, with every check and a check of the checks.
//! - `… --bench ops -- --count JOB CONTENDER ROUNDS`: for `scripts/count-work`, which counts instructions.
//!
//! The jobs, the method and the bias are described in the module `jobs`.

#[path = "../jobs/mod.rs"]
mod jobs;

mod count;
mod options;
mod rows;
mod tables;

use std::process::ExitCode;

use options::{Options, Way};

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let done = match args.iter().position(|arg| arg == "--count") {
        Some(at) => count::run(&args[at + 1..]),
        None => run(args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("error: {what}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Vec<String>) -> Result<(), String> {
    Options::from_args(args.into_iter()).and_then(|options| match options.way {
        Way::Test => rows::run(&[tables::SMALL]).and_then(|()| tables::run_all_small()),
        Way::Rows => rows::run(&rows::SIZES),
        Way::Tables => tables::run(&options),
        Way::All => rows::run(&rows::SIZES).and_then(|()| tables::run(&options)),
    })
}
