//! The contenders, and what the tables must say about each.

use harness::{Kind, Who, number};
use jobs::contenders::{BTree, DelayQueueTimers, Heap, TokioSleeps, Wheel};
use jobs::{Contender, Entry, Wide};

use crate::footprint::{Footprint, Usage, footprint};
use crate::peers::{
    HashWheel, HashedQueue, IndexedHeap, KestrelWheel, LazyBinaryHeap, LinuxWheel, NexusWheel, OraWheel,
};

/// Behind the name of a contender that cancels lazily.
pub(crate) const LAZY: &str = " ‡";

/// One contender and what is known of it.
pub struct Peer {
    pub(crate) who: Who,
    pub(crate) entry: Entry,
    /// Whether it runs in a runtime whose clock is moved by hand, at a cost for each tick.
    pub(crate) pays_for_clock: bool,
    /// How early and how late it may fire, in ticks, and why.
    pub(crate) tolerance: (u64, u64, &'static str),
    footprint: fn(usize, Usage<'_>) -> Result<Footprint, String>,
}

impl Peer {
    const fn new<C: Contender>(kind: Kind, what: &'static str) -> Self {
        Self {
            who: Who { name: C::NAME, kind, what, mark: "" },
            entry: Entry::of::<C>(),
            pays_for_clock: C::IN_RUNTIME,
            tolerance: (C::EARLY_TICKS, C::LATE_TICKS, C::BY_DESIGN),
            footprint: footprint::<C>,
        }
    }

    /// Leaves what it cancels where it is, without bound.
    const fn lazy(self) -> Self {
        Self { who: Who { mark: LAZY, ..self.who }, ..self }
    }

    const fn wide<C: Contender<Value = Wide>>(self) -> Self {
        Self { entry: self.entry.wide::<C>(), ..self }
    }

    pub(crate) fn is_lazy(&self) -> bool {
        self.who.mark == LAZY
    }

    /// Whether the best of these is what ours is held against.
    pub(crate) fn is_yardstick(&self) -> bool {
        !self.is_lazy() && matches!(self.who.kind, Kind::Published(_) | Kind::HandWritten)
    }
}

/// All of them, in the order of the tables.
pub(crate) static PEERS: [Peer; 14] = [
    Peer::new::<Wheel>(Kind::Ours, "`TimerWheel`").wide::<Wheel<Wide>>(),
    Peer::new::<Heap>(Kind::Ours, "`TimerHeap`").wide::<Heap<Wide>>(),
    Peer::new::<TokioSleeps>(Kind::Published("tokio"), "`Sleep`, one for each timer").wide::<TokioSleeps<Wide>>(),
    Peer::new::<DelayQueueTimers>(Kind::Published("tokio-util"), "`DelayQueue`").wide::<DelayQueueTimers<Wide>>(),
    Peer::new::<HashWheel>(Kind::Published("hierarchical_hash_wheel_timer"), "cancellable `QuadWheelWithOverflow`")
        .lazy(),
    Peer::new::<NexusWheel>(Kind::Published("nexus-timer"), "`Wheel`, `poll_and_rebalance`").wide::<NexusWheel<Wide>>(),
    Peer::new::<OraWheel>(Kind::Published("ora-timer"), "`TimingWheel`, with a slab of stamped values to cancel")
        .lazy(),
    Peer::new::<KestrelWheel>(Kind::Published("kestrel-timer"), "`Wheel`, without its service"),
    Peer::new::<HashedQueue>(Kind::Published("priority-queue"), "`PriorityQueue`"),
    Peer::new::<LazyBinaryHeap>(Kind::HandWritten, "std `BinaryHeap` and a slab, cancelling lazily").lazy(),
    Peer::new::<BTree>(Kind::HandWritten, "std `BTreeMap<(deadline, id), V>`"),
    Peer::new::<IndexedHeap>(Kind::HandWritten, "a slab and an indexed 4-ary heap").wide::<IndexedHeap<(), Wide>>(),
    Peer::new::<IndexedHeap<u64>>(Kind::HandWritten, "the same with generations, and equal deadlines in order"),
    Peer::new::<LinuxWheel>(Kind::Baseline, "Linux's wheel as in textbooks: lists, whole slots cascaded")
        .wide::<LinuxWheel<Wide>>(),
];

const _: () = assert!(PEERS.len() <= harness::PALETTE.len(), "no two contenders have one color");

/// Those of a quick run.
pub(crate) const MAIN: [&str; 7] = ["wheel", "heap", "sleep", "delayqueue", "nexus", "heap4", "linux"];

/// What a process for memory does: `args` are the contender and the number of timers.
///
/// # Errors
///
/// What is wrong with the arguments, or with the contender.
pub fn measure(args: &[String], usage: Usage<'_>) -> Result<Footprint, String> {
    let [name, timers] = args else { return Err("expected a contender and a number of timers".to_owned()) };
    let peer = PEERS.iter().find(|peer| peer.who.name == name).ok_or_else(|| format!("no contender {name}"))?;
    (peer.footprint)(number(timers)?, usage)
}
