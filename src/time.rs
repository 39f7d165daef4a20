//! Points in time, and the only rounding in the crate.
//!
//! Four newtypes keep units apart: [`Timestamp`] (nanoseconds on a clock's line), [`Deadline`] (a timestamp and the
//! lateness that its user allows), [`Resolution`] (the length of a tick) and [`Tick`] (a count of them). Deadlines
//! round *up* to a tick and the clock rounds *down*, which is all that "never early" (C1) rests on; both directions
//! stand in [`Resolution`] and nowhere else. All arithmetic saturates: [`Timestamp::MAX`] is the end of time, and
//! everything that would lie beyond it is due there.

use core::fmt;
use core::num::NonZeroU64;
use core::ops::{Add, AddAssign, Sub, SubAssign};
use core::time::Duration;

use crate::error::ResolutionError;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// A point on a clock's line, in nanoseconds since that clock's zero.
///
/// The zero is the clock's own affair (for [`MonotonicClock`](crate::MonotonicClock) it is the clock's creation), so
/// only timestamps of one clock may be compared. Arithmetic saturates at [`ZERO`](Self::ZERO) and [`MAX`](Self::MAX),
/// some 584 years later.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tickwheel::Timestamp;
///
/// let start = Timestamp::from_nanos(5_000);
/// assert_eq!(start + Duration::from_micros(1), Timestamp::from_nanos(6_000));
/// assert_eq!(start + Duration::MAX, Timestamp::MAX);
/// assert_eq!(start - Timestamp::from_nanos(7_000), Duration::ZERO);
/// assert_eq!(start.checked_since(Timestamp::from_nanos(7_000)), None);
/// assert_eq!(Timestamp::from_millis(1_500).as_duration(), Duration::from_millis(1_500));
/// assert_eq!(Timestamp::from_millis(1_500).to_string(), "1.5s");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The clock's zero.
    pub const ZERO: Self = Self(0);
    /// The end of time: every timer is due here.
    pub const MAX: Self = Self(u64::MAX);

    /// The point `nanos` nanoseconds after the clock's zero.
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The point `since_zero` after the clock's zero, saturating at [`MAX`](Self::MAX).
    pub const fn from_duration(since_zero: Duration) -> Self {
        Self(saturating_nanos(since_zero))
    }

    /// The point `micros` microseconds after the clock's zero, saturating at [`MAX`](Self::MAX).
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros.saturating_mul(1_000))
    }

    /// The point `millis` milliseconds after the clock's zero, saturating at [`MAX`](Self::MAX).
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// The point `secs` seconds after the clock's zero, saturating at [`MAX`](Self::MAX).
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(NANOS_PER_SECOND))
    }

    /// Nanoseconds since the clock's zero.
    #[inline]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole microseconds since the clock's zero, rounded down.
    pub const fn as_micros(self) -> u64 {
        self.0 / 1_000
    }

    /// Whole milliseconds since the clock's zero, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Whole seconds since the clock's zero, rounded down.
    pub const fn as_secs(self) -> u64 {
        self.0 / NANOS_PER_SECOND
    }

    /// The time since the clock's zero: the way back of [`from_duration`](Self::from_duration).
    pub const fn as_duration(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// The point `later` after this one; `None` if it lies beyond the [end of time](Self::MAX).
    pub const fn checked_add(self, later: Duration) -> Option<Self> {
        let nanos = later.as_nanos();
        if nanos > (u64::MAX - self.0) as u128 { None } else { Some(Self(self.0 + nanos as u64)) }
    }

    /// The point `earlier` before this one; `None` if it lies before the clock's zero.
    pub const fn checked_sub(self, earlier: Duration) -> Option<Self> {
        let nanos = earlier.as_nanos();
        if nanos > self.0 as u128 { None } else { Some(Self(self.0 - nanos as u64)) }
    }

    /// The time from `earlier` to this point; `None` where `earlier` is the later one.
    pub const fn checked_since(self, earlier: Timestamp) -> Option<Duration> {
        match self.0.checked_sub(earlier.0) {
            Some(nanos) => Some(Duration::from_nanos(nanos)),
            None => None,
        }
    }

    /// The point `later` after this one, saturating at [`MAX`](Self::MAX). The `+` operator does the same.
    pub const fn saturating_add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(saturating_nanos(later)))
    }

    /// The point `earlier` before this one, saturating at [`ZERO`](Self::ZERO). The `-` operator does the same.
    pub const fn saturating_sub(self, earlier: Duration) -> Self {
        Self(self.0.saturating_sub(saturating_nanos(earlier)))
    }

    /// The time from `earlier` to this point; zero where `earlier` is the later one. The `-` operator does the same.
    pub const fn saturating_duration_since(self, earlier: Timestamp) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// A duration in nanoseconds; more than a `u64` holds is as good as for ever.
