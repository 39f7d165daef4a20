//! The driver, on a clock moved by hand wherever that is possible.

mod callbacks;
mod channels;
mod cheap;
mod common;
mod dump;
#[path = "../support/hooked.rs"]
mod hooked;
mod late;
mod life;
mod local;
mod locks;
mod manual;
mod messages;
mod model;
mod panics;
mod reentry;
mod stress;
mod waking;
