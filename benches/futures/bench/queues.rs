//! The crowd in one queue: a single task puts everything in and takes out what is due, instead of a task for each.
//!
//! For: no task has to be woken for each, which is most of what the others pay for. Against: it can do no more than one
//! thread.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tickwheel::{DelayQueue, Driver, Resolution, TimerWheel};
use tokio::runtime::Runtime;

use crate::crowd::{Ends, Sleepers, WORKERS};
use crate::peers::runtime;

/// This crate's `DelayQueue`.
pub(crate) struct Queue(Driver, Runtime);

impl Sleepers for Queue {
    fn gather() -> Self {
        let driver = Driver::spawn(TimerWheel::new(Resolution::MILLISECOND));
        Self(driver.expect("the system has one more thread"), runtime(WORKERS))
    }

    fn spawn(self: &Arc<Self>, due: Vec<Instant>, ends: &Arc<Ends>) {
        let (driver, ends) = (self.0.handle(), ends.clone());
        let mut queue = DelayQueue::new(&driver);
        self.1.spawn(async move {
            for (place, due) in due.into_iter().enumerate() {
                queue.insert_at((place, due), driver.to_timestamp(due)).expect("there is room for more");
            }
            while let Some(expired) = queue.next_expired().await.expect("the driver runs") {
                let (place, due) = expired.value;
                ends.report(place, due, Duration::ZERO);
            }
        });
    }
}

/// tokio-util's `DelayQueue`.
pub(crate) struct TokioQueue(Runtime);

impl Sleepers for TokioQueue {
    fn gather() -> Self {
        Self(runtime(WORKERS))
    }

    fn spawn(self: &Arc<Self>, due: Vec<Instant>, ends: &Arc<Ends>) {
        let ends = ends.clone();
        self.0.spawn(async move {
            let mut queue = tokio_util::time::DelayQueue::new();
            for (place, due) in due.into_iter().enumerate() {
                queue.insert_at((place, due), due.into());
            }
            while let Some(expired) = poll_fn(|context| queue.poll_expired(context)).await {
                let (place, due) = expired.into_inner();
                ends.report(place, due, Duration::ZERO);
            }
        });
    }
}
