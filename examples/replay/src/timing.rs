//! What each call took: one sample a call, with the cost of reading the clock taken off.
//!
//! A call takes tens of nanoseconds and so does reading the clock, so the clock's own cost is measured first and taken
//! off every sample. The machine's other work, which can hold up any call for milliseconds, is the greater bias. A
//! replay makes exactly the same calls every time, so it is run several times and each call keeps its shortest time:
//! what is left is the call's own work, the longest call included, in warm memory.

use std::time::Instant;

/// Kinds of call, told apart in the report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    Insert,
    Reset,
    Cancel,
    /// A reset or a cancel by the id of a timer that has fired.
    Stale,
    /// A turn that handed something out.
    FiringTurn,
    /// A turn that handed nothing out.
    EmptyTurn,
    NextTurn,
}

impl Call {
    pub(crate) const ALL: [Self; 7] =
        [Self::Insert, Self::Reset, Self::Cancel, Self::Stale, Self::FiringTurn, Self::EmptyTurn, Self::NextTurn];
}

/// Takes the time of calls.
pub(crate) struct Stopwatch {
    clock_ns: u32,
    samples: Samples,
}

impl Stopwatch {
    pub(crate) fn new(clock_ns: u32) -> Self {
        Self { clock_ns, samples: Samples::default() }
    }

    /// Runs `call`, whose kind may depend on what it answers.
    #[inline]
    pub(crate) fn time<R>(&mut self, call: impl FnOnce() -> R, kind: impl FnOnce(&R) -> Call) -> R {
        let start = Instant::now();
        let answer = call();
        let nanos = start.elapsed().as_nanos();
        let nanos = u32::try_from(nanos).unwrap_or(u32::MAX).saturating_sub(self.clock_ns);
        self.samples.by_kind[kind(&answer) as usize].push(nanos);
        answer
    }

    pub(crate) fn into_samples(self) -> Samples {
        self.samples
    }
}

/// Nanoseconds of every call, by kind, in the order in which the calls were made.
#[derive(Clone, Default)]
pub(crate) struct Samples {
    by_kind: [Vec<u32>; Call::ALL.len()],
}

impl Samples {
    /// Keeps the shorter time of each call. Both must come from the same calls: `false` says that they do not.
    pub(crate) fn keep_shorter(&mut self, other: &Samples) -> bool {
        for (kept, others) in self.by_kind.iter_mut().zip(&other.by_kind) {
            if kept.len() != others.len() {
                return false;
            }
            for (kept, other) in kept.iter_mut().zip(others) {
                *kept = (*kept).min(*other);
            }
        }
        true
    }

    /// What the calls of these kinds took together.
    pub(crate) fn sum_ns(&self, kinds: &[Call]) -> u64 {
        kinds.iter().flat_map(|kind| &self.by_kind[*kind as usize]).copied().map(u64::from).sum()
    }

    /// The longest call of any kind, and its kind.
    pub(crate) fn longest(&self) -> Option<(u32, Call)> {
        let longest = |call: &Call| Some((self.by_kind[*call as usize].iter().copied().max()?, *call));
        Call::ALL.iter().filter_map(longest).max_by_key(|(nanos, _)| *nanos)
    }

    /// The samples of one kind, the shortest first.
    pub(crate) fn sorted(&self, kind: Call) -> Sorted {
        let mut nanos = self.by_kind[kind as usize].clone();
        nanos.sort_unstable();
        Sorted(nanos)
    }
}

/// Samples in order.
pub(crate) struct Sorted(Vec<u32>);

impl Sorted {
    pub(crate) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    pub(crate) fn sum_ns(&self) -> u64 {
        self.0.iter().copied().map(u64::from).sum()
    }

    pub(crate) fn mean_ns(&self) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.sum_ns() as f64 / self.0.len() as f64)
    }

    /// The time that `share` of the calls stay within.
    pub(crate) fn quantile_ns(&self, share: f64) -> Option<u32> {
        let rank = (share * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).copied()
    }

    /// The widest gap between neighbors of the middle nine tenths, at least 1.
    fn widest_gap_ns(&self) -> u32 {
        let middle = &self.0[self.0.len() / 20..self.0.len() - self.0.len() / 20];
        middle.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(1).max(1)
    }

    pub(crate) fn longest_ns(&self) -> Option<u32> {
        self.0.last().copied()
    }
}

/// What the clock can tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Watch {
    /// What a sample of nothing takes: the median of many.
    pub(crate) cost_ns: u32,
    /// How far apart the times are that it tells: what is shorter it may not see.
    pub(crate) resolution_ns: u32,
}

impl Watch {
    pub(crate) fn measure() -> Self {
        let mut stopwatch = Stopwatch::new(0);
        for _ in 0..200_001 {
            stopwatch.time(|| std::hint::black_box(()), |()| Call::NextTurn);
        }
        let sorted = stopwatch.into_samples().sorted(Call::NextTurn);
        Self { cost_ns: sorted.quantile_ns(0.5).unwrap_or(0), resolution_ns: sorted.widest_gap_ns() }
    }

    /// A sample in words: none at all is less than the clock can tell.
    pub(crate) fn told(self, nanos: u32) -> String {
        if nanos == 0 { format!("<{}", self.resolution_ns) } else { crate::report::grouped(nanos.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, Samples};

    fn samples(nanos: &[u32]) -> Samples {
        let mut samples = Samples::default();
        samples.by_kind[Call::Cancel as usize] = nanos.to_vec();
        samples
    }

    #[test]
    fn every_kind_has_its_own_place() {
        for (place, call) in Call::ALL.into_iter().enumerate() {
            assert_eq!(call as usize, place);
        }
    }

    #[test]
    fn each_call_keeps_its_shortest_time() {
        let mut kept = samples(&[10, 900, 30]);
        assert!(kept.keep_shorter(&samples(&[800, 20, 30])));
        let sorted = kept.sorted(Call::Cancel);
        assert_eq!((sorted.len(), sorted.sum_ns(), sorted.longest_ns()), (3, 60, Some(30)));
        assert!(!kept.keep_shorter(&samples(&[1, 2])), "other calls were made");
    }

    #[test]
    fn a_quantile_is_the_time_that_a_share_stays_within() {
        let sorted = samples(&(1..=1000).rev().collect::<Vec<_>>()).sorted(Call::Cancel);
        assert_eq!(sorted.quantile_ns(0.5), Some(500));
        assert_eq!(sorted.quantile_ns(0.999), Some(999));
        assert_eq!(sorted.quantile_ns(1.0), Some(1000));
        assert_eq!(samples(&[]).sorted(Call::Cancel).quantile_ns(0.5), None);
    }

    #[test]
    fn the_clocks_resolution_is_that_of_its_usual_times() {
        let steps: Vec<u32> = (0..1000).map(|at| if at == 0 { 9_000 } else { 20 + at % 4 * 10 }).collect();
        assert_eq!(samples(&steps).sorted(Call::Cancel).widest_gap_ns(), 10);
        assert_eq!(samples(&[7]).sorted(Call::Cancel).widest_gap_ns(), 1);
    }
}
