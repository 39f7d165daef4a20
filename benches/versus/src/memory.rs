//! Job e: bytes for each timer, by an allocator that counts and as resident memory.
//!
//! Each contender at each size is measured in a process of its own (`src/bin/memory.rs`): its allocator would slow the
//! other jobs down, and resident memory is only clear in a fresh process. The harness's table of keys is not counted.

use std::fmt;
use std::path::Path;
use std::process::Command;

use crate::group::Watch;
use crate::jobs::contender::Contender;
use crate::jobs::load::{Held, Load};
use crate::results::{Cell, Row, Unit};
use crate::roster::{Peer, Shrink, peer};

/// Says how many bytes are allocated.
pub(crate) type Usage<'a> = &'a dyn Fn() -> usize;

/// One timer in this many stays when the others are cancelled.
const KEPT: usize = 10;
/// Replacements for each timer before the steady state is measured, and the same at 10^7, where they take long.
const CHURN: u64 = 2;
const SHORT_CHURN_ABOVE: usize = 2_000_000;

/// Bytes for each of the N timers that a container was filled with.
#[derive(Clone, Copy)]
pub(crate) struct Footprint {
    bytes: [f64; Self::FIGURES.len()],
}

impl Footprint {
    const FIGURES: [&'static str; 5] = [
        "e allocated, filled",
        "e resident, filled",
        "e allocated, after churn",
        "e allocated, nine in ten cancelled",
        "e allocated, then shrunk",
    ];

    fn parsed(text: &str) -> Option<Self> {
        let bytes: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
        Some(Self { bytes: bytes.try_into().ok()? })
    }
}

impl fmt::Display for Footprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.iter().try_for_each(|bytes| write!(f, "{bytes} "))
    }
}

/// Starts a process for each contender.
pub(crate) fn measure_all(program: &Path, timers: usize, peers: &[&'static Peer], watch: &mut Watch<'_>) -> Vec<Row> {
    let mut rows: Vec<_> = Footprint::FIGURES
        .into_iter()
        .map(|figure| Row { job: "e", figure: figure.to_owned(), unit: Unit::BytesEach, timers, cells: Vec::new() })
        .collect();
    for &peer in peers {
        watch.says(peer, "fills");
        if let Some(footprint) = watch.kept(in_a_process(program, timers, peer)) {
            for (row, value) in rows.iter_mut().zip(footprint.bytes) {
                // NaN stands for what this machine does not tell.
                if value.is_finite() {
                    let contender = peer.name();
                    row.cells.push(Cell { contender, value, least: value, greatest: value, rounds: 1, calls: None });
                }
            }
        }
    }
    rows
}

fn in_a_process(program: &Path, timers: usize, peer: &Peer) -> Result<Footprint, String> {
    let output = Command::new(program).args([peer.name(), &timers.to_string()]).output();
    let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
    if !output.status.success() {
        return Err(format!("{}: {}", peer.name(), String::from_utf8_lossy(&output.stderr).trim()));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Footprint::parsed(&text).ok_or_else(|| format!("{}: no footprint in {text:?}", peer.name()))
}

/// What such a process does: `args` are the contender and the number of timers.
///
/// # Errors
///
/// What is wrong with the arguments, or with the contender.
pub fn measure(args: &[String], usage: impl Fn() -> usize) -> Result<String, String> {
    let [name, timers] = args else { return Err("expected a contender and a number of timers".to_owned()) };
    let peer = peer(name).ok_or_else(|| format!("no contender {name}"))?;
    let timers = timers.parse().map_err(|_| format!("{timers}: expected a whole number"))?;
    (peer.footprint)(timers, &usage).map(|footprint| footprint.to_string())
}

/// Fills a container, churns it, cancels most of it and shrinks it, and checks it too.
pub(crate) fn footprint<C: Contender + Shrink>(timers: usize, usage: Usage<'_>) -> Result<Footprint, String> {
    let each = |bytes: usize| bytes as f64 / timers as f64;
    let nothing = usage();
    let mut load = Load::<C>::empty();
    let made = if C::COMES_WITH_RUNTIME { 0 } else { usage() - nothing };
    load.held.reserve_exact(timers);
    let (before, resident_before) = (usage() - made, resident());
    {
        let _entered = load.timers.enter();
        (0..timers).for_each(|_| load.arm_held());
    }
    let filled = usage() - before;
    let keys = timers * size_of::<Held<C::Key>>();
    let resident_filled = resident().zip(resident_before).map(|(now, before)| now.saturating_sub(before + keys));
    load.replace_random(timers as u64 * if timers > SHORT_CHURN_ABOVE { 1 } else { CHURN });
    let churned = usage() - before;
    cancel_most(&mut load);
    let cancelled = usage().saturating_sub(before);
    load.timers.shrink();
    let shrunk = usage().saturating_sub(before);
    load.finish()?;
    let resident = resident_filled.map_or(f64::NAN, each);
    Ok(Footprint { bytes: [each(filled), resident, each(churned), each(cancelled), each(shrunk)] })
}

fn cancel_most<C: Contender>(load: &mut Load<C>) {
    let _entered = load.timers.enter();
    for (place, held) in load.held.iter_mut().enumerate().filter(|(place, _)| place % KEPT != 0) {
        load.ledger.cancelled(load.timers.cancel(&mut held.key), place as u64);
        held.due_ticks = 0;
    }
}

/// Bytes of this process that lie in memory, where the system says so.
fn resident() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: usize = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}
