//! What a wheel holds, in Linux's terms, for people who debug and for pictures.

use alloc::vec::Vec;
use core::fmt;

use super::geometry::{Geometry, Home, LEVELS, home, index, slots};
use super::store::Store;
use crate::time::Tick;

/// A wheel's jiffy, the index of each level, and how many timers have their [`home`] in each slot.
///
/// Its `Display` draws it, one line for each level that holds timers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WheelSnapshot {
    /// The next jiffy to be processed: Linux's `timer_jiffies`.
    pub next: Tick,
    /// tv1 to tv5.
    pub levels: [LevelSnapshot; LEVELS],
    /// Timers beyond the last level's reach, and overdue ones. (The first are counted in tv5 too, the others in tv1.)
    pub outliers: usize,
}

/// One level of a [`WheelSnapshot`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LevelSnapshot {
    /// The slot that is processed next, or was cascaded last.
    pub index: usize,
    /// How many timers have their home in each slot.
    pub timers: Vec<usize>,
}

impl<T, G: Geometry> Store<T, G> {
    pub(crate) fn snapshot(&self) -> WheelSnapshot {
        let stands_at = if self.turn_is_open { self.now } else { self.last_turn() };
        let next = Tick::new(stands_at.saturating_add(1));
        let mut levels = core::array::from_fn(|level| LevelSnapshot {
            index: index::<G>(level, next),
            timers: alloc::vec![0; slots::<G>(level)],
        });
        for (id, position, tick, _) in self.places.iter() {
            let tick = self.tick(id.index(), position, tick);
            let Home { level, slot } = home::<G>(next, Tick::new(tick));
            levels[level].timers[slot] += 1;
        }
        WheelSnapshot { next, levels, outliers: self.outliers.len() }
    }
}

impl fmt::Display for WheelSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "jiffy {}, {} outliers", self.next.get(), self.outliers)?;
        for (level, LevelSnapshot { index, timers }) in self.levels.iter().enumerate() {
            let held = timers.iter().sum::<usize>();
            write!(f, "tv{} index {index:3}, {held} timers", level + 1)?;
            for (slot, count) in timers.iter().enumerate().filter(|(_, count)| **count > 0) {
                write!(f, " [{slot}]={count}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
