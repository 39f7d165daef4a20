//! What a clock is, and what one that is moved by hand needs to know of those who follow it.

use crate::sync::{Arc, Weak};
use crate::time::Timestamp;

/// A source of timestamps that never runs backwards.
///
/// The timers take the time as an argument and never ask a clock themselves; a clock is for what turns them.
///
/// # What a driver expects of a clock
///
/// A driver's thread sleeps by the machine's monotonic clock for as long as its own clock says is left. So a clock
/// should keep the machine's pace, or be one that is [moved by hand](Self::register). Of a clock that does not, this is
/// what becomes, with each kind of driver:
///
/// - **It jumps ahead**, as one that counts the time of a suspend does. The driver does not see that by itself: it
///   wakes when the time that it had reckoned has passed, or earlier for the next timer that is armed or moved once the
///   moment that it sleeps until has passed. Then all that has become due fires. Code that hears of the jump can arm a
///   timer of no delay to have the driver look.
/// - **It steps back.** What was due by the time of the last turn stays due, and fires at once though the clock shows
///   less again; what is due later waits until the clock has come there anew.
/// - **It panics.** Where the driver itself reads it, the panic is counted and reported as a callback's is. The driver
///   goes on, at the time of its last turn, and reads the clock again when something wakes it, or 10 ms later if
///   something is armed. In a call of yours, such as `now()` or `call_after()`, the panic is yours; with a
///   `LocalDriver` it goes on to the caller of `turn` once what was due has fired.
/// - **It says that it goes with the machine's clock** ([`zero`](Self::zero)) and does not: none of the above is looked
///   for. The default answers that it does not.
pub trait Clock {
    /// What time it is.
    fn now(&self) -> Timestamp;

    /// When this clock stood at zero, on the standard library's monotonic clock; `None`, as this says by itself, for
    /// one that does not go with that.
    #[cfg(feature = "std")]
    fn zero(&self) -> Option<std::time::Instant> {
        None
    }

    /// Takes on `observer`, if this is a clock that moves by hand: `true` says that whoever moves it also turns the
    /// observer, which then needs no thread that waits. The machine's clocks answer `false`, as this does by itself.
    fn register(&self, observer: Weak<dyn ClockObserver>) -> bool {
        let _ = observer;
        false
    }
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    #[cfg(feature = "std")]
    fn zero(&self) -> Option<std::time::Instant> {
        (**self).zero()
    }

    fn register(&self, observer: Weak<dyn ClockObserver>) -> bool {
        (**self).register(observer)
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    #[cfg(feature = "std")]
    fn zero(&self) -> Option<std::time::Instant> {
        (**self).zero()
    }

    fn register(&self, observer: Weak<dyn ClockObserver>) -> bool {
        (**self).register(observer)
    }
}

/// One who is turned as a clock is moved by hand: a driver.
pub trait ClockObserver: Send + Sync {
    /// When it wants its next turn; `None` if it has nothing to wait for.
    fn next_turn(&self) -> Option<Timestamp>;

    /// Turns it at `now` and names each timer that fired. `true` if its budget left something over.
    fn turn(&self, now: Timestamp, fired: &mut dyn FnMut(FiredTimer)) -> bool;

    /// Whether the thread that asks is in one of its turns, or in a callback of its own: it moves the clock from there.
    fn is_at_work(&self) -> bool;

    /// Waits until whatever was set off by its turns has run. It returns at once when it is called from there.
    fn wait_until_quiet(&self);
}

/// A timer that fired as a clock was moved by hand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FiredTimer {
    /// When it was due.
    pub expiry: Timestamp,
    /// What it set off.
    pub kind: TaskKind,
}

/// What a timer sets off.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum TaskKind {
    /// A waker was woken: a future's.
    Waker,
    /// A callback was called, or handed to the pool that calls it.
    Callback,
    /// A message was sent into a channel.
    Message,
}
