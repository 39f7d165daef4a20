//! How late a timer was called, in the unit that fits the trace: jiffies for the kernel's wheel, microseconds for
//! hrtimers.
//!
//! No timer can be called before it is armed, so what was armed for the past counts from its arming, here and for the
//! kernel alike.

use tickwheel::Timestamp;

use crate::book::{Book, Firing};
use crate::trace::{Kind, Trace};

/// The bins of one unit: each ends before its bound, and the last has none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Scale {
    pub(crate) unit: &'static str,
    pub(crate) labels: [&'static str; BINS],
    bounds: [u64; BINS - 1],
    /// How long a jiffy is, if that is the unit.
    jiffy_ns: Option<u64>,
}

pub(crate) const BINS: usize = 7;

const IN_JIFFIES: Scale = Scale {
    unit: "jiffies",
    labels: ["0", "1", "2", "3", "4", "5–8", "> 8"],
    bounds: [1, 2, 3, 4, 5, 9],
    jiffy_ns: Some(4_000_000),
};

const IN_TIME: Scale = Scale {
    unit: "µs",
    labels: ["< 1 µs", "1–10 µs", "10–100 µs", "0.1–1 ms", "1–4 ms", "4–20 ms", "> 20 ms"],
    bounds: [1_000, 10_000, 100_000, 1_000_000, 4_000_000, 20_000_000],
    jiffy_ns: None,
};

impl Scale {
    pub(crate) fn of(trace: &Trace) -> Self {
        match trace.kind {
            Kind::Wheel => Self { jiffy_ns: Some(trace.jiffy.tick_length().as_nanos() as u64), ..IN_JIFFIES },
            Kind::Hrtimer => IN_TIME,
        }
    }

    /// How long after its time a timer ran, in jiffies or nanoseconds.
    fn lateness(&self, firing: &Firing, ran: Timestamp) -> u64 {
        let (soft, armed_at, ran) = (firing.deadline.soft().as_nanos(), firing.armed_at.as_nanos(), ran.as_nanos());
        if let Some(jiffy_ns) = self.jiffy_ns {
            let due = soft.div_ceil(jiffy_ns).max(armed_at / jiffy_ns);
            return (ran / jiffy_ns).saturating_sub(due);
        }
        ran.saturating_sub(soft.max(armed_at))
    }

    /// In the unit, from what a histogram holds.
    pub(crate) fn in_unit(&self, lateness: f64) -> f64 {
        if self.jiffy_ns.is_some() { lateness } else { lateness / 1e3 }
    }
}

/// How many timers were how late.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Histogram {
    pub(crate) bins: [u64; BINS],
    pub(crate) count: u64,
    pub(crate) longest: u64,
    sum: u64,
    /// Timers called after their hard time.
    pub(crate) past_hard: u64,
}

impl Histogram {
    fn add(&mut self, scale: &Scale, firing: &Firing, ran: Timestamp) {
        let lateness = scale.lateness(firing, ran);
        self.bins[scale.bounds.partition_point(|bound| *bound <= lateness)] += 1;
        self.count += 1;
        self.longest = self.longest.max(lateness);
        self.sum += lateness;
        self.past_hard += u64::from(ran > firing.deadline.hard().max(firing.armed_at));
    }

    pub(crate) fn mean(&self) -> f64 {
        self.sum as f64 / self.count.max(1) as f64
    }
}

/// The kernel's lateness and ours, over the timers that both called, and ours over all that fired.
pub(crate) struct Lateness {
    pub(crate) kernel: Histogram,
    pub(crate) ours: Histogram,
    pub(crate) all_of_ours: Histogram,
}

impl Lateness {
    pub(crate) fn of(book: &Book, scale: &Scale) -> Self {
        let (mut kernel, mut ours, mut all_of_ours) = Default::default();
        for firing in book.firings() {
            Histogram::add(&mut all_of_ours, scale, &firing, firing.ours);
            if let Some(ran) = firing.kernel {
                Histogram::add(&mut kernel, scale, &firing, ran);
                Histogram::add(&mut ours, scale, &firing, firing.ours);
            }
        }
        Self { kernel, ours, all_of_ours }
    }
}

#[cfg(test)]
mod tests {
    use super::{Histogram, IN_JIFFIES, IN_TIME};
    use crate::book::Firing;
    use tickwheel::{Deadline, Timestamp};

    fn late(scale: &super::Scale, deadline_ns: u64, armed_ns: u64, ran_ns: u64) -> Histogram {
        let [deadline, armed_at, ran] = [deadline_ns, armed_ns, ran_ns].map(Timestamp::from_nanos);
        let firing = Firing { deadline: Deadline::at(deadline), armed_at, ours: ran, kernel: None };
        let mut histogram = Histogram::default();
        histogram.add(scale, &firing, ran);
        histogram
    }

    #[test]
    fn lateness_counts_from_the_jiffy_that_the_timer_was_armed_for() {
        assert_eq!(late(&IN_JIFFIES, 8_000_000, 0, 8_000_000).longest, 0);
        assert_eq!(late(&IN_JIFFIES, 8_000_000, 0, 15_999_999).longest, 1);
        assert_eq!(late(&IN_JIFFIES, 7_000_001, 0, 8_000_000).longest, 0);
    }

    #[test]
    fn lateness_of_what_was_armed_for_the_past_counts_from_the_arming() {
        assert_eq!(late(&IN_JIFFIES, 8_000_000, 41_000_000, 41_000_000).longest, 0);
        assert_eq!(late(&IN_JIFFIES, 8_000_000, 41_000_000, 44_000_000).longest, 1);
        assert_eq!(late(&IN_TIME, 8_000_000, 41_000_000, 41_000_700).longest, 700);
    }

    #[test]
    fn each_bin_ends_before_its_bound() {
        assert_eq!(late(&IN_TIME, 0, 0, 999).bins[0], 1);
        assert_eq!(late(&IN_TIME, 0, 0, 1_000).bins[1], 1);
        assert_eq!(late(&IN_JIFFIES, 0, 0, 8 * 4_000_000).bins[5], 1);
        assert_eq!(late(&IN_JIFFIES, 0, 0, 9 * 4_000_000).bins[6], 1);
    }
}
