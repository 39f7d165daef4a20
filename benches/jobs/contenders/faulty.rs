//! Timers that are wrong on purpose, one for each promise that the jobs check: a check that catches none of these is
//! none.

use std::marker::PhantomData;

use crate::jobs::contender::{Contender, OnTurn};
use crate::jobs::contenders::BTree;

/// One in this many timers goes wrong.
const RARITY: u64 = 500;

/// What is done wrong, in place of arming `right` as asked.
pub(crate) trait Fault {
    const NAME: &'static str;

    fn arm(right: &mut BTree, due_ticks: u64, value: u64) -> <BTree as Contender>::Key;
}

/// A map that is right, but for one timer in [`RARITY`].
pub(crate) struct Faulty<F> {
    right: BTree,
    armed: u64,
    fault: PhantomData<F>,
}

impl<F: Fault> Contender for Faulty<F> {
    const NAME: &'static str = F::NAME;
    type Key = <BTree as Contender>::Key;
    type Entered = ();

    fn new() -> Self {
        Self { right: BTree::new(), armed: 0, fault: PhantomData }
    }

    fn arm(&mut self, due_ticks: u64, value: u64) -> Self::Key {
        self.armed += 1;
        if self.armed % RARITY == 0 {
            F::arm(&mut self.right, due_ticks, value)
        } else {
            self.right.arm(due_ticks, value)
        }
    }

    fn cancel(&mut self, key: &mut Self::Key) -> Option<u64> {
        self.right.cancel(key)
    }

    fn reset(&mut self, key: &mut Self::Key, due_ticks: u64) {
        if let Some(value) = self.right.cancel(key) {
            *key = self.arm(due_ticks, value);
        }
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        let mut due = Due::default();
        self.right.turn(now_ticks, &mut due);
        for value in due.values {
            handler.fired(self, now_ticks, value);
        }
    }

    fn pending(&self) -> usize {
        self.right.pending()
    }

    fn enter(&self) {}
}

/// Never fires it, and does not know of it either.
pub(crate) struct Loses;

impl Fault for Loses {
    const NAME: &'static str = "loses";

    fn arm(right: &mut BTree, due_ticks: u64, value: u64) -> <BTree as Contender>::Key {
        let mut key = right.arm(due_ticks, value);
        right.cancel(&mut key);
        key
    }
}

/// Fires it a tick before its deadline.
pub(crate) struct Early;

impl Fault for Early {
    const NAME: &'static str = "early";

    fn arm(right: &mut BTree, due_ticks: u64, value: u64) -> <BTree as Contender>::Key {
        right.arm(due_ticks - 1, value)
    }
}

/// Fires it a tick after its deadline.
pub(crate) struct Late;

impl Fault for Late {
    const NAME: &'static str = "late";

    fn arm(right: &mut BTree, due_ticks: u64, value: u64) -> <BTree as Contender>::Key {
        right.arm(due_ticks + 1, value)
    }
}

/// Fires it twice.
pub(crate) struct Twice;

impl Fault for Twice {
    const NAME: &'static str = "twice";

    fn arm(right: &mut BTree, due_ticks: u64, value: u64) -> <BTree as Contender>::Key {
        right.arm(due_ticks, value);
        right.arm(due_ticks, value)
    }
}

/// Gives it another timer's value.
pub(crate) struct Mixes;

impl Fault for Mixes {
    const NAME: &'static str = "mixes";

    fn arm(right: &mut BTree, due_ticks: u64, value: u64) -> <BTree as Contender>::Key {
        right.arm(due_ticks, value ^ 1)
    }
}

#[derive(Default)]
struct Due {
    values: Vec<u64>,
}

impl OnTurn<BTree> for Due {
    fn fired(&mut self, _timers: &mut BTree, _now_ticks: u64, value: u64) {
        self.values.push(value);
    }
}
