//! What other ticks and other slack would do at the recorded load: each is replayed, none is guessed.
//!
//! A driver sleeps until the next turn is wanted, and nothing else wakes it. So the timer is turned at each
//! [`next_turn`](tickwheel::Timer::next_turn) and at no other time, which makes each turn a wake-up, until the
//! recording ends. A timer is late by what lies between its deadline (or its arming, where that is later) and the turn
//! that fires it.

use std::time::Duration;

use tickwheel::{Deadline, Resolution, Timer, TimerExt, TimerHeap, TimerId, TimerWheel, Timestamp};

use crate::options::Slack;
use crate::trace::{Action, Event, Trace};

/// One way to keep the timers, and what came of it.
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) figures: Figures,
}

#[derive(Clone, Copy, Default, PartialEq, Debug)]
pub(crate) struct Figures {
    pub(crate) wake_ups: u64,
    pub(crate) fired: u64,
    late_ns: u128,
    pub(crate) longest_late: Duration,
}

impl Figures {
    pub(crate) fn mean_late(&self) -> Duration {
        Duration::from_nanos((self.late_ns / u128::from(self.fired.max(1))) as u64)
    }

    /// The share of `before`'s wake-ups that are spared, which may be negative.
    pub(crate) fn saved(&self, before: &Self) -> f64 {
        1.0 - self.wake_ups as f64 / before.wake_ups.max(1) as f64
    }
}

/// The heap with the deadlines as they were recorded, and then the others.
pub(crate) fn compare(trace: &Trace, ticks: &[Duration], slacks: &[Slack], mut done: impl FnMut()) -> Vec<Variant> {
    let mut variants = Vec::new();
    let mut add = |name: String, timer: Box<dyn Timer<Timestamp>>, percent| {
        variants.push(Variant { name, figures: Simulation::new(trace, timer, percent).run() });
        done();
    };
    add("heap, as recorded".to_owned(), Box::new(TimerHeap::new()), 0.0);
    for Slack { percent } in slacks {
        add(format!("heap, slack {percent} %"), Box::new(TimerHeap::new()), *percent);
    }
    for tick in ticks {
        let resolution = Resolution::from_duration(*tick).expect("the options allow no other");
        add(format!("wheel, tick {tick:?}"), Box::new(TimerWheel::new(resolution)), 0.0);
    }
    variants
}

struct Simulation<'a> {
    trace: &'a Trace,
    /// Each carries the moment from which on it is late.
    timer: Box<dyn Timer<Timestamp>>,
    percent: f64,
    ids: Vec<Option<TimerId>>,
    now: Timestamp,
    figures: Figures,
}

impl<'a> Simulation<'a> {
    fn new(trace: &'a Trace, timer: Box<dyn Timer<Timestamp>>, percent: f64) -> Self {
        let ids = vec![None; trace.timers.len()];
        Self { trace, timer, percent, ids, now: Timestamp::ZERO, figures: Figures::default() }
    }

    fn run(mut self) -> Figures {
        for event in &self.trace.events {
            self.sleep_until(event.at);
            self.apply(event);
        }
        self.figures
    }

    fn sleep_until(&mut self, at: Timestamp) {
        while let Some(wanted) = self.timer.next_turn().filter(|wanted| *wanted <= at) {
            self.now = self.now.max(wanted);
            self.figures.wake_ups += 1;
            for expired in self.timer.turn(self.now) {
                let late = self.now - expired.value;
                self.figures.fired += 1;
                self.figures.late_ns += late.as_nanos();
                self.figures.longest_late = self.figures.longest_late.max(late);
            }
        }
        self.now = self.now.max(at);
    }

    fn apply(&mut self, event: &Event) {
        let id = &mut self.ids[event.timer as usize];
        match event.action {
            Action::Arm(deadline) | Action::Reset(deadline) => {
                let due = deadline.soft().max(event.at);
                let deadline = slackened(deadline, event.at, self.percent);
                let moved = id.filter(|id| self.timer.reset(*id, deadline));
                match moved.and_then(|id| self.timer.get_mut(id)) {
                    Some(value) => *value = due,
                    None => *id = self.timer.insert(deadline, due).ok(),
                }
            }
            Action::Cancel | Action::ArmOnOtherClock(_) => {
                if let Some(id) = id.take() {
                    self.timer.cancel(id);
                }
            }
            // It ends for the recording; here it fires when it is due.
            Action::Expire { .. } => *id = None,
            Action::OwnDequeue | Action::ResetDone => {}
        }
    }
}

/// The deadline with `percent` of its delay as slack, unless it has more.
fn slackened(deadline: Deadline, at: Timestamp, percent: f64) -> Deadline {
    let slack = (deadline.soft() - at).mul_f64(percent / 100.0);
    deadline.with_slack(slack.max(deadline.slack()))
}
