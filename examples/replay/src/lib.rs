//! Replays what a kernel or a program did with its timers through both timers of tickwheel, checks every one, and draws
//! what comes out.
//!
//! ```text
//! cargo run --release -p replay
//! cargo run --release -p replay -- mine.txt --timer wheel --plot mine.svg
//! ```
//!
//! The files, top down: this one (the order of things), `options`; `trace` (a recording once it is read), `csv` and
//! `text` (what it is read from), `source` (bytes and lines), `expected` and `error` (what is said of a file that is no
//! recording), `convert` (what is written as CSV); `contender` and `replay` (virtual time), `book` (the self-check),
//! `timing` (what each call took), `lateness` (how late in which unit), `advice` (what other ticks and slack would do);
//! `report`, `verdict` and `json` (what is printed) and `plot` (the picture).

mod advice;
mod book;
mod contender;
mod convert;
mod csv;
mod error;
mod expected;
#[cfg(test)]
mod faulty;
mod json;
mod lateness;
mod numbering;
mod options;
#[cfg(test)]
mod order_check;
mod plot;
mod plot_advice;
mod replay;
mod report;
#[cfg(test)]
mod self_check;
mod source;
mod text;
mod timing;
mod trace;
mod verdict;

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use crate::advice::Variant;
use crate::contender::Contender;
use crate::error::TraceError;
use crate::options::Options;
use crate::replay::Outcome;
use crate::source::Lines;
use crate::text::{Recording, Settings};
use crate::timing::Watch;
use crate::trace::{Kind, Trace};

/// One trace of a recording, with all that was found out about it.
struct Study {
    trace: Trace,
    replays: Vec<(Contender, Outcome)>,
    advice: Vec<Variant>,
    plot: PathBuf,
}

/// Reads a recording from memory, as the program reads a file, writes it as CSV and reads that again; says how many
/// events it has. For tests that throw anything at it.
#[doc(hidden)]
pub fn read_and_write(bytes: &[u8], hz: Option<u32>) -> Result<usize, String> {
    let settings = Settings { hz, only: None };
    let read = |bytes: &[u8], settings: Settings| {
        let lines = Lines::new(io::Cursor::new(bytes.to_vec())).map_err(|error| error.to_string())?;
        trace::read_lines(Path::new("-"), lines, settings).map_err(|error| error.to_string())
    };
    let mut events = 0;
    for trace in read(bytes, settings)?.traces {
        let mut csv = Vec::new();
        convert::write_to(&trace, &mut csv).map_err(|error| error.to_string())?;
        let hz = u32::try_from((1_000_000_000 / trace.jiffy.tick_length().as_nanos()).max(1)).ok();
        let again = read(&csv, Settings { hz, only: None })?.traces;
        let lines = csv.split(|byte| *byte == b'\n').count() - 2;
        assert_eq!(again[0].events.len(), lines, "a trace is what was written of it");
        events += trace.with_resets().events.len();
    }
    Ok(events)
}

/// The whole program.
pub fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Does all that was asked for, and says whether every timer kept its promises.
fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let settings = Settings { hz: options.hz, only: options.kind };
    let Recording { traces, notes } = shown("reading", |progress| trace::read(&options.trace, settings, progress))?;
    if let Some(file) = &options.convert {
        convert_all(&traces, &notes, file)?;
        return Ok(true);
    }
    let traces = replayable(traces, options)?;
    let several = traces.len() > 1;
    let named = |trace: &Trace| beside(&options.plot, (several && trace.kind == Kind::Hrtimer).then_some("hrtimers"));
    // Before the long part, so that a wrong name is known at once.
    let mut drawings = traces.iter().map(|trace| create(&named(trace))).collect::<Result<Vec<_>, _>>()?;

    let watch = Watch::measure();
    let studies: Vec<_> = traces.into_iter().map(|trace| study(trace, options, watch, named)).collect();
    for (study, drawing) in studies.iter().zip(&mut drawings) {
        let picture = plot::draw(&study.trace, &study.replays, &study.advice)?;
        drawing.write_all(picture.as_bytes()).map_err(|error| cannot_write(&study.plot, &error))?;
    }
    let told = if options.json {
        json::document(&studies, &notes, watch)?
    } else {
        studies.iter().map(|study| report::report(study, &notes, options.runs, watch)).collect::<Vec<_>>().join("\n")
    };
    io::stdout().write_all(told.as_bytes())?;
    let mut faultless = true;
    for study in &studies {
        faultless &= report::tell_faults(&study.trace, &study.replays, &mut io::stderr())?;
    }
    Ok(faultless)
}

fn study(trace: Trace, options: &Options, watch: Watch, named: impl Fn(&Trace) -> PathBuf) -> Study {
    let mut replays = Vec::new();
    for contender in Contender::chosen(options.timer, trace.jiffy) {
        let outcome = contender.replay(&trace, options.runs, watch);
        replays.push((contender, outcome));
    }
    let advice = shown("other ticks and slack", |progress| {
        progress.set_length(1 + options.ticks.len() as u64 + options.slacks.len() as u64);
        advice::compare(&trace, &options.ticks, &options.slacks, || progress.inc(1))
    });
    let plot = named(&trace);
    Study { trace, replays, advice, plot }
}

/// The traces that arm something; at least one must.
fn replayable(traces: Vec<Trace>, options: &Options) -> Result<Vec<Trace>, TraceError> {
    let traces = traces.into_iter().map(Trace::with_resets);
    let traces: Vec<_> = traces.filter(Trace::arms_something).collect();
    if traces.is_empty() {
        let what =
            "expected timers that are armed on the recording's own clock, found none: there is nothing to replay";
        return Err(TraceError::whole(&options.trace, what));
    }
    Ok(traces)
}

/// Writes the recording as CSV and says what it wrote; two kinds of timer make two files.
fn convert_all(traces: &[Trace], notes: &[String], file: &Path) -> Result<(), Box<dyn Error>> {
    if file == Path::new("-") && traces.len() > 1 {
        return Err("the recording holds both kinds of timer: say which one is to be printed, by --kind".into());
    }
    notes.iter().for_each(|note| eprintln!("{note}"));
    for trace in traces {
        let suffix = (traces.len() > 1 && trace.kind == Kind::Hrtimer).then_some("hrtimers");
        let file = beside(file, suffix);
        convert::write(trace, &file).map_err(|error| cannot_write(&file, &error))?;
        eprintln!("{}: {} events of {}", error::shown_name(&file), trace.events.len(), trace.kind.plain());
    }
    Ok(())
}

/// `mine.svg` as `mine.SUFFIX.svg`.
fn beside(file: &Path, suffix: Option<&str>) -> PathBuf {
    let (Some(suffix), Some(name)) = (suffix, file.file_name()) else { return file.to_path_buf() };
    let name = name.to_string_lossy();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    file.with_file_name(match plain.rfind('.').filter(|at| *at > 0) {
        Some(at) => format!("{}.{suffix}{}", &name[..at], &name[at..]),
        None => format!("{name}.{suffix}"),
    })
}

fn create(plot: &Path) -> Result<File, String> {
    let created = || {
        if let Some(directory) = plot.parent() {
            fs::create_dir_all(directory)?;
        }
        File::create(plot)
    };
    created().map_err(|error| cannot_write(plot, &error))
}

fn cannot_write(file: &Path, error: &io::Error) -> String {
    format!("{}: cannot be written: {error}", file.display())
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
