//! A timer that writes down what is done with it.

use core::fmt;
use std::boxed::Box;
use std::io::Write;
use std::vec;
use std::vec::Vec;

use crate::clock::Clock;
use crate::error::InsertError;
use crate::recording::{Op, Recording};
use crate::sync::Arc;
use crate::time::{Deadline, Timestamp};
use crate::timer::{Budget, Expired, Timer, TimerId};

type SharedClock = Arc<dyn Clock + Send + Sync>;
type Name<T> = dyn for<'a> Fn(&'a T) -> &'a str + Send + Sync;

/// A [`Timer`] around any timer that records each operation: arming, with the soft and the hard time, moving,
/// cancelling, expiring. `replay`, in the repository, replays the recording and says what each timer costs at its load.
///
/// The recording is CSV, with a line for each operation: `at_ns,op,timer,soft_ns,hard_ns,function`. Times are
/// nanoseconds on the given clock, `timer` is a number that counts up with arming, and a `start` of a timer that is
/// armed moved it. Ids and values are not written; the last column is empty unless [`named`](Self::named) fills it.
///
/// Each operation takes a lock that the [siblings](Timer::sibling) share, reads the clock and writes some 60 bytes to a
/// buffer of 64 KiB, which goes to the writer when it is full, or a second old. A writer that blocks blocks the timer.
/// Calls that find nothing, by a stale id, are not recorded.
///
/// A driver takes it as any timer; [`DriverBuilder::record`](crate::DriverBuilder::record) is shorter where a file will
/// do.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tickwheel::{Clock, ManualClock, Recorded, Resolution, TimerExt, TimerWheel};
///
/// let clock = ManualClock::new();
/// let file = Vec::new(); // in earnest a File
/// let wheel = TimerWheel::new(Resolution::MILLISECOND);
/// let mut timers = Recorded::new(wheel, clock.clone(), file).named(|name: &&str| name);
///
/// timers.insert(clock.now() + Duration::from_millis(30), "retry")?;
/// assert_eq!(timers.turn(clock.advance(Duration::from_millis(30))).count(), 1);
/// assert_eq!(timers.recording().finish().unwrap(), 2); // armed, and expired
/// # Ok::<(), tickwheel::InsertError<&str>>(())
/// ```
pub struct Recorded<T, C> {
    timer: C,
    clock: SharedClock,
    recording: Recording,
    numbers: Numbers,
    name: Option<Arc<Name<T>>>,
}

impl<T, C: Timer<T>> Recorded<T, C> {
    /// Records what is done with `timer` to `writer`, at the times of `clock`: the one that `timer` is turned by.
    pub fn new(timer: C, clock: impl Clock + Send + Sync + 'static, writer: impl Write + Send + 'static) -> Self {
        Self::with_recording(timer, Arc::new(clock), Recording::new(writer))
    }

    pub(crate) fn with_recording(timer: C, clock: SharedClock, recording: Recording) -> Self {
        let mut numbers = Numbers::default();
        // What is armed already is armed now, for the recording.
        let mut armed = Vec::with_capacity(timer.len());
        timer.for_each(&mut |id, expiry, _| armed.push((id, expiry)));
        for (id, expiry) in armed {
            numbers.set(id, recording.start(&*clock, Deadline::at(expiry), ""));
        }
        Self { timer, clock, recording, numbers, name: None }
    }

    /// Writes a name for each timer into the recording's last column, where it is armed, moved and expires: at most 128
    /// bytes of it, with commas and control characters as spaces.
    pub fn named(self, name: impl for<'a> Fn(&'a T) -> &'a str + Send + Sync + 'static) -> Self {
        Self { name: Some(Arc::new(name)), ..self }
    }

    /// The recording, to be finished when the timer is out of sight, in a driver.
    pub fn recording(&self) -> Recording {
        self.recording.clone()
    }

    /// The timer inside, no longer recorded.
    pub fn into_inner(self) -> C {
        self.timer
    }

    fn record(&self, id: TimerId, op: Op, value: Option<&T>) {
        let name = value.zip(self.name.as_ref()).map_or("", |(value, name)| name(value));
        self.recording.record(&*self.clock, self.numbers.get(id), op, name);
    }
}

