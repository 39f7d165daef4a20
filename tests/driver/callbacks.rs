//! Callbacks: once and again, cancelled, moved, and their periods.

use std::sync::mpsc;
use std::time::Duration;

use tickwheel::{
    ArmErrorReason, CallbackStatus, Clock, Deadline, Driver, MissedTicks, Period, Resolution, TimerEvent, TimerHeap,
    TimerWheel,
};

use crate::common::{LONG, MS, at_ms, by_hand, on_both};

#[test]
fn a_callback_is_called_at_its_deadline_and_not_before() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        let (sender, receiver) = mpsc::channel();
        let guard = timers.call_after(5 * MS, move |event| sender.send(event).unwrap()).unwrap();
        clock.advance(4 * MS);
        assert_eq!(guard.status(), CallbackStatus::Pending);
        assert!(receiver.try_recv().is_err());
        clock.advance(MS);
        let event = receiver.try_recv().unwrap();
        assert_eq!((event.due, event.now, event.missed), (clock.now(), clock.now(), 0));
        assert_eq!(guard.status(), CallbackStatus::Over);
        assert_eq!(timers.metrics().fired, 1);
    });
}

#[test]
fn l7_cancelled_or_moved_in_the_tick_in_which_it_fires() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        let (sender, receiver) = mpsc::channel();
        let call = |name: &'static str| {
            let sender = sender.clone();
            move |_: TimerEvent| sender.send(name).unwrap()
        };
        // Both have left the shard with the first when it is called: they are due, and nobody has called them yet.
        let (guards, taken) = mpsc::channel();
        let both = move |_: TimerEvent| {
            let (cancelled, moved): (tickwheel::CallbackGuard, tickwheel::CallbackGuard) = taken.recv().unwrap();
            assert_eq!(cancelled.cancel(), CallbackStatus::Pending);
            assert_eq!(cancelled.cancel(), CallbackStatus::Over);
            assert_eq!(moved.reset(at_ms(9)), CallbackStatus::Pending);
            moved.detach();
        };
        timers.call_at(at_ms(5), both).unwrap().detach();
        let cancelled = timers.call_at(at_ms(5), call("cancelled")).unwrap();
        let moved = timers.call_at(at_ms(5), call("moved")).unwrap();
        guards.send((cancelled, moved)).unwrap();
        clock.advance_to(at_ms(8));
        assert!(receiver.try_recv().is_err());
        clock.advance_to(at_ms(100));
        drop(sender);
        assert_eq!(receiver.iter().collect::<Vec<_>>(), ["moved"]);
        let metrics = timers.metrics();
        assert_eq!((metrics.panics, metrics.pending), (0, 0));
    });
}

#[test]
fn cancelling_drops_the_closure_at_once() {
    let (builder, _clock) = by_hand();
    let timers = builder.spawn(TimerHeap::new()).unwrap();
    let (sender, receiver) = mpsc::channel::<()>();
    let guard = timers.call_after(5 * MS, move |_| drop(sender)).unwrap();
    assert_eq!(guard.cancel_and_wait(), CallbackStatus::Pending);
    assert_eq!(receiver.try_recv(), Err(mpsc::TryRecvError::Disconnected));
    assert_eq!((timers.pending(), timers.metrics().cancelled), (0, 1));
}

#[test]
fn moving_to_earlier_and_later() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        let (sender, receiver) = mpsc::channel();
        let guard = timers.call_at(at_ms(50), move |event| sender.send(event.now).unwrap()).unwrap();
        assert_eq!(guard.reset(at_ms(80)), CallbackStatus::Pending);
        clock.advance_to(at_ms(60));
        assert!(receiver.try_recv().is_err());
        assert_eq!(guard.reset_after(3 * MS), CallbackStatus::Pending);
        assert_eq!(guard.deadline(), at_ms(63));
        clock.advance_to(at_ms(100));
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [at_ms(63)]);
        assert_eq!(guard.reset(at_ms(200)), CallbackStatus::Over);
        assert_eq!((timers.pending(), timers.metrics().reset), (0, 2));
    });
}

#[test]
fn l26_a_periodic_callback_does_not_drift() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        let (sender, receiver) = mpsc::channel();
        let _guard = timers.call_every(3 * MS, move |event| sender.send(event.due).unwrap()).unwrap();
        clock.advance(10 * MS);
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [at_ms(3), at_ms(6), at_ms(9)]);
    });
}

#[test]
fn l26_each_choice_for_missed_ticks_writes_what_its_table_says() {
    // The table of `MissedTicks`: every 10 ms, and the tick of 20 ms is handled at 47 ms.
    // Due, called, left out.
    let table = [
        (MissedTicks::Burst, vec![(30, 47, 0), (40, 47, 0), (50, 50, 0), (60, 60, 0)]),
        (MissedTicks::Delay, vec![(57, 57, 0), (67, 67, 0)]),
        (MissedTicks::Skip, vec![(50, 50, 2), (60, 60, 0), (70, 70, 0)]),
    ];
    for (missed, after) in &table {
        let missed = *missed;
        on_both(|spawn| {
            let (builder, clock) = by_hand();
            let timers = spawn(builder);
            let (sender, receiver) = mpsc::channel();
            let period = Period::every(10 * MS).unwrap().with_missed_ticks(missed);
            let call = move |event: TimerEvent| {
                let ms = |at: tickwheel::Timestamp| at.as_nanos() / 1_000_000;
                sender.send((ms(event.due), ms(event.now), event.missed)).unwrap();
            };
            let guard = timers.call_every_at(at_ms(10), period, call).unwrap();
            clock.advance_to(at_ms(19));
            clock.jump(28 * MS);
            clock.advance_to(at_ms(70));
            let runs: Vec<_> = receiver.try_iter().collect();
            assert_eq!(runs[..2], [(10, 10, 0), (20, 47, 0)], "{missed:?}");
            assert_eq!(runs[2..][..after.len()], after[..], "{missed:?}");
            drop(guard);
            assert_eq!(timers.pending(), 0);
        });
    }
}

