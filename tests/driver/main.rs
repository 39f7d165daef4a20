//! The driver, on a clock moved by hand wherever that is possible.

mod callbacks;
mod channels;
mod cheap;
mod common;
mod dump;
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
