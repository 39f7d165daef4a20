//! A whole day of a server and its connections, on a clock that is moved by hand: in seconds, and twice with the same
//! result.
//!
//! ```text
//! cargo run --release -p simulate_a_day
//! cargo run --release -p simulate_a_day -- --connections 20000 --hours 6 --timer heap --plot day.svg
//! ```
//!
//! It is a server as for messages or notifications, with 10^5 connections open at once, which stay for hours: visitors
//! come in the first minutes after midnight, send a request now and then, most of them in the evening, fall silent or
//! vanish, and for each who has gone another one comes. It has the timers that servers have: an idle timeout for each
//! connection, reset at every request; keep-alives; a deadline for each request; retries that back off; a report at
//! each full hour. All of it, the visitors too, runs as callbacks of one driver.
//!
//! The files, top down: this one (arguments, two runs, one comparison), `day` (the simulation), `clients` (what
//! visitors do), `book` (what happened, and whether it happened on time), `report` (the table) and
//! `plot`.

mod book;
mod clients;
mod day;
mod plot;
mod report;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use tickwheel::{Driver, ManualClock, Resolution, TimerHeap, TimerWheel};

use book::Outcome;

/// Simulates a day of a server's connections on a driver whose clock is moved by hand.
///
/// The day is simulated twice. Every timer is checked against a book of its own as it fires, and both
/// runs must be equal, event for event.
///
/// Exit status: 0 if all was well, 1 if a timer was wrong or the runs differ, 2 for wrong arguments.
#[derive(Parser)]
#[command(name = "simulate_a_day", about, long_about, verbatim_doc_comment)]
struct Args {
    /// How many connections are open at once, or about to come
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = at_most(1_000_000))]
    connections: u32,

    /// How many hours are simulated, from midnight on
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = at_most(168))]
    hours: u32,

    /// The timer under the driver
    #[arg(long, value_enum, default_value_t = Which::Wheel)]
    timer: Which,

    /// Where all chance comes from: another seed, another day
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Where to draw the day, as SVG
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// TimerWheel, to the millisecond
    Wheel,
    /// TimerHeap, to the nanosecond
    Heap,
}

fn at_most(most: u32) -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=i64::from(most))
}

impl Which {
    const fn name(self) -> &'static str {
        match self {
            Self::Wheel => "TimerWheel",
            Self::Heap => "TimerHeap",
        }
    }

    /// What deadlines are rounded up to.
    const fn tick(self) -> Duration {
        match self {
            Self::Wheel => Duration::from_millis(1),
            Self::Heap => Duration::from_nanos(1),
        }
    }

    fn driver(self, clock: ManualClock) -> std::io::Result<Driver> {
        let builder = Driver::builder().clock(clock);
        match self {
            Self::Wheel => builder.spawn(TimerWheel::new(Resolution::MILLISECOND)),
            Self::Heap => builder.spawn(TimerHeap::new()),
        }
    }
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Does all that was asked for, and says whether all was well.
fn run(args: &Args) -> Result<bool, Box<dyn Error>> {
    let (first, took) = simulate(args, 1)?;
    print!("{}", report::table(args, &first));
    let (second, took_again) = simulate(args, 2)?;
    if let Some(file) = &args.plot {
        let written = std::fs::write(file, plot::draw(args, &first)?);
        written.map_err(|error| format!("{}: cannot be written: {error}", file.display()))?;
        println!("{} shows the day", file.display());
    }
    println!("{}", report::closing(args, &first, [took, took_again]));

    for fault in first.faults.iter().chain(&second.faults) {
        eprintln!("wrong: {fault}");
    }
    let are_equal = first == second;
    if !are_equal {
        eprintln!("wrong: the second run came out otherwise: digest {:016x}, not {:016x}", second.digest, first.digest);
    }
    Ok(are_equal && first.faults.is_empty() && second.faults.is_empty())
}

/// One run, under a progress bar that shows only on a terminal, and how long it took.
fn simulate(args: &Args, run: u32) -> Result<(Outcome, Duration), Box<dyn Error>> {
    let style = ProgressStyle::with_template("run {prefix} of 2 {wide_bar} {msg:40} {elapsed}");
    let progress = ProgressBar::new(u64::from(args.hours)).with_prefix(run.to_string());
    progress.set_style(style.expect("the template is well-formed"));

    let begun = Instant::now();
    let clock = ManualClock::new();
    let driver = args.timer.driver(clock.clone())?;
    let outcome = day::simulate(&clock, &driver, args, &progress)?;
    progress.finish_and_clear();
    Ok((outcome, begun.elapsed()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Args;

    #[test]
    fn numbers_that_make_no_sense_are_an_error() {
        let parsed = |option: &str, value: &str| Args::try_parse_from(["simulate_a_day", &format!("{option}={value}")]);
        for (option, values) in [
            ("--connections", &["0", "-1", "nan", "1e6", "1000001", "18446744073709551615"][..]),
            ("--hours", &["0", "-1", "nan", "169", "18446744073709551615"][..]),
            ("--seed", &["-1", "nan", "18446744073709551616"][..]),
        ] {
            for value in values {
                let Err(error) = parsed(option, value) else { panic!("{option}={value} was taken") };
                assert_eq!(error.exit_code(), 2, "{option}={value}: {error}");
            }
        }
        assert!(parsed("--connections", "1000000").is_ok());
        assert!(parsed("--hours", "168").is_ok());
        assert!(parsed("--seed", "18446744073709551615").is_ok());
    }
}
