//! Channels: `After` and `Ticker`, and what becomes of all when the driver is shut down.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, TryRecvError, bounded, select, unbounded};
use tickwheel::{
    After, ArmErrorReason, CallbackStatus, Driver, LoopDriver, ManualClock, MessageGuard, MissedTicks, Period,
    Resolution, TaskKind, Ticker, TimerHeap, TimerWheel, Timestamp,
};

use crate::common::{MS, at_ms};

pub(crate) fn on_a_wheel() -> (ManualClock, Driver) {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).spawn(TimerWheel::new(Resolution::MILLISECOND)).unwrap();
    (clock, timers)
}

/// A driver that is turned by whoever likes to.
pub(crate) fn unled() -> LoopDriver {
    Driver::builder().clock(ManualClock::new()).for_event_loop(TimerHeap::new(), || {}).unwrap()
}

/// Counts how often it is dropped.
#[derive(Clone, Default, Debug)]
pub(crate) struct Drops(Arc<AtomicUsize>);

impl Drop for Drops {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drops {
    pub(crate) fn counter(&self) -> Arc<AtomicUsize> {
        self.0.clone()
    }
}

#[test]
fn they_go_anywhere() {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<After>();
    is_send_and_sync::<Ticker>();
    is_send_and_sync::<MessageGuard<Vec<u8>>>();
}

#[test]
fn an_after_stands_in_a_select() {
    let (clock, timers) = on_a_wheel();
    let (sender, work) = unbounded();
    let mut idle = timers.after(10 * MS).unwrap();
    let mut log = Vec::new();
    for step in 0..5 {
        if step < 2 {
            sender.send(step).unwrap();
        }
        select! {
            recv(work) -> job => {
                log.push(format!("job {}", job.unwrap()));
                idle.reset_after(10 * MS).unwrap();
            }
            recv(idle) -> fired => log.push(format!("idle at {:?}", fired.unwrap())),
            default => log.push("nothing".to_owned()),
        }
        clock.advance(5 * MS);
    }
    let idle_at = format!("idle at {:?}", at_ms(15));
    assert_eq!(log, ["job 0", "job 1", "nothing", &idle_at, "nothing"]);
}

#[test]
fn an_after_sends_when_it_fired_and_not_before() {
    let (clock, timers) = on_a_wheel();
    let after = timers.at(at_ms(5)).unwrap();
    assert_eq!((after.deadline(), after.is_pending()), (at_ms(5), true));
    let steps: Vec<_> = clock.steps_until(at_ms(5)).collect();
    let fired: Vec<_> = steps.iter().flat_map(|step| step.fired.iter().map(|fired| (step.now, fired.kind))).collect();
    assert_eq!(fired, [(at_ms(5), TaskKind::Message)]);
    assert!(!after.is_pending());
    assert_eq!(after.try_recv(), Ok(at_ms(5)));

    let late = timers.after(MS).unwrap();
    clock.jump(7 * MS);
    assert_eq!(late.try_recv(), Ok(at_ms(12)), "what time it was, not what was asked for");
    assert_eq!(late.deadline(), at_ms(6));
}

#[test]
fn they_never_disconnect_while_they_live() {
    let (clock, timers) = on_a_wheel();
    let mut after = timers.after(MS).unwrap();
    let ticks = timers.tick(MS).unwrap();
    let of_clones: [Receiver<Timestamp>; 2] = [after.clone(), ticks.clone()];
    clock.advance(MS);
    for _ in 0..3 {
        after.try_recv().unwrap_or_default();
        ticks.try_recv().unwrap_or_default();
        assert_eq!(after.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(ticks.try_recv(), Err(TryRecvError::Empty));
    }
    after.cancel();
    assert_eq!(after.try_recv(), Err(TryRecvError::Empty));
    drop((after, ticks));
    for clone in of_clones {
        assert_eq!(clone.try_recv(), Err(TryRecvError::Disconnected), "nothing of the channel is left behind");
    }
}

#[test]
fn l8_a_million_dropped_afters_leave_nothing_pending() {
    let (clock, timers) = on_a_wheel();
    let mut alive = Vec::new();
    for n in 0..1_000_000 {
        alive.push(timers.after(Duration::from_secs(60)).unwrap());
        if n % 1000 == 999 {
            assert_eq!(timers.pending(), 1000);
            alive.clear();
            clock.advance(MS);
        }
    }
    assert_eq!(timers.pending(), 0);
    let metrics = timers.metrics();
    assert_eq!((metrics.armed, metrics.cancelled, metrics.fired), (1_000_000, 1_000_000, 0));
    clock.advance(Duration::from_secs(60));
    assert_eq!(timers.metrics().fired, 0);
}

#[test]
fn l8_dropped_tickers_and_messages_leave_nothing_pending() {
    let (clock, timers) = on_a_wheel();
    let (sender, inbox) = unbounded();
    let drops = Drops::default();
    let counter = drops.counter();
    for _ in 0..100 {
        let ticks = timers.tick(MS).unwrap();
        let message = timers.send_after(sender.clone(), drops.clone(), MS + MS).unwrap();
        clock.advance(MS);
        assert_eq!(timers.pending(), 2);
        drop((ticks, message));
    }
    clock.advance(10 * MS);
    assert_eq!((timers.pending(), timers.metrics().fired), (0, 100));
    assert_eq!((counter.load(Ordering::Relaxed), inbox.len()), (100, 0));
}

#[test]
fn an_after_that_is_moved_has_one_message_for_its_last_deadline() {
    let (clock, timers) = on_a_wheel();
    let mut after = timers.after(5 * MS).unwrap();
    after.reset(at_ms(3)).unwrap();
    clock.advance(3 * MS);
    // Its message has come, and nobody took it.
    after.reset(at_ms(8)).unwrap();
    assert_eq!(after.try_recv(), Err(TryRecvError::Empty));
    assert_eq!((after.deadline(), timers.pending()), (at_ms(8), 1));
    clock.advance(5 * MS);
    assert_eq!(after.try_recv(), Ok(at_ms(8)));

    // One that was received, or cancelled, is armed anew.
    after.reset_after(MS).unwrap();
    assert!(after.cancel());
    assert!(!after.cancel());
    clock.advance(5 * MS);
    assert_eq!(after.try_recv(), Err(TryRecvError::Empty));
    after.reset_after(MS).unwrap();
    clock.advance(MS);
    assert!(!after.cancel(), "it has fired; the message is taken out all the same");
    assert_eq!(after.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(timers.pending(), 0);
}

#[test]
fn l7_an_after_dropped_or_moved_in_the_very_tick_does_not_fire() {
    let (clock, timers) = on_a_wheel();
    let handle = timers.handle();
    let (sender, receiver) = unbounded::<(After, After)>();
    let afters = receiver.clone();
    let (kept_sender, kept) = unbounded();
    // It comes first in the tick, when the two others have left the shard with it.
    let first = move |_| {
        let (dropped, mut moved) = afters.recv().unwrap();
        drop(dropped);
        moved.reset_after(2 * MS).unwrap();
        kept_sender.send(moved).unwrap();
    };
    timers.call_at(at_ms(4), first).unwrap().detach();
    let pair = (handle.at(at_ms(4)).unwrap(), handle.at(at_ms(4)).unwrap());
    let clone: Receiver<Timestamp> = pair.0.clone();
    sender.send(pair).unwrap();
    clock.advance(4 * MS);
    assert_eq!(clone.try_recv(), Err(TryRecvError::Disconnected));
    let moved: After = kept.try_recv().unwrap();
    assert_eq!(moved.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(timers.pending(), 1);
    clock.advance(2 * MS);
    assert_eq!(moved.try_recv(), Ok(at_ms(6)));
}

#[test]
fn l7_an_after_dropped_by_another_thread_as_it_fires() {
    let timers = unled();
    let meet = Barrier::new(2);
    let (sender, receiver) = bounded::<After>(1);
    let rounds = 2000;
    thread::scope(|scope| {
        scope.spawn(|| {
            for after in receiver.iter() {
                meet.wait();
                drop(after);
                meet.wait();
            }
        });
        for round in 0..rounds {
            let after = timers.after(Duration::ZERO).unwrap();
            let clone: Receiver<Timestamp> = after.clone();
            sender.send(after).unwrap();
            meet.wait();
            let _ = timers.turn(timers.now());
            meet.wait();
            let received = clone.try_iter().count();
            assert!(received <= 1, "round {round}");
            assert_eq!(clone.try_recv(), Err(TryRecvError::Disconnected), "round {round}");
            assert_eq!(timers.pending(), 0, "round {round}");
        }
        drop(sender);
    });
    let metrics = timers.metrics();
    assert_eq!((metrics.armed, metrics.cancelled + metrics.fired), (rounds, rounds));
}

#[test]
fn l7_an_after_moved_by_another_thread_as_it_fires() {
    let timers = unled();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Acquire) {
                let _ = timers.turn(timers.now());
            }
        });
        let mut after = timers.after(Duration::from_secs(1)).unwrap();
        for round in 0..2000 {
            after.reset_after(Duration::ZERO).unwrap();
            if round % 2 == 0 {
                thread::yield_now();
            }
            after.reset_after(Duration::from_secs(1)).unwrap();
            let stale = (after.try_recv(), timers.pending(), after.is_pending());
            if stale != (Err(TryRecvError::Empty), 1, true) {
                is_over.store(true, Ordering::Release);
                panic!("round {round}: {stale:?}");
            }
        }
        is_over.store(true, Ordering::Release);
    });
}

