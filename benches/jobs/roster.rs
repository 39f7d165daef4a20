//! Who takes part, with their types erased: a table runs contenders of all kinds in turn.

use tickwheel::{TimerHeap, TimerWheel};

use crate::jobs::contender::Contender;
use crate::jobs::contenders::{BTree, DelayQueueTimers, Early, Faulty, Late, Loses, Mixes, Ours, TokioSleeps, Twice};
use crate::jobs::means::{Mean, Rounds};
use crate::jobs::stalls::{Series, Stall};

/// One contender: how to set up a mean job, how to run a stall job.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// One of this crate's own.
    pub(crate) ours: bool,
    pub(crate) start: fn(Mean, usize) -> Box<dyn Rounds>,
    pub(crate) stalls: fn(Stall, usize) -> Result<Vec<Series>, String>,
}

impl Entry {
    pub(crate) const fn peer<C: Contender + 'static>() -> Self {
        Self { name: C::NAME, ours: false, start: Mean::start::<C>, stalls: Stall::run::<C> }
    }

    pub(crate) const fn ours<C: Contender + 'static>() -> Self {
        Self { ours: true, ..Self::peer::<C>() }
    }
}

/// This crate's two.
pub(crate) const OURS: &[Entry] = &[Entry::ours::<Ours<TimerWheel<u64>>>(), Entry::ours::<Ours<TimerHeap<u64>>>()];

/// The two of tokio's that ours are always compared with.
pub(crate) const TOKIOS: &[Entry] = &[Entry::peer::<DelayQueueTimers>(), Entry::peer::<TokioSleeps>()];

/// Those that take part when asked for.
pub(crate) const OTHERS: &[Entry] = &[Entry::peer::<BTree>()];

/// Wrong on purpose.
pub(crate) const FAULTY: &[Entry] = &[
    Entry::peer::<Faulty<Loses>>(),
    Entry::peer::<Faulty<Early>>(),
    Entry::peer::<Faulty<Late>>(),
    Entry::peer::<Faulty<Twice>>(),
    Entry::peer::<Faulty<Mixes>>(),
];
