//! The driver, on a clock moved by hand wherever that is possible.

mod callbacks;
mod channels;
mod common;
mod dump;
mod late;
mod life;
mod local;
mod locks;
mod manual;
mod messages;
mod panics;
mod reentry;
mod trace;
mod waking;
