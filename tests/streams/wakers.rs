//! Who is woken, how often, and what becomes of wakers.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::StreamExt;
use tickwheel::{DelayQueue, Timer, TimerHeap, TimerWheel};

use crate::support::{Bed, Task, ms, on_both};

on_both! {
    l6_the_waker_kept_is_that_of_the_last_poll,
    l6_no_more_wakers_are_kept_than_are_needed,
    l17_a_burst_lets_others_have_their_turn,
    l14_a_queue_that_is_filled_as_fast_as_it_is_emptied_lets_others_have_their_turn,
    l33_a_wait_that_is_given_up_loses_nothing,
    l18_a_queue_that_is_not_polled_takes_no_lock,
    a_queue_that_is_dropped_leaves_no_timer,
}

fn l6_the_waker_kept_is_that_of_the_last_poll(mut bed: Bed<u32, impl Timer<u32>>) {
    bed.queue.insert(1, ms(10)).unwrap();
    bed.pending();
    let other = Task::default();
    assert!(other.poll(|context| bed.queue.poll_expired(context)).is_pending());
    bed.go_to(10);
    assert_eq!((bed.task.wake_ups(), other.wake_ups()), (0, 1), "by the alarm");
    assert_eq!(bed.ready(), 1);

    bed.queue.insert(2, ms(10)).unwrap();
    assert!(other.poll(|context| bed.queue.poll_expired(context)).is_pending());
    bed.pending();
    bed.queue.clear();
    assert_eq!((bed.task.wake_ups(), other.wake_ups()), (1, 0), "by the queue");
}

fn l6_no_more_wakers_are_kept_than_are_needed(mut bed: Bed<u32, impl Timer<u32>>) {
    bed.queue.insert(1, ms(10)).unwrap();
    bed.pending();
    assert_eq!(bed.task.wakers(), 2, "the queue's and the alarm's");
    let shared: Vec<_> = (0..3)
        .map(|_| {
            bed.pending();
            bed.task.wakers()
        })
        .collect();
    assert_eq!(shared, [2; 3]);
    let other = Task::default();
    assert!(other.poll(|context| bed.queue.poll_expired(context)).is_pending());
    assert_eq!((bed.task.wakers(), other.wakers()), (0, 2), "none is kept that is not needed");
}

fn l17_a_burst_lets_others_have_their_turn(mut bed: Bed<u32, impl Timer<u32>>) {
    const MANY: u32 = 10_000;
    for n in 0..MANY {
        bed.queue.insert(n, ms(1)).unwrap();
    }
    bed.go_to(1);
    let (mut next, mut polls_in_a_row, mut turns_of_others) = (0, 0, 0);
    while next < MANY {
        match bed.poll() {
            Poll::Ready(expired) => {
                assert_eq!(expired.unwrap().unwrap().value, next);
                next += 1;
                polls_in_a_row += 1;
                assert!(polls_in_a_row <= 128, "the executor has its turn before");
            }
            Poll::Pending => {
                assert_eq!(bed.task.wake_ups(), 1, "it asks to be polled again");
                turns_of_others += 1;
                polls_in_a_row = 0;
            }
        }
    }
    assert!(turns_of_others >= MANY / 128);
    assert_eq!(bed.driver.metrics().armed, 0);
}

fn l14_a_queue_that_is_filled_as_fast_as_it_is_emptied_lets_others_have_their_turn(mut bed: Bed<u32, impl Timer<u32>>) {
    bed.queue.insert(0, Duration::ZERO).unwrap();
    let mut rounds = 0;
    while let Poll::Ready(expired) = bed.poll() {
        let value = expired.unwrap().unwrap().value;
        bed.queue.insert(value + 1, Duration::ZERO).unwrap();
        rounds += 1;
        assert!(rounds <= 128, "the executor has its turn before");
    }
    assert!(bed.task.is_woken());
    assert_eq!(bed.ready(), rounds);
}

fn l33_a_wait_that_is_given_up_loses_nothing(mut bed: Bed<u32, impl Timer<u32>>) {
    for n in 1..=3 {
        bed.queue.insert(n, ms(10)).unwrap();
    }
    for value in 1..=3 {
        for _ in 0..2 {
            // As another branch of a `select!` that wins.
            let given_up = pin!(bed.queue.next_expired());
            if value == 1 {
                assert!(bed.task.poll(|context| given_up.poll(context)).is_pending());
            }
        }
        bed.go_to(10);
        let wait = pin!(bed.queue.next_expired());
        let Poll::Ready(Ok(Some(expired))) = bed.task.poll(|context| wait.poll(context)) else { panic!("it is due") };
        assert_eq!(expired.value, value);
    }
    bed.empty();
}

fn l18_a_queue_that_is_not_polled_takes_no_lock(mut bed: Bed<u32, impl Timer<u32>>) {
    let before = bed.driver.metrics();
    let ids: Vec<_> = (0..100).map(|n| bed.queue.insert(n, ms(10)).unwrap()).collect();
    ids.into_iter().for_each(|id| assert!(bed.queue.reset(id, ms(20))));
    bed.queue.clear();
    let after = bed.driver.metrics();
    assert_eq!((after.armed, after.reset, after.cancelled), (before.armed, before.reset, before.cancelled));
}

fn a_queue_that_is_dropped_leaves_no_timer(mut bed: Bed<u32, impl Timer<u32>>) {
    bed.queue.insert(1, ms(10)).unwrap();
    bed.pending();
    assert_eq!(bed.driver.pending(), 1, "one for each queue");
    let Bed { driver, queue, task, .. } = bed;
    drop(queue);
    assert_eq!((driver.pending(), task.wakers()), (0, 0));
}

#[test]
fn a_queue_is_a_stream() {
    let mut bed = Bed::heap();
    for n in 0..3 {
        bed.queue.insert(n, ms(3 - n)).unwrap();
    }
    bed.go_to(3);
    let collected = pin!(bed.queue.by_ref().map(|expired| expired.unwrap().value).collect::<Vec<_>>());
    assert_eq!(bed.task.poll(|context| collected.poll(context)), Poll::Ready(vec![2, 1, 0]));
}

#[test]
fn a_queue_goes_where_its_parts_go() {
    fn is_send<T: Send + Sync + Unpin>(_: &T) {}
    let bed = Bed::<std::marker::PhantomPinned, _>::heap();
    is_send::<DelayQueue<_, TimerHeap<_>>>(&bed.queue);
    let bed = Bed::<std::marker::PhantomPinned, TimerWheel<_>>::wheel();
    is_send(&bed.queue);
}