impl<T, C: Timer<T>> Timer<T> for Recorded<T, C> {
    fn insert_deadline(&mut self, deadline: Deadline, value: T) -> Result<TimerId, InsertError<T>> {
        let id = self.timer.insert_deadline(deadline, value)?;
        let named = self.name.as_ref().and_then(|name| self.timer.get(id).map(|value| name(value)));
        self.numbers.set(id, self.recording.start(&*self.clock, deadline, named.unwrap_or_default()));
        Ok(id)
    }

    fn reset_deadline(&mut self, id: TimerId, deadline: Deadline) -> bool {
        let moved = self.timer.reset_deadline(id, deadline);
        if moved {
            let value = if self.name.is_some() { self.timer.get(id) } else { None };
            self.record(id, Op::Start(deadline), value);
        }
        moved
    }

    fn cancel(&mut self, id: TimerId) -> Option<T> {
        let value = self.timer.cancel(id)?;
        self.record(id, Op::Cancel, None);
        Some(value)
    }

    fn get(&self, id: TimerId) -> Option<&T> {
        self.timer.get(id)
    }

    fn get_mut(&mut self, id: TimerId) -> Option<&mut T> {
        self.timer.get_mut(id)
    }

    fn expiry(&self, id: TimerId) -> Option<Timestamp> {
        self.timer.expiry(id)
    }

    fn next_expiry(&self) -> Option<Timestamp> {
        self.timer.next_expiry()
    }

    fn first(&self) -> Option<TimerId> {
        self.timer.first()
    }

    fn next_turn(&self) -> Option<Timestamp> {
        self.timer.next_turn()
    }

    fn open_turn(&mut self, now: Timestamp) {
        self.timer.open_turn(now);
    }

    fn expire_next(&mut self, budget: &mut Budget) -> Option<Expired<T>> {
        let expired = self.timer.expire_next(budget)?;
        self.record(expired.id, Op::Expire, Some(&expired.value));
        Some(expired)
    }

    fn len(&self) -> usize {
        self.timer.len()
    }

    fn is_empty(&self) -> bool {
        self.timer.is_empty()
    }

    fn for_each(&self, visit: &mut dyn FnMut(TimerId, Timestamp, &T)) {
        self.timer.for_each(visit);
    }

    fn clear(&mut self) {
        let mut armed = Vec::with_capacity(self.timer.len());
        self.timer.for_each(&mut |id, _, _| armed.push(id));
        armed.into_iter().for_each(|id| self.record(id, Op::Cancel, None));
        self.timer.clear();
    }

    fn reserve(&mut self, additional: usize) {
        self.timer.reserve(additional);
    }

    fn shrink_to_fit(&mut self) {
        self.timer.shrink_to_fit();
    }

    fn sibling(&self) -> Self {
        Self {
            timer: self.timer.sibling(),
            clock: self.clock.clone(),
            recording: self.recording.clone(),
            numbers: Numbers::default(),
            name: self.name.clone(),
        }
    }
}

impl<T, C: fmt::Debug> fmt::Debug for Recorded<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded").field("timer", &self.timer).finish_non_exhaustive()
    }
}

/// The number of each timer that is armed, by the index of its id; in pages, so that it never grows by a great copy
/// (C8).
#[derive(Default)]
struct Numbers {
    pages: Vec<Box<[u32]>>,
}

const PAGE: usize = 1024;

impl Numbers {
    fn set(&mut self, id: TimerId, number: u32) {
        let index = id.index() as usize;
        while self.pages.len() <= index / PAGE {
            self.pages.push(vec![0; PAGE].into_boxed_slice());
        }
        self.pages[index / PAGE][index % PAGE] = number;
    }

    fn get(&self, id: TimerId) -> u32 {
        let index = id.index() as usize;
        self.pages[index / PAGE][index % PAGE]
    }
}
