//! tokio's `Sleep`: one future for each timer, registered in the runtime's own wheel of linked lists.
//!
//! # Bias
//!
//! - In its favour: the place of each future is allocated once and used again, as if it lay in a task that exists
//!   anyway.
//! - Each timer has a waker of its own that lists the timer as woken, about what waking a task costs (a count and a
//!   push under a lock that nobody else takes); a task's poll through the scheduler is not counted. In its favour, too.
//! - Armed means polled once, since before that a `Sleep` is not registered.
//!
//! See also [`paused_runtime`](super::paused_runtime).

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use tokio::runtime::EnterGuard;
use tokio::time::{Sleep, sleep_until};

use crate::jobs::contender::{Contender, OnTurn};
use crate::jobs::contenders::paused_runtime::PausedRuntime;

pub(crate) struct TokioSleeps {
    places: Vec<Place>,
    vacant: Vec<u32>,
    woken: Arc<Mutex<Vec<u32>>>,
    /// The list of the turn under way, swapped with `woken`.
    woken_now: Vec<u32>,
    runtime: PausedRuntime,
}

struct Place {
    sleep: Pin<Box<Option<Sleep>>>,
    task: Arc<Task>,
    waker: Waker,
}

/// What stands for a task: the value that it works on, and the way to be woken.
struct Task {
    value: AtomicU64,
    place: u32,
    woken: Arc<Mutex<Vec<u32>>>,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.lock().expect("nothing panics under it").push(self.place);
    }
}

impl Place {
    fn poll(&mut self) -> bool {
        let mut context = Context::from_waker(&self.waker);
        let sleep = self.sleep.as_mut().as_pin_mut().expect("the place is taken");
        sleep.poll(&mut context).is_ready()
    }
}

impl TokioSleeps {
    fn vacant_place(&mut self) -> u32 {
        self.vacant.pop().unwrap_or_else(|| {
            let place = self.places.len() as u32;
            let task = Arc::new(Task { value: AtomicU64::new(0), place, woken: self.woken.clone() });
            self.places.push(Place { sleep: Box::pin(None), waker: task.clone().into(), task });
            place
        })
    }

    fn vacate(&mut self, place: u32) -> u64 {
        self.vacant.push(place);
        let left = &mut self.places[place as usize];
        left.sleep.set(None);
        left.task.value.load(Ordering::Relaxed)
    }
}

impl Contender for TokioSleeps {
    const NAME: &'static str = "sleep";
    type Key = u32;
    type Entered = EnterGuard<'static>;

    fn new() -> Self {
        Self {
            places: Vec::new(),
            vacant: Vec::new(),
            woken: Arc::default(),
            woken_now: Vec::new(),
            runtime: PausedRuntime::new(),
        }
    }

    fn arm(&mut self, due_ticks: u64, value: u64) -> u32 {
        let key = self.vacant_place();
        let place = &mut self.places[key as usize];
        place.task.value.store(value, Ordering::Relaxed);
        place.sleep.set(Some(sleep_until(self.runtime.at(due_ticks))));
        assert!(!place.poll(), "a deadline ahead is not reached");
        key
    }

    fn cancel(&mut self, key: &mut u32) -> Option<u64> {
        self.places[*key as usize].sleep.is_some().then(|| self.vacate(*key))
    }

    fn reset(&mut self, key: &mut u32, due_ticks: u64) {
        let sleep = self.places[*key as usize].sleep.as_mut().as_pin_mut();
        sleep.expect("the timer is armed").reset(self.runtime.at(due_ticks));
    }

    fn run<H: OnTurn<Self>>(&mut self, from_ticks: u64, to_ticks: u64, step_ticks: u64, handler: &mut H) {
        let runtime = self.runtime;
        runtime.run(
            &mut (self, handler),
            (from_ticks, to_ticks, step_ticks),
            |(timers, handler), now_ticks| handler.before_turn(timers, now_ticks),
            |(timers, handler), now_ticks| {
                timers.turn(now_ticks, *handler);
                handler.after_turn();
            },
        );
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        let mut woken = std::mem::take(&mut self.woken_now);
        std::mem::swap(&mut woken, &mut *self.woken.lock().expect("nothing panics under it"));
        for place in woken.drain(..) {
            assert!(self.places[place as usize].poll(), "what was woken is ready");
            let value = self.vacate(place);
            handler.fired(self, now_ticks, value);
        }
        self.woken_now = woken;
    }

    fn pending(&self) -> usize {
        self.places.len() - self.vacant.len()
    }

    fn enter(&self) -> Self::Entered {
        self.runtime.enter()
    }
}
