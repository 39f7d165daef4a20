//! The futures, on a clock moved by hand wherever that is possible.
//!
//! Of what tokio's own tests check for `sleep`, `interval`, `timeout` and its paused clock, every case is here, written
//! anew; where one has a number among the lessons, its name cites it.

mod clock;
mod compat;
mod enter;
mod errors;
#[path = "../support/hooked.rs"]
mod hooked;
mod interval;
mod lock_free;
mod many;
mod periods;
mod shutdown;
mod sizes;
mod sleep;
mod support;
mod timeout;
mod unturned;
mod wakers;
