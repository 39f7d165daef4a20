//! The driver for libraries that take a timer, one file and one feature each.
//!
//! [The guide](crate::guide::integrations) has an example of each, what shutting the driver down does to it, and
//! figures.

#[cfg(feature = "backon")]
pub mod backon;
#[cfg(feature = "hyper")]
pub mod hyper;
#[cfg(any(feature = "backon", feature = "hyper", feature = "quinn"))]
mod infallible_sleep;
#[cfg(all(feature = "quinn", not(target_family = "wasm")))]
pub mod quinn;
#[cfg(feature = "tokio")]
pub mod tokio;
#[cfg(feature = "tower")]
pub mod tower;
