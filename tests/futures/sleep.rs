//! `Sleep`: when it is ready, and what moving and dropping it do.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tickwheel::{
    Clock, Deadline, Driver, Handle, ManualClock, Resolution, TimerError, TimerHeap, TimerWheel, Timestamp,
};

use crate::support::{Task, Wakes, at, coarse, ms, on_both, poll_once, precise, run};

const READY: Poll<Result<(), TimerError>> = Poll::Ready(Ok(()));
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

#[test]
fn l21_a_moment_that_has_come_is_ready_at_the_first_poll() {
    on_both(|clock, timers| {
        clock.advance(ms(7));
        for deadline in [at(0), at(6), at(7)] {
            assert_eq!(Task::new(timers.sleep_until(deadline)).poll(), READY);
        }
        assert_eq!(clock.now(), at(7), "it cost no time");
        assert_eq!(timers.metrics().armed, 0, "and no timer");
    });
}

#[test]
fn l21_ten_thousand_sleeps_of_nothing_cost_no_tick() {
    on_both(|clock, timers| {
        run(&clock, async {
            for _ in 0..10_000 {
                timers.sleep(Duration::ZERO).await.unwrap();
            }
        });
        assert_eq!((clock.now(), timers.metrics().armed), (at(0), 0));
    });
}

#[test]
fn l12_is_elapsed_agrees_with_the_poll() {
    on_both(|clock, timers| {
        let mut sleep = Task::new(timers.sleep(ms(10)));
        assert!(!sleep.future.is_elapsed(), "never polled");
        assert!(sleep.poll().is_pending());
        assert!(!sleep.future.is_elapsed());
        clock.advance(ms(10));
        assert!(sleep.future.is_elapsed(), "fired, and not polled yet");
        assert_eq!(sleep.poll(), READY);
        assert!(sleep.future.is_elapsed());
        sleep.future.reset(at(30));
        assert!(!sleep.future.is_elapsed());
    });
}

#[test]
fn sleeps_end_at_their_deadline() {
    on_both(|clock, timers| {
        run(&clock, async {
            for length in [1, 10, 60, 5, 60, 255, 256, 257, 16_384, 70_000] {
                let deadline = clock.now() + ms(length);
                let sleep = timers.sleep(ms(length));
                assert_eq!(sleep.deadline(), deadline);
                sleep.await.unwrap();
                assert_eq!(clock.now(), deadline);
            }
        });
    });
}

#[test]
fn coarse_or_precise_is_the_choice_of_driver() {
    let odd = ms(1) + Duration::from_nanos(1);
    let (clock, timers) = coarse();
    run(&clock, async { timers.sleep(odd).await.unwrap() });
    assert_eq!(clock.now(), at(2), "a tick later at most, and never early");
    let (clock, timers) = precise();
    run(&clock, async { timers.sleep(odd).await.unwrap() });
    assert_eq!(clock.now(), at(0) + odd);
}

#[test]
fn a_deadline_with_slack_meets_others() {
    let (clock, timers) = precise();
    let mut slack = Task::new(timers.sleep_until(Deadline::at(at(3)).with_slack(ms(4))));
    let mut exact = Task::new(timers.sleep_until(at(6)));
    assert!(slack.poll().is_pending() && exact.poll().is_pending());
    clock.advance_to(at(5));
    assert_eq!(slack.wakes(), 0, "nobody woke the machine for it");
    clock.advance_to(at(6));
    assert_eq!((slack.wakes(), exact.wakes()), (1, 1));
}

