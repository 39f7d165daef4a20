//! The command line, after `cargo bench --manifest-path benches/versus/Cargo.toml --`:
//!
//! - nothing: all jobs, sizes and contenders, within an hour;
//! - `--quick`: a1, a2, b2, c, f and g of the main contenders at 10^3 and 10^6, within two minutes;
//! - `--jobs b2,f`, `--sizes 1000,1000000`, `--only wheel,nexus`: some of them, with or without `--quick`;
//! - `--rounds N`: rounds of each mean, and a run of each single-call job less than half as often (5; quick: 3);
//! - `--time-limit MINUTES`: what further rounds may take; every job runs once whatever it takes (50; quick: 1.5);
//! - `--out DIR`: where `versus.md`, `versus.json` and the plots go (`target/versus` of the repository).

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::jobs::means::Mean;
use crate::jobs::stalls::Stall;
use crate::roster::{MAIN, PEERS, Peer, peer};

/// One thing to measure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Job {
    Floor,
    Mean(Mean),
    Memory,
    Stall(Stall),
}

impl Job {
    const ALL: [Self; 11] = [
        Self::Floor,
        Self::Mean(Mean::A1),
        Self::Mean(Mean::A2),
        Self::Mean(Mean::B),
        Self::Mean(Mean::B2),
        Self::Mean(Mean::C),
        Self::Mean(Mean::D),
        Self::Memory,
        Self::Stall(Stall::F),
        Self::Stall(Stall::G),
        Self::Stall(Stall::H),
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Mean(job) => job.name(),
            Self::Memory => "e",
            Self::Stall(job) => job.name(),
        }
    }

    /// What it takes beside the others, about.
    pub(crate) fn weight(self, timers: usize) -> f64 {
        let each = match self {
            Self::Floor => 0.2,
            Self::Mean(Mean::A1 | Mean::B) => 1.0,
            Self::Mean(_) | Self::Memory => 4.0,
            // Single calls are nothing without a second run.
            Self::Stall(Stall::G) => 12.0,
            Self::Stall(_) => 6.0,
        };
        each * (1.0 + timers as f64 / 100_000.0)
    }

    fn sizes(self) -> &'static [usize] {
        match self {
            Self::Memory => &[1_000, 900_000, 1_000_000, 1_100_000, 1_500_000, 10_000_000],
            _ => &[1_000, 100_000, 1_000_000, 10_000_000],
        }
    }
}

/// What the command line asks for.
pub struct Options {
    pub(crate) jobs: Vec<Job>,
    /// Instead of each job's own.
    pub(crate) sizes: Option<Vec<usize>>,
    pub(crate) peers: Vec<&'static Peer>,
    pub(crate) rounds: usize,
    pub(crate) limit: Duration,
    pub(crate) out: PathBuf,
}

impl Options {
    /// # Errors
    ///
    /// What is wrong with the arguments, in words.
    pub fn from_args(args: impl Iterator<Item = String>) -> Result<Self, String> {
        // Cargo adds `--bench`.
        let args: Vec<_> = args.filter(|arg| arg != "--bench").collect();
        let mut options = if args.iter().any(|arg| arg == "--quick") { Self::quick() } else { Self::full() };
        let mut args = args.into_iter().filter(|arg| arg != "--quick");
        while let Some(option) = args.next() {
            let value = args.next().ok_or_else(|| format!("{option} wants a value"))?;
            match option.as_str() {
                "--jobs" => options.jobs = listed(&value, job)?,
                "--sizes" => options.sizes = Some(listed(&value, number)?),
                "--only" => options.peers = listed(&value, contender)?,
                "--rounds" => options.rounds = number(&value)?.max(1),
                "--time-limit" => options.limit = minutes(&value)?,
                "--out" => options.out = PathBuf::from(value),
                _ => return Err(format!("{option}: expected {OPTIONS}")),
            }
        }
        Ok(options)
    }

    fn full() -> Self {
        Self {
            jobs: Job::ALL.to_vec(),
            sizes: None,
            peers: PEERS.iter().collect(),
            rounds: 5,
            limit: Duration::from_secs(50 * 60),
            out: Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/versus"),
        }
    }

    fn quick() -> Self {
        let left_out = ["floor", "b", "d", "e", "h"];
        Self {
            jobs: Job::ALL.into_iter().filter(|job| !left_out.contains(&job.name())).collect(),
            sizes: Some(vec![1_000, 1_000_000]),
            peers: PEERS.iter().filter(|peer| MAIN.contains(&peer.name())).collect(),
            rounds: 3,
            limit: Duration::from_secs(90),
            ..Self::full()
        }
    }

    pub(crate) fn sizes_of(&self, job: Job) -> Vec<usize> {
        self.sizes.clone().unwrap_or_else(|| job.sizes().to_vec())
    }

    /// Runs of a single-call job: each costs as much as all rounds of a mean.
    pub(crate) fn repeats(&self) -> usize {
        self.rounds.div_ceil(2)
    }
}

const OPTIONS: &str = "--quick, --jobs, --sizes, --only, --rounds, --time-limit or --out";

fn listed<R>(list: &str, parse: impl Fn(&str) -> Result<R, String>) -> Result<Vec<R>, String> {
    list.split(',').map(parse).collect()
}

fn job(name: &str) -> Result<Job, String> {
    let names = || Job::ALL.map(Job::name).join(",");
    let found = Job::ALL.into_iter().find(|job| job.name() == name);
    found.ok_or_else(|| format!("no job {name}: expected some of {}", names()))
}

fn contender(name: &str) -> Result<&'static Peer, String> {
    let names = || PEERS.iter().map(Peer::name).collect::<Vec<_>>().join(",");
    peer(name).ok_or_else(|| format!("no contender {name}: expected some of {}", names()))
}

fn number(text: &str) -> Result<usize, String> {
    let number: Option<usize> = text.replace('_', "").parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| format!("{text}: expected a whole number above zero"))
}

fn minutes(text: &str) -> Result<Duration, String> {
    let minutes: Option<f64> = text.parse().ok();
    let limit = minutes.and_then(|minutes| Duration::try_from_secs_f64(minutes * 60.0).ok());
    limit.ok_or_else(|| format!("{text}: expected a number of minutes"))
}
