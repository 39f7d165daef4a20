//! The peers that only this program compares, each driven as its user would, with what favors or harms it.
//!
//! tokio's two and the `BTreeMap` stand in [`jobs::contenders`].

mod binary_heap;
mod hash_wheel;
mod indexed_heap;
mod kestrel;
mod linux;
mod nexus;
mod ora;
mod priority_queue;
mod stamped;

pub(crate) use binary_heap::LazyBinaryHeap;
pub(crate) use hash_wheel::HashWheel;
pub(crate) use indexed_heap::IndexedHeap;
pub(crate) use kestrel::KestrelWheel;
pub(crate) use linux::LinuxWheel;
pub(crate) use nexus::NexusWheel;
pub(crate) use ora::OraWheel;
pub(crate) use priority_queue::HashedQueue;