const fn saturating_nanos(duration: Duration) -> u64 {
    let nanos = duration.as_nanos();
    if nanos > u64::MAX as u128 { u64::MAX } else { nanos as u64 }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;

    fn add(self, later: Duration) -> Timestamp {
        self.saturating_add(later)
    }
}

impl AddAssign<Duration> for Timestamp {
    fn add_assign(&mut self, later: Duration) {
        *self = self.saturating_add(later);
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Timestamp;

    fn sub(self, earlier: Duration) -> Timestamp {
        self.saturating_sub(earlier)
    }
}

impl Sub<Timestamp> for Timestamp {
    type Output = Duration;

    fn sub(self, earlier: Timestamp) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

impl SubAssign<Duration> for Timestamp {
    fn sub_assign(&mut self, earlier: Duration) {
        *self = self.saturating_sub(earlier);
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ns", self.0)
    }
}

/// As a duration since the clock's zero, with its unit: `1.5s`, `250µs`. Width and precision are a duration's.
///
/// ```
/// use tickwheel::Timestamp;
///
/// assert_eq!(Timestamp::from_micros(1_500).to_string(), "1.5ms");
/// assert_eq!(format!("{:.2}", Timestamp::from_millis(61_239)), "61.24s");
/// ```
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_duration(), f)
    }
}

/// When a timer is asked to fire, and how much later still serves.
///
/// A timer never fires before [`soft`](Self::soft), the deadline asked for. Slack lets it fire as late as
/// [`hard`](Self::hard), so that timers share wake-ups, after Linux's hrtimers. A [`Timestamp`] is a deadline without
/// slack.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tickwheel::{Deadline, Timestamp};
///
/// let at = Timestamp::from_nanos(1_000_000);
/// let deadline = Deadline::at(at).with_slack(Duration::from_micros(50));
/// assert_eq!(deadline.soft(), at);
/// assert_eq!(deadline.hard(), at + Duration::from_micros(50));
/// assert_eq!(Deadline::from(at).slack(), Duration::ZERO);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Deadline {
    soft: Timestamp,
    hard: Timestamp,
}

impl Deadline {
    /// A deadline without slack.
    #[inline]
    pub const fn at(soft: Timestamp) -> Self {
        Self { soft, hard: soft }
    }

    /// The same deadline with `slack` of allowed lateness; `soft + slack` saturates at the end of time.
    pub const fn with_slack(self, slack: Duration) -> Self {
        Self { soft: self.soft, hard: self.soft.saturating_add(slack) }
    }

    /// The deadline asked for: the timer does not fire before it.
    #[inline]
    pub const fn soft(self) -> Timestamp {
        self.soft
    }

    /// The deadline and its slack: the latest moment that still serves.
    #[inline]
    pub const fn hard(self) -> Timestamp {
        self.hard
    }

    /// Whether there is no slack.
    #[inline]
    pub const fn is_exact(self) -> bool {
        self.soft.0 == self.hard.0
    }

    /// The lateness that is allowed.
    pub const fn slack(self) -> Duration {
        self.hard.saturating_duration_since(self.soft)
    }
}

impl From<Timestamp> for Deadline {
    #[inline]
    fn from(at: Timestamp) -> Self {
        Self::at(at)
    }
}

/// A count of ticks since the clock's zero: Linux's jiffy.
///
/// Tick `n` begins `n` tick lengths after the clock's zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Tick(u64);

impl Tick {
    /// The tick that begins at the clock's zero.
    pub const ZERO: Self = Self(0);

    /// The `count`-th tick.
    pub const fn new(count: u64) -> Self {
        Self(count)
    }

