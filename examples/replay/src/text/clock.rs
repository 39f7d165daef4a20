//! What a recording does not write down: how long a jiffy is, where jiffy 0 lies on the recorder's clock, and how far
//! that clock is from the one that hrtimers go by.

use std::time::Duration;

use tickwheel::{Resolution, Timestamp};

use super::line::What;
use crate::trace::{Action, Event};

/// The rates that Linux is built with.
const RATES: [u32; 4] = [100, 250, 300, 1000];

/// What is taken for hrtimers, where only the wheel that they are replayed through has jiffies.
const USUAL_HZ: u32 = 250;

fn tick_ns(hz: u32) -> i128 {
    i128::from((1_000_000_000 + u64::from(hz) / 2) / u64::from(hz))
}

/// The range of `TIME - jiffy * tick` for one rate. With the right rate it is as narrow as expiries are punctual.
#[derive(Clone, Copy, Debug)]
struct Spread {
    least: i128,
    most: i128,
}

impl Spread {
    const NONE: Self = Self { least: i128::MAX, most: i128::MIN };

    fn add(&mut self, at: i128) {
        self.least = self.least.min(at);
        self.most = self.most.max(at);
    }

    fn with(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), most: self.most.max(other.most) }
    }

    fn width(self) -> i128 {
        self.most.saturating_sub(self.least).max(0)
    }
}

/// One sort of events that tell a jiffy and a time.
#[derive(Clone)]
struct Points {
    count: u64,
    /// One for each rate that comes into question.
    spreads: Vec<(u32, Spread)>,
    /// The first and the last of them.
    first: (i128, i128),
    last: (i128, i128),
}

impl Points {
    fn new(rates: &[u32]) -> Self {
        Self { count: 0, spreads: rates.iter().map(|hz| (*hz, Spread::NONE)).collect(), first: (0, 0), last: (0, 0) }
    }

    fn add(&mut self, time: u64, jiffy: u64) {
        let (time, jiffy) = (i128::from(time), i128::from(jiffy));
        for (hz, spread) in &mut self.spreads {
            spread.add(time - jiffy * tick_ns(*hz));
        }
        if self.count == 0 {
            self.first = (time, jiffy);
        }
        self.last = (time, jiffy);
        self.count += 1;
    }
}

/// What the wheel's events say of jiffies, gathered as they come.
pub(crate) struct Jiffies {
    /// The rate, where the user said it.
    hz: Option<u32>,
    expiries: Points,
    starts: Points,
    /// The last jiffy, beyond 2^32 where a 32-bit machine's begin anew.
    last: Option<u64>,
}

impl Jiffies {
    pub(crate) fn new(hz: Option<u32>) -> Self {
        let points = hz.map_or_else(|| Points::new(&RATES), |hz| Points::new(&[hz]));
        Self { hz, expiries: points.clone(), starts: points, last: None }
    }

    /// Takes note of an event, and gives it back with its jiffies counting on where a 32-bit machine's begin anew.
    pub(crate) fn take(&mut self, time: u64, is_narrow: bool, what: What) -> What {
        match what {
            What::Cancel => What::Cancel,
            What::Expire { now } => {
                let now = self.wide(now, is_narrow);
                self.last = Some(now);
                self.expiries.add(time, now);
                What::Expire { now }
            }
            What::Start { soft, timeout, .. } => {
                let soft = self.wide(soft, is_narrow);
                let now = timeout.and_then(|timeout| soft.checked_add_signed(timeout.checked_neg()?));
                if let Some(now) = now {
                    self.last = Some(now);
                    self.starts.add(time, now);
                }
                What::Start { soft, hard: soft, timeout }
            }
        }
    }

    fn wide(&self, jiffy: u64, is_narrow: bool) -> u64 {
        if !is_narrow || jiffy > u64::from(u32::MAX) {
            return jiffy;
        }
        // One turn of 2^32 ahead, so that there is room below.
        let last = self.last.unwrap_or(jiffy + (1 << 32));
        last.saturating_add_signed(i64::from((jiffy as u32).wrapping_sub(last as u32) as i32))
    }

    /// How long a jiffy is and where they lie.
    pub(crate) fn settle(&self) -> Result<Settled, String> {
        let points = if self.expiries.count > 0 { &self.expiries } else { &self.starts };
        if points.count == 0 {
            return Err(
                "the wheel's jiffies cannot be placed in time: no timer expires in it, and no start tells its \
                        timeout; --kind hrtimer replays its hrtimers, if there are any"
                    .to_owned(),
            );
        }
        let hz = match self.hz {
            Some(hz) => hz,
            None => self.infer()?,
        };
        let (_, spread) = points.spreads.iter().find(|(rate, _)| *rate == hz).expect("it is one of the rates");
        Ok(Settled { hz, origin: spread.least, is_inferred: self.hz.is_none() })
    }

