//! The jobs that two benches time, `ops` and `versus`, written once for every contender.
//!
//! The work: ticks of 1 ms, delays uniform in 1..=60,000 ticks, N timers pending, each carrying a `u64`, every choice
//! drawn from one fixed seed.
//!
//! | job | what one operation is |
//! |---|---|
//! | a1 | arm a timer and cancel it at once |
//! | a2 | cancel a random pending timer and arm a new one |
//! | b | reset a random pending timer to later, with the clock standing |
//! | b2 | the same to now + 60,000 ticks with the clock running, turns and all: idle connections |
//! | c | one timer fired and armed again, each tick a turn |
//! | d | arm N timers, then turn tick by tick until all have fired: two figures |
//! | f | the longest single turn in c |
//! | g | the longest single insert, cancel, reset and turn while all are mixed, and insert while N timers pile up |
//! | h | the longest single turn after an hour idle, after all were moved to later, and when all are due in one tick |
//! | clustered | a timer's life where N are armed within a second for 30 s, 99 % cancelled, the rest fire |
//! | clustered-turns | the longest single turn in that |
//! | constant | a timer's life with one of four fixed timeouts: cancelled as the oldest or fired, and armed again |
//! | a2-64, c-64 | a2 and c with values of 64 bytes |
//!
//! Means are thread CPU time over a round of many operations (`means`); f to h and `clustered-turns` time every single
//! call (`stalls`).
//! Every run keeps a [`Ledger`] of what must come back, and ends by emptying the container against it.
//!
//! # Bias
//!
//! - All contenders pay for the harness: a random number, and the key of a random timer looked up in a `Vec` (one cache
//!   miss at large N), about 3 ns and one miss for each operation.
//! - No contender reads a clock: deadlines are given as points in time. In a program each arming or reset would first
//!   read one (about 25 ns), unless it keeps the time of its last wake-up; that favors none of them, but makes all
//!   ratios larger.
//! - What favors or harms a single contender stands at its own file in [`contenders`].

mod contender;
pub mod contenders;
mod job;
mod ledger;
mod load;
mod means;
mod moments;
mod paused_runtime;
mod roster;
mod stalls;
mod timeouts;

pub use contender::{Contender, Event, OnTurn, Value, Wide};
pub use job::{Job, title};
pub use ledger::Ledger;
pub use load::{Books, Held, Load, Random, TOGETHER_UP_TO};
pub use paused_runtime::PausedRuntime;
pub use roster::{BTREE, Entry, FAULTY, OURS, TOKIOS, measure};