#[test]
fn l26_a_ticker_stays_in_step_and_holds_one_tick() {
    let (clock, timers) = on_a_wheel();
    let ticks = timers.tick(10 * MS).unwrap();
    clock.advance(10 * MS);
    assert_eq!(ticks.try_recv(), Ok(at_ms(10)));
    clock.advance(34 * MS);
    assert_eq!(ticks.len(), 1, "those after the first were dropped");
    assert_eq!((ticks.try_recv(), ticks.deadline()), (Ok(at_ms(20)), at_ms(50)));
    clock.jump(20 * MS);
    assert_eq!((ticks.try_recv(), ticks.deadline()), (Ok(at_ms(64)), at_ms(70)));
    clock.advance(6 * MS);
    assert_eq!(ticks.try_recv(), Ok(at_ms(70)));
}

#[test]
fn l26_l27_a_ticker_has_the_choices_of_periods() {
    let (clock, timers) = on_a_wheel();
    let received = |ticks: &Ticker, steps: u32| -> Vec<u64> {
        let mut all: Vec<Timestamp> = Vec::new();
        for _ in 0..steps {
            all.extend(ticks.try_iter());
            clock.advance(MS);
        }
        all.into_iter().map(|tick| tick.as_nanos() / 1_000_000).collect()
    };
    let period = Period::every(10 * MS).unwrap();
    let at_once = timers.tick_at(timers.now(), period).unwrap();
    clock.advance(Duration::ZERO);
    assert_eq!(received(&at_once, 25), [0, 10, 20]);
    drop(at_once);

    let delayed = timers.tick_at(at_ms(30), period.with_missed_ticks(MissedTicks::Delay)).unwrap();
    clock.jump(15 * MS);
    assert_eq!(received(&delayed, 25), [40, 50, 60]);
    drop(delayed);

    let burst = timers.tick_at(at_ms(70), period.with_missed_ticks(MissedTicks::Burst)).unwrap();
    clock.jump(30 * MS);
    assert_eq!((timers.now(), burst.len()), (at_ms(95), 1), "those of 70, 80 and 90 came at once, and one had room");
    assert_eq!(received(&burst, 10), [95, 100]);

    assert!(burst.reset(at_ms(107)));
    assert_eq!(received(&burst, 15), [107, 117]);
    assert!(burst.reset_after(4 * MS));
    assert_eq!(received(&burst, 15), [124, 134]);
    assert_eq!(timers.tick(Duration::ZERO).unwrap_err().reason(), ArmErrorReason::ZeroPeriod);
}

