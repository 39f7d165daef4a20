//! The invariants of a wheel, checked from scratch.

use alloc::collections::BTreeSet;

use super::geometry::Geometry;
use super::store::{Store, tag};
use crate::head::FREE;

impl<T, G: Geometry> Store<T, G> {
    /// Checks every structure and how they hang together. Touches everything: for tests.
    ///
    /// # Panics
    ///
    /// If an invariant is broken.
    pub(crate) fn check(&self) {
        self.arena.check();
        self.stale.check();
        assert!(self.stale.room() >= self.arena.places(), "there is room for the mark of each place");
        self.outliers.check();
        assert!(self.now <= self.target, "the wheel does not run ahead of its turn");
        assert!(self.turn_is_open || self.now == self.target, "a turn is done when the wheel stands at its time");

        let is_calm = self.now < self.cascade.calm_until;
        assert!(!is_calm || self.is_settled() && !self.cascade.feeding, "while it is calm nothing has to come down");
        assert!(
            !is_calm || self.is_same_turn(self.cascade.calm_until - 1),
            "it is calm to the end of tv1's turn at most"
        );

        let chunks: usize = self.levels.iter().map(|level| level.check(&self.chunks, self.now)).sum();
        assert_eq!(chunks, self.chunks.in_use(), "every chunk is in a slot or free");
        self.check_sweep();

        let mut seen = BTreeSet::new();
        let slots = self.levels.iter().flat_map(|level| level.iter().map(|(_, slot)| slot));
        let filed = slots.flat_map(|slot| slot.entries(&self.chunks).map(|(entry, _)| entry));
        for entry in self.due.entries().iter().copied().chain(filed) {
            assert!(seen.insert(entry.place), "a place has one entry");
            let head = self.arena.head(entry.place);
            let filed = match head.tag() {
                tag::OWN => Some(head.link),
                tag::PROXY if !self.stale.contains(entry.place) => Some(head.datum),
                _ => None,
            };
            assert_eq!(filed.is_none(), self.stale.contains(entry.place), "a place is marked while its entry is stale");
            assert!(
                filed.is_none_or(|filed| filed == entry.expiry),
                "an entry lies under the tick that its place says"
            );
        }
        self.check_places(&seen);
    }

    fn check_places(&self, seen: &BTreeSet<u32>) {
        let (mut with_entry, mut outliers) = (0, 0);
        for (index, head) in self.arena.heads() {
            if head.tag() == FREE {
                assert!(!self.stale.contains(index), "a free place has no mark");
                continue;
            }
            match head.tag() {
                tag::OWN => {
                    assert!(self.widen(head.datum) >= self.widen(head.link), "an entry is met before its timer is due");
                }
                tag::PROXIED => {
                    let proxy = self.arena.head(head.link);
                    assert_eq!((proxy.tag(), proxy.link), (tag::PROXY, index), "a timer and its proxy know each other");
                    assert!(
                        self.widen(head.datum) >= self.widen(proxy.datum),
                        "an entry is met before its timer is due"
                    );
                }
                tag::OUTLIER => {
                    outliers += 1;
                    assert!(self.outliers.tick(index).is_some(), "an outlier is among the outliers");
                }
                tag::PROXY if !self.stale.contains(index) => {
                    let timer = self.arena.head(head.link);
                    assert_eq!(
                        (timer.tag(), timer.link),
                        (tag::PROXIED, index),
                        "a timer and its proxy know each other"
                    );
                }
                _ => {}
            }
            let is_live = self.arena.value(index).is_some();
            assert_eq!(is_live, !matches!(head.tag(), tag::DEAD | tag::PROXY), "a timer has a value until it leaves");
            if is_live {
                assert!(self.tick(index) >= Some(self.soonest), "no timer is due before the soonest");
            }
            if matches!(head.tag(), tag::OWN | tag::PROXY) || self.stale.contains(index) {
                with_entry += 1;
                assert!(seen.contains(&index), "a place that has an entry has it in the wheel");
            }
        }
        assert_eq!(with_entry, seen.len(), "every entry has a place");
        assert_eq!(outliers, self.outliers.len(), "the outliers are counted");
    }
}
