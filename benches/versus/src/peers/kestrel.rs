//! kestrel-timer's `Wheel`: two levels of vectors and a generational index, without its tokio service around it.
//!
//! # Bias
//!
//! - In its favor: no lock, no callback, and the receiver of each completion is dropped at once.
//! - Its tick is set to 1 ms, with 512 slots below and 128 above, so that all delays fit into its two levels.
//! - It hands out ids only, so that the values lie here, in a table by the id's index.

use std::time::Duration;

use kestrel_timer::config::{BatchConfig, WheelConfig};
use kestrel_timer::task::{TaskId, TimerTask, TimerTaskWithCompletionNotifier};
use kestrel_timer::wheel::Wheel;

use jobs::{Contender, Event, OnTurn};

const LOWER_SLOTS: usize = 512;
const UPPER_SLOTS: usize = 128;

pub(crate) struct KestrelWheel {
    wheel: Wheel,
    values: Vec<u64>,
    due: Vec<u64>,
    pending: usize,
    now_ticks: u64,
}

impl KestrelWheel {
    fn delay(&self, due_ticks: u64) -> Duration {
        Duration::from_millis(due_ticks - self.now_ticks)
    }
}

/// The lower half of an id is its index.
fn place(id: TaskId) -> usize {
    id.raw() as u32 as usize
}

impl Default for KestrelWheel {
    fn default() -> Self {
        let config = WheelConfig::builder()
            .l0_tick_duration(Duration::from_millis(1))
            .l0_slot_count(LOWER_SLOTS)
            .l1_tick_duration(Duration::from_millis(LOWER_SLOTS as u64))
            .l1_slot_count(UPPER_SLOTS)
            .build();
        let config = config.expect("powers of two are allowed");
        let wheel = Wheel::new(config, BatchConfig::default()).expect("the configuration was checked");
        Self { wheel, values: Vec::new(), due: Vec::new(), pending: 0, now_ticks: 0 }
    }
}

impl Contender for KestrelWheel {
    const NAME: &'static str = "kestrel";
    const LATE_TICKS: u64 = LOWER_SLOTS as u64;
    const BY_DESIGN: &'static str =
        "a timer beyond the lower level waits for a whole slot of the upper one, counted from that level's last tick";
    type Key = TaskId;
    type Value = u64;

    fn arm(&mut self, due_ticks: u64, value: u64) -> TaskId {
        let handle = self.wheel.allocate_handle();
        let id = handle.task_id();
        let task = TimerTask::new_oneshot(self.delay(due_ticks), None);
        let (task, _completion) = TimerTaskWithCompletionNotifier::from_timer_task(task);
        self.wheel.insert(handle, task).expect("the handle is this wheel's");
        if place(id) >= self.values.len() {
            self.values.resize(place(id) + 1, 0);
        }
        self.values[place(id)] = value;
        self.pending += 1;
        id
    }

    fn cancel(&mut self, key: &mut TaskId) -> Option<u64> {
        let was_armed = self.wheel.cancel(*key).expect("the id is this wheel's");
        self.pending -= usize::from(was_armed);
        was_armed.then(|| self.values[place(*key)])
    }

    fn reset(&mut self, key: &mut TaskId, due_ticks: u64) {
        let moved = self.wheel.postpone(*key, self.delay(due_ticks), None);
        assert!(moved.expect("the id is this wheel's"), "the timer is armed");
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        while self.now_ticks < now_ticks {
            self.now_ticks += 1;
            // A handler that arms may be given the place of one that is still to be handed out.
            let mut due = std::mem::take(&mut self.due);
            due.extend(self.wheel.advance().into_iter().map(|due| self.values[place(due.id)]));
            self.pending -= due.len();
            for value in due.drain(..) {
                handler(self, self.now_ticks, Event::Fired(value));
            }
            self.due = due;
        }
    }

    fn pending(&self) -> usize {
        self.pending
    }
}
