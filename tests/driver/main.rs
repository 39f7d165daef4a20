//! The driver, on a clock moved by hand wherever that is possible.

mod callbacks;
mod channels;
mod cheap;
mod common;
mod dump;
mod entering;
mod full;
#[path = "../support/hooked.rs"]
mod hooked;
mod jumps;
mod late;
mod life;
mod local;
mod locks;
mod manual;
mod messages;
mod model;
mod panics;
mod reentry;
mod settings;
mod starving;
mod stepping;
mod stress;
mod threads;
mod unwinding;
mod waking;
