//! Recordings in text, as ftrace, trace-cmd, perf and babeltrace print them.

#[cfg(test)]
mod anything_test;
mod clock;
mod collector;
mod fields;
pub(crate) mod line;

pub(crate) use collector::{Recording, Settings, read};
