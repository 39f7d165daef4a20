//! Many values, each with a deadline of its own, handed out to one consumer as they fall due.
//!
//! A queue is a timer of its own and one [`TimerEntry`] on a driver, which rings when that timer wants its next turn.
//! So a driver sees one timer for each queue, whatever is in it, and everything but the waiting is done on the
//! consumer's thread, without a lock.
//!
//! # Who is woken
//!
//! A consumer that waits is woken when it has to know (L6): by the entry; at once, if something is armed or moved that
//! is due already, if the last value is taken out, or if one comes into an empty queue. What is armed or moved to a
//! moment before the entry's moves the entry, and wakes nobody; what lies after it does not touch the driver. What is
//! taken out or moved to later leaves the entry where it is until the next poll: at worst it rings for nothing, once.
//!
//! A poll asks the timer when it wants its next turn. That may be a moment at which nothing is due any more, since what
//! was was taken out or moved, and a wheel finds that out only when it gets there. So where such a moment is the
//! answer, and the values are few, the poll looks for the first of them.
//!
//! # What holds it up
//!
//! A turn of the queue's timer stays open over as many polls as it takes, at the time at which it was opened; so a
//! burst reads the clock once. Every so many entries the consumer is sent back to its executor, to be polled again at
//! once: a queue in which everything is due, or which is filled as fast as it is emptied, holds up nobody else.

use core::fmt;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use futures_core::Stream;

use super::entry::TimerEntry;
use crate::driver::Handle;
use crate::error::{InsertError, TimerError};
use crate::time::{Deadline, Resolution, Timestamp};
use crate::timer::{Budget, Expired, Timer, TimerExt, TimerId};
use crate::wheel::TimerWheel;

/// How many entries are touched before the consumer's executor has its turn.
const COOPERATION: Budget = Budget::entries(128);
/// Up to how many values are looked through for the first, which spares the consumer a wake-up for nothing.
const LOOKED_THROUGH: usize = 256;

/// Values with a deadline each, handed out as they fall due, in the manner of tokio-util's `DelayQueue`.
///
/// A cache whose entries expire, the sessions of a server, a queue of retries: insert a value, and take it out or move
/// it by its [`TimerId`] for as long as it is there. One consumer waits for what falls due, with
/// [`next_expired`](Self::next_expired), with [`poll_expired`](Self::poll_expired), or as a
/// [`Stream`]. What it has been handed is out of the queue.
///
/// Its own timer is a [`TimerWheel`] with ticks of a millisecond, or whichever [`Timer`] is given to
/// [`with_timer`](Self::with_timer); deadlines keep that timer's [contract](Timer#the-contract): none early, in the
/// order of expiry and then of arming, any duration, stale ids do nothing. The driver adds its own tick of lateness.
///
/// A consumer that waits is not woken for a value that was moved to later or taken out, if it was polled in between; in
/// a queue of more than 256 values on a wheel it may be, once for each.
///
/// The queue has no lock: share it between threads by sending it commands, or put it into a mutex. Waking a consumer
/// happens within the call that makes it necessary. All calls take the time that they take in the timer, and besides
/// that at most one visit to the driver, if a consumer waits and is to be woken earlier than it was.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tickwheel::{DelayQueue, Driver, Resolution, TimerWheel};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let timers = Driver::spawn(TimerWheel::new(Resolution::MILLISECOND))?;
/// let mut queue = DelayQueue::new(&timers); // or DelayQueue::with_timer(&timers, TimerHeap::new())
/// let idle = queue.insert("idle", Duration::from_secs(60))?;
/// queue.insert("second", Duration::from_millis(3))?;
/// queue.insert("first", Duration::from_millis(1))?;
///
/// assert_eq!(queue.next_expired().await?.unwrap().value, "first");
/// assert_eq!(queue.remove(idle), Some("idle"));
/// assert_eq!(queue.next_expired().await?.unwrap().value, "second");
/// assert_eq!(queue.next_expired().await?, None); // it is empty
/// # Ok(())
/// # }
/// ```
pub struct DelayQueue<T, C = TimerWheel<T>> {
    timer: C,
    entry: TimerEntry,
    /// The consumer's, as of its last poll.
    waker: Option<Waker>,
    /// Whether that poll left the consumer waiting, or told it that the queue is empty; and nobody woke it since.
    is_waiting: bool,
    /// Whether the last turn of the timer is not known to be done.
    turn_is_open: bool,
    /// What is left until the consumer's executor has its turn.
    left: Budget,
    /// The last moment for which something was armed that was taken out or moved to later. Up to there the timer may
    /// want a turn in which nothing is due.
    left_behind: Timestamp,
    /// Whether the consumer was told that the driver was shut down.
    told_of_end: bool,
    value: PhantomData<fn() -> T>,
}

