//! Messages that are sent later: called off, waiting for room, and with nobody left to receive them.

use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{TryRecvError, bounded, unbounded};
use tickwheel::{CallbackStatus, Clock, Driver, ManualClock, MessageGuard, TimerHeap};

use crate::channels::{Drops, on_a_wheel, unled};
use crate::common::{MS, OnDrop, at_ms, without_hanging};

#[test]
fn a_message_comes_at_its_deadline() {
    let (clock, timers) = on_a_wheel();
    let (sender, inbox) = unbounded();
    let guard = timers.send_after(sender.clone(), "five", 5 * MS).unwrap();
    timers.send_at(sender.clone(), "three", at_ms(3)).unwrap().detach();
    let moved = timers.send_at(sender, "nine", at_ms(1)).unwrap();
    assert_eq!(moved.reset(at_ms(9)), CallbackStatus::Pending);
    assert_eq!(moved.deadline(), at_ms(9));
    clock.advance(4 * MS);
    assert_eq!(inbox.try_iter().collect::<Vec<_>>(), ["three"]);
    assert_eq!(guard.status(), CallbackStatus::Pending);
    clock.advance(MS);
    assert_eq!(inbox.try_iter().collect::<Vec<_>>(), ["five"]);
    assert_eq!((guard.status(), guard.cancel()), (CallbackStatus::Over, None));
    assert_eq!(guard.reset_after(MS), CallbackStatus::Over);
    clock.advance(4 * MS);
    assert_eq!(inbox.recv(), Ok("nine"));
    assert_eq!(inbox.try_recv(), Err(TryRecvError::Disconnected), "a message that was sent lets its sender go");
}

#[test]
fn a_message_called_off_comes_back() {
    let (clock, timers) = on_a_wheel();
    let (sender, inbox) = unbounded();
    let guard = timers.send_after(sender, vec![1, 2, 3], 5 * MS).unwrap();
    clock.advance(4 * MS);
    assert_eq!(guard.cancel(), Some(vec![1, 2, 3]));
    assert_eq!((guard.status(), guard.cancel(), timers.pending()), (CallbackStatus::Over, None, 0));
    assert_eq!(inbox.try_recv(), Err(TryRecvError::Disconnected), "its sender is gone at once");
    clock.advance(4 * MS);
    assert_eq!(timers.metrics().fired, 0);
}

#[test]
fn c4_a_message_called_off_as_it_is_sent_is_either_sent_or_given_back() {
    let timers = unled();
    let meet = Barrier::new(2);
    let (sender, receiver) = bounded::<MessageGuard<u32>>(1);
    let rounds = 2000;
    thread::scope(|scope| {
        let cancelling = scope.spawn(|| {
            let mut given_back = Vec::new();
            for guard in receiver.iter() {
                meet.wait();
                given_back.extend(guard.cancel());
            }
            given_back
        });
        let (to, inbox) = unbounded();
        for round in 0..rounds {
            sender.send(timers.send_after(to.clone(), round, Duration::ZERO).unwrap()).unwrap();
            meet.wait();
            let _ = timers.turn(timers.now());
        }
        drop(sender);
        let mut all = cancelling.join().unwrap();
        all.extend(inbox.try_iter());
        all.sort();
        assert_eq!(all, (0..rounds).collect::<Vec<_>>());
    });
    assert_eq!(timers.pending(), 0);
}

#[test]
fn a_full_channel_is_tried_again_until_there_is_room() {
    let (clock, timers) = on_a_wheel();
    let (sender, inbox) = bounded(1);
    sender.send("in the way").unwrap();
    let guard = timers.send_after(sender, "patient", 10 * MS).unwrap();
    let tries: Vec<_> = clock
        .steps_until(at_ms(300))
        .filter(|step| !step.fired.is_empty())
        .map(|step| step.now.as_nanos() / 1_000_000)
        .collect();
    assert_eq!(tries, [10, 11, 13, 17, 25, 41, 73, 137, 201, 265]);
    assert_eq!((guard.status(), guard.deadline(), timers.pending()), (CallbackStatus::Pending, at_ms(329), 1));

    assert_eq!(inbox.try_recv(), Ok("in the way"));
    clock.advance_to(at_ms(328));
    assert!(inbox.is_empty());
    clock.advance(MS);
    assert_eq!(inbox.try_recv(), Ok("patient"));
    assert_eq!((guard.status(), timers.pending()), (CallbackStatus::Over, 0));
}

