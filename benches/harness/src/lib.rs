//! What every bench of this crate shares: its command line, rounds and their medians, probes of time and memory, and
//! the forms in which results are written down.
//!
//! A bench says who takes part and what is measured ([`options::Bench`], [`measure::Rounds`], [`calls::Series`]);
//! [`measure::step`] and [`calls::repeated`] take the figures, [`tables`] and [`report`] write them down.

pub mod calls;
pub mod machine;
pub mod measure;
pub mod options;
#[cfg(feature = "plots")]
pub mod plot;
pub mod probe;
pub mod report;
pub mod results;
pub mod stats;
pub mod tables;
pub mod threads;
pub mod waker;
pub mod watch;
