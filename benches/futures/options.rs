//! The command line, and how much of everything it asks for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::job::Job;
use crate::roster::{CONTENDERS, Contender};

/// The futures of this crate beside their peers: what they cost, and how late they are.
#[derive(Parser)]
#[command(name = "futures", about, long_about = None)]
pub(crate) struct Options {
    /// Everything once and small, with every check, in a few seconds
    #[arg(long)]
    test: bool,

    /// Fewer sleeps and rounds, within two minutes
    #[arg(long, conflicts_with = "test")]
    quick: bool,

    /// Only these jobs
    #[arg(long, value_enum, value_delimiter = ',', value_name = "JOB")]
    jobs: Vec<Job>,

    /// Only these contenders
    #[arg(long, value_parser = contender, value_delimiter = ',', value_name = "NAME")]
    only: Vec<&'static Contender>,

    /// Rounds, of which the tables give the median [default: 7, with --quick 3; of the crowd 3]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,

    /// The folder for futures.md, futures.json and futures.svg [default: target/futures of the repository]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// What cargo says to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

/// How much of everything there is to be.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) rounds: usize,
    /// Operations in a round, by all threads together.
    pub(crate) operations: u64,
    /// Sleeps of which a random one is moved.
    pub(crate) armed: usize,
    pub(crate) threads: &'static [usize],
    /// Tasks of the crowd, and over how long their deadlines are spread.
    pub(crate) crowd: usize,
    pub(crate) spread: Duration,
    /// How long the crowd's first deadline is away when the first task is spawned.
    pub(crate) lead: Duration,
    pub(crate) crowd_rounds: usize,
    /// How long after its deadline one of the crowd is lost.
    pub(crate) patience: Duration,
}

impl Options {
    pub(crate) fn jobs(&self) -> &[Job] {
        if self.jobs.is_empty() { Job::value_variants() } else { &self.jobs }
    }

    pub(crate) fn contenders(&self) -> Vec<&'static Contender> {
        if self.only.is_empty() { CONTENDERS.iter().collect() } else { self.only.clone() }
    }

    pub(crate) fn is_test(&self) -> bool {
        self.test
    }

    pub(crate) fn is_quick(&self) -> bool {
        self.quick
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/futures"))
    }

    pub(crate) fn scale(&self) -> Scale {
        let scale = self.default_scale();
        let Some(rounds) = self.rounds else { return scale };
        Scale { rounds: rounds as usize, crowd_rounds: rounds as usize, ..scale }
    }

    fn default_scale(&self) -> Scale {
        let full = Scale {
            rounds: 7,
            operations: 400_000,
            armed: 100_000,
            threads: &[1, 2, 4, 8],
            crowd: 1_000_000,
            spread: Duration::from_secs(10),
            lead: Duration::from_secs(5),
            crowd_rounds: 3,
            patience: Duration::from_secs(60),
        };
        if self.test {
            Scale {
                rounds: 1,
                operations: 2_000,
                armed: 1_000,
                threads: &[1, 2],
                crowd: 2_000,
                spread: Duration::from_millis(100),
                lead: Duration::from_millis(50),
                crowd_rounds: 1,
                ..full
            }
        } else if self.quick {
            Scale {
                rounds: 3,
                operations: 100_000,
                crowd: 100_000,
                spread: Duration::from_secs(2),
                lead: Duration::from_millis(500),
                ..full
            }
        } else {
            full
        }
    }
}

fn contender(name: &str) -> Result<&'static Contender, String> {
    let names = || CONTENDERS.iter().map(|contender| contender.name).collect::<Vec<_>>().join(", ");
    let found = CONTENDERS.iter().find(|contender| contender.name == name);
    found.ok_or_else(|| format!("no contender {name}: expected some of {}", names()))
}
