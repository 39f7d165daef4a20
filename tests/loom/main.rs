//! Models of the driver, its channels and its futures under loom: every order in which a few threads can meet, and
//! every value that a weak memory may show them, within the bound that a model names.
//!
//! They run the crate as it is, by its public calls; only its locks, atomics, condition variables and threads are
//! loom's.
//!
//! ```sh
//! scripts/check-loom            # builds with RUSTFLAGS="--cfg tickwheel_loom" and runs them
//! scripts/mutants               # shows that each model fails once what it guards is broken
//! ```
#![cfg(tickwheel_loom)]

mod channels;
mod clocks;
mod firing;
mod futures;
mod life;
mod sleeping;
mod support;
