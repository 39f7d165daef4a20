//! L4 and L5: an earlier timer wakes the driver that sleeps; a later one, a cancel and a reset to later do not.
//!
//! The thread counts why it woke up, so these tests count too, rather than measure time.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tickwheel::{CallbackGuard, CallbackStatus, Driver, TimerHeap, Timestamp};

use crate::common::{LONG, MS, Spawn, by_hand, on_both};

const HOUR: Duration = Duration::from_secs(3600);

/// A driver whose thread has come round to sleeping for the one timer that is armed, an hour away.
fn asleep(spawn: Spawn) -> (Driver, CallbackGuard) {
    let timers = spawn(Driver::builder().shards(2));
    let far = timers.on_shard(0).call_after(HOUR, |_| {}).unwrap();
    fires_soon(&timers);
    (timers, far)
}

/// Has a timer fire, and waits for it.
fn fires_soon(timers: &Driver) {
    let (sender, receiver) = mpsc::channel();
    timers.on_shard(1).call_after(MS, move |_| sender.send(()).unwrap()).unwrap().detach();
    receiver.recv_timeout(LONG).expect("an earlier timer is lost");
}

#[test]
fn l4_an_earlier_timer_wakes_the_sleeping_driver() {
    on_both(|spawn| {
        let (timers, far) = asleep(spawn);
        let end = Instant::now() + LONG;
        while timers.metrics().wake_ups.earlier == 0 {
            assert!(Instant::now() < end, "it was never found asleep: {:?}", timers.metrics().wake_ups);
            thread::yield_now();
            fires_soon(&timers);
        }
        // So does one that is moved to earlier.
        let (sender, receiver) = mpsc::channel();
        let moved = timers.call_after(HOUR, move |_| sender.send(()).unwrap()).unwrap();
        moved.reset_after(MS);
        receiver.recv_timeout(LONG).expect("a timer that is moved to earlier is lost");
        assert_eq!(far.cancel(), CallbackStatus::Pending);
    });
}

#[test]
fn l5_later_timers_cancels_and_resets_to_later_wake_nobody() {
    on_both(|spawn| {
        let (timers, far) = asleep(spawn);
        let before = timers.metrics().wake_ups;
        thread::scope(|scope| {
            for shard in 0..2 {
                let timers = timers.on_shard(shard);
                scope.spawn(move || {
                    for _ in 0..10_000 {
                        let guard = timers.call_after(2 * HOUR, |_| {}).unwrap();
                        guard.reset_after(3 * HOUR);
                        guard.reset_after(2 * HOUR); // Earlier than it was, but later than what is slept for.
                        guard.cancel();
                    }
                });
            }
        });
        far.reset_after(4 * HOUR);
        far.cancel();
        // The thread may still have been on its way to sleep at the beginning, and the first timer have found it there.
        let after = timers.metrics().wake_ups;
        assert!(after.total() - before.total() <= 2, "{before:?} {after:?}");
    });
}

#[test]
fn l5_a_turn_that_is_due_without_sleep_is_no_wake_up() {
    // A budget of one entry: 1,000 due at once are as many turns, and the thread sleeps before the first at most.
    let timers = Driver::spawn(TimerHeap::new()).unwrap();
    let (sender, receiver) = mpsc::channel();
    fn again(timers: tickwheel::Handle, left: u32, done: mpsc::Sender<()>) {
        let handle = timers.clone();
        // In the past: it is due in the next turn, at once.
        let call = move |_| match left {
            0 => done.send(()).unwrap(),
            _ => again(handle, left - 1, done),
        };
        timers.call_at(Timestamp::ZERO, call).unwrap().detach();
    }
    again(timers.handle(), 1_000, sender);
    receiver.recv_timeout(LONG).unwrap();
    let metrics = timers.metrics();
    assert!(metrics.turns >= 1_000);
    assert!(metrics.wake_ups.total() < 100, "{:?}", metrics.wake_ups);
}

