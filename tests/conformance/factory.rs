//! The containers that the cases run over, each with how to make one.

use std::any::Any;
use std::cell::Cell;

use tickwheel::{
    Budget, Deadline, Expired, InsertError, ManualClock, Recorded, Resolution, Timer, TimerHeap, TimerId, TimerWheel,
    Timestamp, geometry::Small,
};

use crate::support::reference::{Fault, Reference};
use crate::support::rules::Rules;

/// Makes containers of one kind, for values of any type.
pub(crate) trait Factory {
    type Timers<T: 'static>: Timer<T> + 'static;

    fn rules() -> Rules;

    fn make<T: 'static>() -> Self::Timers<T>;

    fn with_max_timers<T: 'static>(limit: usize) -> Self::Timers<T>;

    /// Panics if an invariant is broken. Looking at everything after each step would take Miri too long.
    fn check<T: 'static>(timers: &Self::Timers<T>);
}

/// The moment at which tick `tick` begins.
pub(crate) fn at<F: Factory>(tick: u64) -> Timestamp {
    F::rules().start_of(tick)
}

/// A container whose last turn was at tick `tick`.
pub(crate) fn make_at<F: Factory, T: 'static>(tick: u64) -> F::Timers<T> {
    let mut timers = F::make();
    timers.open_turn(at::<F>(tick));
    timers
}

/// Lengths of tick, as types.
pub(crate) trait Length {
    const RESOLUTION: Resolution;
}

macro_rules! lengths {
    ($($name:ident = $resolution:expr;)*) => { $(
        pub(crate) struct $name;

        impl Length for $name {
            const RESOLUTION: Resolution = $resolution;
        }
    )* };
}

const fn hz(hz: u32) -> Resolution {
    match Resolution::from_hz(hz) {
        Ok(resolution) => resolution,
        Err(_) => panic!("a resolution that there is"),
    }
}

lengths! {
    Nanosecond = hz(1_000_000_000);
    Microsecond = Resolution::MICROSECOND;
    Millisecond = Resolution::MILLISECOND;
    FourMilliseconds = hz(250);
    Second = Resolution::SECOND;
}

pub(crate) struct Wheel<L>(L);

impl<L: Length> Factory for Wheel<L> {
    type Timers<T: 'static> = TimerWheel<T>;

    fn rules() -> Rules {
        Rules::Wheel(L::RESOLUTION)
    }

    fn make<T: 'static>() -> Self::Timers<T> {
        TimerWheel::new(L::RESOLUTION)
    }

    fn with_max_timers<T: 'static>(limit: usize) -> Self::Timers<T> {
        TimerWheel::new(L::RESOLUTION).with_max_timers(limit)
    }

    fn check<T: 'static>(timers: &Self::Timers<T>) {
        if !cfg!(miri) {
            timers.check();
        }
    }
}

pub(crate) struct SmallWheel<L>(L);

impl<L: Length> Factory for SmallWheel<L> {
    type Timers<T: 'static> = TimerWheel<T, Small>;

    fn rules() -> Rules {
        Rules::Wheel(L::RESOLUTION)
    }

    fn make<T: 'static>() -> Self::Timers<T> {
        TimerWheel::with_geometry(L::RESOLUTION)
    }

    fn with_max_timers<T: 'static>(limit: usize) -> Self::Timers<T> {
        TimerWheel::with_geometry(L::RESOLUTION).with_max_timers(limit)
    }

    fn check<T: 'static>(timers: &Self::Timers<T>) {
        if !cfg!(miri) {
            timers.check();
        }
    }
}

/// A wheel that is recorded, which must change nothing.
pub(crate) struct RecordedWheel;

impl Factory for RecordedWheel {
    type Timers<T: 'static> = Recorded<T, TimerWheel<T>>;

    fn rules() -> Rules {
        Rules::Wheel(Millisecond::RESOLUTION)
    }

    fn make<T: 'static>() -> Self::Timers<T> {
        Recorded::new(TimerWheel::new(Millisecond::RESOLUTION), ManualClock::new(), std::io::sink())
    }

    fn with_max_timers<T: 'static>(limit: usize) -> Self::Timers<T> {
        let wheel = TimerWheel::new(Millisecond::RESOLUTION).with_max_timers(limit);
        Recorded::new(wheel, ManualClock::new(), std::io::sink())
    }

    fn check<T: 'static>(_: &Self::Timers<T>) {}
}

pub(crate) struct Heap;

impl Factory for Heap {
    type Timers<T: 'static> = TimerHeap<T>;

