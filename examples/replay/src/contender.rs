//! The timers to be tried.

use std::time::Duration;

use indicatif::ProgressBar;
use tickwheel::{Resolution, Timer, TimerHeap, TimerWheel};

use crate::book::{Book, Serial};
use crate::options::Which;
use crate::replay::{self, Outcome};
use crate::shown;
use crate::timing::{Stopwatch, Watch};
use crate::trace::Trace;

/// A timer to be tried.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) tick: Duration,
    pub(crate) make: fn(Resolution) -> Box<dyn Timer<Serial>>,
    pub(crate) jiffy: Resolution,
}

impl Contender {
    pub(crate) fn chosen(which: Which, jiffy: Resolution) -> Vec<Self> {
        let wheel = Self {
            name: "TimerWheel",
            tick: jiffy.tick_length(),
            make: |jiffy| Box::new(TimerWheel::new(jiffy)),
            jiffy,
        };
        let heap =
            Self { name: "TimerHeap", tick: Duration::from_nanos(1), make: |_| Box::new(TimerHeap::new()), jiffy };
        match which {
            Which::Wheel => vec![wheel],
            Which::Heap => vec![heap],
            Which::Both => vec![wheel, heap],
        }
    }

    /// Replays the trace `runs` times, each time through a new timer.
    pub(crate) fn replay(&self, trace: &Trace, runs: u32, watch: Watch) -> Outcome {
        let mut first = self.replay_once(trace, watch, 1, runs);
        for run in 2..=runs {
            let next = self.replay_once(trace, watch, run, runs);
            if !first.samples.keep_shorter(&next.samples) {
                first.book.note_unsteady();
            }
        }
        first
    }

    fn replay_once(&self, trace: &Trace, watch: Watch, run: u32, runs: u32) -> Outcome {
        let mut timer = (self.make)(self.jiffy);
        let what = format!("{} ({run} of {runs})", self.name);
        let replayed = |progress: &ProgressBar| {
            replay::replay(trace, &mut *timer, Book::new(self.tick), Stopwatch::new(watch.cost_ns), progress)
        };
        shown(&what, replayed)
    }
}
