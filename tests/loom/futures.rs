//! Futures and queues that are polled, dropped and moved by their task while another thread moves the clock and turns
//! the driver.
//!
//! What a user relies on: after the timer has fired, either the poll was ready or the waker of the last poll was called
//! (L6); nothing is ready before the clock has come to its deadline (C1); what was dropped or taken out leaves nothing
//! in the driver (L8); what was moved to later is not ready where it was before (L7); a value comes out once (C4).
//!
//! A `DelayQueue` waits with the same alarm as a `Sleep`, and has no lock of its own. So its models are of what it does
//! beside: opening a turn of its own timer once the alarm has rung, moving the alarm, and waking its consumer itself.
//! Its drop is the alarm's, which the model of a dropped `Sleep` has; what it has in its place is taking out the last
//! value.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::Stream;
use loom::thread;
use tickwheel::{Clock, DelayQueue, LoopDriver, Sleep, TimerError, TimerHeap, TimerId};

use crate::support::{Bound, Hand, Latch, at, builder, heap, model, move_elsewhere, moved, wheel};

/// A task, as far as a future knows it: somebody to be woken.
struct Sleeper {
    wakes: AtomicUsize,
    woken: Latch,
}

impl Sleeper {
    fn new() -> Arc<Self> {
        Arc::new(Self { wakes: AtomicUsize::new(0), woken: Latch::new() })
    }

    /// Waits for the first wake: for ever, if there is none.
    fn wait(&self) {
        self.woken.wait();
    }

    /// How often it was woken, by threads that are joined.
    fn wakes(&self) -> usize {
        self.wakes.load(Ordering::Relaxed)
    }

    fn poll(self: &Arc<Self>, sleep: &mut Sleep) -> Poll<Result<(), TimerError>> {
        Pin::new(sleep).poll(&mut Context::from_waker(&self.waker()))
    }

    /// The next value of a queue, as its stream gives it.
    fn next(self: &Arc<Self>, queue: &mut Queue) -> Poll<Option<&'static str>> {
        let next = Pin::new(queue).poll_next(&mut Context::from_waker(&self.waker()));
        next.map(|next| next.map(|next| next.unwrap().value))
    }

    fn waker(self: &Arc<Self>) -> Waker {
        Waker::from(self.clone())
    }
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
        self.woken.open();
    }
}

type Queue = DelayQueue<&'static str, TimerHeap<&'static str>>;

fn queue(timers: &LoopDriver) -> Queue {
    DelayQueue::with_timer(timers, TimerHeap::new())
}

/// A queue with one value, due at 5 ms, that a task waits for.
fn awaited() -> (Hand, Arc<LoopDriver>, Queue, TimerId, Arc<Sleeper>) {
    let (clock, timers) = moved(wheel());
    let mut queue = queue(&timers);
    let id = queue.insert_at("a", at(5)).unwrap();
    let task = Sleeper::new();
    assert_eq!(task.next(&mut queue), Poll::Pending);
    (clock, timers, queue, id, task)
}

/// Moves the clock on and turns the driver; no other thread is left that does.
fn move_on(clock: &Hand, timers: &LoopDriver, ms: usize) {
    clock.move_to(ms);
    let _ = timers.turn(at(ms as u64));
}

#[test]
fn l6_a_sleep_first_polled_while_it_fires() {
    model(Bound::None, || {
        let (clock, timers) = moved(wheel());
        let mut sleep = timers.sleep_until(at(5));
        let task = Sleeper::new();
        let turning = move_elsewhere(&clock, &timers);
        let polled = task.poll(&mut sleep);
        assert!(polled.is_pending() || clock.now() >= at(5), "it was ready early");
        turning.join().unwrap();
        let _ = timers.turn(at(10)); // it may have been armed behind the turn, and wants another
        assert_eq!(task.wakes(), usize::from(polled.is_pending()));
        assert_eq!((task.poll(&mut sleep), timers.pending()), (Poll::Ready(Ok(())), 0));
    });
}

