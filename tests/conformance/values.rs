//! Values of every kind: each is dropped once, by whoever took it or with its container.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
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

    ids[20..40].iter().for_each(|id| assert!(timers.reset(*id, at::<F>(1 << 22))));
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

/// Panics when it is dropped, if it is told to.
struct Fussy {
    _counted: Counted,
    panics: bool,
}

impl Drop for Fussy {
    fn drop(&mut self) {
        // Where the case has failed, a second panic would end the whole suite.
        assert!(!self.panics || std::thread::panicking(), "a drop that panics");
    }
}

pub(crate) fn c4_a_drop_that_panics_in_clear_leaves_nothing_behind<F: Factory>() {
    for which in [0, 1, 50, 99] {
        let drops = Rc::new(Cell::new(0));
        let mut timers = F::make();
        let arm = |timers: &mut F::Timers<Fussy>, n: u64, panics| {
            timers.insert(at::<F>(1 + n * n), Fussy { _counted: Counted::new(&drops), panics }).unwrap()
        };
        let ids: Vec<_> = (0..100).map(|n| arm(&mut timers, n, n == which)).collect();
        timers.reset(ids[3], at::<F>(1 << 35));
        assert!(catch_unwind(AssertUnwindSafe(|| timers.clear())).is_err(), "the panic is passed on");
        F::check(&timers);
        // What is counted is there, and what is there fires.
        let live = ids.iter().filter(|id| timers.contains(**id)).count();
        assert_eq!((live, timers.len()), (0, 0), "all have gone");
        assert_eq!((timers.next_expiry(), timers.next_turn()), (None, None));
        let id = arm(&mut timers, 5, false);
        assert!(!ids.contains(&id), "C5");
        assert_eq!(timers.turn(at::<F>(1 << 36)).count(), 1);
        F::check(&timers);
        drop(timers);
        assert_eq!(drops.get(), 101, "each value was dropped once");
    }
}

/// Arms, moves, cancels and fires values of a type.
fn values_of<F: Factory, T: Clone + PartialEq + std::fmt::Debug + 'static>(value: impl Fn(u64) -> T) {
    let mut timers = F::make();
    let mut ids: Vec<_> = (0..60).map(|n| timers.insert(at::<F>(1 + n), value(n)).unwrap()).collect();
    for n in (0..60).step_by(3) {
        assert_eq!(timers.cancel(ids[n as usize]), Some(value(n)));
        ids[n as usize] = timers.insert(at::<F>(1 + n), value(n)).unwrap();
    }
    assert!(timers.reset(ids[59], at::<F>(1 << 20)) && timers.reset(ids[58], at::<F>(1)));
    timers.shrink_to_fit();
    F::check(&timers);
    assert!(ids.iter().enumerate().all(|(n, id)| timers.get(*id) == Some(&value(n as u64))));
    let mut fired: Vec<_> = timers.turn(at::<F>(60)).map(|expired| expired.value).collect();
    assert_eq!((fired.len(), fired.remove(1)), (59, value(58)));
    assert!((0..58).all(|n| fired[n as usize] == value(n)));
    assert_eq!(timers.turn(at::<F>(1 << 20)).next().map(|expired| expired.value), Some(value(59)));
}

pub(crate) fn c4_values_of_every_size<F: Factory>() {
    #[derive(Clone, PartialEq, Debug)]
    #[repr(align(64))]
    struct Aligned(u8);

    values_of::<F, ()>(|_| ());
    values_of::<F, u8>(|n| n as u8);
    values_of::<F, u64>(|n| n);
    values_of::<F, [u64; 8]>(|n| [n; 8]);
    values_of::<F, [u64; 512]>(|n| [n; 512]);
    values_of::<F, Aligned>(|n| Aligned(n as u8));
    values_of::<F, std::sync::Arc<str>>(|n| n.to_string().into());
}
