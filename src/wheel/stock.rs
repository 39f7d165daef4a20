//! The stock: free places and chunks that turns make ready for what is armed until the next one.
//!
//! A call that comes upon a full page waits for memory, which takes many times what arming does. Turns have a budget
//! and take longer anyway, so they fetch it. Some is needed even where as many timers go as come, since stale entries
//! keep chunks and places until they are collected.

use super::chunk;
use super::geometry::Geometry;
use super::store::Store;

/// So many places are to be free when a turn is done; more where there are millions.
const PLACES: usize = 256;
/// So many chunks that were never used are to be there then. (A page of them: with fewer a turn adds one.)
const CHUNKS: usize = chunk::PAGE;
/// Things that one turn makes ready at the most.
const AT_ONCE: usize = 8;

impl<T, G: Geometry> Store<T, G> {
    /// Makes some memory ready, if little is left.
    #[inline]
    pub(crate) fn restock(&mut self) {
        if self.is_short_of_chunks() || self.is_short_of_places() {
            self.fetch();
        }
    }

    #[cold]
    #[inline(never)]
    fn fetch(&mut self) {
        // One thing a turn, so that turns of a small wheel do not become long; one more for each million of timers, of
        // which more are armed until the next turn.
        let millions = self.arena.places() >> 20;
        for step in 0..(1 + millions).min(AT_ONCE) {
            let (chunks, places) = (self.is_short_of_chunks(), self.is_short_of_places());
            if chunks && (step % 2 == 0 || !places) {
                self.chunks.add_page();
            } else if places {
                self.arena.restock();
                self.stale.reserve(self.arena.next_places());
            }
        }
    }

    #[inline]
    fn is_short_of_chunks(&self) -> bool {
        self.chunks.is_short_of(CHUNKS + (self.arena.places() >> 15))
    }

    #[inline]
    fn is_short_of_places(&self) -> bool {
        self.arena.is_short_of(PLACES + (self.arena.places() >> 14))
    }
}
