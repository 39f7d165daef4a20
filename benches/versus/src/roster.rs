//! Who takes part, and what the tables must say about each.

use tickwheel::{TimerHeap, TimerWheel};

use crate::jobs::contender::Contender;
use crate::jobs::contenders::{BTree, DelayQueueTimers, Ours, TokioSleeps};
use crate::jobs::roster::Entry;
use crate::memory::{Footprint, Usage, footprint};
use crate::peers::{
    HashWheel, HashedQueue, IndexedHeap, KestrelWheel, LazyBinaryHeap, LinuxWheel, NexusWheel, OraWheel, Stamp,
};

/// Where a contender comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Ours,
    /// A crate, by its name on the registry.
    Published(&'static str),
    /// Containers of the standard library or of common crates, put together as a user would.
    HandWritten,
    /// What the others are measured against; no yardstick itself.
    Baseline,
}

/// One contender and what is known of it.
pub(crate) struct Peer {
    pub(crate) entry: Entry,
    pub(crate) kind: Kind,
    pub(crate) what: &'static str,
    /// Whether cancelling takes the timer's entry out, or at least bounds what stays behind.
    pub(crate) cancels: bool,
    /// Whether it runs in a runtime whose clock is moved by hand, at a cost for each tick.
    pub(crate) pays_for_clock: bool,
    /// How early and how late it may fire, in ticks, and why.
    pub(crate) tolerance: (u64, u64, &'static str),
    pub(crate) footprint: fn(usize, Usage<'_>) -> Result<Footprint, String>,
}

impl Peer {
    const fn new<C: Contender + Shrink + 'static>(kind: Kind, what: &'static str) -> Self {
        Self {
            entry: if matches!(kind, Kind::Ours) { Entry::ours::<C>() } else { Entry::peer::<C>() },
            kind,
            what,
            cancels: true,
            pays_for_clock: false,
            tolerance: (C::EARLY_TICKS, C::LATE_TICKS, C::BY_DESIGN),
            footprint: footprint::<C>,
        }
    }

    const fn lazy(self) -> Self {
        Self { cancels: false, ..self }
    }

    const fn in_runtime(self) -> Self {
        Self { pays_for_clock: true, ..self }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.entry.name
    }

    /// Whether the best of these is what ours is held against.
    pub(crate) fn is_yardstick(&self) -> bool {
        self.cancels && matches!(self.kind, Kind::Published(_) | Kind::HandWritten)
    }
}

/// What is asked of a contender about memory.
pub(crate) trait Shrink {
    /// Whether it is made together with a runtime that moves its clock, so that what it allocates itself when it is
    /// made is not told apart.
    const COMES_WITH_RUNTIME: bool = false;

    /// Gives back the memory that is not needed, for those who can.
    fn shrink(&mut self) {}
}

impl Shrink for Ours<TimerWheel<u64>> {
    fn shrink(&mut self) {
        self.shrink_to_fit();
    }
}

impl Shrink for Ours<TimerHeap<u64>> {
    fn shrink(&mut self) {
        self.shrink_to_fit();
    }
}

impl Shrink for DelayQueueTimers {
    const COMES_WITH_RUNTIME: bool = true;

    fn shrink(&mut self) {
        self.shrink_to_fit();
    }
}

impl Shrink for OraWheel {
    fn shrink(&mut self) {
        self.shrink_to_fit();
    }
}

impl Shrink for LazyBinaryHeap {
    fn shrink(&mut self) {
        self.shrink_to_fit();
    }
}

impl Shrink for HashedQueue {
    fn shrink(&mut self) {
        self.shrink_to_fit();
    }
}

impl<S: Stamp> Shrink for IndexedHeap<S> {
    fn shrink(&mut self) {
        self.shrink_to_fit();
    }
}

impl Shrink for LinuxWheel {
    fn shrink(&mut self) {
        self.shrink_to_fit();
    }
}

impl Shrink for TokioSleeps {
    const COMES_WITH_RUNTIME: bool = true;
}

impl Shrink for HashWheel {}
impl Shrink for NexusWheel {}
impl Shrink for KestrelWheel {}
impl Shrink for BTree {}

/// Everybody, in the order of the tables.
pub(crate) static PEERS: [Peer; 14] = [
    Peer::new::<Ours<TimerWheel<u64>>>(Kind::Ours, "`TimerWheel`"),
    Peer::new::<Ours<TimerHeap<u64>>>(Kind::Ours, "`TimerHeap`"),
    Peer::new::<TokioSleeps>(Kind::Published("tokio"), "`Sleep`, one for each timer").in_runtime(),
    Peer::new::<DelayQueueTimers>(Kind::Published("tokio-util"), "`DelayQueue`").in_runtime(),
    Peer::new::<HashWheel>(Kind::Published("hierarchical_hash_wheel_timer"), "cancellable `QuadWheelWithOverflow`")
        .lazy(),
    Peer::new::<NexusWheel>(Kind::Published("nexus-timer"), "`Wheel`, `poll_and_rebalance`"),
    Peer::new::<OraWheel>(Kind::Published("ora-timer"), "`TimingWheel`, with a slab of stamped values to cancel")
        .lazy(),
    Peer::new::<KestrelWheel>(Kind::Published("kestrel-timer"), "`Wheel`, without its service"),
    Peer::new::<HashedQueue>(Kind::Published("priority-queue"), "`PriorityQueue`"),
    Peer::new::<LazyBinaryHeap>(Kind::HandWritten, "std `BinaryHeap` and a slab, cancelling lazily").lazy(),
    Peer::new::<BTree>(Kind::HandWritten, "std `BTreeMap<(deadline, id), V>`"),
    Peer::new::<IndexedHeap>(Kind::HandWritten, "a slab and an indexed 4-ary heap"),
    Peer::new::<IndexedHeap<u64>>(Kind::HandWritten, "the same with generations, and equal deadlines in order"),
    Peer::new::<LinuxWheel>(Kind::Baseline, "Linux's wheel as in textbooks: lists, whole slots cascaded"),
];

/// Those of a quick run.
pub(crate) const MAIN: [&str; 7] = ["wheel", "heap", "sleep", "delayqueue", "nexus", "heap4", "linux"];

pub(crate) fn peer(name: &str) -> Option<&'static Peer> {
    PEERS.iter().find(|peer| peer.name() == name)
}
