//! The libraries that take a timer, each in earnest with these timers, on tokio and on smol where it lets one choose.

mod backon;
mod budget;
mod duplex;
mod hyper;
mod quinn;
mod runtimes;
mod tokio;
mod tower;