#[test]
fn l5_a_million_an_hour_away_wake_nobody_in_a_second() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        arm_far(&timers, 1_000_000, HOUR, Duration::ZERO);
        let before = timers.metrics();
        clock.advance(Duration::from_secs(1));
        let after = timers.metrics();
        assert_eq!((after.turns, after.fired), (before.turns, 0));
    });
}

#[test]
fn c6_a_million_at_60_to_61_s_wake_once_in_256_ticks_until_they_fire() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        arm_far(&timers, 1_000_000, Duration::from_secs(60), Duration::from_secs(1));
        let stops = clock.steps_until(Timestamp::ZERO + Duration::from_millis(59_999));
        let (mut last, mut count) = (None, 0);
        for step in stops {
            assert!(step.fired.is_empty());
            if let Some(last) = last {
                let apart: Duration = step.now - last;
                assert!(apart >= 256 * MS, "{apart:?} after {last:?}");
            }
            last = Some(step.now);
            count += 1;
        }
        assert!(count <= 60_000 / 256, "{count} turns");
        assert_eq!(timers.pending(), 1_000_000);
        clock.advance(2 * Duration::from_secs(1));
        assert_eq!(timers.metrics().fired, 1_000_000);
    });
}

#[test]
#[ignore = "takes four seconds of real time"]
fn l5_a_million_far_timers_let_the_thread_sleep() {
    for (away, spread, at_most) in [(HOUR, Duration::ZERO, 0), (60 * 1000 * MS, 1000 * MS, 4)] {
        on_both(|spawn| {
            let timers = spawn(Driver::builder().shards(2));
            arm_far(&timers, 1_000_000, away, spread);
            fires_soon(&timers);
            let before = timers.metrics().wake_ups;
            thread::sleep(Duration::from_secs(1));
            let woken = timers.metrics().wake_ups.total() - before.total();
            println!("{woken} wake-ups in a second with a million timers {away:?} away");
            assert!(woken <= at_most, "{woken}");
        });
    }
}

fn arm_far(timers: &Driver, count: u32, away: Duration, spread: Duration) {
    let start = timers.now() + away;
    for n in 0..count {
        timers.call_at(start + spread * n / count, |_| {}).unwrap().detach();
    }
}

#[test]
fn l4_an_event_loop_is_told_of_an_earlier_timer_and_of_no_other() {
    let (builder, clock) = by_hand();
    let (sender, told) = mpsc::channel();
    let timers = builder.for_event_loop(TimerHeap::new(), move || sender.send(()).unwrap()).unwrap();
    let far = timers.call_after(HOUR, |_| {}).unwrap();
    assert!(told.try_recv().is_err(), "the loop has not asked yet, and will see it");
    assert_eq!(timers.timeout(), Some(HOUR));
    let later = timers.call_after(2 * HOUR, |_| {}).unwrap();
    later.reset_after(3 * HOUR);
    drop(later);
    assert!(told.try_recv().is_err());
    let near = timers.call_after(MS, |_| {}).unwrap();
    assert_eq!(told.try_iter().count(), 1);
    near.reset_after(Duration::ZERO);
    assert!(told.try_recv().is_err(), "it was told, and has not asked again");
    clock.advance(2 * MS);
    assert_eq!(timers.turn(timers.now()).fired, 1);
    assert_eq!(timers.next_turn(), Some(far.deadline()));
    far.reset_after(MS);
    assert_eq!(told.try_iter().count(), 1);
}

#[test]
fn l4_word_of_an_earlier_timer_is_heard_once() {
    on_both(|spawn| {
        let timers = spawn(Driver::builder());
        let _far = timers.call_after(Duration::from_secs(3600), |_| {}).unwrap();
        for n in 1..=20 {
            let (sender, receiver) = mpsc::channel();
            timers.call_after(2 * MS, move |_| sender.send(()).unwrap()).unwrap().detach();
            receiver.recv_timeout(LONG).unwrap();
            // At most one for each timer, and not one after another while it waits for it.
            assert!(timers.metrics().wake_ups.earlier <= n + 1, "{:?}", timers.metrics().wake_ups);
        }
    });
}
