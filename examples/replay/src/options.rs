//! What can be asked of the program on its command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::trace::Kind;

const DEFAULT_TRACE: &str = "examples/data/server.csv.gz";
const DEFAULT_HELP: &str = "[default: one that comes with the program";

const ABOUT: &str = "Replays recorded timers through the timers of this crate, and says what each costs";

const LONG_ABOUT: &str = "\
Replays recorded timers through the timers of this crate, and says what each costs.

A recording is text, plain or gzipped, of what a Linux kernel or a program did with its timers; what
it is is told by what it holds:

  ftrace's trace or trace_pipe (in a console's log or a systrace page, too), trace-cmd report,
  perf script, babeltrace's text, and our own CSV:
    the timer wheel's         at_ns,op,timer,jiffy,function
    high-resolution timers'   at_ns,op,timer,soft_ns,hard_ns,function

docs/recording.md says how to make one.

Each timer of the crate gets every event at its time, in virtual time, and is turned whenever it
asks to be, until nothing is pending. A book kept beside it checks that no timer fires early, more
than a tick late, twice or never.

Standard output gets the figures and a verdict, and a file the picture: lateness, pending timers,
work per turn, wake-ups.

Exit status: 0 if all was well, 1 if a timer broke a promise, 2 if an argument or a file was wrong
(then nothing is printed on standard output).";

/// All that was asked for.
pub(crate) struct Options {
    pub(crate) trace: PathBuf,
    pub(crate) kind: Option<Kind>,
    pub(crate) hz: Option<u32>,
    pub(crate) timer: Which,
    pub(crate) plot: PathBuf,
    pub(crate) runs: u32,
    /// Where to write the recording as CSV, rather than replay it.
    pub(crate) convert: Option<PathBuf>,
    pub(crate) ticks: Vec<Duration>,
    pub(crate) slacks: Vec<Slack>,
    pub(crate) json: bool,
}

/// A share of each timer's delay that it may be late.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Slack {
    pub(crate) percent: f64,
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
        let word = |name: &str| found.get_one::<String>(name).map(String::as_str);
        let timer = match word("timer") {
            Some("wheel") => Which::Wheel,
            Some("heap") => Which::Heap,
            _ => Which::Both,
        };
        let kind = match word("kind") {
            Some("wheel") => Some(Kind::Wheel),
            Some("hrtimer") => Some(Kind::Hrtimer),
            _ => None,
        };
        let trace = path("FILE").or_else(|| path("trace"));
        Self {
            trace: trace.unwrap_or_else(|| checkout().join(DEFAULT_TRACE)),
            kind,
            hz: found.get_one("hz").copied(),
            timer,
            plot: path("plot").unwrap_or_else(|| checkout().join("target/replay.svg")),
            runs: found.get_one("runs").copied().unwrap_or(3),
            convert: path("convert"),
            ticks: found.get_many("ticks").into_iter().flatten().copied().collect(),
            slacks: found.get_many("slack").into_iter().flatten().copied().collect(),
            json: found.get_flag("json"),
        }
    }
}

/// The checkout that this program was built from.
fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("it is two folders up")
}

fn command() -> Command {
    let file = |name: &'static str| Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf));
    let word = |name: &'static str, words: &[&'static str]| {
        Arg::new(name).long(name).value_parser(PossibleValuesParser::new(words.iter().copied()))
    };
    let list = |name: &'static str| Arg::new(name).long(name).value_delimiter(',').action(ArgAction::Append);
    let default = format!("{DEFAULT_HELP}, {DEFAULT_TRACE}]");
    Command::new("replay")
        .about(ABOUT)
        .long_about(LONG_ABOUT)
        .arg(
            Arg::new("FILE")
                .value_parser(value_parser!(PathBuf))
                .conflicts_with("trace")
                .help(format!("The recording to replay; - is standard input {default}")),
        )
        .arg(file("trace").help("The same as FILE"))
        .arg(
            word("kind", &["wheel", "hrtimer"])
                .value_name("KIND")
                .help("Replay only the kernel's wheel or only its hrtimers, where a recording holds both"),
        )
        .arg(
            Arg::new("hz")
                .long("hz")
                .value_name("N")
                .help("The jiffies per second [default: inferred from text; 250 for CSV]")
                .value_parser(value_parser!(u32).range(1..=1_000_000)),
        )
        .arg(
            word("timer", &["wheel", "heap", "both"])
                .value_name("TIMER")
                .help("The timer to replay it through: the wheel in jiffies, the heap to the nanosecond, or both")
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
        .arg(
            list("ticks")
                .value_name("LENGTH")
                .help("Ticks of a wheel to advise about, such as 1ms,4ms")
                .value_parser(tick)
                .default_value("1ms,4ms,10ms"),
        )
        .arg(
            list("slack")
                .value_name("PERCENT")
                .help("Slack to advise about, as a share of each timer's delay, such as 1%,10%")
                .value_parser(slack)
                .default_value("1%,10%"),
        )
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print the figures as JSON"))
        .arg(file("convert").help("Write the recording to FILE as CSV (gzipped if its name ends in .gz), and end"))
}

fn tick(text: &str) -> Result<Duration, String> {
    let units = [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0)];
    let found = units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
    let wrong = || "expected a length of time such as 4ms or 500us, up to a day".to_owned();
    let (number, seconds) = found.ok_or_else(wrong)?;
    let length = number.trim().parse::<f64>().ok().map(|number| number * seconds);
    let length = length.filter(|length| (1e-6..=86_400.0).contains(length)).ok_or_else(wrong)?;
    Ok(Duration::from_nanos((length * 1e9).round() as u64))
}

fn slack(text: &str) -> Result<Slack, String> {
    let percent = text.strip_suffix('%').unwrap_or(text).trim().parse::<f64>().ok();
    let percent = percent.filter(|percent| (0.0..=1000.0).contains(percent));
    percent.map(|percent| Slack { percent }).ok_or_else(|| "expected a share such as 1% or 10%".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Slack, command, slack, tick};

    #[test]
    fn the_options_are_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn ticks_and_slacks_have_units() {
        assert_eq!(tick("4ms"), Ok(Duration::from_millis(4)));
        assert_eq!(tick("0.5ms"), Ok(Duration::from_micros(500)));
        assert_eq!(tick("1s"), Ok(Duration::from_secs(1)));
        assert_eq!(slack("2.5%"), Ok(Slack { percent: 2.5 }));
        for wrong in ["", "4", "ms", "0ms", "-1ms", "1e9s", "nanms", "4 min"] {
            assert!(tick(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "%", "-1%", "nan", "1001%"] {
            assert!(slack(wrong).is_err(), "{wrong}");
        }
    }
}