#[test]
fn a_sleep_is_moved_before_it_fires() {
    on_both(|clock, timers| {
        // To later, to earlier, and to earlier after a while.
        for (waits, deadline) in [(0, 200), (0, 80), (10, 80)] {
            let start = clock.now();
            let mut sleep = Task::new(timers.sleep_until(start + ms(100)));
            assert!(sleep.poll().is_pending());
            clock.advance(ms(waits));
            sleep.future.reset(start + ms(deadline));
            assert_eq!(sleep.future.deadline(), start + ms(deadline));
            clock.advance_to(start + ms(deadline - 1));
            assert_eq!((sleep.wakes(), sleep.poll().is_pending()), (0, true));
            clock.advance(ms(1));
            assert_eq!((sleep.wakes(), sleep.poll()), (1, READY), "the task is woken without another poll");
        }
        assert_eq!(timers.metrics().armed, 3, "moving arms nothing anew");
    });
}

#[test]
fn a_sleep_is_moved_after_it_has_fired() {
    on_both(|clock, timers| {
        let mut sleep = Task::new(timers.sleep(ms(100)));
        assert!(sleep.poll().is_pending());
        clock.advance(ms(100));
        assert_eq!((sleep.poll(), sleep.poll()), (READY, READY), "ready once, ready for ever");
        sleep.future.reset(at(110));
        assert!(sleep.poll().is_pending() && sleep.poll().is_pending());
        sleep.wakes();
        clock.advance(ms(10));
        assert_eq!((sleep.wakes(), sleep.poll()), (1, READY));
    });
}

#[test]
fn l7_a_reset_between_firing_and_the_poll_waits_again() {
    on_both(|clock, timers| {
        let mut sleep = Task::new(timers.sleep(ms(5)));
        assert!(sleep.poll().is_pending());
        clock.advance(ms(5));
        sleep.future.reset(at(9));
        assert_eq!(sleep.wakes(), 1, "for the first deadline");
        assert!(sleep.poll().is_pending());
        clock.advance(ms(4));
        assert_eq!((sleep.wakes(), sleep.poll()), (1, READY));
        let metrics = timers.metrics();
        assert_eq!((metrics.armed, metrics.fired, metrics.pending), (2, 2, 0));
    });
}

#[test]
fn l6_l21_a_reset_into_the_past_is_ready_at_once_and_wakes() {
    on_both(|clock, timers| {
        let mut polled = Task::new(timers.sleep(ms(100)));
        let mut woken = Task::new(timers.sleep(ms(100)));
        assert!(polled.poll().is_pending() && woken.poll().is_pending());
        clock.advance(ms(50));
        polled.future.reset(at(40));
        woken.future.reset(at(40));
        assert_eq!(polled.poll(), READY, "without a turn");
        assert_eq!(timers.pending(), 1, "its timer is gone");
        clock.advance(Duration::ZERO);
        assert_eq!((polled.wakes(), woken.wakes()), (0, 1), "a task that only waits is woken by the next turn");
        assert_eq!(woken.poll(), READY);
    });
}

#[test]
fn l21_a_reset_into_the_past_is_ready_though_another_follows() {
    // The thread sleeps for an hour, until the end of the tick in which all of this happens: it would fire nothing.
    let timers = Driver::spawn(TimerWheel::new(Resolution::from_duration(Duration::from_secs(3600)).unwrap())).unwrap();
    let _end_of_the_tick = timers.call_after(Duration::from_nanos(1), |_| ()).unwrap();
    for n in 0..10_000 {
        let mut sleep = Task::new(timers.sleep(2 * Duration::from_secs(3600)));
        assert!(sleep.poll().is_pending());
        let past = timers.now();
        sleep.future.reset(past);
        sleep.future.reset(past + Duration::from_nanos(1));
        while timers.now() <= past {}
        assert_eq!(sleep.poll(), READY, "moved to earlier, and then a little to later, for the {n}th time");
        if n % 100 == 0 {
            std::thread::yield_now();
        }
    }
}