    fn infer(&self) -> Result<u32, String> {
        let mut spreads = self.expiries.spreads.clone();
        if let Some(hz) = clearest(&spreads) {
            return self.fits(hz);
        }
        for ((_, spread), (_, starts)) in spreads.iter_mut().zip(&self.starts.spreads) {
            *spread = spread.with(*starts);
        }
        match clearest(&spreads) {
            Some(hz) => self.fits(hz),
            None => Err(format!(
                "the recording is too short to tell the kernel's HZ from its {} expiries and {} starts: say it with \
                 --hz 100, 250, 300 or 1000 (or replay its hrtimers alone, with --kind hrtimer)",
                self.expiries.count, self.starts.count,
            )),
        }
    }

    /// Refuses a rate that is the best of the usual ones, and wrong.
    fn fits(&self, hz: u32) -> Result<u32, String> {
        let points = if self.expiries.count > 1 { &self.expiries } else { &self.starts };
        let (time, jiffies) = (points.last.0 - points.first.0, points.last.1 - points.first.1);
        if (time - jiffies * tick_ns(hz)).abs() > time.abs() / 20 + 5 * tick_ns(hz) {
            let rate = jiffies as f64 / (time.max(1) as f64 / 1e9);
            return Err(format!(
                "its jiffies come at some {rate:.0} per second, which is none of the usual HZ of 100, 250, 300 and \
                 1000: say it with --hz N"
            ));
        }
        Ok(hz)
    }
}

/// The rate whose spread is the narrowest by a tick.
fn clearest(spreads: &[(u32, Spread)]) -> Option<u32> {
    let mut widths: Vec<_> = spreads.iter().map(|(hz, spread)| (spread.width(), *hz)).collect();
    widths.sort_unstable();
    let ((best, hz), (second, _)) = (widths[0], widths[1]);
    (second >= best + tick_ns(hz)).then_some(hz)
}

/// How long a jiffy is, and where they lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settled {
    hz: u32,
    /// Where jiffy 0 begins on the recorder's clock.
    origin: i128,
    is_inferred: bool,
}

impl Settled {
    /// For a recording without the wheel's timers.
    pub(crate) fn usual(hz: Option<u32>) -> Self {
        Self { hz: hz.unwrap_or(USUAL_HZ), origin: 0, is_inferred: false }
    }

    pub(crate) fn resolution(&self) -> Resolution {
        Resolution::from_hz(self.hz).expect("the options allow no other")
    }

    pub(crate) fn tick(&self) -> Duration {
        self.resolution().tick_length()
    }

    /// The last jiffy that begins by `time`.
    pub(crate) fn before(&self, time: i128) -> u64 {
        u64::try_from((time - self.origin).max(0) / tick_ns(self.hz)).unwrap_or(u64::MAX)
    }

    pub(crate) fn begin(&self, jiffy: u64) -> i128 {
        self.origin + i128::from(jiffy) * tick_ns(self.hz)
    }

    pub(crate) fn told(&self) -> String {
        let how = if self.is_inferred { "inferred from its jiffies; --hz N overrides it" } else { "as --hz says" };
        format!("HZ: {}, {how}", self.hz)
    }
}

/// What is to be added to an hrtimer's times to have them on the recorder's clock, and words that say so.
pub(crate) fn hrtimer_offset(events: &[Event], wall_clock_from: u64) -> (i128, String) {
    let signed = |at: Timestamp| i128::from(at.as_nanos());
    let mut apart: Vec<i128> = events
        .iter()
        .filter_map(|event| match event.action {
            Action::Expire { ran } if ran.as_nanos() < wall_clock_from => Some(signed(event.at) - signed(ran)),
            _ => None,
        })
        .collect();
    if !apart.is_empty() {
        let middle = apart.len() / 2;
        let offset = *apart.select_nth_unstable(middle).1;
        let micros = offset as f64 / 1e3;
        return (offset, format!("clocks: the recorder's is {micros:+.0} µs from that of hrtimers, by their expiries"));
    }
    // Without an expiry: no timer is armed for long ago.
    let nearest = events.iter().filter_map(|event| match event.action {
        Action::Arm(deadline) => Some(signed(event.at) - signed(deadline.soft())),
        _ => None,
    });
    let nearest = nearest.max().unwrap_or(0);
    let (second, minute) = (1_000_000_000, 60_000_000_000);
    if (-minute..=second).contains(&nearest) {
        return (0, "clocks: no hrtimer expires in it, so the recorder's clock is taken to be theirs".to_owned());
    }
    (nearest, "clocks: no hrtimer expires in it, so the earliest deadline is taken to be due as it is armed".to_owned())
}
