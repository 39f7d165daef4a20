//! How late periodic callbacks are on this machine, in the manner of the tool of that name from the rt-tests.
//!
//! ```text
//! cargo run --release -p cyclictest
//! cargo run --release -p cyclictest -- --interval 500 --interval 10000 --spin --load 2 --plot late.svg
//! ```
//!
//! One driver calls one callback for each interval. Each notes how long after its moment it runs; the table is redrawn
//! in place on a terminal, and printed twice a second elsewhere. At the end come a histogram, and the check that
//! nothing ran early and that no run is missing.
//!
//! The files, top down: this one (arguments, the order of things), `line` (one interval: what it measures, and its
//! check), `load` (threads that keep the processors busy), `screen` (the live table), `histogram` (the end, as text)
//! and `plot` (the same as SVG).

mod histogram;
mod line;
mod load;
mod plot;
mod screen;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use tickwheel::{Clock, Driver, MonotonicClock, Resolution, TimerHeap, TimerWheel};

use line::Line;
use load::Load;
use screen::Screen;

/// How often the table is redrawn.
const REDRAWN: Duration = Duration::from_millis(100);

/// Measures how late periodic callbacks of a driver are.
///
/// Lateness is counted from the moment that was asked for to the first thing that the callback does,
/// in microseconds. A TimerWheel rounds up to its tick of 1 ms, which counts as lateness here.
///
/// Exit status: 0 if all was well, 1 if a run was early or missing, 2 if an argument or a file was wrong.
#[derive(Parser)]
#[command(name = "cyclictest", about, long_about, verbatim_doc_comment)]
struct Args {
    /// A callback every so many microseconds; may be given several times [default: 1000, 2500 and 10000]
    #[arg(long = "interval", value_name = "US", value_parser = clap::value_parser!(u64).range(20..=60_000_000))]
    intervals: Vec<u64>,

    /// How many seconds to measure
    #[arg(long, value_name = "S", default_value_t = 2.0, value_parser = seconds)]
    duration: f64,

    /// The timer under the driver
    #[arg(long, value_enum, default_value_t = Which::Heap)]
    timer: Which,

    /// Ask the system to wake the driver as exactly as it can: no timer slack
    #[arg(long)]
    precise: bool,

    /// Spin for the last part of each sleep; implies --precise
    #[arg(long)]
    spin: bool,

    /// Threads that keep the processors busy meanwhile
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1024))]
    load: u32,

    /// Where to draw the histogram, as SVG
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

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("{text}: expected a number of seconds"))?;
    if (0.1..=86_400.0).contains(&seconds) { Ok(seconds) } else { Err("expected 0.1 to 86400 seconds".to_owned()) }
}

impl Args {
    fn intervals(&self) -> Vec<Duration> {
        let default = [1_000, 2_500, 10_000];
        let chosen = if self.intervals.is_empty() { &default[..] } else { &self.intervals };
        chosen.iter().map(|us| Duration::from_micros(*us)).collect()
    }

    /// What is measured, in words.
    fn title(&self) -> String {
        let timer = if self.timer == Which::Wheel { "TimerWheel, 1 ms" } else { "TimerHeap" };
        let waiting = match (self.spin, self.precise) {
            (true, _) => "precise and spinning",
            (false, true) => "precise",
            (false, false) => "the system's timer slack",
        };
        let load = if self.load == 0 { String::new() } else { format!(", {} busy threads", self.load) };
        format!("{timer}, {waiting}{load}")
    }

    fn driver(&self, clock: MonotonicClock) -> std::io::Result<Driver> {
        let builder = Driver::builder().clock(clock);
        let builder = match (self.spin, self.precise) {
            (true, _) => builder.spin(),
            (false, true) => builder.precise(),
            (false, false) => builder,
        };
        match self.timer {
            Which::Wheel => builder.spawn(TimerWheel::new(Resolution::MILLISECOND)),
            Which::Heap => builder.spawn(TimerHeap::new()),
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

/// Does all that was asked for, and says whether every run came, and none early.
fn run(args: &Args) -> Result<bool, Box<dyn Error>> {
    // Before the long part, so that a wrong name is known at once.
    if let Some(file) = &args.plot {
        std::fs::write(file, "").map_err(|error| format!("{}: cannot be written: {error}", file.display()))?;
    }
    let clock = MonotonicClock::new();
    let driver = args.driver(clock)?;
    let load = Load::start(args.load);
    let lines: Vec<Line> =
        args.intervals().into_iter().map(|interval| Line::start(&driver, clock, interval)).collect::<Result<_, _>>()?;

    println!("{}\n", args.title());
    let mut screen = Screen::new(&lines);
    let end = Instant::now() + Duration::from_secs_f64(args.duration);
    while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        std::thread::sleep(left.min(REDRAWN));
        screen.draw(&lines);
    }
    let stopped = clock.now();
    lines.iter().for_each(Line::stop);
    load.stop();
    screen.finish(&lines);

    print!("\n{}", histogram::text(&lines));
    let done = driver.metrics();
    println!("\n{} turns, {} wake-ups, longest turn {:?}", done.turns, done.wake_ups.total(), done.longest_turn);
    if let Some(file) = &args.plot {
        let written = std::fs::write(file, plot::draw(&args.title(), &lines)?);
        written.map_err(|error| format!("{}: cannot be written: {error}", file.display()))?;
        println!("{} shows the histogram", file.display());
    }
    let faults: Vec<_> = lines.iter().flat_map(|line| line.faults(stopped)).collect();
    faults.iter().for_each(|fault| eprintln!("wrong: {fault}"));
    Ok(faults.is_empty())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Args;

    #[test]
    fn numbers_that_make_no_sense_are_an_error() {
        let parsed = |option: &str, value: &str| Args::try_parse_from(["cyclictest", &format!("{option}={value}")]);
        for (option, values) in [
            ("--duration", &["0", "-1", "nan", "inf", "1e300", "86401"][..]),
            ("--interval", &["0", "19", "-1", "nan", "60000001", "18446744073709551615"][..]),
            ("--load", &["-1", "nan", "1025", "18446744073709551615"][..]),
        ] {
            for value in values {
                let Err(error) = parsed(option, value) else { panic!("{option}={value} was taken") };
                assert_eq!(error.exit_code(), 2, "{option}={value}: {error}");
            }
        }
        assert!(parsed("--duration", "86400").is_ok());
        assert!(parsed("--interval", "60000000").is_ok());
        assert!(parsed("--load", "1024").is_ok());
    }
}
