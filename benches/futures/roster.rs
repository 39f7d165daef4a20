//! Who takes part in what.

use crate::contention;
use crate::crowd::{self, Nobody, Sleepers};
use crate::job::{Job, Rounds};
use crate::once::{self, AroundPending, AroundReady, Create, Deed, PollOnce};
use crate::options::Scale;
use crate::peers::{
    AsyncIo, FuturesTimer, Heap, InTokio, Limits, Named, OneShard, Ours, Peer, Pingora, Resets, Tokio, Wheel,
};
use crate::queues::{Queue, TokioQueue};
use crate::resets;

/// Where a contender comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Ours,
    /// A crate, by its name on the registry.
    Published(&'static str),
    /// What the others cannot go below; no yardstick.
    Floor,
}

type Start<A> = Option<fn(A) -> Box<dyn Rounds>>;
type StartMany = Option<fn(usize, u64) -> Box<dyn Rounds>>;

/// One who takes part, and how it is set up for each job; `None` for those that it does not do.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) kind: Kind,
    /// By the number of operations.
    create: Start<u64>,
    poll: Start<u64>,
    ready: Start<u64>,
    pending: Start<u64>,
    /// By the number of sleeps, and of operations.
    resets: StartMany,
    crowd: Start<Scale>,
    /// By the number of threads, and of operations.
    contention: StartMany,
}

const fn once<D: Deed<P> + 'static, P: Peer>() -> Start<u64> {
    Some(once::start::<D, P>)
}

impl Contender {
    const fn new(name: &'static str, kind: Kind, what: &'static str) -> Self {
        let (create, poll, ready, pending) = (None, None, None, None);
        Self { name, what, kind, create, poll, ready, pending, resets: None, crowd: None, contention: None }
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
        let clock: Start<u64> = Some(once::clock);
        Self { create: clock, poll: clock, pending: clock, ..self }
    }

    /// What every operation begins with and ends with that shares a driver.
    const fn share(self) -> Self {
        Self { ready: Some(once::share), ..self }
    }

    const fn contention<P: Peer>(self) -> Self {
        Self { contention: Some(contention::start::<P>), ..self }
    }

    /// Sets it up for a job on so many threads, if it does that job.
    pub(crate) fn start(&self, job: Job, threads: usize, scale: &Scale) -> Option<Box<dyn Rounds>> {
        let operations = scale.operations;
        match job {
            Job::Create => self.create.map(|start| start(operations)),
            Job::Poll => self.poll.map(|start| start(operations)),
            Job::Ready => self.ready.map(|start| start(operations)),
            Job::Pending => self.pending.map(|start| start(operations)),
            Job::Hot => self.resets.map(|start| start(1, operations)),
            Job::Random => self.resets.map(|start| start(scale.armed, operations)),
            Job::Crowd => self.crowd.map(|start| start(*scale)),
            Job::Contention => self.contention.map(|start| start(threads, operations)),
        }
    }

    /// Whether ours is held against it.
    pub(crate) fn is_yardstick(&self) -> bool {
        matches!(self.kind, Kind::Published(_))
    }
}

/// The one of ours that the targets speak of, and that ratios are of.
pub(crate) const MAIN: &str = "wheel";

/// Everybody, in the order of the tables.
pub(crate) static CONTENDERS: [Contender; 14] = [
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
        .sleeps::<InTokio>()
        .limits::<InTokio>()
        .resets::<InTokio>(),
    Contender::new("wheel-queue", Kind::Ours, "one `DelayQueue` in one task").crowd::<Queue>(),
    Contender::new("tokio", Kind::Published("tokio"), "`tokio::time`")
        .sleeps::<Tokio>()
        .limits::<Tokio>()
        .resets::<Tokio>(),
    Contender::new("delayqueue", Kind::Published("tokio-util"), "one `DelayQueue` in one task").crowd::<TokioQueue>(),
    Contender::new("async-io", Kind::Published("async-io"), "`Timer`").sleeps::<AsyncIo>().resets::<AsyncIo>(),
    Contender::new("futures-timer", Kind::Published("futures-timer"), "`Delay`")
        .sleeps::<FuturesTimer>()
        .resets::<FuturesTimer>(),
    Contender::new("pingora", Kind::Published("pingora-timeout"), "`fast_sleep` and `fast_timeout`")
        .sleeps::<Pingora>()
        .limits::<Pingora>(),
    Contender::new("no-sleep", Kind::Floor, "the tasks of the crowd, without a sleep").crowd::<Nobody>(),
    Contender::new("clock", Kind::Floor, "`Instant::now()`, which every deadline but a given one begins with").clock(),
    Contender::new("arc", Kind::Floor, "an `Arc` cloned and dropped, as a share in a driver is").share(),
];
