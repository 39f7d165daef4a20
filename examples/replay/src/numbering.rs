//! Places for names, in the order in which they come up.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

pub(crate) struct Numbering<N> {
    pub(crate) names: Vec<N>,
    places: HashMap<N, u32>,
}

impl<N> Default for Numbering<N> {
    fn default() -> Self {
        Self { names: Vec::new(), places: HashMap::new() }
    }
}

impl<N: Clone + Eq + Hash> Numbering<N> {
    pub(crate) fn place_of<Q>(&mut self, name: &Q) -> u32
    where
        N: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = N> + ?Sized,
    {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        // There are no more names than lines, of which there are fewer than 2^32.
        let place = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        place
    }
}
