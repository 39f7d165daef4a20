//! `BTreeMap<(deadline, id), V>`, as a user would write it: exact, ordered, and a tree walk for every call.

use std::collections::BTreeMap;

use crate::contender::{Contender, Event, OnTurn};

/// The deadline, and a count of timers to tell equal ones apart.
type Place = (u64, u64);

#[derive(Default)]
pub struct BTree {
    timers: BTreeMap<Place, u64>,
    armed: u64,
}

impl Contender for BTree {
    const NAME: &'static str = "btree";
    type Key = Place;
    type Value = u64;

    fn arm(&mut self, due_ticks: u64, value: u64) -> Place {
        self.armed += 1;
        let place = (due_ticks, self.armed);
        self.timers.insert(place, value);
        place
    }

    fn cancel(&mut self, place: &mut Place) -> Option<u64> {
        self.timers.remove(place)
    }

    fn reset(&mut self, place: &mut Place, due_ticks: u64) {
        let value = self.timers.remove(place).expect("the timer is armed");
        place.0 = due_ticks;
        self.timers.insert(*place, value);
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        while let Some(first) = self.timers.first_entry().filter(|first| first.key().0 <= now_ticks) {
            let value = first.remove();
            handler(self, now_ticks, Event::Fired(value));
        }
    }

    fn pending(&self) -> usize {
        self.timers.len()
    }
}
