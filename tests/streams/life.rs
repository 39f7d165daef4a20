//! What shutting the driver down does, and a driver whose shard is full.

use std::task::Poll;

use futures_util::{StreamExt as _, stream};
use tickwheel::{DelayQueue, Driver, ManualClock, StreamExt, TimeoutError, Timer, TimerError, TimerHeap};

use crate::support::{Bed, Task, ms, on_both};

on_both! {
    l31_a_queue_says_once_that_its_driver_is_gone,
    l31_what_is_due_is_handed_out_all_the_same,
}

fn l31_a_queue_says_once_that_its_driver_is_gone(mut bed: Bed<u32, impl Timer<u32>>) {
    bed.queue.insert(1, ms(10)).unwrap();
    bed.pending();
    bed.shut_down();
    assert_eq!(bed.task.wake_ups(), 1);
    assert_eq!(bed.poll(), Poll::Ready(Some(Err(TimerError::Closed))));
    assert_eq!(bed.poll(), Poll::Ready(None));
    assert_eq!(bed.poll(), Poll::Ready(None));
    let mut left = Vec::new();
    bed.queue.into_timer().for_each(&mut |_, _, value| left.push(*value));
    assert_eq!(left, [1], "nothing is lost");
}

fn l31_what_is_due_is_handed_out_all_the_same(mut bed: Bed<u32, impl Timer<u32>>) {
    bed.queue.insert(1, ms(10)).unwrap();
    bed.queue.insert(2, ms(20)).unwrap();
    bed.pending();
    bed.shut_down();
    bed.go_to(10);
    assert_eq!(bed.ready(), 1);
    assert_eq!(bed.poll(), Poll::Ready(Some(Err(TimerError::Closed))));
    bed.go_to(20);
    assert_eq!(bed.ready(), 2);
    bed.empty();
}

#[test]
fn l31_an_empty_queue_says_that_it_is_empty() {
    let mut bed = Bed::<u32, _>::heap();
    bed.shut_down();
    bed.empty();
}

/// A driver whose only place is taken, and the guard that takes it.
fn full() -> (ManualClock, Driver, tickwheel::CallbackGuard) {
    let clock = ManualClock::new();
    let driver = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new().with_max_timers(1)).unwrap();
    let guard = driver.call_after(ms(1000), |_| {}).unwrap();
    (clock, driver, guard)
}

#[test]
fn a_queue_says_that_the_driver_is_full_until_it_is_not() {
    let (clock, driver, guard) = full();
    let mut queue = DelayQueue::new(&driver);
    queue.insert("foo", ms(5)).unwrap();
    let task = Task::default();
    for _ in 0..2 {
        let said = task.poll(|context| queue.poll_expired(context));
        assert_eq!(said, Poll::Ready(Some(Err(TimerError::Full(1)))));
    }
    drop(guard);
    assert!(task.poll(|context| queue.poll_expired(context)).is_pending());
    clock.advance(ms(5));
    let said = task.poll(|context| queue.poll_expired(context));
    assert!(matches!(said, Poll::Ready(Some(Ok(expired))) if expired.value == "foo"));
}

#[test]
fn an_error_is_the_last_item_of_each_adapter() {
    let (_clock, driver, _guard) = full();
    let full = TimerError::Full(1);
    let task = Task::default();
    let stuck = || stream::iter([7]).chain(stream::pending());

    let mut limited = stuck().timeout_on(&driver, ms(5));
    assert_eq!(task.poll(|context| limited.poll_next_unpin(context)), Poll::Ready(Some(Ok(7))));
    let said = task.poll(|context| limited.poll_next_unpin(context));
    assert_eq!(said, Poll::Ready(Some(Err(TimeoutError::Timer(full)))));
    assert_eq!(task.poll(|context| limited.poll_next_unpin(context)), Poll::Ready(None));

    for mut stream in [stuck().throttle_on(&driver, ms(5)).boxed(), stuck().debounce_on(&driver, ms(5)).boxed()] {
        for expected in [Some(Ok(7)), Some(Err(full)), None, None] {
            assert_eq!(task.poll(|context| stream.poll_next_unpin(context)), Poll::Ready(expected));
        }
    }
}

#[test]
fn l31_an_adapter_that_waits_hears_of_the_end() {
    let (_clock, driver) = crate::support::driver();
    let stuck = || stream::iter([7]).chain(stream::pending());
    let mut streams = [
        stuck().timeout_on(&driver, ms(5)).map(|item| item.map_err(|_| TimerError::Closed)).boxed(),
        stuck().throttle_on(&driver, ms(5)).boxed(),
        stuck().debounce_on(&driver, ms(5)).boxed(),
    ];
    let tasks = [(); 3].map(|()| Task::default());
    let mut said: Vec<Vec<_>> = vec![Vec::new(); 3];
    for ((stream, task), said) in streams.iter_mut().zip(&tasks).zip(&mut said) {
        while let Poll::Ready(item) = task.poll(|context| stream.poll_next_unpin(context)) {
            said.push(item);
        }
    }
    driver.shutdown();
    for ((stream, task), said) in streams.iter_mut().zip(&tasks).zip(&mut said) {
        assert_eq!(task.wake_ups(), 1);
        for _ in 0..3 - said.len() {
            let Poll::Ready(item) = task.poll(|context| stream.poll_next_unpin(context)) else { panic!("it is over") };
            said.push(item);
        }
        assert_eq!(*said, [Some(Ok(7)), Some(Err(TimerError::Closed)), None]);
    }
}
