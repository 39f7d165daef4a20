//! What is common to all measurements of one job at one size: who is measured together, and what becomes of those who
//! fail.

use std::panic::{AssertUnwindSafe, catch_unwind};

use indicatif::ProgressBar;

use crate::roster::Peer;

/// Above this many timers contenders are measured one after another, so that they need not all fit into memory.
const TOGETHER_UP_TO: usize = 2_000_000;

/// The contenders in batches that are measured with their rounds interleaved.
pub(crate) fn batches<'a>(timers: usize, peers: &'a [&'static Peer]) -> Vec<&'a [&'static Peer]> {
    if timers <= TOGETHER_UP_TO { vec![peers] } else { peers.chunks(1).collect() }
}

/// Runs `work`; a panic in a peer is a failure of that peer, not of the run.
pub(crate) fn attempt<R>(peer: &Peer, work: impl FnOnce() -> Result<R, String>) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let what = panic.downcast_ref::<String>().map(String::as_str);
        let what = what.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(format!("{}: panicked: {what}", peer.name()))
    })
}

/// Takes failures down and says how far the run is.
pub(crate) struct Watch<'a> {
    pub(crate) failures: &'a mut Vec<String>,
    pub(crate) bar: &'a ProgressBar,
    pub(crate) what: String,
}

impl Watch<'_> {
    pub(crate) fn says(&self, peer: &Peer, step: &str) {
        self.bar.set_message(format!("{}: {} {step}", self.what, peer.name()));
        self.bar.tick();
    }

    /// The result, or nothing and a note.
    pub(crate) fn kept<R>(&mut self, result: Result<R, String>) -> Option<R> {
        result.map_err(|failure| self.failures.push(format!("{}: {failure}", self.what))).ok()
    }
}
