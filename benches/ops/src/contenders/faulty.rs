//! Timers that are wrong on purpose, one for each promise that the jobs check: a check that catches none of these is
//! none.

use std::marker::PhantomData;

use crate::contender::{Contender, OnTurn, Value};
use crate::contenders::BTree;

/// One in this many timers goes wrong.
const RARITY: u64 = 500;

type Key = <BTree as Contender>::Key;

/// What is done wrong, in place of arming `right` as asked.
pub trait Fault: 'static {
    const NAME: &'static str;

    fn arm<V: Value>(right: &mut BTree<V>, due_ticks: u64, value: V) -> Key;
}

/// A map that is right, but for one timer in [`RARITY`].
pub struct Faulty<F, V = u64> {
    right: BTree<V>,
    armed: u64,
    fault: PhantomData<F>,
}

impl<F, V> Default for Faulty<F, V> {
    fn default() -> Self {
        Self { right: BTree::default(), armed: 0, fault: PhantomData }
    }
}

impl<F: Fault, V: Value> Contender for Faulty<F, V> {
    const NAME: &'static str = F::NAME;
    type Key = Key;
    type Value = V;
    type With<W: Value> = Faulty<F, W>;

    fn arm(&mut self, due_ticks: u64, value: V) -> Key {
        self.armed += 1;
        if self.armed % RARITY == 0 {
            F::arm(&mut self.right, due_ticks, value)
        } else {
            self.right.arm(due_ticks, value)
        }
    }

    fn cancel(&mut self, key: &mut Self::Key) -> Option<V> {
        self.right.cancel(key)
    }

    fn reset(&mut self, key: &mut Self::Key, due_ticks: u64) {
        if let Some(value) = self.right.cancel(key) {
            *key = self.arm(due_ticks, value);
        }
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        let mut due = Due(Vec::new());
        self.right.turn(now_ticks, &mut due);
        for value in due.0 {
            handler.fired(self, now_ticks, value);
        }
    }

    fn pending(&self) -> usize {
        self.right.pending()
    }
}

/// Never fires it, and does not know of it either.
pub struct Loses;

impl Fault for Loses {
    const NAME: &'static str = "loses";

    fn arm<V: Value>(right: &mut BTree<V>, due_ticks: u64, value: V) -> Key {
        let mut key = right.arm(due_ticks, value);
        right.cancel(&mut key);
        key
    }
}

/// Fires it a tick before its deadline.
pub struct Early;

impl Fault for Early {
    const NAME: &'static str = "early";

    fn arm<V: Value>(right: &mut BTree<V>, due_ticks: u64, value: V) -> Key {
        right.arm(due_ticks - 1, value)
    }
}

/// Fires it a tick after its deadline.
pub struct Late;

impl Fault for Late {
    const NAME: &'static str = "late";

    fn arm<V: Value>(right: &mut BTree<V>, due_ticks: u64, value: V) -> Key {
        right.arm(due_ticks + 1, value)
    }
}

/// Fires it twice.
pub struct Twice;

impl Fault for Twice {
    const NAME: &'static str = "twice";

    fn arm<V: Value>(right: &mut BTree<V>, due_ticks: u64, value: V) -> Key {
        right.arm(due_ticks, value);
        right.arm(due_ticks, value)
    }
}

/// Gives it another timer's value.
pub struct Mixes;

impl Fault for Mixes {
    const NAME: &'static str = "mixes";

    fn arm<V: Value>(right: &mut BTree<V>, due_ticks: u64, value: V) -> Key {
        right.arm(due_ticks, V::of(value.number() ^ 1))
    }
}

struct Due<V>(Vec<V>);

impl<V: Value> OnTurn<BTree<V>> for Due<V> {
    fn fired(&mut self, _timers: &mut BTree<V>, _now_ticks: u64, value: V) {
        self.0.push(value);
    }
}
