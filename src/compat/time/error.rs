//! What a time limit says when it is over.

pub use crate::error::Elapsed;
