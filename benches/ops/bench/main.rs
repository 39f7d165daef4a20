//! What each operation of the wheel and the heap costs, and what its longest call is.
//!
//! - `cargo bench -p bench-ops` (about eight minutes): all rows through criterion, then the tables of means and of the
//!   longest calls, beside tokio's timers. `cargo bench -p bench-ops -- FILTER`, or any option of criterion's, runs
//!   criterion's rows only.
//! - `… -- --quick [--jobs b2,f] [--sizes 1000,1000000] [--only wheel,delayqueue] [--rounds 5]`: the tables only.
//! - `… -- --test`: everything once, small, with every check and a check of the checks.
//! - `… -- --count JOB CONTENDER ROUNDS`: for `scripts/count-work`, which counts instructions.
//!
//! The library beside this program, `jobs`, describes the jobs, the method and the bias.

mod count;
mod rows;
mod tables;

use std::process::ExitCode;

use clap::Args;
use harness::options::{Bench, exit};
use jobs::means::Mean;
use jobs::roster::{OTHERS, OURS, TOKIOS};
use jobs::stalls::Stall;

/// The options of this bench alone.
#[derive(Args)]
pub(crate) struct More {
    /// Only with so many timers
    #[arg(long, value_delimiter = ',', value_parser = harness::options::number, value_name = "TIMERS")]
    sizes: Vec<usize>,

    /// Runs one job of one contender for a tool that counts instructions
    #[arg(long, num_args = 3, value_names = ["JOB", "CONTENDER", "ROUNDS"])]
    count: Option<Vec<String>>,
}

fn main() -> ExitCode {
    exit(run())
}

fn run() -> Result<(), String> {
    let bench = Bench {
        name: "ops",
        about: "What each operation of the wheel and the heap costs, and what its longest call is",
        jobs: Mean::ALL.map(Mean::name).into_iter().chain(Stall::ALL.map(Stall::name)).collect(),
        contenders: OURS.iter().chain(TOKIOS).chain(OTHERS).map(|entry| entry.name).collect(),
    };
    let ours = ["--quick", "--test", "--count", "--help", "-h"];
    if std::env::args().skip(1).any(|arg| arg != "--bench") && !std::env::args().any(|arg| ours.contains(&&*arg)) {
        return rows::run(&rows::SIZES);
    }
    let options = bench.options::<More>();
    if let Some(args) = &options.more.count {
        count::run(args)
    } else if options.is_test() {
        rows::run(&[tables::SMALL])?;
        tables::run_all_small()
    } else {
        if !options.quick {
            rows::run(&rows::SIZES)?;
        }
        tables::run(&options)
    }
}
