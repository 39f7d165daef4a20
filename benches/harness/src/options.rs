//! The command line that all benches have.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Args, CommandFactory, FromArgMatches, Parser};

/// A bench, as far as its command line goes.
pub struct Bench {
    /// The command, and the name of the files that it writes.
    pub name: &'static str,
    pub about: &'static str,
    pub jobs: Vec<&'static str>,
    pub contenders: Vec<&'static str>,
}

/// What the command line asks for; `More` are the options of one bench alone.
#[derive(Parser)]
#[command(long_about = None)]
pub struct Options<More: Args> {
    /// Everything once and small, with every check
    #[arg(long)]
    test: bool,

    /// Fewer and smaller measurements, in about two minutes
    #[arg(long, conflicts_with = "test")]
    pub quick: bool,

    /// Only these jobs
    #[arg(long, value_delimiter = ',', value_name = "JOB")]
    pub jobs: Vec<String>,

    /// Only these contenders
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub only: Vec<String>,

    /// Rounds, of which the tables give the median
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,

    /// The folder for what is written [default: a folder of the bench's name in the repository's target]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// What cargo says to every bench
    #[arg(long, hide = true)]
    bench: bool,

    #[command(flatten)]
    pub more: More,
}

/// For a bench that has no options but the common ones.
#[derive(Args)]
pub struct NoMore {}

/// For a bench that measures at several sizes.
#[derive(Args)]
pub struct Sizes {
    /// Only with so many timers
    #[arg(long, value_delimiter = ',', value_parser = number, value_name = "TIMERS")]
    sizes: Vec<usize>,
}

impl Sizes {
    /// Those that were asked for, or these.
    pub fn or<'a>(&'a self, default: &'a [usize]) -> &'a [usize] {
        if self.sizes.is_empty() { default } else { &self.sizes }
    }
}

impl Bench {
    /// Reads the command line, or says what is wrong with it and ends the process.
    pub fn options<More: Args>(&self) -> Options<More> {
        let one_of = |names: &[&'static str]| PossibleValuesParser::new(names.to_vec());
        let command = Options::<More>::command().name(self.name).about(self.about);
        let command = command.mut_arg("jobs", |arg| arg.value_parser(one_of(&self.jobs)));
        let command = command.mut_arg("only", |arg| arg.value_parser(one_of(&self.contenders)));
        Options::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
    }

    /// The folder for what is written.
    pub(crate) fn out<More: Args>(&self, options: &Options<More>) -> PathBuf {
        let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target").join(self.name);
        options.out.clone().unwrap_or_else(default)
    }
}

impl<More: Args> Options<More> {
    /// `cargo test --benches` passes nothing, and means a test.
    pub fn is_test(&self) -> bool {
        self.test || (!self.bench && !self.quick)
    }

    /// Whether a job is asked for.
    pub fn wants_job(&self, name: &str) -> bool {
        self.jobs.is_empty() || self.jobs.iter().any(|job| job == name)
    }

    /// Whether a contender is asked for.
    pub fn wants(&self, contender: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == contender)
    }

    /// What a test, a quick run or a full one has.
    pub fn pick<T>(&self, test: T, quick: T, full: T) -> T {
        match (self.is_test(), self.quick) {
            (true, _) => test,
            (_, true) => quick,
            _ => full,
        }
    }

    /// Rounds: as asked for, or one in a test, or as many as the bench makes in a quick or a full run.
    pub fn rounds(&self, quick: usize, full: usize) -> usize {
        self.rounds.map_or(self.pick(1, quick, full), |rounds| rounds as usize)
    }
}

/// A whole number above zero, as options have it: `1_000` is one.
///
/// # Errors
///
/// What is wrong with `text`.
pub fn number(text: &str) -> Result<usize, String> {
    let number: Option<usize> = text.replace('_', "").parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| "expected a whole number above zero".to_owned())
}

/// The exit status of a bench; what went wrong is said on stderr.
pub fn exit(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("error: {what}");
            ExitCode::FAILURE
        }
    }
}
