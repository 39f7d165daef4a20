//! What every bench of this crate shares: its command line, rounds and their medians, probes of time and memory, and
//! the forms in which results are written down.
//!
//! A bench says who takes part and what is measured ([`Bench`], [`Rounds`], [`Series`]); [`step`] and [`repeated`] take
//! the figures, [`by_contender`] and [`write()`] write them down.

mod calls;
mod machine;
mod measure;
mod options;
#[cfg(feature = "plots")]
mod plot;
mod probe;
mod report;
mod results;
mod stats;
mod tables;
mod threads;
mod waker;
mod watch;

pub use calls::{Run, Series, histogram, repeated};
pub use machine::{description, load_average};
pub use measure::{Plan, Rounds, Start, step};
pub use options::{Bench, NoMore, Options, exit, number};
#[cfg(feature = "plots")]
pub use plot::{Bars, Line, PALETTE, Panel, bars, panels, power};
pub use probe::{ns_each, of_process, of_thread_named, resident_bytes, timed};
pub use report::{verdict, write};
pub use results::{BYTES, CPU, Cell, LATE, LONGEST, PROCESS_CPU, Results, Row, WALL, add_cells};
pub use stats::Spread;
pub use tables::{
    Kind, Table, Verdict, Who, add_best, by_contender, contenders, digits, longest, median, minutes, thousands, time,
    times, unit, verdicts,
};
pub use threads::{at_once, counted, rows_of_threads};
pub use waker::Alert;
pub use watch::{Schedule, Watch};
