//! What is left out to be cheap, and must not be missed: a lock, a look at the clock, a question to the timer.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tickwheel::{CallbackStatus, Driver, ManualClock, Resolution, TimerEvent, TimerExt, TimerWheel, Timestamp};

use crate::common::{MS, at_ms, by_hand, on_both};

/// Counts its calls; the count's owners tell how many closures there are.
fn counting(calls: &Arc<AtomicU64>) -> impl FnMut(TimerEvent) + Send + 'static {
    let calls = calls.clone();
    move |_| _ = calls.fetch_add(1, Ordering::Relaxed)
}

#[test]
fn l18_a_guard_that_is_dropped_cancels_whatever_its_timer_has_been_through() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        let calls = Arc::new(AtomicU64::new(0));
        let late = || timers.call_at(at_ms(50), counting(&calls)).unwrap();

        let (fresh, later, earlier, twice) = (late(), late(), late(), late());
        assert_eq!(later.reset(at_ms(70)), CallbackStatus::Pending);
        assert_eq!(earlier.reset(at_ms(20)), CallbackStatus::Pending);
        twice.reset(at_ms(90));
        twice.reset(at_ms(10));
        let periodic = timers.call_every(3 * MS, counting(&calls)).unwrap();
        clock.advance(7 * MS);
        assert_eq!(calls.swap(0, Ordering::Relaxed), 2, "the periodic one has been armed anew twice");

        drop((fresh, later, earlier, twice, periodic));
        assert_eq!((timers.pending(), Arc::strong_count(&calls)), (0, 1), "timers and closures are gone at once (L8)");
        clock.advance(200 * MS);
        assert_eq!(calls.load(Ordering::Relaxed), 0);
        let metrics = timers.metrics();
        assert_eq!((metrics.armed, metrics.cancelled, metrics.fired), (7, 5, 2));
    });
}

#[test]
fn l7_a_guard_that_is_dropped_after_its_timer_left_the_shard_cancels_the_call() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        let calls = Arc::new(AtomicU64::new(0));
        let (sender, receiver) = std::sync::mpsc::channel();
        // Both leave their shard in one batch, and the first drops the second.
        timers.call_at(at_ms(5), move |_| drop(receiver.recv())).unwrap().detach();
        sender.send(timers.call_at(at_ms(5), counting(&calls)).unwrap()).unwrap();
        clock.advance(5 * MS);
        assert_eq!((calls.load(Ordering::Relaxed), Arc::strong_count(&calls)), (0, 1));
    });
}

#[test]
fn c6_upkeep_that_arming_brings_nearer_is_found() {
    // Each later than the one before, so that none is the first but the first.
    let deadline = |index: u64| at_ms(60_000) + Duration::from_micros(10 * index);
    let loops = Driver::builder().clock(ManualClock::new());
    let loops = loops.for_event_loop(TimerWheel::new(Resolution::MILLISECOND), || ()).unwrap();
    let mut bare = TimerWheel::new(Resolution::MILLISECOND);
    for index in 0..4_096 {
        loops.call_at(deadline(index), |_| ()).unwrap().detach();
        bare.insert(deadline(index), ()).unwrap();
    }
    let next = loops.next_turn();
    assert!(next < Some(at_ms(60_000)), "a crowded slot comes down before it is due: {next:?}");
    assert_eq!(next, tickwheel::Timer::next_turn(&bare));
}

#[test]
fn l21_a_sleep_whose_deadline_has_come_is_ready_at_its_first_poll_whatever_else_is_pending() {
    on_both(|spawn| {
        let mut context = Context::from_waker(Waker::noop());
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        let _soon = timers.call_at(at_ms(30), |_| ()).unwrap();
        let (now, past, future) = (timers.sleep(Duration::ZERO), timers.sleep(3 * MS), timers.sleep(40 * MS));
        clock.advance(5 * MS);
        let zero = timers.sleep(Duration::ZERO);
        let armed = timers.metrics().armed;
        for sleep in [now, past, zero, timers.sleep_until(Timestamp::ZERO)] {
            assert_eq!(pin!(sleep).poll(&mut context), Poll::Ready(Ok(())));
        }
        assert_eq!(timers.metrics().armed, armed, "and is never armed");
        assert_eq!(pin!(future).poll(&mut context), Poll::Pending);
        assert_eq!(timers.metrics().armed, armed + 1);
    });
}

#[test]
fn l21_a_sleep_of_nothing_is_ready_within_a_callback_too() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        let handle = timers.handle();
        let seen = Arc::new(AtomicU64::new(0));
        let ready = seen.clone();
        // Another one is due at the same moment, so that the shard is not done with it.
        timers
            .call_at(at_ms(5), move |_| {
                let polled = pin!(handle.sleep(Duration::ZERO)).poll(&mut Context::from_waker(Waker::noop()));
                ready.fetch_add(u64::from(polled.is_ready()), Ordering::Relaxed);
            })
            .unwrap()
            .detach();
        timers.call_at(at_ms(5), |_| ()).unwrap().detach();
        clock.advance(5 * MS);
        assert_eq!(seen.load(Ordering::Relaxed), 1);
    });
}
