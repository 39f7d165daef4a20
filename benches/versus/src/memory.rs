//! Starts a process of its own for each measurement of memory (`src/bin/memory.rs`): its allocator would slow the other
//! jobs down, and resident memory is only clear in a fresh process.

use std::path::Path;
use std::process::Command;

use harness::{BYTES, Row, Watch, add_cells};

use crate::footprint::{FIGURES, Footprint};
use crate::roster::Peer;

/// Starts a process for each contender.
pub(crate) fn measure(program: &Path, timers: usize, peers: &[&'static Peer], watch: &mut Watch) -> Vec<Row> {
    let mut rows = FIGURES.map(|figure| Row::new("e", figure, BYTES, Some(timers)));
    for peer in peers {
        let name = peer.who.name;
        watch.says(name, "fills");
        if let Some(footprint) = watch.kept(name, || in_a_process(program, timers, name)) {
            for (row, bytes) in rows.iter_mut().zip(footprint) {
                add_cells(std::slice::from_mut(row), name, &[Vec::from_iter(bytes)]);
            }
        }
    }
    rows.into()
}

fn in_a_process(program: &Path, timers: usize, contender: &str) -> Result<Footprint, String> {
    let output = Command::new(program).args([contender, &timers.to_string()]).output();
    let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}
