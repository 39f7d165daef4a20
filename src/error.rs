//! What can go wrong, in words that say what to do.

use core::fmt;

use crate::sync::Held;

/// A length of tick that no wheel can have: zero, or beyond what a [`Timestamp`](crate::Timestamp) counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ResolutionError(Asked);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    Nanos(u128),
    Hz(u32),
}

impl ResolutionError {
    pub(crate) const fn new(nanos: u128) -> Self {
        Self(Asked::Nanos(nanos))
    }

    pub(crate) const fn from_hz(hz: u32) -> Self {
        Self(Asked::Hz(hz))
    }
}

impl fmt::Display for ResolutionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Asked::Nanos(nanos) => write!(f, "a tick of {nanos} ns: it must be from 1 ns to {} ns long", u64::MAX),
            Asked::Hz(hz) => write!(f, "{hz} ticks a second: it must be from 1 to 1000000000"),
        }
    }
}

impl core::error::Error for ResolutionError {}

/// A timer that could not be armed, with the value that it was to carry.
#[derive(Clone, PartialEq, Eq)]
pub struct InsertError<T> {
    value: T,
    limit: usize,
}

impl<T> InsertError<T> {
    /// An error for a container that holds `limit` timers, and no more; for those who implement
    /// [`Timer`](crate::Timer) themselves.
    pub const fn new(value: T, limit: usize) -> Self {
        Self { value, limit }
    }

    /// The value that was not inserted.
    pub fn into_value(self) -> T {
        self.value
    }

    /// The same error without the value: for `?` where the value may not be sent or shared between threads.
    pub fn without_value(self) -> InsertError<()> {
        InsertError { value: (), limit: self.limit }
    }

    /// How many timers the container can hold: what `with_max_timers` said, or what ids can count.
    pub const fn limit(&self) -> usize {
        self.limit
    }
}

impl<T> fmt::Debug for InsertError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InsertError").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl<T> fmt::Display for InsertError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no room for another timer: the limit is {}", self.limit)
    }
}

impl<T> core::error::Error for InsertError<T> {}

/// A period of zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PeriodError(());

impl PeriodError {
    pub(crate) const fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for PeriodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a period of zero would be due without end: it must be at least 1 ns long")
    }
}

impl core::error::Error for PeriodError {}

/// Returned when a driver cannot accept a timer; gives back what it was to set off.
///
/// `?` turns it into an [`io::Error`](std::io::Error), an [`ArmErrorReason`], or a boxed error that may cross threads,
/// whatever the callback holds.
///
/// ```
/// use std::cell::Cell;
/// use std::error::Error;
/// use std::time::Duration;
/// use tickwheel::Handle;
///
/// fn count_down(timers: &Handle) -> Result<(), Box<dyn Error + Send + Sync>> {
///     let left = Cell::new(3); // which is not `Sync`
///     timers.call_every(Duration::from_secs(1), move |_| left.set(left.get() - 1))?.detach();
///     Ok(())
/// }
/// ```
pub struct ArmError<T> {
    value: Held<T>,
    reason: ArmErrorReason,
}

/// Why a driver could not accept a timer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ArmErrorReason {
    /// The driver was shut down.
    Closed,
    /// The shard holds as many timers as it may; the limit is given.
    Full(usize),
    /// The period is zero.
    ZeroPeriod,
}

impl<T> ArmError<T> {
    #[cfg(feature = "driver")]
    pub(crate) const fn new(value: T, reason: ArmErrorReason) -> Self {
        Self { value: Held::new(value), reason }
    }

    /// The same error about something else.
    #[cfg(feature = "driver")]
    pub(crate) fn map<U>(self, to: impl FnOnce(T) -> U) -> ArmError<U> {
        ArmError::new(to(self.value.into_inner()), self.reason)
    }

    /// What the timer was to set off.
    pub fn into_value(self) -> T {
        self.value.into_inner()
    }

    /// The same error without what the timer was to set off, which is dropped.
    #[cfg(feature = "driver")]
    pub fn without_value(self) -> ArmError<()> {
        self.map(drop)
    }

    /// Why it was not taken: an error of its own, and `Copy`.
    pub const fn reason(&self) -> ArmErrorReason {
        self.reason
    }
}

/// Why a future that waits for a moment did not.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum TimerError {
    /// The driver was shut down before the moment had come.
    Closed,
    /// The shard holds as many timers as it may; the limit is given.
    Full(usize),
}

impl fmt::Display for TimerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => ArmErrorReason::Closed.fmt(f),
            Self::Full(limit) => ArmErrorReason::Full(*limit).fmt(f),
        }
    }
}

impl core::error::Error for TimerError {}

