//! Replays what a Linux kernel did with its timers through both timers of this crate, and draws what comes out.
//!
//! ```text
//! cargo run --release -p replay
//! cargo run --release -p replay -- --trace FILE --timer wheel --plot FILE
//! ```
//!
//! The files, top down: this one (the order of things), `options`, `trace` (the files' format), `replay` (virtual
//! time), `book` (the self-check), `timing` (what each call took), `lateness` (how late in which unit), `report` (the
//! tables) and `plot` (the picture).

mod book;
#[cfg(test)]
mod faulty;
mod lateness;
mod options;
mod plot;
mod replay;
mod report;
#[cfg(test)]
mod self_check;
mod timing;
mod trace;

use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tickwheel::{Resolution, Timer, TimerHeap, TimerWheel};

use crate::book::{Book, Serial};
use crate::options::{Options, Which};
use crate::replay::Outcome;
use crate::timing::Stopwatch;
use crate::trace::Trace;

/// The recording kernel's `HZ`: a jiffy is 4 ms long.
const HZ: u32 = 250;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(faultless) => conclude(faultless),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn conclude(faultless: bool) -> ExitCode {
    if faultless { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// Does all that was asked for, and says whether every timer kept its promises.
fn run(args: &Options) -> Result<bool, Box<dyn Error>> {
    let jiffy = Resolution::from_hz(HZ)?;

    let trace = shown("reading", |progress| Trace::read(&args.trace, jiffy, progress))?;
    // Before the long part, so that a wrong name is known at once.
    let mut drawing =
        create(&args.plot).map_err(|error| format!("{}: cannot be written: {error}", args.plot.display()))?;

    let clock_ns = timing::clock_cost_ns();
    let mut replays = Vec::new();
    for contender in Contender::chosen(args.timer, jiffy) {
        let outcome = contender.replay(&trace, args.runs, clock_ns);
        replays.push((contender, outcome));
    }

    drawing
        .write_all(plot::draw(&trace, &replays)?.as_bytes())
        .map_err(|error| format!("{}: cannot be written: {error}", args.plot.display()))?;
    let report = report::report(&trace, &replays, args.runs, clock_ns, &args.plot);
    std::io::stdout().write_all(report.as_bytes())?;
    Ok(report::tell_faults(&trace, &replays, &mut std::io::stderr())?)
}

fn create(plot: &Path) -> std::io::Result<File> {
    if let Some(directory) = plot.parent() {
        fs::create_dir_all(directory)?;
    }
    File::create(plot)
}

/// Runs `work` under a progress bar on standard error, which shows only on a terminal and is gone afterwards.
fn shown<R>(what: &str, work: impl FnOnce(&ProgressBar) -> R) -> R {
    let style = ProgressStyle::with_template("{msg:24} {wide_bar} {percent:>3} %  {elapsed}");
    let progress = ProgressBar::new(0).with_message(what.to_owned());
    progress.set_style(style.expect("the template is well-formed"));
    let result = work(&progress);
    progress.finish_and_clear();
    result
}

/// A timer to be tried.
struct Contender {
    name: &'static str,
    tick: Duration,
    make: fn(Resolution) -> Box<dyn Timer<Serial>>,
    jiffy: Resolution,
}

impl Contender {
    fn chosen(which: Which, jiffy: Resolution) -> Vec<Self> {
        let wheel = Self {
            name: "TimerWheel",
            tick: jiffy.tick_length(),
            make: |jiffy| Box::new(TimerWheel::new(jiffy)),
            jiffy,
        };
        let heap =
            Self { name: "TimerHeap", tick: Duration::from_nanos(1), make: |_| Box::new(TimerHeap::new()), jiffy };
        match which {
            Which::Wheel => vec![wheel],
            Which::Heap => vec![heap],
            Which::Both => vec![wheel, heap],
        }
    }

    /// Replays the trace `runs` times, each time through a new timer.
    fn replay(&self, trace: &Trace, runs: u32, clock_ns: u32) -> Outcome {
        let mut first = self.replay_once(trace, clock_ns, 1, runs);
        for run in 2..=runs {
            let next = self.replay_once(trace, clock_ns, run, runs);
            if !first.samples.keep_shorter(&next.samples) {
                first.book.note_unsteady();
            }
        }
        first
    }

    fn replay_once(&self, trace: &Trace, clock_ns: u32, run: u32, runs: u32) -> Outcome {
        let mut timer = (self.make)(self.jiffy);
        let what = format!("{} ({run} of {runs})", self.name);
        shown(&what, |progress| {
            replay::replay(trace, &mut *timer, Book::new(self.tick), Stopwatch::new(clock_ns), progress)
        })
    }
}