#[test]
fn l19_moving_to_later_neither_arms_nor_wakes_the_driver() {
    let calls = Arc::new(AtomicUsize::new(0));
    let (clock, told) = (ManualClock::new(), calls.clone());
    let on_earlier = move || {
        told.fetch_add(1, Ordering::SeqCst);
    };
    let timers = Driver::builder().clock(clock.clone()).for_event_loop(TimerHeap::new(), on_earlier).unwrap();
    let mut sleep = Task::new(timers.sleep_until(at(10)));
    assert!(sleep.poll().is_pending());
    assert_eq!(timers.next_turn(), Some(at(10)));

    for n in 11..20 {
        sleep.future.reset(at(n));
        assert!(sleep.poll().is_pending());
    }
    let mut later = Task::new(timers.sleep_until(at(30)));
    assert!(later.poll().is_pending());
    drop(later); // L5: neither a later timer nor a cancelled one wakes the driver
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    let metrics = timers.metrics();
    assert_eq!((metrics.armed, metrics.reset, metrics.cancelled), (2, 9, 1));

    sleep.future.reset(at(5));
    assert_eq!(calls.load(Ordering::SeqCst), 1, "an earlier one does (L4)");
}

#[test]
fn l2_sleeps_of_years_end_and_not_early() {
    on_both(|clock, timers| {
        run(&clock, async {
            for length in [5 * YEAR, YEAR, YEAR, YEAR, 10 * YEAR, ms((1 << 36) - 2), ms((1 << 36) - 1), ms(1 << 36)] {
                let deadline = clock.now() + length;
                timers.sleep(length).await.unwrap();
                assert_eq!(clock.now(), deadline);
            }
        });
    });
}

#[test]
fn l2_l3_for_ever_is_the_end_of_time_and_holds_nobody_up() {
    on_both(|clock, timers| {
        for endless in [Duration::MAX, Duration::MAX - ms(1), Duration::from_secs(u64::MAX / 10)] {
            run(&clock, async {
                tokio::select! {
                    biased;
                    _ = timers.sleep(endless) => panic!("early"),
                    waited = timers.sleep(Duration::from_nanos(1)) => waited.unwrap(),
                }
            });
        }
        run(&clock, async { timers.sleep(Duration::MAX).await.unwrap() });
        assert_eq!(clock.now(), Timestamp::MAX);
    });
}

#[test]
fn l1_a_far_sleep_does_not_hide_a_near_one() {
    on_both(|clock, timers| {
        let mut far = Task::new(timers.sleep(ms(10 << 36)));
        assert!(far.poll().is_pending());
        clock.advance(ms((1 << 30) - 1));
        let start = clock.now();
        run(&clock, async { timers.sleep(ms(10)).await.unwrap() });
        assert_eq!(clock.now(), start + ms(10));

        let mut first = Task::new(timers.sleep(ms(10)));
        let mut second = Task::new(timers.sleep(ms(20)));
        assert!(first.poll().is_pending() && second.poll().is_pending());
        clock.advance(ms(30));
        assert_eq!((first.wakes(), second.wakes()), (1, 1));
        drop(first);
        clock.advance(ms(1 << 31));
        drop(second);
        assert_eq!((far.wakes(), timers.pending()), (0, 1));
    });
}

#[test]
fn l7_a_moved_sleep_is_dropped_in_the_turn_of_its_old_deadline() {
    on_both(|clock, timers| {
        let mut tasks = [5, 5, 10].map(|length| Task::new(timers.sleep(ms(length))));
        tasks.iter_mut().for_each(|task| assert!(task.poll().is_pending()));
        let [mut a, mut b, mut c] = tasks;
        b.future.reset(at(10));
        clock.advance(ms(5));
        assert_eq!((a.poll(), a.wakes(), b.wakes()), (READY, 1, 0));
        drop(b);
        clock.advance(ms(5));
        assert_eq!((c.poll(), timers.pending()), (READY, 0));
    });
}