#[test]
fn l6_a_sleep_first_polled_behind_an_earlier_timer() {
    model(Bound::None, || {
        let (clock, timers) = moved(wheel());
        let (mut first, mut second) = (timers.sleep_until(at(3)), timers.sleep_until(at(5)));
        let (before, task) = (Sleeper::new(), Sleeper::new());
        assert_eq!(before.poll(&mut first), Poll::Pending);
        let turning = move_elsewhere(&clock, &timers);
        let polled = task.poll(&mut second);
        turning.join().unwrap();
        if timers.pending() > 0 {
            // Without a look at `next_turn`, which publishes what it sees.
            let _ = timers.turn(at(10));
        }
        assert_eq!((before.wakes(), task.wakes()), (1, usize::from(polled.is_pending())));
        assert_eq!((task.poll(&mut second), timers.pending()), (Poll::Ready(Ok(())), 0));
    });
}

#[test]
fn l6_a_sleep_polled_by_another_task_while_it_fires() {
    model(Bound::None, || {
        let (clock, timers) = moved(wheel());
        let mut sleep = timers.sleep_until(at(5));
        let (old, new) = (Sleeper::new(), Sleeper::new());
        assert_eq!(old.poll(&mut sleep), Poll::Pending);
        let turning = move_elsewhere(&clock, &timers);
        let polled = new.poll(&mut sleep);
        if polled.is_pending() {
            new.wait();
            assert_eq!(new.poll(&mut sleep), Poll::Ready(Ok(())), "who is woken finds it ready");
        }
        // Where it was ready by the clock, it may have been before the turn came to it.
        let fired = turning.join().unwrap() as usize;
        assert!(fired == 1 || polled.is_ready(), "it has fired nowhere");
        assert_eq!((old.wakes(), new.wakes()), if polled.is_pending() { (0, 1) } else { (fired, 0) });
        assert_eq!((Arc::strong_count(&old), Arc::strong_count(&new)), (1, 1), "a waker was kept");
    });
}

#[test]
fn l8_a_sleep_dropped_while_it_fires() {
    model(Bound::None, || {
        let (clock, timers) = moved(heap());
        let mut sleep = timers.sleep_until(at(5));
        let task = Sleeper::new();
        assert_eq!(task.poll(&mut sleep), Poll::Pending);
        let turning = move_elsewhere(&clock, &timers);
        drop(sleep);
        assert_eq!(timers.pending(), 0, "it has fired or is cancelled");
        let fired = turning.join().unwrap();
        assert_eq!((task.wakes() as u64, Arc::strong_count(&task)), (fired, 1));
    });
}

#[test]
fn l7_a_sleep_moved_to_later_while_it_fires() {
    model(Bound::None, || {
        let (clock, timers) = moved(wheel());
        let mut sleep = timers.sleep_until(at(5));
        let task = Sleeper::new();
        assert_eq!(task.poll(&mut sleep), Poll::Pending);
        let turning = move_elsewhere(&clock, &timers);
        sleep.reset(at(20));
        turning.join().unwrap();
        let before = task.wakes();
        assert!(before <= 1 && !sleep.is_elapsed());
        if before == 1 {
            // It had fired; the task that it has woken polls it.
            assert_eq!(task.poll(&mut sleep), Poll::Pending, "it was ready at the deadline that it had before");
        }
        move_on(&clock, &timers, 20);
        assert_eq!(task.wakes(), before + 1, "at the deadline that was last set");
        assert_eq!((task.poll(&mut sleep), timers.pending()), (Poll::Ready(Ok(())), 0));
    });
}

#[test]
fn l4_a_sleep_moved_to_earlier_while_the_loop_falls_asleep() {
    model(Bound::None, || {
        let told = Arc::new(AtomicUsize::new(0));
        let counted = told.clone();
        let on_earlier = move || {
            counted.fetch_add(1, Ordering::Relaxed);
        };
        let timers = Arc::new(builder(at(1)).for_event_loop(wheel(), on_earlier).unwrap());
        let task = Sleeper::new();
        let mut sleep = timers.sleep_until(at(50));
        assert_eq!(task.poll(&mut sleep), Poll::Pending);
        let moving = thread::spawn(move || {
            sleep.reset(at(5));
            sleep
        });
        let until = timers.next_turn();
        let _sleep = moving.join().unwrap();
        let told = told.load(Ordering::Relaxed);
        assert!(until == Some(at(5)) || told == 1, "it sleeps until {until:?} and was told {told} times");
        assert_eq!((timers.turn(at(5)).fired, task.wakes()), (1, 1));
    });
}

