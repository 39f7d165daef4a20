//! Which contender takes part in what.

use harness::{Kind, Rounds, Who};

use crate::contention;
use crate::crowd::{self, NoSleep, Sleepers};
use crate::job::Job;
use crate::once::{self, AroundPending, AroundReady, Create, PollOnce};
#[cfg(tokio_unstable)]
use crate::peers::TokioAlt;
use crate::peers::{
    AsyncIo, FuturesTimer, HEAP, IN_TOKIO, In, Limits, Named, ONE_SHARD, Ours, Peer, Pingora, Resets, Tokio, WHEEL,
};
use crate::queues::{Queue, TokioQueue};
use crate::resets;
use crate::scale::Scale;

/// Sets a contender up for a job on so many threads, if it does that job.
type Start = fn(Job, usize, Scale) -> Option<Box<dyn Rounds>>;

pub(crate) struct Contender {
    pub(crate) who: Who,
    pub(crate) start: Start,
}

const fn contender(name: &'static str, kind: Kind, what: &'static str, start: Start) -> Contender {
    Contender { who: Who { name, kind, what, mark: "" }, start }
}

fn sleeps<P: Peer>(job: Job, threads: usize, scale: Scale) -> Option<Box<dyn Rounds>> {
    match job {
        Job::Create => Some(once::start::<Create, P>(scale.operations)),
        Job::Poll => Some(once::start::<PollOnce, P>(scale.operations)),
        Job::Workers => Some(contention::start_workers::<P>(scale.operations)),
        _ => crowd::<In<P>>(job, threads, scale).or_else(|| contention::<P>(job, threads, scale)),
    }
}

fn crowd<S: Sleepers>(job: Job, _threads: usize, scale: Scale) -> Option<Box<dyn Rounds>> {
    (job == Job::Crowd).then(|| crowd::start::<S>(scale))
}

fn contention<P: Peer>(job: Job, threads: usize, scale: Scale) -> Option<Box<dyn Rounds>> {
    (job == Job::Contention).then(|| contention::start::<P>(threads, scale.operations))
}

/// Sleeps and timeouts.
fn limits<P: Limits>(job: Job, threads: usize, scale: Scale) -> Option<Box<dyn Rounds>> {
    match job {
        Job::Ready => Some(once::start::<AroundReady, P>(scale.operations)),
        Job::Pending => Some(once::start::<AroundPending, P>(scale.operations)),
        _ => sleeps::<P>(job, threads, scale),
    }
}

/// Sleeps that can be moved.
fn resets<P: Resets>(job: Job, threads: usize, scale: Scale) -> Option<Box<dyn Rounds>> {
    match job {
        Job::Hot => Some(resets::start::<P>(1, scale.operations)),
        Job::Random => Some(resets::start::<P>(scale.armed, scale.operations)),
        _ => sleeps::<P>(job, threads, scale),
    }
}

fn all<P: Limits + Resets>(job: Job, threads: usize, scale: Scale) -> Option<Box<dyn Rounds>> {
    limits::<P>(job, threads, scale).or_else(|| resets::<P>(job, threads, scale))
}

/// What every operation begins with where a deadline is not given.
fn clock(job: Job, _threads: usize, scale: Scale) -> Option<Box<dyn Rounds>> {
    matches!(job, Job::Create | Job::Poll | Job::Pending).then(|| once::clock(scale.operations))
}

/// What every operation begins with and ends with that shares a driver.
fn share(job: Job, _threads: usize, scale: Scale) -> Option<Box<dyn Rounds>> {
    (job == Job::Ready).then(|| once::share(scale.operations))
}

/// The one of ours that the goals speak of, and that ratios are of.
pub(crate) const MAIN: &str = "wheel";

/// All of them, in the order of the tables.
pub(crate) static CONTENDERS: &[Contender] = &[
    contender(
        MAIN,
        Kind::Ours,
        "`Handle::sleep` and `timeout` on a `TimerWheel` of 1 ms, a shard for each thread",
        all::<Ours<WHEEL>>,
    ),
    contender("wheel-1-shard", Kind::Ours, "the same with one shard", contention::<Ours<ONE_SHARD>>),
    contender("wheel-named", Kind::Ours, "`compat::time`, the functions with tokio's names", all::<Named>),
    contender("heap", Kind::Ours, "the same as wheel on a `TimerHeap`", all::<Ours<HEAP>>),
    contender("wheel-tokio", Kind::Ours, "the same as wheel, turned by a task of the runtime", all::<Ours<IN_TOKIO>>),
    contender("wheel-queue", Kind::Ours, "one `DelayQueue` in one task", crowd::<Queue>),
    contender("tokio", Kind::Published("tokio"), "`tokio::time`", all::<Tokio>),
    #[cfg(tokio_unstable)]
    contender("tokio-alt", Kind::Published("tokio"), "the same with `enable_alt_timer` (unstable)", all::<TokioAlt>),
    contender("delayqueue", Kind::Published("tokio-util"), "one `DelayQueue` in one task", crowd::<TokioQueue>),
    contender("async-io", Kind::Published("async-io"), "`Timer`", resets::<AsyncIo>),
    contender("futures-timer", Kind::Published("futures-timer"), "`Delay`", resets::<FuturesTimer>),
    contender("pingora", Kind::Published("pingora-timeout"), "`fast_sleep` and `fast_timeout`", limits::<Pingora>),
    contender("no-sleep", Kind::Baseline, "the tasks of the crowd, without a sleep", crowd::<NoSleep>),
    contender("clock", Kind::Baseline, "`Instant::now()`, which every deadline but a given one begins with", clock),
    contender("arc", Kind::Baseline, "an `Arc` cloned and dropped, as a share in a driver is", share),
];
