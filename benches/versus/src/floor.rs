//! The floor: what no container of timers can go below, with its values in a slab. A random element taken out and
//! another put in; and one random cache line read.

use std::hint::black_box;

use fastrand::Rng;
use slab::Slab;

use crate::jobs::clock::timed;

const SEED: u64 = 0x0066_6c6f_6f72;
const OPERATIONS: u64 = 1 << 18;

/// Two words that a list's node would have, and the value.
type Node = (u64, u64, u64);
/// The length of a cache line on the machines of today.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Line(u64);

/// What is measured, with its state for as many elements as there would be timers.
pub(crate) enum Floor {
    Slab { slab: Slab<Node>, keys: Vec<u32>, rng: Rng },
    Lines { lines: Vec<Line>, rng: Rng },
}

impl Floor {
    pub(crate) const FIGURES: [&str; 2] = ["slab remove + insert", "one random cache line"];

    pub(crate) fn slab(count: usize) -> Self {
        let mut slab = Slab::new();
        let keys = (0..count as u64).map(|value| slab.insert((value, value, value)) as u32).collect();
        Self::Slab { slab, keys, rng: Rng::with_seed(SEED) }
    }

    pub(crate) fn lines(count: usize) -> Self {
        Self::Lines { lines: (0..count as u64).map(Line).collect(), rng: Rng::with_seed(SEED) }
    }

    /// Nanoseconds for each of many operations.
    pub(crate) fn round(&mut self) -> f64 {
        let elapsed = match self {
            Self::Slab { slab, keys, rng } => timed(|| {
                for _ in 0..OPERATIONS {
                    let key = &mut keys[rng.usize(..slab.len())];
                    let node = slab.remove(*key as usize);
                    *key = slab.insert(black_box(node)) as u32;
                }
            }),
            Self::Lines { lines, rng } => timed(|| {
                for _ in 0..OPERATIONS {
                    black_box(lines[rng.usize(..lines.len())].0);
                }
            }),
        };
        elapsed.as_nanos() as f64 / OPERATIONS as f64
    }
}
