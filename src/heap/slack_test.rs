//! Worked cases of slack, of overdue timers and of turns that are left early, and a model of all of them.

use core::time::Duration;
use std::collections::BTreeMap;
use std::vec::Vec;

use proptest::prelude::*;

use crate::heap::TimerHeap;
use crate::time::{Deadline, Timestamp};
use crate::timer::{Budget, Timer, TimerExt, TimerId};

fn at(ns: u64) -> Timestamp {
    Timestamp::from_nanos(ns)
}

/// A deadline from its soft to its hard time.
fn between(soft_ns: u64, hard_ns: u64) -> Deadline {
    Deadline::at(at(soft_ns)).with_slack(Duration::from_nanos(hard_ns - soft_ns))
}

fn fired<T>(timers: &mut TimerHeap<T>, now_ns: u64) -> Vec<T> {
    let fired = timers.turn(at(now_ns)).map(|timer| timer.value).collect();
    timers.check();
    fired
}

#[test]
fn c1_none_fires_before_its_soft_time_and_c2_none_after_its_hard_time_if_turned_at_next_turn() {
    let mut timers = TimerHeap::new();
    for n in 0..200_u64 {
        let soft = 10 + n * 7919 % 500;
        let hard = soft + n * 31 % 90;
        timers.insert(between(soft, hard), (soft, hard)).unwrap();
    }
    let mut turns = 0;
    while let Some(now) = timers.next_turn() {
        turns += 1;
        let due: Vec<_> = timers.turn(now).collect();
        assert!(!due.is_empty(), "no turn is empty");
        for timer in due {
            let (soft, hard) = timer.value;
            assert_eq!(timer.expiry, at(hard));
            assert!(at(soft) <= now && now <= at(hard), "due from {soft} to {hard}, fired at {now:?}");
        }
    }
    assert!(turns < 100, "slack lets timers share their wake-ups, and yet there were {turns}");
}

#[test]
fn c3_the_pass_stops_at_the_first_soft_time_ahead_as_hrtimers_do() {
    let mut timers = TimerHeap::new();
    timers.insert(between(55, 120), 'd').unwrap();
    timers.insert(between(80, 100), 'c').unwrap();
    timers.insert(between(60, 90), 'b').unwrap();
    timers.insert(between(50, 70), 'a').unwrap();
    assert_eq!(timers.next_turn(), Some(at(70)));
    assert_eq!(fired(&mut timers, 60), ['a', 'b'], "d's soft time has come, but c stands before it");
    assert_eq!((timers.next_turn(), timers.next_expiry()), (Some(at(100)), Some(at(100))));
    assert_eq!(fired(&mut timers, 79), []);
    assert_eq!(fired(&mut timers, 80), ['c', 'd']);
}

#[test]
fn c3_equal_hard_times_fire_in_the_order_of_arming() {
    let mut timers = TimerHeap::new();
    for n in 0..100 {
        timers.insert(between(1 + n % 10, 50), n).unwrap();
    }
    assert!(fired(&mut timers, 50).into_iter().eq(0..100));
}

#[test]
fn c3_moving_to_where_it_is_keeps_the_order_and_moving_to_earlier_counts_as_arming() {
    let mut timers = TimerHeap::new();
    let first = timers.insert(between(40, 50), 1).unwrap();
    let second = timers.insert(at(60), 2).unwrap();
    timers.insert(between(40, 50), 3).unwrap();
    assert!(timers.reset(first, between(40, 50)));
    assert!(timers.reset(second, at(50)));
    assert_eq!(timers.expiry(second), Some(at(50)));
    assert_eq!(fired(&mut timers, 50), [1, 3, 2]);
}

#[test]
fn c6_cancelling_the_first_leaves_no_stale_answer() {
    let mut timers = TimerHeap::new();
    let first = timers.insert(at(10), 1).unwrap();
    let second = timers.insert(at(20), 2).unwrap();
    timers.insert(at(30), 3).unwrap();
    assert_eq!(timers.cancel(first), Some(1));
    assert_eq!(timers.next_expiry(), Some(at(20)));
    timers.reset(second, at(40));
    assert_eq!(timers.next_expiry(), Some(at(30)));
    assert_eq!(timers.next_turn(), Some(at(30)));
}

#[test]
fn c6_a_turn_that_went_to_its_end_wants_no_other_for_what_may_still_wait() {
    let mut timers = TimerHeap::new();
    timers.insert(between(55, 120), 'b').unwrap();
    let first = timers.insert(between(80, 100), 'a').unwrap();
    assert_eq!(fired(&mut timers, 60), []);
    timers.cancel(first);
    assert_eq!(timers.next_turn(), Some(at(120)), "it could fire by now, and has slack to wait");
}

