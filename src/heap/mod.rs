//! The precise timer: a heap over nanosecond deadlines.

mod group;
mod indexed_heap;
#[cfg(test)]
mod slack_test;
mod timer_heap;

pub use timer_heap::TimerHeap;
