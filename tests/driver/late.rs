//! L10, L16 and L17: how late timers are, and how much a turn does.

use std::sync::{Arc, Barrier, mpsc};
use std::time::Duration;

use tickwheel::{Budget, Clock, Driver, TimerHeap, Timestamp};

use crate::common::{LONG, MS, at_ms, by_hand, on_both};

#[test]
fn l10_after_a_jump_of_an_hour_all_fire_in_order_of_expiry() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        let (sender, receiver) = mpsc::channel();
        // Armed in another order than that in which they are due.
        for n in 0..3_600_u64 {
            let (sender, seconds) = (sender.clone(), n * 7 % 3_600);
            let due = at_ms(1_000 * seconds + 1);
            timers.call_at(due, move |event| sender.send((event.due, event.now)).unwrap()).unwrap().detach();
        }
        let ticks = sender.clone();
        let tick = timers.call_every(MS, move |event| ticks.send((event.due, event.now)).unwrap()).unwrap();
        let before = timers.metrics();
        clock.jump(Duration::from_secs(3_600));
        let fired: Vec<_> = receiver.try_iter().collect();
        assert!(fired.is_sorted_by_key(|(due, _)| *due));
        assert!(fired.iter().all(|(_, now)| *now == clock.now()));
        // The periodic one has run once, for all the ticks that it missed: no storm.
        assert_eq!(fired.len(), 3_601);
        let after = timers.metrics();
        assert!(after.turns - before.turns < 100, "{} turns", after.turns - before.turns);
        drop(tick);
    });
}

#[test]
fn l9_a_turn_at_an_earlier_time_counts_as_one_at_the_last() {
    let (builder, clock) = by_hand();
    let timers = builder.for_event_loop(TimerHeap::new(), || {}).unwrap();
    let (sender, receiver) = mpsc::channel();
    let _tick = timers.call_every(10 * MS, move |event| sender.send(event.due).unwrap()).unwrap();
    clock.advance(25 * MS);
    for now in [at_ms(25), at_ms(3), Timestamp::ZERO, at_ms(24)] {
        let _ = timers.turn(now);
    }
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [at_ms(10)]);
    assert_eq!(timers.next_turn(), Some(at_ms(30)));
    // What is armed in between, for a time that has passed by the last turn's, is due all the same.
    let (sender, receiver) = mpsc::channel();
    timers.call_at(at_ms(4), move |_| sender.send(()).unwrap()).unwrap().detach();
    assert_eq!(timers.turn(at_ms(5)).fired, 1);
    assert_eq!(receiver.try_iter().count(), 1);
}

#[test]
fn l16_a_slow_callback_delays_the_others_and_lateness_shows_it() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder);
        let (sender, receiver) = mpsc::channel();
        let slow = clock.clone();
        // It takes 40 ms: the clock has gone on by as much when it ends.
        timers
            .call_at(at_ms(5), move |_| {
                slow.jump(40 * MS);
            })
            .unwrap()
            .detach();
        timers.call_at(at_ms(5), move |event| sender.send(event.lateness()).unwrap()).unwrap().detach();
        clock.advance_to(at_ms(5));
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [40 * MS]);
        let metrics = timers.metrics();
        assert_eq!(metrics.lateness.count(), 2);
        let (max, least) = (metrics.lateness.max(), metrics.lateness.quantile(0.5));
        assert!(max.abs_diff(40 * MS) < MS, "{max:?}");
        assert!(least < MS, "{least:?}");
        assert_eq!(metrics.longest_turn, 40 * MS);
    });
}

