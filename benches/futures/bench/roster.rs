//! Which contender takes part in what.

use harness::measure::Rounds;
use harness::tables::{Kind, Who};

use crate::contention;
use crate::crowd::{self, Nobody, Sleepers};
use crate::job::Job;
use crate::once::{self, AroundPending, AroundReady, Create, Deed, PollOnce};
#[cfg(tokio_unstable)]
use crate::peers::TokioAlt;
use crate::peers::{
    AsyncIo, FuturesTimer, Heap, InTokio, Limits, Named, OneShard, Ours, Peer, Pingora, Resets, Tokio, Wheel,
};
use crate::queues::{Queue, TokioQueue};
use crate::resets;
use crate::scale::Scale;

type Set<A> = Option<fn(A) -> Box<dyn Rounds>>;
type SetMany = Option<fn(usize, u64) -> Box<dyn Rounds>>;

/// A contender, and how it is set up for each job; `None` for those that it does not do.
pub(crate) struct Contender {
    pub(crate) who: Who,
    /// By the number of operations.
    create: Set<u64>,
    poll: Set<u64>,
    ready: Set<u64>,
    pending: Set<u64>,
    /// By the number of sleeps, and of operations.
    resets: SetMany,
    crowd: Set<Scale>,
    /// By the number of threads, and of operations.
    contention: SetMany,
    workers: Set<u64>,
}

const fn once<D: Deed<P> + 'static, P: Peer>() -> Set<u64> {
    Some(once::start::<D, P>)
}

impl Contender {
    const fn new(name: &'static str, kind: Kind, what: &'static str) -> Self {
        let who = Who { name, kind, what, mark: "" };
        let (create, poll, ready, pending, resets, crowd) = (None, None, None, None, None, None);
        Self { who, create, poll, ready, pending, resets, crowd, contention: None, workers: None }
    }

    const fn sleeps<P: Peer>(self) -> Self {
        let (create, poll) = (once::<Create, P>(), once::<PollOnce, P>());
        Self { create, poll, ..self }.crowd::<P>().contention::<P>()
    }

    const fn limits<P: Limits>(self) -> Self {
        Self { ready: once::<AroundReady, P>(), pending: once::<AroundPending, P>(), ..self }
    }

    const fn resets<P: Resets>(self) -> Self {
        Self { resets: Some(resets::start::<P>), ..self }
    }

    const fn crowd<S: Sleepers>(self) -> Self {
        Self { crowd: Some(crowd::start::<S>), ..self }
    }

    /// What every operation begins with where a deadline is not given.
    const fn clock(self) -> Self {
        let clock: Set<u64> = Some(once::clock);
        Self { create: clock, poll: clock, pending: clock, ..self }
    }

    /// What every operation begins with and ends with that shares a driver.
    const fn share(self) -> Self {
        Self { ready: Some(once::share), ..self }
    }

    const fn contention<P: Peer>(self) -> Self {
        Self { contention: Some(contention::start::<P>), workers: Some(contention::start_workers::<P>), ..self }
    }

    /// How it is set up for a job on so many threads, if it does that job.
    pub(crate) fn start(
        &self,
        job: Job,
        threads: usize,
        scale: Scale,
    ) -> Option<impl FnOnce() -> Box<dyn Rounds> + use<>> {
        let (one, many) = match job {
            Job::Create => (self.create, None),
            Job::Poll => (self.poll, None),
            Job::Ready => (self.ready, None),
            Job::Pending => (self.pending, None),
            Job::Workers => (self.workers, None),
            Job::Hot => (None, self.resets.map(|start| (start, 1))),
            Job::Random => (None, self.resets.map(|start| (start, scale.armed))),
            Job::Contention => (None, self.contention.map(|start| (start, threads))),
            Job::Crowd => (None, None),
        };
        let crowd = self.crowd.filter(|_| job == Job::Crowd);
        let does = one.is_some() || many.is_some() || crowd.is_some();
        does.then_some(move || match (one, many, crowd) {
            (Some(start), ..) => start(scale.operations),
            (_, Some((start, count)), _) => start(count, scale.operations),
            (.., Some(start)) => start(scale),
            _ => unreachable!("it does one of them"),
        })
    }
}

/// The one of ours that the targets speak of, and that ratios are of.
pub(crate) const MAIN: &str = "wheel";

/// All of them, in the order of the tables.
pub(crate) static CONTENDERS: &[Contender] = &[
    Contender::new(
        MAIN,
        Kind::Ours,
        "`Handle::sleep` and `timeout` on a `TimerWheel` of 1 ms, a shard for each thread",
    )
    .sleeps::<Ours<Wheel>>()
    .limits::<Ours<Wheel>>()
    .resets::<Ours<Wheel>>(),
    Contender::new("wheel-1-shard", Kind::Ours, "the same with one shard").contention::<Ours<OneShard>>(),
    Contender::new("wheel-named", Kind::Ours, "`compat::time`, the functions with tokio's names")
        .sleeps::<Named>()
        .limits::<Named>()
        .resets::<Named>(),
    Contender::new("heap", Kind::Ours, "`Handle::sleep` and `timeout` on a `TimerHeap`, a shard for each thread")
        .sleeps::<Ours<Heap>>()
        .limits::<Ours<Heap>>()
        .resets::<Ours<Heap>>(),
    Contender::new("wheel-tokio", Kind::Ours, "the same as wheel, turned by a task of the tokio runtime")
        .sleeps::<Ours<InTokio>>()
        .limits::<Ours<InTokio>>()
        .resets::<Ours<InTokio>>(),
    Contender::new("wheel-queue", Kind::Ours, "one `DelayQueue` in one task").crowd::<Queue>(),
    Contender::new("tokio", Kind::Published("tokio"), "`tokio::time`")
        .sleeps::<Tokio>()
        .limits::<Tokio>()
        .resets::<Tokio>(),
    #[cfg(tokio_unstable)]
    Contender::new("tokio-alt", Kind::Published("tokio"), "`tokio::time` with `enable_alt_timer`, which is unstable")
        .sleeps::<TokioAlt>()
        .limits::<TokioAlt>()
        .resets::<TokioAlt>(),
    Contender::new("delayqueue", Kind::Published("tokio-util"), "one `DelayQueue` in one task").crowd::<TokioQueue>(),
    Contender::new("async-io", Kind::Published("async-io"), "`Timer`").sleeps::<AsyncIo>().resets::<AsyncIo>(),
    Contender::new("futures-timer", Kind::Published("futures-timer"), "`Delay`")
        .sleeps::<FuturesTimer>()
        .resets::<FuturesTimer>(),
    Contender::new("pingora", Kind::Published("pingora-timeout"), "`fast_sleep` and `fast_timeout`")
        .sleeps::<Pingora>()
        .limits::<Pingora>(),
    Contender::new("no-sleep", Kind::Baseline, "the tasks of the crowd, without a sleep").crowd::<Nobody>(),
    Contender::new("clock", Kind::Baseline, "`Instant::now()`, which every deadline but a given one begins with")
        .clock(),
    Contender::new("arc", Kind::Baseline, "an `Arc` cloned and dropped, as a share in a driver is").share(),
];