#[test]
fn l8_a_dropped_sleep_leaves_nothing() {
    on_both(|clock, timers| {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(wakes.clone());
        for _ in 0..1000 {
            let mut sleep = Box::pin(timers.sleep(ms(60_000)));
            assert!(sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            assert_eq!(Arc::strong_count(&wakes), 3, "one is in the timer");
            drop(sleep);
            assert_eq!(Arc::strong_count(&wakes), 2, "and is gone with it");
        }
        assert_eq!((timers.pending(), timers.metrics().cancelled), (0, 1000));
        clock.advance(ms(60_000));
        assert_eq!((timers.metrics().fired, wakes.take()), (0, 0));
    });
}

#[test]
fn a_sleep_stays_on_the_driver_that_it_was_made_by() {
    let (clock, timers) = coarse();
    let (other_clock, others) = coarse();
    let (sender, receiver) = mpsc::channel();
    let handle = timers.handle();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut sleep = Task::new(handle.sleep(ms(10)));
            assert!(sleep.poll().is_pending());
            sender.send(sleep).unwrap();
        });
    });
    let mut sleep = receiver.recv().unwrap();
    let _entered = others.enter();
    sleep.future.reset(at(20));
    other_clock.advance(ms(100));
    assert!(sleep.poll().is_pending());
    clock.advance(ms(20));
    assert_eq!((sleep.wakes(), sleep.poll()), (1, READY));
    assert_eq!((timers.metrics().fired, others.metrics().armed), (1, 0));
}

#[test]
fn a_handle_of_one_shard_arms_there_on_any_thread() {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).shards(4).spawn(TimerHeap::new()).unwrap();
    let sleeps: Vec<_> = (0..8)
        .map(|n| {
            let handle: Handle = timers.on_shard(n % 4);
            std::thread::spawn(move || {
                let mut sleep = Task::new(handle.sleep(ms(1 + n as u64)));
                assert!(sleep.poll().is_pending());
                sleep
            })
        })
        .map(|thread| thread.join().unwrap())
        .collect();
    assert_eq!(timers.pending(), 8);
    clock.advance(ms(8));
    assert!(sleeps.iter().all(|sleep| sleep.wakes() == 1));
}

#[test]
fn l33_a_sleep_by_reference_goes_on_through_select() {
    on_both(|clock, timers| {
        run(&clock, async {
            let mut long = pin!(timers.sleep(ms(35)));
            let mut rounds = 0;
            loop {
                tokio::select! {
                    waited = &mut long => { waited.unwrap(); break; }
                    waited = timers.sleep(ms(10)) => { waited.unwrap(); rounds += 1; }
                }
            }
            assert_eq!((rounds, clock.now()), (3, at(35)));
        });
        assert_eq!(timers.pending(), 0, "those that lost are gone");
    });
}

#[test]
fn many_sleeps_in_one_task_end_in_order() {
    on_both(|clock, timers| {
        let order = Rc::new(Cell::new(0));
        let sleep = |n: u64| {
            let (order, sleep) = (order.clone(), timers.sleep(ms(n * 3)));
            async move {
                sleep.await.unwrap();
                assert_eq!(order.replace(n), n - 1);
            }
        };
        run(&clock, async { tokio::join!(sleep(3), sleep(1), sleep(4), sleep(2)) });
        assert_eq!(order.get(), 4);
    });
}

#[test]
fn a_sleep_that_nobody_waits_for_may_be_polled_late() {
    on_both(|clock, timers| {
        let mut sleep = pin!(timers.sleep(ms(10)));
        clock.advance(ms(300));
        assert_eq!(poll_once(sleep.as_mut()), READY);
        assert_eq!(timers.metrics().armed, 0);
    });
}

#[test]
fn a_full_shard_is_an_error_and_room_comes_back() {
    let clock = ManualClock::new();
    let timer = TimerHeap::new().with_max_timers(1);
    let timers = Driver::builder().clock(clock.clone()).spawn(timer).unwrap();
    let mut first = Task::new(timers.sleep(ms(1)));
    let mut second = Task::new(timers.sleep(ms(1)));
    assert!(first.poll().is_pending());
    assert_eq!(second.poll(), Poll::Ready(Err(TimerError::Full(1))));
    drop(first);
    assert!(second.poll().is_pending(), "polled again it finds room");
    clock.advance(ms(1));
    assert_eq!(second.poll(), READY);
}