#[test]
fn l16_on_a_pool_a_slow_callback_delays_nobody() {
    on_both(|spawn| {
        let timers = spawn(Driver::builder().callback_pool(2));
        let (begun, has_begun) = mpsc::channel();
        let end = Arc::new(Barrier::new(2));
        let may_end = end.clone();
        let slow = move |_| {
            begun.send(()).unwrap();
            may_end.wait();
        };
        timers.call_after(Duration::ZERO, slow).unwrap().detach();
        has_begun.recv_timeout(LONG).unwrap();
        // It still runs, and others are called: they would hang if they had to wait for it.
        let (sender, receiver) = mpsc::channel();
        for _ in 0..10 {
            let sender = sender.clone();
            timers.call_after(MS, move |_| sender.send(()).unwrap()).unwrap().detach();
            receiver.recv_timeout(LONG).unwrap();
        }
        end.wait();
        assert_eq!(timers.metrics().lateness.count(), 11);
    });
}

#[test]
fn l17_a_hundred_thousand_due_at_once_are_split_over_turns() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder.budget(Budget::entries(1_000)).shards(2));
        let (sender, receiver) = mpsc::channel();
        for n in 0..100_000 {
            let sender = sender.clone();
            let shard = timers.on_shard(n % 2);
            shard.call_at(at_ms(50), move |_| sender.send(n).unwrap()).unwrap().detach();
        }
        let before = timers.metrics();
        clock.advance_to(at_ms(50));
        let fired: Vec<_> = receiver.try_iter().collect();
        assert_eq!(fired.len(), 100_000);
        // What a budget leaves over comes first in the next turn: each shard keeps its order.
        for shard in 0..2 {
            assert!(fired.iter().filter(|n| **n % 2 == shard).is_sorted());
        }
        let turns = timers.metrics().turns - before.turns;
        assert!((100..=1_000).contains(&turns), "{turns} turns");
    });
}

#[test]
fn l17_a_budget_of_nothing_counts_as_one_entry() {
    on_both(|spawn| {
        crate::common::without_hanging(move || {
            let (builder, clock) = by_hand();
            let timers = spawn(builder.budget(Budget::entries(0)));
            let (sender, receiver) = mpsc::channel();
            for n in 0..10 {
                let sender = sender.clone();
                timers.call_at(at_ms(5), move |_| sender.send(n).unwrap()).unwrap().detach();
            }
            clock.advance(10 * MS);
            assert!(receiver.try_iter().eq(0..10));
            assert!(timers.metrics().turns >= 10);
        });
    });
}

#[test]
fn l17_a_turn_takes_no_more_time_than_it_may() {
    let (builder, clock) = by_hand();
    let timers = builder.turn_time(5 * MS).for_event_loop(TimerHeap::new(), || {}).unwrap();
    // Each takes 1 ms, and after every 64 the turn looks at the time.
    for _ in 0..640 {
        let slow = clock.clone();
        timers
            .call_at(at_ms(50), move |_| {
                slow.jump(MS);
            })
            .unwrap()
            .detach();
    }
    clock.advance_to(at_ms(50));
    let turns: Vec<_> = std::iter::from_fn(|| (timers.pending() > 0).then(|| timers.turn(timers.now()))).collect();
    assert_eq!(turns.len(), 10);
    assert!(turns[..9].iter().all(|turn| turn.budget_exhausted));
    let metrics = timers.metrics();
    assert_eq!((metrics.fired, metrics.longest_turn), (640, 64 * MS));
}

#[test]
fn l17_no_shard_is_always_the_last_to_have_the_budget() {
    let (builder, clock) = by_hand();
    let timers = builder.shards(3).budget(Budget::entries(64)).for_event_loop(TimerHeap::new(), || {}).unwrap();
    let (sender, receiver) = mpsc::channel();
    for shard in 0..3 {
        for _ in 0..200 {
            let sender = sender.clone();
            timers.on_shard(shard).call_at(at_ms(5), move |_| sender.send(shard).unwrap()).unwrap().detach();
        }
    }
    clock.advance_to(at_ms(5));
    let mut begun: Vec<_> = (0..3)
        .map(|_| {
            assert!(timers.turn(timers.now()).budget_exhausted);
            let fired: Vec<_> = receiver.try_iter().collect();
            fired[0]
        })
        .collect();
    begun.sort_unstable();
    assert_eq!(begun, [0, 1, 2], "each turn begins with another");
}
