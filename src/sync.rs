//! Atomics, from the standard library: the one file that will know where they come from.

pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
