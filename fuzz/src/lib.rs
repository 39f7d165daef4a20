//! Programs over several containers of timers at once: wheels, small wheels and heaps.
//!
//! Every call may be given any id: of the container that is asked, of a sibling, of a container of another kind, of the
//! future, of a container that was cleared or shrunk. An id that fits by chance names a timer of the container that is
//! asked; everything else must find nothing and change nothing.

mod checked;
mod container;
mod ops;

pub use ops::Program;
