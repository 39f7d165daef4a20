//! Names of other crates' timers, so that a program changes one `use` line and has this crate's.

pub mod time;
