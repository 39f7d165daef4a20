//! Timers that are wrong on purpose, one for each promise that the jobs check: a check that catches none of these is
//! none.

use crate::contender::{Contender, Event, OnTurn};
use crate::contenders::BTree;

/// One in this many timers goes wrong.
const RARITY: u64 = 500;

type Key = <BTree as Contender>::Key;
/// What is done in place of arming as asked.
type Fault = fn(&mut BTree, u64, u64) -> Key;

/// Never fires it, and does not know of it either; fires it a tick early, a tick late, or twice; or gives it another
/// timer's value.
const FAULTS: [(&str, Fault); 5] = [
    ("loses", |right, due_ticks, value| {
        let mut key = right.arm(due_ticks, value);
        right.cancel(&mut key);
        key
    }),
    ("early", |right, due_ticks, value| right.arm(due_ticks - 1, value)),
    ("late", |right, due_ticks, value| right.arm(due_ticks + 1, value)),
    ("twice", |right, due_ticks, value| {
        right.arm(due_ticks, value);
        right.arm(due_ticks, value)
    }),
    ("mixes", |right, due_ticks, value| right.arm(due_ticks, value ^ 1)),
];

/// A map that is right, but for one timer in [`RARITY`], which has the fault of that number.
#[derive(Default)]
pub struct Faulty<const FAULT: usize> {
    right: BTree,
    armed: u64,
}

impl<const FAULT: usize> Contender for Faulty<FAULT> {
    const NAME: &'static str = FAULTS[FAULT].0;
    type Key = Key;
    type Value = u64;

    fn arm(&mut self, due_ticks: u64, value: u64) -> Key {
        self.armed += 1;
        let arm = if self.armed % RARITY == 0 { FAULTS[FAULT].1 } else { BTree::arm };
        arm(&mut self.right, due_ticks, value)
    }

    fn cancel(&mut self, key: &mut Key) -> Option<u64> {
        self.right.cancel(key)
    }

    fn reset(&mut self, key: &mut Key, due_ticks: u64) {
        if let Some(value) = self.right.cancel(key) {
            *key = self.arm(due_ticks, value);
        }
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        let mut due = Vec::new();
        self.right.turn(now_ticks, &mut |_: &mut BTree, _, event| {
            if let Event::Fired(value) = event {
                due.push(value);
            }
        });
        due.into_iter().for_each(|value| handler(self, now_ticks, Event::Fired(value)));
    }

    fn pending(&self) -> usize {
        self.right.pending()
    }
}