    /// Its number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// A round tick from this one up to `limit`, or this one where `limit` lies before it.
    ///
    /// It is chosen as Linux's `apply_slack` (3.10) does: the bits of `limit` below the highest one in which it
    /// differs from this tick are cleared. That is not always the tick with the most zero bits: from 1024 until 1030
    /// it is 1028. Timers whose ranges overlap tend to meet at the same round tick and share a wake-up.
    ///
    /// ```
    /// use tickwheel::Tick;
    ///
    /// assert_eq!(Tick::new(60_000).roundest_until(Tick::new(60_234)), Tick::new(60_160));
    /// assert_eq!(Tick::new(1024).roundest_until(Tick::new(1030)), Tick::new(1028));
    /// assert_eq!(Tick::new(7).roundest_until(Tick::new(7)), Tick::new(7));
    /// ```
    pub const fn roundest_until(self, limit: Tick) -> Tick {
        if limit.0 <= self.0 {
            return self;
        }
        let highest_difference = (self.0 ^ limit.0).ilog2();
        Tick(limit.0 & !((1 << highest_difference) - 1))
    }
}

/// The length of a tick of a [`TimerWheel`](crate::TimerWheel), in whole nanoseconds.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tickwheel::Resolution;
///
/// assert_eq!(Resolution::from_hz(250).unwrap().tick_length(), Duration::from_millis(4));
/// assert_eq!(Resolution::from_duration(Duration::from_micros(1)).unwrap(), Resolution::MICROSECOND);
/// assert!(Resolution::from_duration(Duration::ZERO).is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Resolution(NonZeroU64);

impl Resolution {
    /// One tick each microsecond.
    pub const MICROSECOND: Self = Self::nanos(1_000);
    /// One tick each millisecond: Linux at `HZ=1000`.
    pub const MILLISECOND: Self = Self::nanos(1_000_000);
    /// One tick each second.
    pub const SECOND: Self = Self::nanos(NANOS_PER_SECOND);

    const fn nanos(nanos: u64) -> Self {
        match NonZeroU64::new(nanos) {
            Some(nanos) => Self(nanos),
            None => panic!("a tick is at least a nanosecond long"),
        }
    }

    /// A tick of the given length.
    ///
    /// # Errors
    ///
    /// [`ResolutionError`] if `tick` is zero, or longer than [`Timestamp`] can count (584 years).
    pub const fn from_duration(tick: Duration) -> Result<Self, ResolutionError> {
        let nanos = tick.as_nanos();
        if nanos == 0 || nanos > u64::MAX as u128 {
            return Err(ResolutionError::new(nanos));
        }
        Ok(Self::nanos(nanos as u64))
    }

    /// As many ticks a second as `hz` says, after the kernel's `HZ` (100, 250, 1000…).
    ///
    /// A tick is a whole number of nanoseconds: where `hz` does not divide 10⁹ the length is rounded to the nearest one
    /// (at 300 Hz to 3,333,333 ns, 0.1 ppm short).
    ///
    /// # Errors
    ///
    /// [`ResolutionError`] if `hz` is zero, or above 10⁹.
    pub const fn from_hz(hz: u32) -> Result<Self, ResolutionError> {
        if hz == 0 || hz as u64 > NANOS_PER_SECOND {
            return Err(ResolutionError::from_hz(hz));
        }
        let hz = hz as u64;
        Ok(Self::nanos((NANOS_PER_SECOND + hz / 2) / hz))
    }

    /// The length of a tick.
    pub const fn tick_length(self) -> Duration {
        Duration::from_nanos(self.0.get())
    }

    /// The first tick that begins at `deadline` or after it: deadlines round up.
    #[inline]
    pub const fn tick_after(self, deadline: Timestamp) -> Tick {
        Tick(deadline.0.div_ceil(self.0.get()))
    }

    /// The last tick that has begun by `now`: the clock rounds down.
    ///
    /// At [`Timestamp::MAX`] every tick counts as begun, so that a turn at the end of time leaves nothing behind.
    #[inline]
    pub const fn tick_before(self, now: Timestamp) -> Tick {
        if now.0 == u64::MAX {
            return self.tick_after(now);
        }
        Tick(now.0 / self.0.get())
    }

