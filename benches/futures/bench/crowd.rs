//! A crowd: very many tasks that sleep once each, on a runtime of two threads. How late they run, and what it costs.
//!
//! Every task has a deadline, drawn evenly from a span of some seconds that begins when all are spawned; it makes its
//! sleep when it is polled for the first time, and takes the time when that is over. Processor time is that of the
//! whole process from the first spawn to the last end, so that threads of a contender's own are counted; what the same
//! tasks cost without a sleep is in it, and stands in a line of its own ([`NoSleep`]).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use fastrand::Rng;
use harness::{Rounds, expect, histogram, of_process};
use tokio::runtime::Runtime;

use crate::peers::{In, Peer, runtime};
use crate::scale::Scale;

pub(crate) const WORKERS: usize = 2;
const SEED: u64 = 0x0063_726f_7764;
/// In place of a lateness, for one that has not run.
const NOT_YET: u64 = u64::MAX;

/// Sets off everything that is to happen at `due`: each is to be reported to `ends` by its place.
pub(crate) trait Sleepers: Send + Sync + 'static {
    /// Whether they wait for their deadlines.
    const WAIT: bool = true;

    fn gather() -> Self;

    fn spawn(self: &Arc<Self>, due: Vec<Instant>, ends: &Arc<Ends>);
}

/// Which have run, and how late.
pub(crate) struct Ends {
    late_ns: Vec<AtomicU64>,
    /// Over before their time.
    early: AtomicU64,
    left: AtomicUsize,
    /// Told when all have run.
    all: Sender<()>,
}

impl Ends {
    fn new(count: usize, all: Sender<()>) -> Arc<Self> {
        let late_ns = (0..count).map(|_| AtomicU64::new(NOT_YET)).collect();
        Arc::new(Self { late_ns, early: AtomicU64::new(0), left: AtomicUsize::new(count), all })
    }

    /// The one that was due at `due` runs now.
    pub(crate) fn report(&self, place: usize, due: Instant, early: Duration) {
        let now = Instant::now();
        if now + early < due {
            self.early.fetch_add(1, Ordering::Relaxed);
        }
        let late = now.saturating_duration_since(due).as_nanos() as u64;
        let before = self.late_ns[place].swap(late, Ordering::Relaxed);
        if before == NOT_YET && self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            // Nobody listens any more where some were given up as lost.
            _ = self.all.send(());
        }
    }
}

pub(crate) fn start<S: Sleepers>(scale: Scale) -> Box<dyn Rounds> {
    let mut seeds = SEED..;
    Box::new(move || round::<S>(&scale, Rng::with_seed(seeds.next().expect("there is always one more"))))
}

fn round<S: Sleepers>(scale: &Scale, mut random: Rng) -> Result<Vec<f64>, String> {
    let Scale { crowd, spread, lead, patience, .. } = *scale;
    let after: Vec<_> = (0..crowd).map(|_| lead + spread.mul_f64(random.f64())).collect();
    let (all, all_have_run) = channel();
    let (ends, sleepers) = (Ends::new(crowd, all), Arc::new(S::gather()));

    let (cpu, begun) = (of_process(), Instant::now());
    let due = after.into_iter().map(|after| begun + after).collect();
    sleepers.spawn(due, &ends);
    let left = (begun + lead + spread + patience).saturating_duration_since(Instant::now());
    if all_have_run.recv_timeout(left).is_err() {
        let left = ends.left.load(Ordering::Acquire);
        return Err(format!("{left} of {crowd} have not run long after their deadline"));
    }
    let cpu_ns = (of_process() - cpu).as_nanos() as f64 / crowd as f64;
    if !S::WAIT {
        return Ok(vec![cpu_ns]);
    }

    expect(ends.early.load(Ordering::Relaxed), 0, "over before their time")?;
    let late_ns = histogram(ends.late_ns.iter().map(|late| late.load(Ordering::Relaxed)));
    let quantile = |share: f64| late_ns.value_at_quantile(share) as f64;
    Ok(vec![cpu_ns, quantile(0.5), quantile(0.99), quantile(1.0)])
}

/// A task for each, with a sleep of the peer's.
impl<P: Peer> Sleepers for In<P> {
    fn gather() -> Self {
        Self::start(WORKERS)
    }

    fn spawn(self: &Arc<Self>, due: Vec<Instant>, ends: &Arc<Ends>) {
        for (place, due) in due.into_iter().enumerate() {
            let (peer, ends) = (self.clone(), ends.clone());
            self.runtime.spawn(async move {
                peer.peer.sleep(due.saturating_duration_since(Instant::now())).await;
                // The last to hold the peer drops its runtime, which must not be one of its own tasks.
                drop(peer);
                ends.report(place, due, P::EARLY);
            });
        }
    }
}

/// The same tasks, which wait for nothing: what of the cost is not the sleeps'.
pub(crate) struct NoSleep(Runtime);

impl Sleepers for NoSleep {
    const WAIT: bool = false;

    fn gather() -> Self {
        Self(runtime(WORKERS))
    }

    fn spawn(self: &Arc<Self>, due: Vec<Instant>, ends: &Arc<Ends>) {
        for (place, due) in due.into_iter().enumerate() {
            let ends = ends.clone();
            self.0.spawn(async move { ends.report(place, due, Duration::ZERO) });
        }
    }
}
