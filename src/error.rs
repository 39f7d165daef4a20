//! What can go wrong, in words that say what to do.

use core::fmt;

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
