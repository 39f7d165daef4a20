//! Contenders with their types erased: a table runs all kinds in turn.

use harness::{Plan, Rounds, Row, Runs, Start, Watch, step};

use crate::contender::{Contender, Wide};
use crate::contenders::{BTree, DelayQueueTimers, Faulty, Heap, TokioSleeps, Wheel};
use crate::job::Job;
use crate::{means, stalls};

type StartOf = fn(Job, usize, Option<u64>) -> Box<dyn Rounds>;

/// One contender, and how to set it up for a job.
#[derive(Clone, Copy)]
pub struct Entry {
    pub name: &'static str,
    start: StartOf,
    /// With values of 64 bytes.
    wide: Option<StartOf>,
}

impl Entry {
    pub const fn of<C: Contender>() -> Self {
        Self { name: C::NAME, start: start::<C>, wide: None }
    }

    /// It also takes part with these values.
    pub const fn wide<C: Contender<Value = Wide>>(self) -> Self {
        Self { wide: Some(means::start::<C>), ..self }
    }

    /// Sets it up, if it takes part; with rounds of so many operations, or of as many as are good to be timed.
    pub fn start(&self, job: Job, timers: usize, operations: Option<u64>) -> Option<Box<dyn Rounds>> {
        let start = if job.is_wide() { self.wide } else { Some(self.start) };
        start.map(|start| start(job, timers, operations))
    }
}

fn start<C: Contender>(job: Job, timers: usize, operations: Option<u64>) -> Box<dyn Rounds> {
    if !job.is_calls() {
        return means::start::<C>(job, timers, operations);
    }
    Box::new(Runs::new(move || stalls::run::<C>(job, timers)))
}

/// Measures a job. A run of single calls costs as much as all rounds of a mean, and is repeated less often, but twice
/// in any case: in a single run a longest call cannot be told from an interruption. Only where contenders are measured
/// one by one the slow ones may be run once; each has the same time there, so that the faster are repeated more often.
pub fn measure(job: Job, timers: usize, entries: &[Entry], mut plan: Plan, watch: &mut Watch) -> Vec<Row> {
    if job.is_calls() {
        plan.rounds = plan.rounds.div_ceil(2);
        plan.least = if plan.together { 2 } else { 1 };
    }
    let start = |entry: &Entry| {
        let entry = *entry;
        Start::new(entry.name, move || entry.start(job, timers, None))
    };
    step(job.rows(timers), entries.iter().map(start).collect(), &plan, watch)
}

/// This crate's two.
pub const OURS: [Entry; 2] = [Entry::of::<Wheel>().wide::<Wheel<Wide>>(), Entry::of::<Heap>().wide::<Heap<Wide>>()];

/// tokio's two, which ours are always compared with.
pub const TOKIOS: [Entry; 2] = [
    Entry::of::<DelayQueueTimers>().wide::<DelayQueueTimers<Wide>>(),
    Entry::of::<TokioSleeps>().wide::<TokioSleeps<Wide>>(),
];

/// One that takes part when asked for.
pub const BTREE: Entry = Entry::of::<BTree>();

/// Wrong on purpose.
pub const FAULTY: [Entry; 5] = [
    Entry::of::<Faulty<0>>(),
    Entry::of::<Faulty<1>>(),
    Entry::of::<Faulty<2>>(),
    Entry::of::<Faulty<3>>(),
    Entry::of::<Faulty<4>>(),
];
