//! Values of every kind: each is dropped once, by whoever took it or with its container.

use std::cell::Cell;
use std::rc::Rc;

use tickwheel::{Timer, TimerExt};

use crate::common::fired;
use crate::factory::{Factory, at};

/// Counts its drops, and minds a second one.
struct Counted {
    dropped: Cell<bool>,
    drops: Rc<Cell<usize>>,
}

impl Counted {
    fn new(drops: &Rc<Cell<usize>>) -> Self {
        Self { dropped: Cell::new(false), drops: Rc::clone(drops) }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        assert!(!self.dropped.replace(true), "dropped twice");
        self.drops.set(self.drops.get() + 1);
    }
}

pub(crate) fn c4_every_value_is_dropped_once<F: Factory>() {
    let drops = Rc::new(Cell::new(0));
    let count = || drops.get();
    let mut timers = F::make();
    let ids: Vec<_> = (0..100).map(|n| timers.insert(at::<F>(1 + n * n), Counted::new(&drops)).unwrap()).collect();
    assert_eq!(count(), 0);

    for id in &ids[..20] {
        let value = timers.cancel(*id);
        assert!(value.is_some());
        drop(value);
    }
    assert_eq!(count(), 20, "cancelled, and dropped by whoever cancelled");

    ids[20..40].iter().for_each(|id| assert!(timers.reschedule(*id, at::<F>(1 << 22))));
    timers.shrink_to_fit();
    assert_eq!(count(), 20, "moved, and not dropped");

    let expired: Vec<_> = timers.turn(at::<F>(1 + 49 * 49)).collect();
    assert_eq!((expired.len(), count()), (10, 20), "handed out, and not dropped");
    drop(expired);
    assert_eq!(count(), 30);

    drop(timers.turn(at::<F>(1 + 59 * 59)));
    assert_eq!(count(), 30, "a turn that is dropped drops no timer");

    let siblings = timers.sibling();
    drop(siblings);
    timers.clear();
    assert_eq!((count(), timers.len()), (100, 0), "cleared, and dropped");

    for n in 0..10 {
        timers.insert(at::<F>(n), Counted::new(&drops)).unwrap();
    }
    drop(timers);
    assert_eq!(count(), 110, "dropped with their container");
}

pub(crate) fn c4_a_zero_sized_value<F: Factory>() {
    let mut timers = F::make();
    let ids: Vec<_> = (0..50).map(|n| timers.insert(at::<F>(n * 9), ()).unwrap()).collect();
    assert_eq!(timers.cancel(ids[7]), Some(()));
    assert_eq!(timers.get(ids[8]), Some(&()));
    assert_eq!(timers.turn(at::<F>(500)).count(), 49);
}

pub(crate) fn c4_a_boxed_value<F: Factory>() {
    let mut timers = F::make::<Box<dyn Fn() -> u64>>();
    for n in 0..20 {
        timers.insert(at::<F>(300 - n), Box::new(move || n)).unwrap();
    }
    let results: Vec<_> = timers.turn(at::<F>(300)).map(|expired| (expired.value)()).collect();
    assert_eq!(results, (0..20).rev().collect::<Vec<_>>());
}

/// Dropping a value may drop many others.
pub(crate) fn c4_values_that_own_the_container_of_others<F: Factory>() {
    let drops = Rc::new(Cell::new(0));
    let mut outer = F::make();
    for n in 0..3 {
        let mut inner = F::make();
        for m in 0..5 {
            inner.insert(at::<F>(m), Counted::new(&drops)).unwrap();
        }
        outer.insert(at::<F>(n), inner).unwrap();
    }
    let inner = fired(&mut outer, at::<F>(1));
    assert_eq!((inner.len(), drops.get()), (2, 0));
    drop(inner);
    assert_eq!(drops.get(), 10);
    drop(outer);
    assert_eq!(drops.get(), 15);
}