    /// The tick at which a timer with this deadline expires: the first after [`Deadline::soft`], or with slack the
    /// [roundest](Tick::roundest_until) from there to the last that begins by [`Deadline::hard`].
    #[inline]
    pub const fn expiry(self, deadline: Deadline) -> Tick {
        let first = self.tick_after(deadline.soft);
        if deadline.is_exact() { first } else { first.roundest_until(self.tick_before(deadline.hard)) }
    }

    /// The moment at which `tick` begins, saturating at the end of time.
    #[inline]
    pub const fn start_of(self, tick: Tick) -> Timestamp {
        Timestamp(tick.0.saturating_mul(self.0.get()))
    }
}

impl fmt::Debug for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resolution({:?})", self.tick_length())
    }
}

#[cfg(test)]
mod tests {
    use super::{Deadline, Resolution, Tick, Timestamp};
    use core::time::Duration;

    #[test]
    fn l2_durations_saturate_at_the_end_of_time() {
        assert_eq!(Timestamp::from_nanos(7) + Duration::MAX, Timestamp::MAX);
        assert_eq!(Timestamp::from_nanos(7) - Duration::MAX, Timestamp::ZERO);
        assert_eq!(Timestamp::from_duration(Duration::MAX), Timestamp::MAX);
        assert_eq!(Deadline::at(Timestamp::MAX).with_slack(Duration::MAX).hard(), Timestamp::MAX);
    }

    #[test]
    fn c1_deadlines_round_up_and_the_clock_rounds_down() {
        let ms = Resolution::MILLISECOND;
        for (nanos, up, down) in [(0, 0, 0), (1, 1, 0), (999_999, 1, 0), (1_000_000, 1, 1), (1_000_001, 2, 1)] {
            assert_eq!(ms.tick_after(Timestamp::from_nanos(nanos)), Tick::new(up));
            assert_eq!(ms.tick_before(Timestamp::from_nanos(nanos)), Tick::new(down));
        }
    }

    #[test]
    fn c7_the_end_of_time_has_begun_when_it_is_there() {
        for resolution in
            [Resolution::nanos(1), Resolution::MILLISECOND, Resolution::SECOND, Resolution::nanos(u64::MAX)]
        {
            let last = resolution.tick_after(Timestamp::MAX);
            assert_eq!(resolution.tick_before(Timestamp::MAX), last);
            assert_eq!(resolution.start_of(last), Timestamp::MAX);
        }
    }

    #[test]
    fn slack_rounds_as_linux_does() {
        // linux-timers: the limit is the expiry and, by default, a 256th of the delay.
        for (expires, rounded) in [(256, 257), (1000, 1002), (60_000, 60_160), (100_000, 100_352)] {
            assert_eq!(Tick::new(expires).roundest_until(Tick::new(expires + expires / 256)), Tick::new(rounded));
        }
        assert_eq!(Tick::new(0).roundest_until(Tick::new(u64::MAX)), Tick::new(1 << 63));
    }

    #[test]
    fn slack_never_rounds_before_soft_nor_past_hard() {
        let ms = Resolution::MILLISECOND;
        for soft in [0, 1, 999_999, 1_000_000, 123_456_789] {
            for slack in [0, 1, 999_999, 1_000_000, 77_000_000] {
                let deadline = Deadline::at(Timestamp::from_nanos(soft)).with_slack(Duration::from_nanos(slack));
                let fires = ms.start_of(ms.expiry(deadline));
                assert!(fires >= deadline.soft());
                assert!(fires <= deadline.hard() || ms.expiry(deadline) == ms.tick_after(deadline.soft()));
            }
        }
    }

    #[test]
    fn hz_that_does_not_divide_a_second_is_the_nearest_nanosecond() {
        assert_eq!(Resolution::from_hz(300).unwrap(), Resolution::nanos(3_333_333));
        assert_eq!(Resolution::from_hz(1_000_000_000).unwrap(), Resolution::nanos(1));
        assert!(Resolution::from_hz(0).is_err());
        assert!(Resolution::from_hz(1_000_000_001).is_err());
        assert!(Resolution::from_duration(Duration::MAX).is_err());
    }
}