#[test]
fn c7_overdue_timers_fire_in_the_next_turn_at_the_same_time_and_never_in_this_one() {
    let mut timers = TimerHeap::new();
    timers.insert(at(100), 0).unwrap();
    for round in 1..=3 {
        let mut armed = None;
        let fired = timers.expire(at(100), Budget::UNLIMITED, |timers, timer| {
            armed = Some(timers.insert(at(7), timer.value + 1).unwrap());
        });
        assert_eq!(fired, 1, "re-arming for the past does not loop");
        assert_eq!(timers.get(armed.unwrap()), Some(&round));
        assert_eq!(timers.expiry(armed.unwrap()), Some(at(100)), "it counts as due at the turn's time");
        assert_eq!(timers.next_turn(), Some(at(100)));
    }
}

#[test]
fn c7_an_older_timer_due_at_the_same_moment_is_not_held_up_by_an_overdue_one() {
    let mut timers = TimerHeap::new();
    timers.insert(at(90), "a").unwrap();
    timers.insert(at(100), "b").unwrap();
    let mut order = Vec::new();
    timers.expire(at(100), Budget::UNLIMITED, |timers, timer| {
        order.push(timer.value);
        if timer.value == "a" {
            timers.insert(at(0), "armed").unwrap();
        }
    });
    assert_eq!(order, ["a", "b"]);
    assert_eq!(fired(&mut timers, 100), ["armed"]);
}

#[test]
fn c7_what_is_due_and_moved_to_now_during_the_turn_fires_in_the_next_one() {
    for moved_to in [0, 99, 100] {
        let mut timers = TimerHeap::new();
        timers.insert(at(50), 1).unwrap();
        let moved = timers.insert(at(100), 2).unwrap();
        timers.insert(at(100), 3).unwrap();
        let mut turn = timers.turn(at(100));
        assert_eq!(turn.next().map(|timer| timer.value), Some(1));
        assert!(turn.timers().reset(moved, at(moved_to)));
        assert_eq!(turn.next().map(|timer| timer.value), Some(3));
        assert_eq!(turn.next(), None);
        assert_eq!(fired(&mut timers, 100), [2]);
    }
}

#[test]
fn c7_the_end_of_time_comes_only_then() {
    let mut timers = TimerHeap::new();
    timers.insert(Timestamp::MAX, "last").unwrap();
    timers.insert(Deadline::at(at(1)).with_slack(Duration::MAX), "patient").unwrap();
    assert_eq!(fired(&mut timers, u64::MAX - 1), [""; 0], "the last one stands before the patient one");
    assert_eq!(timers.next_turn(), Some(Timestamp::MAX));
    assert_eq!(fired(&mut timers, u64::MAX), ["last", "patient"]);
}

#[test]
fn c8_what_a_budget_leaves_over_is_wanted_at_once_even_if_it_has_slack() {
    let mut timers = TimerHeap::new();
    for n in 0..5 {
        timers.insert(between(10, 500), n).unwrap();
    }
    assert_eq!(timers.next_turn(), Some(at(500)));
    assert_eq!(timers.turn(at(20)).within(Budget::entries(2)).count(), 2);
    assert_eq!((timers.next_turn(), timers.next_expiry()), (Some(at(20)), Some(at(500))));
    timers.insert(between(5, 400), 9).unwrap();
    timers.insert(at(600), 10).unwrap();
    assert_eq!(fired(&mut timers, 20), [9, 2, 3, 4]);
    assert_eq!(timers.next_turn(), Some(at(600)));
}

#[test]
fn l9_a_clock_that_steps_back_counts_as_the_last_time() {
    let mut timers = TimerHeap::starting_at(at(100));
    let overdue = timers.insert(at(50), 1).unwrap();
    timers.insert(at(101), 2).unwrap();
    assert_eq!(timers.expiry(overdue), Some(at(100)));
    assert_eq!(fired(&mut timers, 3), [1]);
    assert_eq!(fired(&mut timers, 101), [2]);
}

#[test]
fn c4_a_drop_that_panics_in_clear_leaves_the_heap_in_order() {
    struct Fussy(bool);
    impl Drop for Fussy {
        fn drop(&mut self) {
            assert!(!self.0, "this one does not go quietly");
        }
    }
    let mut timers = TimerHeap::new();
    for n in 0..10 {
        timers.insert(at(n), Fussy(n == 4)).unwrap();
    }
    std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| timers.clear())).unwrap_err();
    timers.check();
    assert_eq!((timers.len(), timers.next_turn()), (0, None));
    timers.insert(at(3), Fussy(false)).unwrap();
    assert_eq!(timers.turn(at(3)).count(), 1);
    timers.check();
}

