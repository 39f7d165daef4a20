//! L31: what shutting its driver down does to each future.

use std::future::{pending, ready};
use std::task::Poll;
use std::time::Duration;

use tickwheel::compat::time;
use tickwheel::{Driver, ManualClock, TimerError, TimerHeap};

use crate::support::{Task, at, ms, on_both};

const CLOSED: Poll<Result<(), TimerError>> = Poll::Ready(Err(TimerError::Closed));

#[test]
fn l31_a_sleep_ends_with_closed() {
    on_both(|_clock, timers| {
        let mut waiting = Task::new(timers.sleep(ms(10)));
        assert!(waiting.poll().is_pending());
        let mut unpolled = Task::new(timers.sleep(ms(10)));
        let handle = timers.handle();
        timers.shutdown();
        assert_eq!((waiting.wakes(), waiting.poll(), waiting.poll()), (1, CLOSED, CLOSED), "woken to find out");
        assert_eq!((unpolled.poll(), unpolled.poll()), (CLOSED, CLOSED));
        assert!(!waiting.future.is_elapsed() && !unpolled.future.is_elapsed());
        assert_eq!(Task::new(handle.sleep(ms(1))).poll(), CLOSED, "and so do those made later");
        assert_eq!(waiting.wakers(), 0, "no waker is kept");
    });
}

#[test]
fn l31_l12_what_was_due_before_the_shut_down_has_been() {
    on_both(|clock, timers| {
        let mut fired = Task::new(timers.sleep(ms(10)));
        assert!(fired.poll().is_pending());
        let mut unpolled = Task::new(timers.sleep(ms(10)));
        clock.advance(ms(10));
        timers.shutdown();
        assert!(fired.future.is_elapsed());
        assert_eq!((fired.poll(), unpolled.poll()), (Poll::Ready(Ok(())), Poll::Ready(Ok(()))));
    });
}

#[test]
fn l31_a_reset_brings_nothing_back() {
    on_both(|clock, timers| {
        let mut sleep = Task::new(timers.sleep(ms(10)));
        assert!(sleep.poll().is_pending());
        timers.shutdown();
        sleep.future.reset(at(20));
        assert_eq!(sleep.poll(), CLOSED);
        clock.advance(ms(5));
        sleep.future.reset(at(5));
        assert_eq!(sleep.poll(), Poll::Ready(Ok(())), "a moment that has come needs no driver");
    });
}

#[test]
fn l31_a_timeout_ends_with_closed_and_a_ready_future_wins() {
    on_both(|_clock, timers| {
        let mut waiting = Task::new(timers.timeout(ms(10), pending::<()>()));
        assert!(waiting.poll().is_pending());
        let mut done = Task::new(timers.timeout(ms(10), ready(1)));
        timers.shutdown();
        assert_eq!(waiting.wakes(), 1);
        assert_eq!(waiting.poll(), Poll::Ready(Err(TimerError::Closed.into())));
        assert_eq!(done.poll(), Poll::Ready(Ok(1)));
    });
}

#[test]
fn l31_an_interval_ends_with_closed() {
    on_both(|_clock, timers| {
        let mut interval = Task::new(timers.interval(ms(10)).unwrap());
        let tick =
            |task: &mut Task<tickwheel::Interval>| task.enter(|mut interval, context| interval.poll_tick(context));
        assert!(tick(&mut interval).is_ready());
        assert!(tick(&mut interval).is_pending());
        timers.shutdown();
        assert_eq!(interval.wakes(), 1);
        assert_eq!(tick(&mut interval), Poll::Ready(Err(TimerError::Closed)));
        interval.future.reset_immediately();
        assert!(matches!(tick(&mut interval), Poll::Ready(Ok(_))), "a tick that is due needs no driver");
        assert_eq!(tick(&mut interval), Poll::Ready(Err(TimerError::Closed)));
    });
}

#[test]
fn l31_what_has_no_room_for_an_error_stays_pending() {
    on_both(|clock, timers| {
        let _entered = timers.enter();
        let mut sleep = Task::new(time::sleep(ms(10)));
        let mut timeout = Task::new(time::timeout(ms(10), pending::<()>()));
        let mut interval = Task::new(time::interval_at(time::Instant::now() + ms(10), ms(10)));
        let tick = |task: &mut Task<time::Interval>| task.enter(|mut interval, context| interval.poll_tick(context));
        assert!(sleep.poll().is_pending() && timeout.poll().is_pending() && tick(&mut interval).is_pending());
        timers.shutdown();
        for _ in 0..3 {
            assert!(sleep.poll().is_pending() && timeout.poll().is_pending() && tick(&mut interval).is_pending());
        }
        assert_eq!(Task::new(time::timeout(ms(10), ready(1))).poll(), Poll::Ready(Ok(1)));
        clock.advance(ms(10));
        assert_eq!(sleep.poll(), Poll::Ready(()), "the moment has come");
    });
}

#[test]
fn l31_a_driver_of_an_event_loop_ends_them_too() {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock).for_event_loop(TimerHeap::new(), || {}).unwrap();
    let mut sleep = Task::new(timers.sleep(ms(10)));
    assert!(sleep.poll().is_pending());
    drop(timers);
    assert_eq!((sleep.wakes(), sleep.poll()), (1, CLOSED));
}

#[test]
fn l31_futures_may_outlive_their_driver() {
    on_both(|_clock, timers| {
        let mut sleep = Task::new(timers.sleep(ms(10)));
        assert!(sleep.poll().is_pending());
        let unpolled = timers.timeout(ms(10), pending::<()>());
        let interval = timers.interval(Duration::from_secs(1)).unwrap();
        drop(timers);
        drop((sleep, unpolled, interval));
    });
}
