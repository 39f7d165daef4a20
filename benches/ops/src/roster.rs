//! Contenders with their types erased: a table runs all kinds in turn.

use harness::calls::{Run, Series};
use harness::measure::{Rounds, Start};

use crate::contender::Contender;
use crate::contenders::{
    BTree, DelayQueueTimers, Early, Faulty, Heap, Late, Loses, Mixes, Ours, TokioSleeps, Twice, Wheel,
};
use crate::means::{Mean, Timing};
use crate::stalls::Stall;

/// One contender: how to set up a mean job, how to run a stall job.
#[derive(Clone, Copy)]
pub struct Entry {
    pub name: &'static str,
    /// One of this crate's own.
    pub ours: bool,
    pub start: fn(Mean, usize) -> Box<dyn Timing>,
    warm: fn(Mean, usize) -> Box<dyn Rounds>,
    stalls: fn(Stall, usize) -> Result<Vec<Series>, String>,
}

impl Entry {
    pub const fn peer<C: Contender>() -> Self {
        Self { name: C::NAME, ours: false, start: Mean::start::<C>, warm: Mean::warm::<C>, stalls: Stall::run::<C> }
    }

    pub const fn ours<C: Contender>() -> Self {
        Self { ours: true, ..Self::peer::<C>() }
    }

    /// For [`harness::measure::step`].
    pub fn mean(&self, job: Mean, timers: usize) -> Start<'static> {
        let warm = self.warm;
        Start::new(self.name, move || warm(job, timers))
    }

    /// For [`harness::calls::repeated`].
    pub fn calls(&self, job: Stall, timers: usize) -> Run<'static> {
        let stalls = self.stalls;
        Run { contender: self.name, run: Box::new(move || stalls(job, timers)) }
    }
}

/// This crate's two.
pub const OURS: &[Entry] = &[Entry::ours::<Ours<Wheel>>(), Entry::ours::<Ours<Heap>>()];

/// tokio's two, which ours are always compared with.
pub const TOKIOS: &[Entry] = &[Entry::peer::<DelayQueueTimers>(), Entry::peer::<TokioSleeps>()];

/// Those that take part when asked for.
pub const OTHERS: &[Entry] = &[Entry::peer::<BTree>()];

/// Wrong on purpose.
pub const FAULTY: &[Entry] = &[
    Entry::peer::<Faulty<Loses>>(),
    Entry::peer::<Faulty<Early>>(),
    Entry::peer::<Faulty<Late>>(),
    Entry::peer::<Faulty<Twice>>(),
    Entry::peer::<Faulty<Mixes>>(),
];
