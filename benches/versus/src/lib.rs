//! tickwheel beside its peers: every job, every size, every contender, in one run and one table.
//!
//! `cargo bench --manifest-path benches/versus/Cargo.toml` is the way in:
//!
//! - nothing: all jobs, sizes and contenders, within an hour;
//! - `--quick`: a1 to d, f and g of the main contenders at 10^3, 10^5 and 10^6, within three minutes;
//! - `--test`: every job of every contender once, small;
//! - `--jobs b2,f`, `--sizes 1000,1000000`, `--only wheel,nexus`: some of them, with or without `--quick`;
//! - `--rounds N`: rounds of each mean, and a run of each single-call job less than half as often (5; quick: 3);
//! - `--time-limit MINUTES`: what further rounds may take; every job runs once whatever it takes (50; quick: 2);
//! - `--out DIR`: where `versus.md`, `versus.json` and the plots go (`target/versus` of the repository).
//!
//! The jobs and the bias of the method stand in [`jobs`], the peers and what favors or harms each in `peers`; `roster`
//! lists who takes part.

mod floor;
pub mod footprint;
mod goals;
mod memory;
mod page;
mod peers;
mod plots;
pub mod roster;
pub mod run;