#[test]
fn l31_after_a_shut_down_they_are_silent_and_arming_gives_the_value_back() {
    let (clock, timers) = on_a_wheel();
    let handle = timers.handle();
    let (sender, inbox) = unbounded();
    let mut after = handle.after(5 * MS).unwrap();
    let fired = handle.after(MS).unwrap();
    let ticks = handle.tick(2 * MS).unwrap();
    let held = handle.send_after(sender.clone(), "held", 5 * MS).unwrap();
    let drops = Drops::default();
    let counter = drops.counter();
    let (drop_sender, drop_inbox) = unbounded();
    handle.send_after(drop_sender, drops, 5 * MS).unwrap().detach();
    clock.advance(2 * MS);
    timers.shutdown();

    assert_eq!(counter.load(Ordering::Relaxed), 1, "a message without a guard is dropped");
    assert!(drop_inbox.is_empty());
    clock.advance(10 * MS);
    assert_eq!((fired.try_recv(), ticks.try_recv()), (Ok(at_ms(1)), Ok(at_ms(2))), "what had come is still there");
    for receiver in [&*after, &*fired, &*ticks] {
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty), "silent, and connected");
    }
    assert!(!after.is_pending());
    assert_eq!((held.status(), held.cancel(), held.cancel()), (CallbackStatus::Over, Some("held"), None));
    assert!(!ticks.reset_after(MS));
    assert_eq!(after.reset_after(MS).unwrap_err().reason(), ArmErrorReason::Closed);

    assert_eq!(handle.after(MS).unwrap_err().reason(), ArmErrorReason::Closed);
    assert_eq!(handle.tick(MS).unwrap_err().reason(), ArmErrorReason::Closed);
    let error = handle.send_after(sender, "not sent", MS).unwrap_err();
    assert_eq!((error.reason(), error.into_value()), (ArmErrorReason::Closed, "not sent"));
    assert_eq!(inbox.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_full_shard_gives_the_value_back() {
    let clock = ManualClock::new();
    let wheel = TimerWheel::new(Resolution::MILLISECOND).with_max_timers(1);
    let timers = Driver::builder().clock(clock.clone()).spawn(wheel).unwrap();
    let (sender, inbox) = unbounded();
    let mut after = timers.after(MS).unwrap();
    assert_eq!(timers.after(MS).unwrap_err().reason(), ArmErrorReason::Full(1));
    let error = timers.send_after(sender.clone(), 7, MS).unwrap_err();
    assert_eq!((error.reason(), error.into_value()), (ArmErrorReason::Full(1), 7));
    clock.advance(MS);
    let _message = timers.send_after(sender, 8, MS).unwrap();
    assert_eq!(after.reset_after(MS).unwrap_err().reason(), ArmErrorReason::Full(1));
    assert_eq!(after.try_recv(), Err(TryRecvError::Empty), "it is cancelled then");
    clock.advance(MS);
    assert_eq!(inbox.try_recv(), Ok(8));
}

#[test]
fn on_a_thread_of_its_own_and_with_shards() {
    let timers = Driver::builder().shards(2).spawn(TimerWheel::new(Resolution::MILLISECOND)).unwrap();
    thread::scope(|scope| {
        for n in 1..=4 {
            let timers = timers.handle();
            scope.spawn(move || {
                let asked = timers.now();
                let timeout = timers.after(n * MS).unwrap();
                let ticks = timers.tick(MS).unwrap();
                let fired = select! { recv(timeout) -> fired => fired.unwrap() };
                assert!(fired >= asked + n * MS);
                assert!(ticks.recv().is_ok());
            });
        }
    });
    assert_eq!(timers.pending(), 0);
}

#[test]
fn an_after_of_no_delay_has_no_message_before_a_turn() {
    let (clock, timers) = on_a_wheel();
    let after = timers.after(Duration::ZERO).unwrap();
    let is_there = || {
        select! {
            recv(after) -> at => at.is_ok(),
            default => false,
        }
    };
    assert!(!is_there());
    clock.advance(Duration::ZERO);
    assert!(is_there());
}

#[test]
fn ticks_stay_in_step_for_a_receiver_that_comes_late() {
    let (clock, timers) = on_a_wheel();
    let ticks = timers.tick(10 * MS).unwrap();
    clock.advance(35 * MS);
    assert_eq!(ticks.try_recv(), Ok(at_ms(10)));
    clock.advance(4 * MS);
    assert_eq!(ticks.try_recv(), Err(TryRecvError::Empty));
    clock.advance(MS);
    assert_eq!(ticks.try_recv(), Ok(at_ms(40)));
}
