//! One interval: its callback, what that has measured, and whether it was called as it should be.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use tickwheel::{CallbackGuard, Clock, Driver, MonotonicClock, TimerEvent, Timestamp};

/// The longest lateness told apart, in nanoseconds.
const LATEST_NS: u64 = 60_000_000_000;
/// How long the last run may have been on its way when the measuring ended: a tick, and what a busy machine takes.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

pub(crate) struct Line {
    pub(crate) interval: Duration,
    first: Timestamp,
    guard: CallbackGuard,
    seen: Arc<Mutex<Seen>>,
}

/// What the runs of one interval were like.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) runs: u64,
    /// Moments that were left out, as the run before came too late for them.
    pub(crate) missed: u64,
    pub(crate) early: u64,
    pub(crate) late_ns: Histogram<u64>,
    last_due: Timestamp,
}

impl Seen {
    fn new() -> Self {
        // To a hundredth: small enough to be copied for the table without keeping a callback waiting.
        let late_ns = Histogram::new_with_bounds(1, LATEST_NS, 2).expect("the bounds are in order");
        Self { runs: 0, missed: 0, early: 0, late_ns, last_due: Timestamp::ZERO }
    }

    fn add(&mut self, event: TimerEvent, now: Timestamp) {
        self.runs += 1;
        self.missed += event.missed;
        self.early += u64::from(now < event.due);
        self.late_ns.saturating_record(now.saturating_duration_since(event.due).as_nanos() as u64);
        self.last_due = event.due;
    }

    /// What is wrong with runs every `interval` from `first` on, until `stopped`.
    fn faults(&self, interval: Duration, first: Timestamp, stopped: Timestamp) -> Vec<String> {
        let mut faults = Vec::new();
        if self.early > 0 {
            faults.push(format!("{} runs were early", self.early));
        }
        let moments = self.runs + self.missed;
        let last_ns = first.as_nanos() + interval.as_nanos() as u64 * moments.saturating_sub(1);
        let last_due = Timestamp::from_nanos(last_ns);
        if moments == 0 || last_due != self.last_due {
            faults.push(format!("{} runs and {} missed do not end at {:?}", self.runs, self.missed, self.last_due));
        }
        let late = Duration::from_nanos(self.late_ns.max());
        if stopped.saturating_duration_since(self.last_due) > interval + late + ON_ITS_WAY {
            faults.push(format!("nothing ran between {:?} and {stopped:?}", self.last_due));
        }
        faults
    }
}

impl Line {
    pub(crate) fn start(driver: &Driver, clock: MonotonicClock, interval: Duration) -> Result<Self, Box<dyn Error>> {
        let seen = Arc::new(Mutex::new(Seen::new()));
        let noted = seen.clone();
        let guard = driver.call_every(interval, move |event| {
            let now = clock.now();
            noted.lock().unwrap_or_else(PoisonError::into_inner).add(event, now);
        })?;
        let first = guard.deadline();
        Ok(Self { interval, first, guard, seen })
    }

    pub(crate) fn stop(&self) {
        self.guard.cancel_and_wait();
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn faults(&self, stopped: Timestamp) -> Vec<String> {
        let faults = self.seen().faults(self.interval, self.first, stopped);
        faults.into_iter().map(|fault| format!("every {:?}: {fault}", self.interval)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ON_ITS_WAY, Seen};
    use tickwheel::{Driver, ManualClock, MissedTicks, Period, TimerHeap, Timestamp};

    const INTERVAL: Duration = Duration::from_millis(10);

    /// Runs at the given moments, in milliseconds, as a driver would make them.
    fn seen(jumps_ms: &[u64]) -> (Seen, Timestamp) {
        let clock = ManualClock::new();
        let driver = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
        let seen = std::sync::Arc::new(std::sync::Mutex::new(Seen::new()));
        let noted = seen.clone();
        let period = Period::every(INTERVAL).unwrap().with_missed_ticks(MissedTicks::Skip);
        let first = driver.now() + INTERVAL;
        let call = move |event: tickwheel::TimerEvent| noted.lock().unwrap().add(event, event.now);
        driver.call_every_at(first, period, call).unwrap().detach();
        jumps_ms.iter().for_each(|ms| _ = clock.jump(Duration::from_millis(*ms)));
        let seen = seen.lock().unwrap().clone();
        (seen, first)
    }

    #[test]
    fn a_driver_that_is_late_and_misses_moments_is_not_wrong() {
        let (seen, first) = seen(&[10, 35, 5, 10]);
        assert_eq!((seen.runs, seen.missed, seen.early), (4, 2, 0));
        assert_eq!(seen.faults(INTERVAL, first, Timestamp::from_nanos(60_000_000)), [""; 0]);
    }

    #[test]
    fn early_lost_and_doubled_runs_are_noticed() {
        let (fine, first) = seen(&[10, 10, 10]);
        let faults = |seen: &Seen, stopped| seen.faults(INTERVAL, first, stopped).len();
        let stopped = Timestamp::from_nanos(31_000_000);
        assert_eq!(faults(&fine, stopped), 0);
        assert_eq!(faults(&Seen { early: 1, ..fine.clone() }, stopped), 1);
        assert_eq!(faults(&Seen { runs: 2, ..fine.clone() }, stopped), 1);
        assert_eq!(faults(&Seen { runs: 4, ..fine.clone() }, stopped), 1);
        assert_eq!(faults(&fine, stopped + INTERVAL + ON_ITS_WAY), 1);
    }
}
