//! Job e: bytes for each timer, by an allocator that counts and as resident memory. The harness's table of keys is not
//! counted.

use harness::resident_bytes;
use jobs::{Contender, Held, Load};

/// Says how many bytes are allocated.
pub type Usage<'a> = &'a dyn Fn() -> usize;

/// One timer in this many stays when the others are cancelled.
const KEPT: usize = 10;
/// Replacements for each timer before the steady state is measured, and the same at 10^7, where they take long.
const CHURN: u64 = 2;
const SHORT_CHURN_ABOVE: usize = 2_000_000;

/// Bytes for each of the N timers that a container was filled with, as far as the machine tells.
pub type Footprint = [Option<f64>; FIGURES.len()];

pub(crate) const FIGURES: [&str; 5] = [
    "allocated, filled",
    "resident, filled",
    "allocated, after churn",
    "allocated, nine in ten cancelled",
    "allocated, then shrunk",
];

/// Fills a container, churns it, cancels most of it and shrinks it, and checks it too.
pub(crate) fn footprint<C: Contender>(timers: usize, usage: Usage<'_>) -> Result<Footprint, String> {
    let each = |bytes: usize| bytes as f64 / timers as f64;
    let nothing = usage();
    let mut load = Load::<C>::empty();
    // What a contender allocates when it is made is not told apart from its runtime.
    let made = if C::IN_RUNTIME { 0 } else { usage() - nothing };
    load.books.held.reserve_exact(timers);
    let (before, resident_before) = (usage() - made, resident_bytes());
    load.fill(timers);
    let filled = usage() - before;
    let keys = timers * size_of::<Held<C::Key>>();
    let resident_filled = resident_bytes().zip(resident_before).map(|(now, before)| now.saturating_sub(before + keys));
    load.replace_random(timers as u64 * if timers > SHORT_CHURN_ABOVE { 1 } else { CHURN });
    let churned = usage() - before;
    cancel_most(&mut load);
    let cancelled = usage().saturating_sub(before);
    load.timers.shrink();
    let shrunk = usage().saturating_sub(before);
    load.finish()?;
    Ok([Some(filled), resident_filled, Some(churned), Some(cancelled), Some(shrunk)].map(|bytes| bytes.map(each)))
}

fn cancel_most<C: Contender>(load: &mut Load<C>) {
    let _entered = load.timers.enter();
    for place in (0..load.books.held.len()).filter(|place| place % KEPT != 0) {
        load.books.cancel(&mut load.timers, place);
    }
}
