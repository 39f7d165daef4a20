//! What can be asked of the program on its command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command, value_parser};

const ABOUT: &str = "Replays a recorded kernel trace through the timers of this crate.";

const LONG_ABOUT: &str = "\
Replays a recorded kernel trace through the timers of this crate.

The trace is a CSV file, plain or gzipped, of what a Linux kernel did with its timers, told apart
by the header:

  the timer wheel's         at_ns,op,timer,jiffy,function
  high-resolution timers'   at_ns,op,timer,soft_ns,hard_ns,function

Each timer of the crate gets every event at its time, in virtual time, and is turned whenever it
asks to be, until nothing is pending. A book kept beside it checks that no timer fires early, more
than a tick late, twice or never.

Standard output gets the figures, and a file the picture: lateness, pending timers, work per turn.

Exit status: 0 if all was well, 1 if a timer broke a promise, 2 if an argument or a file was wrong
(then nothing is printed on standard output).";

/// All that was asked for.
pub(crate) struct Options {
    pub(crate) trace: PathBuf,
    pub(crate) timer: Which,
    pub(crate) plot: PathBuf,
    pub(crate) runs: u32,
}

/// The timers to replay through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Wheel,
    Heap,
    Both,
}

impl Options {
    /// Reads the program's own arguments; ends the program where they are wrong or ask for help.
    pub(crate) fn parse() -> Self {
        Self::of(&command().get_matches_from(std::env::args_os().collect::<Vec<OsString>>()))
    }

    fn of(found: &ArgMatches) -> Self {
        let path = |name: &str| found.get_one::<PathBuf>(name).cloned();
        let timer = match found.get_one::<String>("timer").map(String::as_str) {
            Some("wheel") => Which::Wheel,
            Some("heap") => Which::Heap,
            _ => Which::Both,
        };
        Self {
            trace: path("trace").unwrap_or_else(|| checkout().join("examples/data/nginx.timers.csv.gz")),
            timer,
            plot: path("plot").unwrap_or_else(|| checkout().join("target/replay.svg")),
            runs: found.get_one("runs").copied().unwrap_or(3),
        }
    }
}

/// The checkout that this program was built from.
fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("it is two folders up")
}

fn command() -> Command {
    let file = |name: &'static str| Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf));
    Command::new("replay")
        .about(ABOUT)
        .long_about(LONG_ABOUT)
        .arg(file("trace").help(
            "The trace to replay [default: the cut that comes with the program, examples/data/nginx.timers.csv.gz]",
        ))
        .arg(
            Arg::new("timer")
                .long("timer")
                .value_name("TIMER")
                .help("The timer to replay it through: the wheel in jiffies, the heap to the nanosecond, or both")
                .value_parser(PossibleValuesParser::new(["wheel", "heap", "both"]))
                .default_value("both"),
        )
        .arg(file("plot").help("Where to draw the result, as SVG [default: target/replay.svg in the checkout]"))
        .arg(
            Arg::new("runs")
                .long("runs")
                .value_name("N")
                .help("How often to replay: each call is given its shortest time of all runs")
                .value_parser(value_parser!(u32).range(1..=100))
                .default_value("3"),
        )
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn the_options_are_well_formed() {
        command().debug_assert();
    }
}