impl<T> DelayQueue<T> {
    /// An empty queue on a wheel with ticks of a millisecond.
    pub fn new(timers: &Handle) -> Self {
        Self::with_timer(timers, TimerWheel::starting_at(Resolution::MILLISECOND, timers.now()))
    }
}

impl<T, C: Timer<T>> DelayQueue<T, C> {
    /// A queue on this timer, with what is armed in it. Its times are those of the driver's clock.
    ///
    /// ```
    /// use tickwheel::{DelayQueue, Driver, ManualClock, TimerHeap};
    ///
    /// let timers = Driver::builder().clock(ManualClock::new()).spawn(TimerHeap::new())?;
    /// let precise = DelayQueue::with_timer(&timers, TimerHeap::<&str>::new());
    /// assert!(precise.is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn with_timer(timers: &Handle, mut timer: C) -> Self {
        let now = timers.now();
        if timer.is_empty() {
            // So that it files from here on, and not from wherever it stood.
            let due = timer.turn(now).count();
            debug_assert!(due == 0, "nothing is due in an empty timer");
        }
        Self {
            timer,
            entry: TimerEntry::new(timers.clone(), Deadline::at(now)),
            waker: None,
            is_waiting: false,
            turn_is_open: false,
            left: COOPERATION,
            left_behind: Timestamp::ZERO,
            told_of_end: false,
            value: PhantomData,
        }
    }

    /// Puts `value` in, to be handed out after `delay` from now on.
    ///
    /// # Errors
    ///
    /// [`InsertError`], which gives the value back, if the queue's timer holds as many as it may.
    pub fn insert(&mut self, value: T, delay: Duration) -> Result<TimerId, InsertError<T>> {
        self.insert_at(value, self.now() + delay)
    }

    /// Puts `value` in, to be handed out at `deadline`: a [`Timestamp`] of the driver's clock, or a [`Deadline`] with
    /// slack. One in the past is due at once; on a wheel, at the end of the tick in which it lies.
    ///
    /// # Errors
    ///
    /// [`InsertError`], which gives the value back, if the queue's timer holds as many as it may.
    pub fn insert_at(&mut self, value: T, deadline: impl Into<Deadline>) -> Result<TimerId, InsertError<T>> {
        let id = self.timer.insert_deadline(deadline.into(), value)?;
        self.tell_of_earlier(id);
        Ok(id)
    }

    /// Takes a value out before it is due; `None` if it is not there any more.
    pub fn remove(&mut self, id: TimerId) -> Option<T> {
        self.leave_behind(id);
        let value = self.timer.cancel(id)?;
        if self.timer.is_empty() {
            self.tell_of_emptiness();
        }
        Some(value)
    }

    /// Moves a value to `delay` from now on, and says whether it was there to be moved. Its id stays good.
    pub fn reset(&mut self, id: TimerId, delay: Duration) -> bool {
        self.reset_at(id, self.now() + delay)
    }

    /// Moves a value to `deadline`, a [`Timestamp`] or a [`Deadline`] with slack, and says whether it was there to be
    /// moved. Its id stays good. One that was due and not handed out yet can be moved all the same.
    pub fn reset_at(&mut self, id: TimerId, deadline: impl Into<Deadline>) -> bool {
        self.leave_behind(id);
        let was_there = self.timer.reset_deadline(id, deadline.into());
        if was_there {
            self.tell_of_earlier(id);
        }
        was_there
    }

    /// The value that is handed out next, if nothing changes until then; `None` if the queue is empty. It may be due.
    ///
    /// Takes the time of [`Timer::first`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use tickwheel::{DelayQueue, Driver, ManualClock, TimerHeap};
    ///
    /// let timers = Driver::builder().clock(ManualClock::new()).spawn(TimerHeap::new())?;
    /// let mut queue = DelayQueue::new(&timers);
    /// let late = queue.insert("late", Duration::from_secs(3)).unwrap();
    /// let soon = queue.insert("soon", Duration::from_secs(2)).unwrap();
    /// assert_eq!(queue.peek(), Some(soon));
    ///
    /// queue.reset(soon, Duration::from_secs(4));
    /// assert_eq!(queue.peek(), Some(late));
    /// assert_eq!(queue.deadline(late), Some(timers.now() + Duration::from_secs(3)));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn peek(&self) -> Option<TimerId> {
        self.timer.first()
    }

    /// When a value is due: its deadline, rounded up to the timer's tick. It is the `expiry` with which it will be
    /// handed out.
    pub fn deadline(&self, id: TimerId) -> Option<Timestamp> {
        self.timer.expiry(id)
    }

    /// A value that is in the queue.
    pub fn get(&self, id: TimerId) -> Option<&T> {
        self.timer.get(id)
    }

    /// A value that is in the queue, to change it.
    pub fn get_mut(&mut self, id: TimerId) -> Option<&mut T> {
        self.timer.get_mut(id)
    }

    /// How many values there are, those that are due and not handed out yet among them.
    pub fn len(&self) -> usize {
        self.timer.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.timer.is_empty()
    }

    /// Drops all values. Their ids are stale from now on.
    pub fn clear(&mut self) {
        let had_some = !self.timer.is_empty();
        self.timer.clear();
        if had_some {
            self.tell_of_emptiness();
        }
    }

    /// Makes room for `additional` more values.
    pub fn reserve(&mut self, additional: usize) {
        self.timer.reserve(additional);
    }

    /// Gives memory back that the values do not need. All ids stay good.
    pub fn shrink_to_fit(&mut self) {
        self.timer.shrink_to_fit();
    }

    /// What time it is on the driver's clock, to reckon deadlines from.
    pub fn now(&self) -> Timestamp {
        self.entry.now()
    }

    /// The timer that holds the values, to look at.
    pub fn timer(&self) -> &C {
        &self.timer
    }

    /// The timer that holds the values: after the driver was shut down, say.
    pub fn into_timer(self) -> C {
        self.timer
    }

    /// Waits for the next value to fall due; `None` if the queue is empty.
    ///
    /// Safe to cancel: a value leaves the queue only in the poll that hands it out.
    ///
    /// # Errors
    ///
    /// As [`poll_expired`](Self::poll_expired).
    pub async fn next_expired(&mut self) -> Result<Option<Expired<T>>, TimerError> {
        core::future::poll_fn(|context| self.poll_expired(context)).await.transpose()
    }

    /// Hands out the next value that is due, or lets `context`'s waker know when there is one; `None` if the queue is
    /// empty. Values come in the order of their expiry, and where that is the same, in the order of arming
    /// ([C3](Timer#the-contract)).
    ///
    /// The waker of the last poll is kept also when the answer is `None`, and is woken when a value comes in: who polls
    /// several things in one task may go on waiting for the others.
    ///
    /// After some hundred values in a row it answers [`Poll::Pending`], once, and wakes `context`'s waker itself, so
    /// that an executor's other tasks have their turn.
    ///
    /// # Errors
    ///
    /// [`TimerError::Closed`] if the driver was shut down and nothing is due: once, and `None` from then on. What is
    /// due is still handed out, before and after; the rest stays in the queue, to be had from
    /// [`into_timer`](Self::into_timer). [`TimerError::Full`] if the driver's shard had no room to wait with, at each
    /// poll for as long as it has none.
    pub fn poll_expired(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Expired<T>, TimerError>>> {
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            self.waker = Some(context.waker().clone());
        }
        self.is_waiting = false;
        while !self.left.is_spent() {
            if self.turn_is_open {
                if let Some(expired) = self.timer.expire_next(&mut self.left) {
                    return Poll::Ready(Some(Ok(expired)));
                }
                // Where it was the budget that ended it, the next turn begins with what is left over.
                self.turn_is_open = false;
                continue;
            }
            let Some(next) = self.timer.next_turn() else {
                self.entry.cancel();
                return self.rest(Poll::Ready(None));
            };
            let now = self.now();
            if next > now {
                match self.ring_at(self.first_after(next), context) {
                    Poll::Pending => return self.rest(Poll::Pending),
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(TimerError::Closed)) if self.told_of_end => return self.rest(Poll::Ready(None)),
                    Poll::Ready(Err(error)) => {
                        self.told_of_end = error == TimerError::Closed;
                        return self.rest(Poll::Ready(Some(Err(error))));
                    }
                }
            } else {
                self.timer.open_turn(now);
                self.turn_is_open = true;
            }
            self.left.spend(1);
        }
        self.left = COOPERATION;
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Ends a poll that the consumer's task waits after.
    fn rest<R>(&mut self, answer: Poll<R>) -> Poll<R> {
        self.left = COOPERATION;
        self.is_waiting = true;
        answer
    }

    /// Notes that the value is about to leave its place.
    fn leave_behind(&mut self, id: TimerId) {
        let expiry = self.timer.expiry(id);
        self.left_behind = self.left_behind.max(expiry.unwrap_or_default());
    }

    /// When the first value is due, if that is later than the `next` turn that the timer wants, and easily found.
    fn first_after(&self, next: Timestamp) -> Timestamp {
        if next > self.left_behind || self.timer.len() > LOOKED_THROUGH {
            return next;
        }
        let first = self.timer.first().and_then(|id| self.timer.expiry(id));
        first.map_or(next, |first| first.max(next))
    }

    /// Has the entry ring at `next`. Ready if it has come meanwhile.
    fn ring_at(&mut self, next: Timestamp, context: &mut Context<'_>) -> Poll<Result<(), TimerError>> {
        if self.entry.deadline().soft() != next {
            self.entry.reset(Deadline::at(next));
        }
        self.entry.poll(context)
    }

    /// Sees to it that a waiting consumer hears of a value that is due before the entry rings.
    fn tell_of_earlier(&mut self, id: TimerId) {
        if !self.is_waiting {
            return;
        }
        let Some(expiry) = self.timer.expiry(id) else { return };
        if !self.entry.is_armed() {
            self.wake();
        } else if expiry < self.entry.deadline().soft() {
            if expiry <= self.now() {
                self.wake();
            } else {
                self.entry.reset(Deadline::at(expiry));
            }
        }
    }

    fn tell_of_emptiness(&mut self) {
        self.entry.cancel();
        if self.is_waiting {
            self.wake();
        }
    }

    fn wake(&mut self) {
        self.is_waiting = false;
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }
}

/// Nothing in it is pinned.
impl<T, C> Unpin for DelayQueue<T, C> {}

/// As [`poll_expired`](DelayQueue::poll_expired). It ends when the queue is empty, and goes on when there is something
/// in it again.
impl<T, C: Timer<T>> Stream for DelayQueue<T, C> {
    type Item = Result<Expired<T>, TimerError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_expired(context)
    }
}

impl<T, C: fmt::Debug> fmt::Debug for DelayQueue<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DelayQueue")
            .field("timer", &self.timer)
            .field("is_waiting", &self.is_waiting)
            .finish_non_exhaustive()
    }
}
