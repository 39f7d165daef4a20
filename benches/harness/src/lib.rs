//! What every bench of this crate shares: its command line, rounds and their medians, probes of time and memory, and
//! the forms in which results are written down.
//!
//! A bench says who takes part and what is measured ([`Bench`], [`Rounds`], [`Series`]); [`step`] takes the figures,
//! [`by_contender`] and [`write()`] write them down.

mod calls;
mod machine;
mod measure;
mod options;
#[cfg(feature = "plots")]
mod plot;
mod probe;
mod report;
mod results;
mod tables;
mod threads;
mod waker;
mod watch;

pub use calls::*;
pub use machine::*;
pub use measure::*;
pub use options::*;
#[cfg(feature = "plots")]
pub use plot::*;
pub use probe::*;
pub use report::*;
pub use results::*;
pub use tables::*;
pub use threads::*;
pub use waker::*;
pub use watch::*;
