//! The book of a run: what happened in which hour, a digest of every event in order, and what was wrong.

use std::time::Duration;

use tickwheel::Timestamp;

/// More faults than these need not be told one by one.
const MOST_FAULTS: usize = 10;

/// What can happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    Arrival,
    Action,
    /// An attempt to serve a request came to an end.
    Attempt,
    Retry,
    RequestDeadline,
    IdleTimeout,
    KeepAlive,
    Report,
}

/// What happened in one quarter of an hour or, summed up, in one hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) arrived: u64,
    pub(crate) left: u64,
    pub(crate) idle: u64,
    pub(crate) vanished: u64,
    pub(crate) requests: u64,
    pub(crate) retries: u64,
    pub(crate) too_late: u64,
    pub(crate) keep_alives: u64,
    /// At the end.
    pub(crate) open: u64,
}

impl Counts {
    /// Both together, the other being the later.
    pub(crate) fn and(self, later: Self) -> Self {
        Self {
            arrived: self.arrived + later.arrived,
            left: self.left + later.left,
            idle: self.idle + later.idle,
            vanished: self.vanished + later.vanished,
            requests: self.requests + later.requests,
            retries: self.retries + later.retries,
            too_late: self.too_late + later.too_late,
            keep_alives: self.keep_alives + later.keep_alives,
            open: later.open,
        }
    }
}

/// What came out of a run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) quarters: Vec<Counts>,
    pub(crate) events: u64,
    pub(crate) digest: u64,
    pub(crate) armed: u64,
    pub(crate) cancelled: u64,
    pub(crate) reset: u64,
    pub(crate) fired: u64,
    pub(crate) faults: Vec<String>,
}

impl Outcome {
    pub(crate) fn hours(&self) -> Vec<Counts> {
        self.quarters.chunks(4).map(|hour| hour.iter().copied().fold(Counts::default(), Counts::and)).collect()
    }
}

/// What is being written down.
pub(crate) struct Book {
    tick: Duration,
    pub(crate) now: Counts,
    /// Timers cancelled or moved in the very tick in which they were due. They may have left the driver's shard with
    /// those that were called before them; they are counted as fired then, and are not called (L7).
    pub(crate) withdrawn: u64,
    pub(crate) outcome: Outcome,
}

impl Book {
    /// A book for timers that round up to `tick`.
    pub(crate) fn new(tick: Duration) -> Self {
        Self { tick, now: Counts::default(), withdrawn: 0, outcome: Outcome::default() }
    }

    /// Writes an event down, and checks that it comes just when it is due, by the timer's tick.
    pub(crate) fn happened(&mut self, event: Event, who: u32, now: Timestamp, due: Timestamp) {
        let outcome = &mut self.outcome;
        outcome.events += 1;
        for word in [event as u64, u64::from(who), now.as_nanos()] {
            outcome.digest = (outcome.digest ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
        }
        if now != self.rounded(due) {
            self.wrong(format!("{event:?} of {who} was due at {due:?}, and came at {now:?}"));
        }
    }

    /// The beginning of the tick in which what is due then fires.
    fn rounded(&self, due: Timestamp) -> Timestamp {
        let tick_ns = self.tick.as_nanos() as u64;
        Timestamp::from_nanos(due.as_nanos().div_ceil(tick_ns).saturating_mul(tick_ns))
    }

    /// Notes that a timer was cancelled or moved at `now`.
    pub(crate) fn withdrew(&mut self, now: Timestamp, due: Timestamp) {
        self.withdrawn += u64::from(now == self.rounded(due));
    }

    pub(crate) fn expect(&mut self, is_so: bool, what: impl FnOnce() -> String) {
        if !is_so {
            self.wrong(what());
        }
    }

    fn wrong(&mut self, what: String) {
        let faults = &mut self.outcome.faults;
        match faults.len() {
            0..MOST_FAULTS => faults.push(what),
            MOST_FAULTS => faults.push("and more of the kind".to_owned()),
            _ => {}
        }
    }

    /// Ends a quarter of an hour with `open` connections.
    pub(crate) fn turn_page(&mut self, open: u64) {
        self.outcome.quarters.push(Counts { open, ..std::mem::take(&mut self.now) });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Book, Event};
    use tickwheel::Timestamp;

    fn faults(tick: Duration, now_us: u64, due_us: u64) -> usize {
        let [now, due] = [now_us, due_us].map(|us| Timestamp::from_nanos(us * 1_000));
        let mut book = Book::new(tick);
        book.happened(Event::IdleTimeout, 1, now, due);
        book.outcome.faults.len()
    }

    #[test]
    fn a_timer_that_is_early_or_a_tick_late_is_noticed() {
        let ms = Duration::from_millis(1);
        assert_eq!([1_000, 1_999, 2_000, 2_001, 3_000].map(|now_us| faults(ms, now_us, 1_001)), [1, 1, 0, 1, 1]);
        assert_eq!([7, 8, 9].map(|now_us| faults(Duration::from_nanos(1), now_us, 8)), [1, 0, 1]);
    }

    #[test]
    fn the_digest_knows_the_order() {
        let digest = |whos: [u32; 2]| {
            let mut book = Book::new(Duration::from_nanos(1));
            whos.into_iter().for_each(|who| book.happened(Event::Action, who, Timestamp::ZERO, Timestamp::ZERO));
            book.outcome.digest
        };
        assert_ne!(digest([1, 2]), digest([2, 1]));
    }
}
