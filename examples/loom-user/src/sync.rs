//! The one place of this program that knows loom: its locks are loom's in a model, and the standard library's else.

#[cfg(tickwheel_loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard};
#[cfg(not(tickwheel_loom))]
pub(crate) use std::sync::{Mutex, MutexGuard};
