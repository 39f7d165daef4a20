//! Contenders with their types erased: a table runs all kinds in turn.

use harness::{Plan, Rounds, Row, Run, Series, Start, Watch, repeated, step};

use crate::contender::{Contender, Wide};
use crate::contenders::{BTree, DelayQueueTimers, Faulty, Heap, Ours, TokioSleeps, Wheel};
use crate::job::Job;
use crate::{means, stalls};

type StartOf = fn(Job, usize, Option<u64>) -> Box<dyn Rounds>;

/// One contender: how to set up a job of means, how to run one of single calls.
#[derive(Clone, Copy)]
pub struct Entry {
    pub name: &'static str,
    start: StartOf,
    /// With values of 64 bytes.
    wide: Option<StartOf>,
    calls: fn(Job, usize) -> Result<Vec<Series>, String>,
}

impl Entry {
    pub const fn of<C: Contender>() -> Self {
        Self { name: C::NAME, start: means::start::<C>, wide: None, calls: stalls::run::<C> }
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

    pub fn run(&self, job: Job, timers: usize) -> Result<Vec<Series>, String> {
        (self.calls)(job, timers)
    }
}

/// Measures a job. A run of single calls costs as much as all rounds of a mean, and is repeated less often.
pub fn measure(job: Job, timers: usize, entries: &[Entry], plan: Plan, watch: &mut Watch) -> Vec<Row> {
    let rows = job.rows(timers);
    if job.is_calls() {
        let run = |entry: &Entry| {
            Run::new(entry.name, {
                let entry = *entry;
                move || entry.run(job, timers)
            })
        };
        let runs: Vec<_> = entries.iter().map(run).collect();
        return repeated(rows, &runs, &Plan { rounds: plan.rounds.div_ceil(2), ..plan }, watch);
    }
    let start = |entry: &Entry| {
        Start::new(entry.name, {
            let entry = *entry;
            move || entry.start(job, timers, None)
        })
    };
    step(rows, entries.iter().map(start).collect(), &plan, watch)
}

/// This crate's two.
pub const OURS: [Entry; 2] =
    [Entry::of::<Ours<Wheel>>().wide::<Ours<Wheel, Wide>>(), Entry::of::<Ours<Heap>>().wide::<Ours<Heap, Wide>>()];

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
