//! The precise timer: a heap over nanosecond deadlines.

mod group;
mod indexed_heap;
mod timer_heap;

pub use timer_heap::TimerHeap;