#[test]
fn l27_the_first_tick_is_at_once_or_after_a_period() {
    let (builder, clock) = by_hand();
    let timers = builder.spawn(TimerHeap::new()).unwrap();
    let (sender, receiver) = mpsc::channel();
    let other = sender.clone();
    let period = Period::every(5 * MS).unwrap();
    let _at_once = timers.call_every_at(timers.now(), period, move |_| sender.send("at once").unwrap()).unwrap();
    let _after = timers.call_every(5 * MS, move |_| other.send("after").unwrap()).unwrap();
    clock.advance(Duration::ZERO);
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), ["at once"]);
    clock.advance(5 * MS);
    assert_eq!(receiver.try_iter().count(), 2);
}

#[test]
fn l27_a_period_of_zero_comes_back_with_what_to_do() {
    let (builder, _clock) = by_hand();
    let timers = builder.spawn(TimerHeap::new()).unwrap();
    let error = timers.call_every(Duration::ZERO, |_| {}).unwrap_err();
    assert_eq!(error.reason(), ArmErrorReason::ZeroPeriod);
    assert!(error.to_string().contains("at least 1 ns"), "{error}");
}

#[test]
fn a_full_shard_gives_the_closure_back() {
    let (builder, _clock) = by_hand();
    let timers = builder.spawn(TimerWheel::new(Resolution::MILLISECOND).with_max_timers(1)).unwrap();
    let _first = timers.call_after(MS, |_| {}).unwrap();
    let (sender, receiver) = mpsc::channel();
    let error = timers.call_after(MS, move |_| sender.send(7).unwrap()).unwrap_err();
    assert_eq!(error.reason(), ArmErrorReason::Full(1));
    drop(error.into_value());
    assert!(receiver.recv().is_err(), "it came back, and was dropped here");
}

#[test]
fn l25_slack_lets_timers_share_a_turn_and_holds_for_every_run() {
    let turns_with = |slack: Duration| {
        let (builder, clock) = by_hand();
        let timers = builder.spawn(TimerHeap::new()).unwrap();
        let period = Period::every(10 * MS).unwrap();
        let guards: Vec<_> = (0..10)
            .map(|n| {
                let first = Deadline::at(at_ms(10 + n)).with_slack(slack);
                timers.call_every_at(first, period, |_| {}).unwrap()
            })
            .collect();
        let before = timers.metrics().turns;
        clock.advance_to(at_ms(1_005));
        drop(guards);
        timers.metrics().turns - before
    };
    let (exact, with_slack) = (turns_with(Duration::ZERO), turns_with(9 * MS));
    assert!(exact > 900, "{exact} turns");
    assert!(with_slack < exact / 4, "{with_slack} turns with slack, {exact} without");
}

#[test]
fn on_a_thread_of_its_own() {
    let timers = Driver::builder().callback_pool(2).shards(2).spawn(TimerHeap::new()).unwrap();
    let (sender, receiver) = mpsc::channel();
    for n in [3, 1, 2] {
        let sender = sender.clone();
        timers.call_after(n * 5 * MS, move |_| sender.send(n).unwrap()).unwrap().detach();
    }
    let mut fired: Vec<_> = (0..3).map(|_| receiver.recv_timeout(LONG).unwrap()).collect();
    fired.sort();
    assert_eq!(fired, [1, 2, 3]);
    assert_eq!(timers.pending(), 0);
}

#[test]
fn cancelling_waits_for_a_run_that_is_under_way() {
    let timers = Driver::spawn(TimerHeap::new()).unwrap();
    let (begun, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    let (ended, has_ended) = mpsc::channel();
    let call = move |_: TimerEvent| {
        begun.send(()).unwrap();
        may_go_on.recv().unwrap();
        ended.send(()).unwrap();
    };
    let guard = timers.call_every(MS, call).unwrap();
    has_begun.recv_timeout(LONG).unwrap();
    assert_eq!((guard.status(), guard.cancel()), (CallbackStatus::Running, CallbackStatus::Running));
    assert_eq!(guard.reset(timers.now()), CallbackStatus::Running, "it is cancelled all the same");
    go_on.send(()).unwrap();
    assert_ne!(guard.cancel_and_wait(), CallbackStatus::Pending);
    assert_eq!(guard.status(), CallbackStatus::Over);
    assert!(has_ended.try_recv().is_ok(), "it had ended when cancel_and_wait() returned");
    assert!(has_ended.recv().is_err(), "its closure is gone, and did not run again");
}