#[test]
fn l6_a_queue_first_polled_while_its_alarm_rings() {
    model(Bound::None, || {
        let (clock, timers) = moved(wheel());
        let mut queue = queue(&timers);
        queue.insert_at("a", at(5)).unwrap();
        let task = Sleeper::new();
        let turning = move_elsewhere(&clock, &timers);
        let polled = task.next(&mut queue);
        assert!(polled.is_pending() || clock.now() >= at(5), "it came out early");
        turning.join().unwrap();
        let _ = timers.turn(at(10));
        assert_eq!(task.wakes(), usize::from(polled.is_pending()));
        let left = if polled.is_pending() { task.next(&mut queue) } else { polled };
        assert_eq!((left, task.next(&mut queue)), (Poll::Ready(Some("a")), Poll::Ready(None)));
        assert_eq!(timers.pending(), 0);
    });
}

#[test]
fn l6_a_queue_polled_by_another_task_while_its_alarm_rings() {
    model(Bound::None, || {
        let (clock, timers, mut queue, _, old) = awaited();
        let new = Sleeper::new();
        let turning = move_elsewhere(&clock, &timers);
        let polled = new.next(&mut queue);
        let left = if polled.is_pending() {
            new.wait();
            new.next(&mut queue)
        } else {
            polled
        };
        assert_eq!((left, new.next(&mut queue)), (Poll::Ready(Some("a")), Poll::Ready(None)));
        turning.join().unwrap();
        // The alarm may have been given up before it rang, by the poll that found the queue empty.
        assert!(old.wakes() + new.wakes() <= 1);
        assert!(new.wakes() == usize::from(polled.is_pending()));
        let (before, was_woken) = (old.wakes(), new.wakes());
        queue.insert_at("b", at(10)).unwrap();
        assert_eq!((old.wakes(), new.wakes()), (before, was_woken + 1), "the queue wakes who polled last");
    });
}

#[test]
fn l6_a_queue_whose_last_value_is_taken_out_while_its_alarm_rings() {
    model(Bound::None, || {
        let (clock, timers, mut queue, id, task) = awaited();
        let turning = move_elsewhere(&clock, &timers);
        assert_eq!(queue.remove(id), Some("a"), "what was not handed out can be taken out");
        assert_eq!(timers.pending(), 0, "the alarm has rung or is cancelled");
        turning.join().unwrap();
        assert!(task.wakes() >= 1, "it is to hear that the queue is empty");
        assert_eq!((task.next(&mut queue), timers.pending()), (Poll::Ready(None), 0));
    });
}

#[test]
fn l7_a_value_moved_to_later_while_the_alarm_rings() {
    model(Bound::None, || {
        let (clock, timers, mut queue, id, task) = awaited();
        let turning = move_elsewhere(&clock, &timers);
        assert!(queue.reset_at(id, at(20)));
        let polled = task.next(&mut queue);
        assert_eq!(polled, Poll::Pending, "it came out at the deadline that it had before");
        turning.join().unwrap();
        let before = task.wakes();
        assert!(before <= 1, "an alarm rings for nothing at most once");
        if before == 1 {
            assert_eq!(task.next(&mut queue), Poll::Pending);
        }
        move_on(&clock, &timers, 20);
        assert_eq!(task.wakes(), before + 1, "at the deadline that was last set");
        assert_eq!((task.next(&mut queue), task.next(&mut queue)), (Poll::Ready(Some("a")), Poll::Ready(None)));
        assert_eq!(timers.pending(), 0);
    });
}

#[test]
fn l6_an_earlier_value_inserted_while_the_clock_passes_it() {
    model(Bound::None, || {
        let (clock, timers) = moved(wheel());
        let mut queue = queue(&timers);
        queue.insert_at("late", at(20)).unwrap();
        let task = Sleeper::new();
        assert_eq!(task.next(&mut queue), Poll::Pending);
        let turning = move_elsewhere(&clock, &timers);
        queue.insert_at("soon", at(5)).unwrap();
        turning.join().unwrap();
        let _ = timers.turn(at(10)); // the alarm may have been moved behind the turn
        assert_eq!(task.wakes(), 1, "at once, or by the alarm that was moved");
        assert_eq!((task.next(&mut queue), task.next(&mut queue)), (Poll::Ready(Some("soon")), Poll::Pending));
        move_on(&clock, &timers, 20);
        assert_eq!(task.wakes(), 2);
        assert_eq!((task.next(&mut queue), task.next(&mut queue)), (Poll::Ready(Some("late")), Poll::Ready(None)));
        assert_eq!(timers.pending(), 0);
    });
}
