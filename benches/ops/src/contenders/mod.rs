//! Each contender, driven as its user would, with what favors or harms it.

mod btree;
mod delay_queue;
mod faulty;
mod ours;
mod sleep;

pub use btree::BTree;
pub use delay_queue::DelayQueueTimers;
pub use faulty::Faulty;
pub use ours::{Heap, Wheel};
pub use sleep::TokioSleeps;
