//! A slab of values beside a container that cannot cancel: what lies there names a place and a stamp, and counts only
//! while both agree. This is how a user adds cancelling to a plain queue or wheel.

use slab::Slab;

/// Names a value: its place in the slab, and which of the place's armings it was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamped {
    pub(crate) place: u32,
    pub(crate) stamp: u32,
}

struct Live {
    value: u64,
    stamp: u32,
}

/// The values that are armed.
#[derive(Default)]
pub(crate) struct StampedSlab {
    live: Slab<Live>,
    armings: u32,
}

impl StampedSlab {
    pub(crate) fn insert(&mut self, value: u64) -> Stamped {
        let stamp = self.next_stamp();
        Stamped { place: self.live.insert(Live { value, stamp }) as u32, stamp }
    }

    /// Takes a value out if `name` still stands for it.
    pub(crate) fn take(&mut self, name: Stamped) -> Option<u64> {
        let live = self.live.get(name.place as usize)?;
        (live.stamp == name.stamp).then(|| self.live.remove(name.place as usize).value)
    }

    /// Gives an armed value a new name; what the old one stood for is stale.
    pub(crate) fn rename(&mut self, name: &mut Stamped) {
        name.stamp = self.next_stamp();
        self.live[name.place as usize].stamp = name.stamp;
    }

    pub(crate) fn len(&self) -> usize {
        self.live.len()
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.live.shrink_to_fit();
    }

    fn next_stamp(&mut self) -> u32 {
        self.armings = self.armings.wrapping_add(1);
        self.armings
    }
}
