//! The command line, and how much of everything it asks for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// What the driver of this crate costs, and how late it is, beside its peers.
#[derive(Parser)]
#[command(name = "driver", about, long_about = None)]
pub(crate) struct Options {
    /// Everything once and small, with every check, in a few seconds
    #[arg(long)]
    test: bool,

    /// Shorter runs and fewer rounds
    #[arg(long, conflicts_with = "test")]
    quick: bool,

    /// Only these jobs
    #[arg(long, value_enum, value_delimiter = ',', value_name = "JOB")]
    jobs: Vec<Job>,

    /// The folder for driver.md [default: target/driver in the crate's directory]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// What cargo says to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Job {
    /// Arming and cancelling, by several threads
    Pairs,
    /// How late what is due again and again runs
    Lateness,
    /// A million timers none of which is due
    Idle,
}

/// How much of everything there is to be.
pub(crate) struct Scale {
    /// Rounds, of which the table gives the median.
    pub(crate) rounds: usize,
    /// Timers armed and cancelled in a round, by all threads together.
    pub(crate) pairs: u64,
    /// Timers that are pending meanwhile.
    pub(crate) background: u64,
    pub(crate) threads: &'static [usize],
    /// How long a ticker runs in a round.
    pub(crate) ticking: Duration,
    /// Timers of the job `idle`, and how long they are watched.
    pub(crate) idle_timers: u64,
    pub(crate) watched: Duration,
}

impl Options {
    pub(crate) fn jobs(&self) -> &[Job] {
        if self.jobs.is_empty() { Job::value_variants() } else { &self.jobs }
    }

    /// `cargo test --benches` passes nothing, and means a test.
    pub(crate) fn is_test(&self) -> bool {
        self.test || (!self.bench && !self.quick)
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/driver"))
    }

    pub(crate) fn scale(&self) -> Scale {
        let full = Scale {
            rounds: 7,
            pairs: 400_000,
            background: 10_000,
            threads: &[1, 2, 4, 8],
            ticking: Duration::from_millis(1000),
            idle_timers: 1_000_000,
            watched: Duration::from_secs(3),
        };
        if self.is_test() {
            Scale {
                rounds: 1,
                pairs: 4_000,
                background: 100,
                threads: &[1, 2],
                ticking: Duration::from_millis(20),
                idle_timers: 10_000,
                watched: Duration::from_millis(100),
            }
        } else if self.quick {
            Scale {
                rounds: 3,
                pairs: 200_000,
                ticking: Duration::from_millis(400),
                watched: Duration::from_secs(2),
                ..full
            }
        } else {
            full
        }
    }
}
