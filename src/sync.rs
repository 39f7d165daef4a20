//! Shared ownership and atomics, from the standard library: the one file that will know where they come from.

pub(crate) use alloc::sync::Arc;
#[cfg(feature = "std")]
pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
