//! tickwheel beside its peers: every job, every size, every contender, in one run and one table.
//!
//! `cargo bench --manifest-path benches/versus/Cargo.toml` is the way in; [`options`] lists what may follow `--`. The
//! jobs and the bias of the method stand in [`jobs`], the peers and what favours or harms each in [`peers`]; [`roster`]
//! lists who takes part. [`means`], [`calls`] and [`memory`] measure, [`report`] writes it down.

#[path = "../../jobs/mod.rs"]
#[allow(dead_code, reason = "the other bench program uses the rest")]
mod jobs;

mod calls;
mod floor;
mod group;
mod machine;
mod means;
pub mod memory;
pub mod options;
mod peers;
mod report;
mod results;
mod roster;
pub mod run;
mod schedule;
mod targets;
