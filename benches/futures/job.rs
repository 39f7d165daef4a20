//! What can be measured, and how a contender is measured at it.

use clap::ValueEnum;

/// One of the jobs in the table at the top of `main.rs`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Job {
    /// Made and dropped
    Create,
    /// Made, polled once, dropped
    Poll,
    /// A timeout around a ready future
    Ready,
    /// A timeout around a pending future, polled once, dropped
    Pending,
    /// The same sleep moved again and again
    Hot,
    /// A random one of many sleeps moved
    Random,
    /// Many tasks that sleep
    Crowd,
    /// Several threads at `poll`
    Contention,
}

/// Which table a job stands in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Group {
    OneThread,
    Crowd,
    Contention,
}

impl Job {
    pub(crate) fn name(self) -> String {
        self.to_possible_value().expect("no job is hidden").get_name().to_owned()
    }

    pub(crate) fn group(self) -> Group {
        match self {
            Self::Create | Self::Poll | Self::Ready | Self::Pending | Self::Hot | Self::Random => Group::OneThread,
            Self::Crowd => Group::Crowd,
            Self::Contention => Group::Contention,
        }
    }
}

/// A contender at one job, set up, to be measured round by round.
pub(crate) trait Rounds {
    /// One round: a number for each of the job's figures.
    ///
    /// # Errors
    ///
    /// What went wrong with one of the sleeps.
    fn round(&mut self) -> Result<Vec<f64>, String>;

    /// Looks whether everything that was armed has come to what it should have, and stops.
    ///
    /// # Errors
    ///
    /// What is not as it should be.
    fn finish(self: Box<Self>) -> Result<(), String>;
}
