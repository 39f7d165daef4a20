//! The floor: what no container of timers can go below, with its values in a slab. A random element taken out and
//! another put in; and one random cache line read.

use std::hint::black_box;

use fastrand::Rng;
use harness::{CPU, Plan, Rounds, Row, Start, Watch, ns_each, step};
use slab::Slab;

const SEED: u64 = 0x0066_6c6f_6f72;
const OPERATIONS: u64 = 1 << 18;

/// Two words that a list's node would have, and the value.
type Node = (u64, u64, u64);
/// The length of a cache line on the machines of today.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(u64);

/// Both, with as many elements as there would be timers.
pub(crate) fn measure(timers: usize, plan: &Plan, watch: &mut Watch) -> Vec<Row> {
    let figures = ["slab remove + insert", "one random cache line"];
    let rows = figures.map(|figure| Row::new("floor", figure, CPU, Some(timers)));
    let start = move || -> Option<Box<dyn Rounds>> {
        let mut slab: Slab<Node> = Slab::new();
        let values = 0..timers as u64;
        let mut keys: Vec<_> = values.clone().map(|value| slab.insert((value, value, value)) as u32).collect();
        let (lines, mut rng): (Vec<_>, _) = (values.map(Line).collect(), Rng::with_seed(SEED));
        Some(Box::new(move || {
            let replaced = ns_each(OPERATIONS, || {
                for _ in 0..OPERATIONS {
                    let key = &mut keys[rng.usize(..slab.len())];
                    let node = slab.remove(*key as usize);
                    *key = slab.insert(black_box(node)) as u32;
                }
            });
            let read = ns_each(OPERATIONS, || {
                for _ in 0..OPERATIONS {
                    black_box(lines[rng.usize(..lines.len())].0);
                }
            });
            Ok(vec![replaced, read])
        }))
    };
    step(rows.into(), vec![Start::new("floor", start)], plan, watch)
}
