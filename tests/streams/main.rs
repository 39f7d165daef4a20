//! `DelayQueue` and the adapters for streams, on a clock moved by hand wherever that is possible.

mod adapters;
mod delay_queue;
mod life;
mod model;
mod support;
mod threads;
mod wakers;
