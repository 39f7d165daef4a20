//! A dump of a driver's timers, in the manner of Linux's `/proc/timer_list`.
//!
//! What is shown is copied under the lock of one shard after another, and sorted and written without any. Nothing of
//! the user's is called or formatted.

use core::fmt;
use std::vec::Vec;

use super::core::Core;
use super::shard::Snapshot;
use crate::clock::TaskKind;
use crate::time::Timestamp;

/// What a driver's shards held at one moment; made by [`Handle::dump`](super::Handle::dump).
///
/// Its `Display` is in the manner of Linux's `/proc/timer_list`: each shard with its counts, and its timers in order of
/// expiry, with what they set off, their ids, and their expiries in nanoseconds on the driver's clock.
///
/// ```
/// use std::time::Duration;
/// use tickwheel::{Driver, ManualClock, Resolution, TimerWheel};
///
/// let clock = ManualClock::new();
/// let timers = Driver::builder().clock(clock.clone()).spawn(TimerWheel::new(Resolution::MILLISECOND))?;
/// clock.advance(Duration::from_millis(3));
/// let _guard = timers.call_after(Duration::from_millis(5), |_| {})?;
/// assert_eq!(
///     timers.dump().to_string(),
///     "\
/// Timers of 1 shard
/// now at 3000000 nsecs
///
/// shard: 0
///   .next_turn: 8000000 nsecs [in 5000000 nsecs]
///   .pending:   1
///   .armed:     1
///   .cancelled: 0
///   .fired:     0
/// active timers:
///  #0: callback, 0v1
///  ## expires at 8000000 nsecs [in 5000000 nsecs]
/// "
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Dump {
    now: Timestamp,
    shards: Vec<Snapshot>,
    at_most: usize,
}

impl Dump {
    pub(crate) fn new(core: &Core) -> Self {
        let now = core.now();
        let mut shards: Vec<_> = core.shards().iter().map(|shard| shard.snapshot()).collect();
        for shard in &mut shards {
            shard.timers.sort_unstable_by_key(|(id, expiry, _)| (*expiry, *id));
        }
        Self { now, shards, at_most: usize::MAX }
    }

    /// Shows at most the first `timers` of each shard, and how many there are beyond them.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickwheel::{Driver, TimerHeap};
    ///
    /// let timers = Driver::spawn(TimerHeap::new())?;
    /// for minutes in 1..=100 {
    ///     timers.call_after(Duration::from_secs(60 * minutes), |_| {})?.detach();
    /// }
    /// assert!(timers.dump().at_most(3).to_string().ends_with(" and 97 more\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn at_most(self, timers: usize) -> Self {
        Self { at_most: timers, ..self }
    }

    /// A moment, and how far away it is; negative if it has passed.
    fn moment(&self, at: Timestamp) -> impl fmt::Display {
        let away = i128::from(at.as_nanos()) - i128::from(self.now.as_nanos());
        std::format!("{} nsecs [in {away} nsecs]", at.as_nanos())
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.shards.len();
        writeln!(f, "Timers of {count} shard{}", if count == 1 { "" } else { "s" })?;
        writeln!(f, "now at {} nsecs", self.now.as_nanos())?;
        for (number, shard) in self.shards.iter().enumerate() {
            writeln!(f, "\nshard: {number}")?;
            match shard.next_turn {
                Some(next) => writeln!(f, "  .next_turn: {}", self.moment(next))?,
                None => writeln!(f, "  .next_turn: never")?,
            }
            writeln!(f, "  .pending:   {}", shard.timers.len())?;
            writeln!(f, "  .armed:     {}", shard.counts.armed)?;
            writeln!(f, "  .cancelled: {}", shard.counts.cancelled)?;
            writeln!(f, "  .fired:     {}", shard.counts.fired)?;
            writeln!(f, "active timers:")?;
            for (place, (id, expiry, kind)) in shard.timers.iter().take(self.at_most).enumerate() {
                writeln!(f, " #{place}: {}, {id:?}", name(*kind))?;
                writeln!(f, " # expires at {}", self.moment(*expiry))?;
            }
            if let more @ 1.. = shard.timers.len().saturating_sub(self.at_most) {
                writeln!(f, " and {more} more")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let timers: usize = self.shards.iter().map(|shard| shard.timers.len()).sum();
        f.debug_struct("Dump")
            .field("now", &self.now)
            .field("shards", &self.shards.len())
            .field("timers", &timers)
            .finish_non_exhaustive()
    }
}

fn name(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Waker => "waker",
        TaskKind::Callback => "callback",
        TaskKind::Message => "message",
    }
}
