//! Cancelling for a container that has none: what lies there names a place in a slab of values and a stamp, and counts
//! only while both agree. This is how a user adds cancelling to a plain queue or wheel.
//!
//! # Bias
//!
//! In favor of these: cancelling and resetting never touch the container, and what they leave behind is not bounded.

use slab::Slab;

use jobs::{Contender, Event, OnTurn};

/// Names a value: its place in the slab, and which of the place's armings it was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamped {
    place: u32,
    stamp: u32,
}

/// A container that cannot cancel.
pub(crate) trait Plain: Default + 'static {
    const NAME: &'static str;

    fn insert(&mut self, due_ticks: u64, name: Stamped);

    /// Takes out the next one that is due by now.
    fn next_due(&mut self, now_ticks: u64) -> Option<Stamped>;

    fn shrink(&mut self);
}

struct Live {
    value: u64,
    stamp: u32,
}

/// The container, and the values that are armed.
#[derive(Default)]
pub(crate) struct Lazy<P> {
    plain: P,
    live: Slab<Live>,
    armings: u32,
}

impl<P> Lazy<P> {
    /// Takes a value out if `name` still stands for it.
    fn take(&mut self, name: Stamped) -> Option<u64> {
        let live = self.live.get(name.place as usize)?;
        (live.stamp == name.stamp).then(|| self.live.remove(name.place as usize).value)
    }

    fn next_stamp(&mut self) -> u32 {
        self.armings = self.armings.wrapping_add(1);
        self.armings
    }
}

impl<P: Plain> Contender for Lazy<P> {
    const NAME: &'static str = P::NAME;
    type Key = Stamped;
    type Value = u64;

    fn arm(&mut self, due_ticks: u64, value: u64) -> Stamped {
        let stamp = self.next_stamp();
        let name = Stamped { place: self.live.insert(Live { value, stamp }) as u32, stamp };
        self.plain.insert(due_ticks, name);
        name
    }

    fn cancel(&mut self, name: &mut Stamped) -> Option<u64> {
        self.take(*name)
    }

    /// Under a new name; what the old one stood for is stale.
    fn reset(&mut self, name: &mut Stamped, due_ticks: u64) {
        name.stamp = self.next_stamp();
        self.live[name.place as usize].stamp = name.stamp;
        self.plain.insert(due_ticks, *name);
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        while let Some(name) = self.plain.next_due(now_ticks) {
            if let Some(value) = self.take(name) {
                handler(self, now_ticks, Event::Fired(value));
            }
        }
    }

    fn pending(&self) -> usize {
        self.live.len()
    }

    fn shrink(&mut self) {
        self.plain.shrink();
        self.live.shrink_to_fit();
    }
}