#[test]
fn a_message_that_waits_for_room_can_be_moved_and_called_off() {
    let (clock, timers) = on_a_wheel();
    let (sender, inbox) = bounded(1);
    sender.send(0).unwrap();
    let moved = timers.send_after(sender.clone(), 1, MS).unwrap();
    let called_off = timers.send_after(sender, 2, MS).unwrap();
    clock.advance(100 * MS);
    assert_eq!(called_off.cancel(), Some(2));
    assert_eq!(moved.reset_after(MS), CallbackStatus::Pending);
    assert_eq!(inbox.try_recv(), Ok(0));
    clock.advance(MS);
    assert_eq!(inbox.try_iter().collect::<Vec<_>>(), [1]);
    assert_eq!(timers.pending(), 0);
}

#[test]
fn no_message_is_lost_in_a_narrow_channel() {
    let (clock, timers) = on_a_wheel();
    let (sender, inbox) = bounded(3);
    for n in 0..100 {
        timers.send_after(sender.clone(), n, (1 + n % 7) * MS).unwrap().detach();
    }
    let mut received = Vec::new();
    while timers.pending() > 0 {
        clock.advance(9 * MS);
        received.extend(inbox.try_iter());
        assert!(clock.now() < at_ms(10_000), "only {} of 100 came", received.len());
    }
    received.sort();
    assert_eq!(received, (0..100).collect::<Vec<_>>());
}

#[test]
fn a_channel_of_no_capacity_gets_its_message_when_somebody_stands_there() {
    let (clock, timers) = on_a_wheel();
    let (sender, inbox) = bounded(0);
    timers.send_after(sender, "handed over", MS).unwrap().detach();
    clock.advance(10 * MS);
    assert_eq!(timers.pending(), 1);
    let receiving = thread::spawn(move || inbox.recv());
    while timers.pending() > 0 {
        clock.advance(64 * MS);
        thread::yield_now();
    }
    assert_eq!(receiving.join().unwrap(), Ok("handed over"));
}

#[test]
fn a_message_that_nobody_can_receive_is_dropped() {
    let (clock, timers) = on_a_wheel();
    let drops = Drops::default();
    let counter = drops.counter();
    let (sender, inbox) = bounded(1);
    sender.send(Drops::default()).unwrap();
    let guard = timers.send_after(sender, drops, MS).unwrap();
    clock.advance(MS);
    assert_eq!(guard.status(), CallbackStatus::Pending, "the channel is full");
    drop(inbox);
    assert_eq!(counter.load(Ordering::Relaxed), 0);
    clock.advance(MS);
    assert_eq!(counter.load(Ordering::Relaxed), 1);
    assert_eq!((guard.status(), guard.cancel().is_none(), timers.pending()), (CallbackStatus::Over, true, 0));
}

#[test]
fn l13_l14_l15_a_message_may_do_anything_as_it_is_dropped() {
    let clock = ManualClock::new();
    let panics = Arc::new(AtomicUsize::new(0));
    let counted = panics.clone();
    let timers = Driver::builder()
        .clock(clock.clone())
        .on_panic(move |panic| {
            counted.fetch_add(usize::from(panic.is::<&str>()), Ordering::Relaxed);
        })
        .spawn(TimerHeap::new())
        .unwrap();
    let handle = timers.handle();
    let (ran_sender, ran) = unbounded();
    let (guards_sender, guards) = unbounded();
    let cancelled = guards.clone();
    let (sender, inbox) = unbounded();
    drop(inbox);
    let value = OnDrop(move || {
        let own: MessageGuard<_> = cancelled.recv().unwrap();
        assert!(own.cancel().is_none(), "it is not in its parcel any more");
        let ran = ran_sender.clone();
        handle.call_after(MS, move |_| ran.send(()).unwrap()).unwrap().detach();
        panic::resume_unwind(Box::new("as it was dropped"));
    });
    let boxed: Box<dyn Send> = Box::new(value);
    guards_sender.send(timers.send_after(sender, boxed, MS).unwrap()).unwrap();
    let driven = clock.clone();
    without_hanging(move || driven.advance(2 * MS));
    assert_eq!(ran.try_recv(), Ok(()), "what it armed has run");
    assert_eq!((panics.load(Ordering::Relaxed), timers.metrics().panics), (1, 1));
}

#[test]
fn l16_messages_do_not_wait_for_the_callback_pool() {
    let timers =
        Driver::builder().clock(ManualClock::new()).callback_pool(1).for_event_loop(TimerHeap::new(), || {}).unwrap();
    let (let_go, held) = bounded::<()>(0);
    timers.call_after(Duration::ZERO, move |_| held.recv().unwrap_or_default()).unwrap().detach();
    let (sender, inbox) = unbounded();
    timers.send_after(sender, "past it", Duration::ZERO).unwrap().detach();
    let after = timers.after(Duration::ZERO).unwrap();
    assert_eq!(timers.turn(timers.now()).fired, 3);
    assert_eq!(inbox.try_recv(), Ok("past it"));
    assert!(after.try_recv().is_ok());
    drop(let_go);
}