#[test]
fn a_sibling_has_the_limit_and_the_time_but_no_timers() {
    let mut timers = TimerHeap::starting_at(at(100)).with_max_timers(1);
    timers.insert(at(500), 1).unwrap();
    let mut sibling = timers.sibling();
    let overdue = sibling.insert(at(3), 2).unwrap();
    assert_eq!(sibling.expiry(overdue), Some(at(100)));
    assert_eq!(sibling.insert(at(3), 3).unwrap_err().into_value(), 3);
    sibling.check();
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Insert(Deadline),
    Reset(prop::sample::Index, Deadline),
    Cancel(prop::sample::Index),
    OpenTurn(u64),
    ExpireNext,
}

fn deadline() -> impl Strategy<Value = Deadline> {
    let soft = prop_oneof![0..60_u64, Just(u64::MAX)];
    (soft, prop_oneof![Just(0), 0..30_u64])
        .prop_map(|(soft, slack)| Deadline::at(at(soft)).with_slack(Duration::from_nanos(slack)))
}

fn op() -> impl Strategy<Value = Op> {
    let pick = any::<prop::sample::Index>;
    prop_oneof![
        4 => deadline().prop_map(Op::Insert),
        2 => (pick(), deadline()).prop_map(|(pick, deadline)| Op::Reset(pick, deadline)),
        1 => pick().prop_map(Op::Cancel),
        2 => (0..60_u64).prop_map(Op::OpenTurn),
        4 => Just(Op::ExpireNext),
    ]
}

/// What the contract says, in a list that is sorted anew each time.
#[derive(Default)]
struct Model {
    /// Soft time, hard time, sequence number, and whether the timer waits for the next turn.
    timers: BTreeMap<u64, (Timestamp, Timestamp, u64, bool)>,
    now: Timestamp,
    sequence: u64,
}

impl Model {
    fn arm(&mut self, value: u64, deadline: Deadline) {
        let is_overdue = deadline.soft() <= self.now;
        let (soft, hard) = if is_overdue { (self.now, self.now) } else { (deadline.soft(), deadline.hard()) };
        if let Some(timer) = self.timers.get_mut(&value) {
            if timer.1 == hard && (timer.3 || !is_overdue) {
                timer.0 = soft;
                return;
            }
        }
        self.sequence += 1;
        self.timers.insert(value, (soft, hard, self.sequence, true));
    }

    fn open_turn(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        self.timers.values_mut().for_each(|timer| timer.3 = false);
    }

    fn first(&self) -> Option<(u64, Timestamp)> {
        let first = self.timers.iter().min_by_key(|(_, timer)| (timer.1, timer.2))?;
        Some((*first.0, first.1.1))
    }

    fn expire_next(&mut self) -> Option<(u64, Timestamp)> {
        let (value, hard) = self.first()?;
        let (soft, _, _, waits) = self.timers[&value];
        (soft <= self.now && !waits).then(|| self.timers.remove(&value))?;
        Some((value, hard))
    }
}

proptest! {
    #[test]
    fn c1_to_c7_hold_against_a_list(ops in prop::collection::vec(op(), 1..200)) {
        let (mut timers, mut model) = (TimerHeap::new(), Model::default());
        let mut ids: Vec<(TimerId, u64)> = Vec::new();
        for (value, op) in (0..).zip(ops) {
            let picked = |pick: prop::sample::Index| ids.get(pick.index(ids.len().max(1))).copied();
            match op {
                Op::Insert(deadline) => {
                    ids.push((timers.insert(deadline, value).unwrap(), value));
                    model.arm(value, deadline);
                }
                Op::Reset(pick, deadline) => if let Some((id, value)) = picked(pick) {
                    let is_there = model.timers.contains_key(&value);
                    prop_assert_eq!(timers.reset(id, deadline), is_there);
                    if is_there {
                        model.arm(value, deadline);
                    }
                },
                Op::Cancel(pick) => if let Some((id, value)) = picked(pick) {
                    prop_assert_eq!(timers.cancel(id), model.timers.remove(&value).map(|_| value));
                },
                Op::OpenTurn(now) => {
                    timers.open_turn(at(now));
                    model.open_turn(at(now));
                }
                Op::ExpireNext => {
                    let expired = timers.expire_next(&mut Budget::entries(1)).map(|timer| (timer.value, timer.expiry));
                    prop_assert_eq!(expired, model.expire_next());
                }
            }
            timers.check();
            prop_assert_eq!(timers.len(), model.timers.len());
            prop_assert_eq!(timers.next_expiry(), model.first().map(|(_, hard)| hard));
            for &(id, value) in &ids {
                prop_assert_eq!(timers.expiry(id), model.timers.get(&value).map(|timer| timer.1));
            }
        }
    }
}