    fn rules() -> Rules {
        Rules::Heap
    }

    fn make<T: 'static>() -> Self::Timers<T> {
        TimerHeap::new()
    }

    fn with_max_timers<T: 'static>(limit: usize) -> Self::Timers<T> {
        TimerHeap::new().with_max_timers(limit)
    }

    fn check<T: 'static>(timers: &Self::Timers<T>) {
        if !cfg!(miri) {
            timers.check();
        }
    }
}

thread_local! {
    static FAULT: Cell<Option<Fault>> = const { Cell::new(None) };
}

/// Sets how the reference is wrong, on this thread, for as long as `run` takes.
pub(crate) fn with_fault<R>(fault: Fault, run: impl FnOnce() -> R) -> R {
    FAULT.set(Some(fault));
    let result = run();
    FAULT.set(None);
    result
}

/// The sorted map; right, unless a fault is set.
pub(crate) struct SortedMap<L>(L);

impl<L: Length> Factory for SortedMap<L> {
    type Timers<T: 'static> = Reference<T>;

    fn rules() -> Rules {
        Rules::Wheel(L::RESOLUTION)
    }

    fn make<T: 'static>() -> Self::Timers<T> {
        Reference::new(Self::rules(), Timestamp::ZERO, FAULT.get())
    }

    fn with_max_timers<T: 'static>(limit: usize) -> Self::Timers<T> {
        Self::make().with_max_timers(limit)
    }

    fn check<T: 'static>(_: &Self::Timers<T>) {}
}

/// What a program needs beside `Timer` to hold containers of any kind, and make more of them.
trait AnyTimer<T>: Timer<T> + Any {
    fn boxed_sibling(&self) -> Box<dyn AnyTimer<T>>;
}

impl<T: 'static, C: Timer<T> + Any> AnyTimer<T> for C {
    fn boxed_sibling(&self) -> Box<dyn AnyTimer<T>> {
        Box::new(self.sibling())
    }
}

/// Containers of another factory, behind `Box<dyn …>`.
pub(crate) struct Boxed<F>(F);

/// A container of some kind.
pub(crate) struct Dyn<T: 'static>(Box<dyn AnyTimer<T>>);

impl<F: Factory> Factory for Boxed<F>
where
    F: 'static,
{
    type Timers<T: 'static> = Dyn<T>;

    fn rules() -> Rules {
        F::rules()
    }

    fn make<T: 'static>() -> Self::Timers<T> {
        Dyn(Box::new(F::make::<T>()))
    }

    fn with_max_timers<T: 'static>(limit: usize) -> Self::Timers<T> {
        Dyn(Box::new(F::with_max_timers::<T>(limit)))
    }

    fn check<T: 'static>(timers: &Self::Timers<T>) {
        let timers: &dyn Any = &*timers.0;
        F::check::<T>(timers.downcast_ref().expect("it was made by this factory"));
    }
}

impl<T: 'static> Timer<T> for Dyn<T> {
    fn insert_deadline(&mut self, deadline: Deadline, value: T) -> Result<TimerId, InsertError<T>> {
        self.0.insert_deadline(deadline, value)
    }

    fn reset_deadline(&mut self, id: TimerId, deadline: Deadline) -> bool {
        self.0.reset_deadline(id, deadline)
    }

    fn cancel(&mut self, id: TimerId) -> Option<T> {
        self.0.cancel(id)
    }

    fn get(&self, id: TimerId) -> Option<&T> {
        self.0.get(id)
    }

    fn get_mut(&mut self, id: TimerId) -> Option<&mut T> {
        self.0.get_mut(id)
    }

    fn expiry(&self, id: TimerId) -> Option<Timestamp> {
        self.0.expiry(id)
    }

    fn next_expiry(&self) -> Option<Timestamp> {
        self.0.next_expiry()
    }

    fn next_turn(&self) -> Option<Timestamp> {
        self.0.next_turn()
    }

    fn open_turn(&mut self, now: Timestamp) {
        self.0.open_turn(now);
    }

    fn expire_next(&mut self, budget: &mut Budget) -> Option<Expired<T>> {
        self.0.expire_next(budget)
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn for_each(&self, visit: &mut dyn FnMut(TimerId, Timestamp, &T)) {
        self.0.for_each(visit);
    }

    fn clear(&mut self) {
        self.0.clear();
    }

    fn reserve(&mut self, additional: usize) {
        self.0.reserve(additional);
    }

    fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }

    fn sibling(&self) -> Self {
        Self(self.0.boxed_sibling())
    }
}
