//! tokio's `Sleep`: one future for each timer, registered in the runtime's own wheel of linked lists.
//!
//! # Bias
//!
//! - In its favor: the place of each future is allocated once and used again, as if it lay in a task that exists
//!   anyway.
//! - Each timer has a waker of its own that lists the timer as woken, about what waking a task costs (a count and a
//!   push under a lock that no other thread takes); a task's poll through the scheduler is not counted. In its favor,
//!   too.
//! - Armed means polled once, since before that a `Sleep` is not registered.
//!
//! See also [`paused_runtime`](crate::paused_runtime).

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use tokio::time::{Sleep, sleep_until};

use crate::contender::{Contender, Event, OnTurn, Value};
use crate::paused_runtime::PausedRuntime;

pub struct TokioSleeps<V = u64> {
    places: Vec<Place<V>>,
    vacant: Vec<u32>,
    woken: Arc<Mutex<Vec<u32>>>,
    /// The list of the turn under way, swapped with `woken`.
    woken_now: Vec<u32>,
    runtime: PausedRuntime,
}

struct Place<V> {
    sleep: Pin<Box<Option<Sleep>>>,
    value: V,
    waker: Waker,
}

/// What stands for a task: the way to be woken.
struct Task {
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

impl<V: Value> Place<V> {
    fn poll(&mut self) -> bool {
        let mut context = Context::from_waker(&self.waker);
        let sleep = self.sleep.as_mut().as_pin_mut().expect("the place is taken");
        sleep.poll(&mut context).is_ready()
    }
}

impl<V: Value> TokioSleeps<V> {
    fn vacant_place(&mut self, value: V) -> u32 {
        if let Some(place) = self.vacant.pop() {
            self.places[place as usize].value = value;
            return place;
        }
        let place = self.places.len() as u32;
        let waker = Arc::new(Task { place, woken: self.woken.clone() }).into();
        self.places.push(Place { sleep: Box::pin(None), value, waker });
        place
    }

    fn vacate(&mut self, place: u32) -> V {
        self.vacant.push(place);
        let left = &mut self.places[place as usize];
        left.sleep.set(None);
        left.value
    }
}

impl<V> Default for TokioSleeps<V> {
    fn default() -> Self {
        let (places, vacant, woken_now) = (Vec::new(), Vec::new(), Vec::new());
        Self { places, vacant, woken: Arc::default(), woken_now, runtime: PausedRuntime::new() }
    }
}

impl<V: Value> Contender for TokioSleeps<V> {
    const NAME: &'static str = "sleep";
    const IN_RUNTIME: bool = true;
    type Key = u32;
    type Value = V;

    fn arm(&mut self, due_ticks: u64, value: V) -> u32 {
        let key = self.vacant_place(value);
        let place = &mut self.places[key as usize];
        place.sleep.set(Some(sleep_until(self.runtime.at(due_ticks))));
        assert!(!place.poll(), "a deadline ahead is not reached");
        key
    }

    fn cancel(&mut self, key: &mut u32) -> Option<V> {
        self.places[*key as usize].sleep.is_some().then(|| self.vacate(*key))
    }

    fn reset(&mut self, key: &mut u32, due_ticks: u64) {
        let sleep = self.places[*key as usize].sleep.as_mut().as_pin_mut();
        sleep.expect("the timer is armed").reset(self.runtime.at(due_ticks));
    }

    fn turn<H: OnTurn<Self>>(&mut self, now_ticks: u64, handler: &mut H) {
        let mut woken = std::mem::take(&mut self.woken_now);
        std::mem::swap(&mut woken, &mut *self.woken.lock().expect("nothing panics under it"));
        for place in woken.drain(..) {
            assert!(self.places[place as usize].poll(), "what was woken is ready");
            let value = self.vacate(place);
            handler(self, now_ticks, Event::Fired(value));
        }
        self.woken_now = woken;
    }

    fn pending(&self) -> usize {
        self.places.len() - self.vacant.len()
    }

    fn runtime(&self) -> Option<PausedRuntime> {
        Some(self.runtime)
    }
}
