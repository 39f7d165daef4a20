//! Turns, and the calls of `TimerExt` that open one.

use tickwheel::{Budget, Timer, TimerExt};

use crate::common::fired;
use crate::factory::{Factory, at};

/// A container with `count` timers that are due at tick 10, and one that is not.
fn with_due<F: Factory>(count: u32) -> F::Timers<u32> {
    let mut timers = F::make();
    for n in 0..count {
        timers.insert(at::<F>(10), n).unwrap();
    }
    timers.insert(at::<F>(11), u32::MAX).unwrap();
    timers
}

pub(crate) fn a_turn_is_an_iterator<F: Factory>() {
    let mut timers = with_due::<F>(3);
    let mut turn = timers.turn(at::<F>(10));
    for n in 0..3 {
        let expired = turn.next().unwrap();
        assert_eq!((expired.value, expired.expiry), (n, at::<F>(10)));
        assert_eq!(turn.timers().len(), 3 - n as usize);
    }
    assert!(turn.next().is_none());
    assert!(turn.next().is_none(), "an ended turn stays ended");
    assert_eq!(timers.turn(at::<F>(11)).count(), 1);
    assert_eq!(timers.turn(at::<F>(12)).count(), 0);
}

pub(crate) fn c4_a_turn_dropped_early_loses_nothing<F: Factory>() {
    let mut timers = with_due::<F>(100);
    let mut seen: Vec<_> = timers.turn(at::<F>(10)).take(30).map(|expired| expired.value).collect();
    assert_eq!(timers.len(), 71);
    F::check(&timers);
    assert!(timers.next_turn() <= Some(at::<F>(10)), "the rest is wanted at once");
    drop(timers.turn(at::<F>(10)));
    assert_eq!(timers.len(), 71, "a turn that nobody iterates hands out nothing");
    seen.extend(fired(&mut timers, at::<F>(10)));
    assert_eq!(seen, (0..100).collect::<Vec<_>>());
}

pub(crate) fn c7_a_turn_may_change_every_timer<F: Factory>() {
    let mut timers = F::make();
    let ids: Vec<_> = (0..8).map(|n| timers.insert(at::<F>(10 + n / 4), n).unwrap()).collect();
    let mut turn = timers.turn(at::<F>(20));
    assert_eq!(turn.next().unwrap().value, 0);
    // One of the same tick, one of a later tick of this turn: cancelled, moved on, moved to now.
    assert_eq!(turn.timers().cancel(ids[1]), Some(1));
    assert_eq!(turn.timers().cancel(ids[5]), Some(5));
    assert!(turn.timers().reset(ids[2], at::<F>(30)));
    assert!(turn.timers().reset(ids[6], at::<F>(5000)));
    assert!(turn.timers().reset(ids[7], at::<F>(20)));
    let armed = turn.timers().insert(at::<F>(21), 100).unwrap();
    assert_eq!(turn.next().unwrap().value, 3);
    assert_eq!(turn.next().unwrap().value, 4);
    assert!(turn.next().is_none());
    assert_eq!(fired(&mut timers, at::<F>(20)), [7], "it was moved to now, so it waits for the next turn");
    assert_eq!(timers.expiry(armed), Some(at::<F>(21)));
    assert_eq!(fired(&mut timers, at::<F>(30)), [100, 2]);
    assert_eq!(fired(&mut timers, at::<F>(5000)), [6]);
    F::check(&timers);

    let mut timers = with_due::<F>(4);
    let mut turn = timers.turn(at::<F>(10));
    turn.next().unwrap();
    turn.timers().clear();
    assert!(turn.next().is_none(), "cleared under way");
    timers.insert(at::<F>(11), 7).unwrap();
    assert_eq!(fired(&mut timers, at::<F>(11)), [7]);
}

pub(crate) fn c8_a_turn_within_a_budget<F: Factory>() {
    let mut timers = with_due::<F>(100);
    let mut turn = timers.turn(at::<F>(10)).within(Budget::entries(10));
    let mut count = 0;
    while turn.next().is_some() {
        count += 1;
    }
    assert!(count <= 10, "{count} handed out");
    assert!(turn.budget().is_spent());
    let left = 100 - count;
    assert_eq!(timers.turn(at::<F>(10)).within(Budget::UNLIMITED).count(), left);
    let mut turn = timers.turn(at::<F>(10)).within(Budget::entries(10));
    assert!(turn.next().is_none());
    assert!(!turn.budget().is_spent(), "a turn with nothing to do ends before its budget");
}

pub(crate) fn c8_a_spent_budget_hands_out_nothing<F: Factory>() {
    let mut timers = with_due::<F>(5);
    for _ in 0..3 {
        assert_eq!(timers.turn(at::<F>(10)).within(Budget::entries(0)).count(), 0);
        assert!(timers.next_turn() <= Some(at::<F>(10)));
    }
    assert_eq!(timers.turn(at::<F>(10)).count(), 5);
}

pub(crate) fn expire_gives_the_container_to_its_handler<F: Factory>() {
    let period = F::rules().tick_length() * 10;
    let mut timers = F::make();
    timers.insert(at::<F>(10), 1).unwrap();
    let mut expiries = Vec::new();
    for now in [9, 10, 15, 20, 49, 50] {
        timers.expire(at::<F>(now), Budget::UNLIMITED, |timers, expired| {
            expiries.push(expired.expiry);
            timers.insert(expired.expiry + period, expired.value).unwrap();
        });
    }
    assert_eq!(
        expiries,
        [10, 20, 30, 49].map(at::<F>),
        "one a turn, and an overdue one counts as due at the turn before"
    );
    assert_eq!(timers.len(), 1);

    let mut timers = with_due::<F>(100);
    let count = timers.expire(at::<F>(10), Budget::entries(20), |_, _| {});
    assert!(count <= 20);
    assert_eq!(timers.len(), 101 - count);
}

pub(crate) fn expire_until_stops_when_out_of_time<F: Factory>() {
    let due = if cfg!(miri) { 250 } else { 1000 };
    let mut timers = with_due::<F>(due);
    let mut looks = 0;
    let out_of_time = || {
        looks += 1;
        looks > 3
    };
    let mut seen = Vec::new();
    let count = timers.expire_until(at::<F>(10), out_of_time, |_, expired| seen.push(expired.value));
    assert!(count > 0 && count <= 3 * 64, "{count} in three slices");
    assert_eq!(timers.len(), due as usize + 1 - count);
    assert_eq!(timers.expire_until(at::<F>(10), || true, |_, _| unreachable!("there was no time")), 0);
    timers.expire_until(at::<F>(10), || false, |_, expired| seen.push(expired.value));
    assert_eq!(seen, (0..due).collect::<Vec<_>>());
}

pub(crate) fn a_dyn_timer_has_every_call<F: Factory>() {
    let mut timers = F::make::<u32>();
    let timers: &mut dyn Timer<u32> = &mut timers;
    let id = timers.insert(at::<F>(10), 1).unwrap();
    assert!(timers.reset(id, at::<F>(12)));
    assert!(timers.contains(id));
    timers.insert(at::<F>(11), 2).unwrap();
    assert_eq!(
        timers.turn(at::<F>(11)).within(Budget::entries(5)).map(|expired| expired.value).collect::<Vec<_>>(),
        [2]
    );
    let fired = timers.expire(at::<F>(12), Budget::UNLIMITED, |timers, expired| {
        timers.insert(at::<F>(20), expired.value).unwrap();
    });
    assert_eq!((fired, timers.len(), timers.is_empty()), (1, 1, false));
    assert_eq!(timers.expire_until(at::<F>(20), || false, |_, _| {}), 1);
}