/// The deadline came first: a future, or the next item of a stream, took too long.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Elapsed(());

impl Elapsed {
    /// The error of a time limit that has passed, for a service or a test that reports one itself.
    #[must_use]
    #[allow(clippy::new_without_default)] // an error is no default of anything
    pub const fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deadline has elapsed")
    }
}

impl core::error::Error for Elapsed {}

/// Why a future with a limit to its time gave no result.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum TimeoutError {
    /// The deadline came first.
    Elapsed(Elapsed),
    /// There was no waiting for the deadline.
    Timer(TimerError),
}

impl TimeoutError {
    /// Whether the deadline came first.
    pub const fn is_elapsed(&self) -> bool {
        matches!(self, Self::Elapsed(_))
    }

    /// What waiting for the deadline came to.
    #[cfg(feature = "futures")]
    pub(crate) fn after(waited: Result<(), TimerError>) -> Self {
        match waited {
            Ok(()) => Elapsed::new().into(),
            Err(error) => error.into(),
        }
    }
}

impl From<Elapsed> for TimeoutError {
    fn from(elapsed: Elapsed) -> Self {
        Self::Elapsed(elapsed)
    }
}

impl From<TimerError> for TimeoutError {
    fn from(error: TimerError) -> Self {
        Self::Timer(error)
    }
}

impl fmt::Display for TimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elapsed(elapsed) => elapsed.fmt(f),
            Self::Timer(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for TimeoutError {}

/// Into `io::Error`, for programs that have one kind of error. Each is found again with `get_ref` and a downcast.
#[cfg(feature = "std")]
mod into_io {
    use std::io::{Error, ErrorKind};

    use super::{
        ArmError, ArmErrorReason, Elapsed, InsertError, PeriodError, ResolutionError, TimeoutError, TimerError,
    };

    /// Of the kind [`TimedOut`](ErrorKind::TimedOut).
    impl From<Elapsed> for Error {
        fn from(elapsed: Elapsed) -> Self {
            Self::new(ErrorKind::TimedOut, elapsed)
        }
    }

    /// Of the kind [`TimedOut`](ErrorKind::TimedOut) if the deadline came first, else [`Other`](ErrorKind::Other).
    impl From<TimeoutError> for Error {
        fn from(error: TimeoutError) -> Self {
            match error {
                TimeoutError::Elapsed(elapsed) => elapsed.into(),
                TimeoutError::Timer(error) => error.into(),
            }
        }
    }

    /// Of the kind [`Other`](ErrorKind::Other).
    impl From<TimerError> for Error {
        fn from(error: TimerError) -> Self {
            Self::other(error)
        }
    }

    /// Of the kind [`InvalidInput`](ErrorKind::InvalidInput) for a period of zero, else [`Other`](ErrorKind::Other).
    impl From<ArmErrorReason> for Error {
        fn from(reason: ArmErrorReason) -> Self {
            match reason {
                ArmErrorReason::ZeroPeriod => PeriodError::new().into(),
                ArmErrorReason::Closed | ArmErrorReason::Full(_) => Self::other(reason),
            }
        }
    }

    /// As its [`reason`](ArmError::reason); what the timer was to set off is dropped.
    impl<T> From<ArmError<T>> for Error {
        fn from(error: ArmError<T>) -> Self {
            error.reason().into()
        }
    }

    /// Of the kind [`Other`](ErrorKind::Other); the value is dropped.
    impl<T> From<InsertError<T>> for Error {
        fn from(error: InsertError<T>) -> Self {
            Self::other(error.without_value())
        }
    }

    /// Of the kind [`InvalidInput`](ErrorKind::InvalidInput).
    impl From<PeriodError> for Error {
        fn from(error: PeriodError) -> Self {
            Self::new(ErrorKind::InvalidInput, error)
        }
    }

    /// Of the kind [`InvalidInput`](ErrorKind::InvalidInput).
    impl From<ResolutionError> for Error {
        fn from(error: ResolutionError) -> Self {
            Self::new(ErrorKind::InvalidInput, error)
        }
    }
}

impl fmt::Display for ArmErrorReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the driver was shut down"),
            Self::Full(limit) => write!(f, "no room for another timer: the limit is {limit} for each shard"),
            Self::ZeroPeriod => PeriodError::new().fmt(f),
        }
    }
}

impl core::error::Error for ArmErrorReason {}

/// What the timer was to set off is dropped.
impl<T> From<ArmError<T>> for ArmErrorReason {
    fn from(error: ArmError<T>) -> Self {
        error.reason
    }
}

impl<T> fmt::Debug for ArmError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArmError").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl<T> fmt::Display for ArmError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl<T> core::error::Error for ArmError<T> {}
