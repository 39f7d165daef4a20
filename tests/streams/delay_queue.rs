//! What tokio-util's own tests ask of a `DelayQueue`, and what its users ran into.

use std::task::Poll;
use std::time::Duration;

use tickwheel::{Clock, Deadline, DelayQueue, Resolution, Timer, TimerHeap, TimerWheel};

use crate::support::{Bed, driver, ms, on_both};

type Queue<C> = Bed<&'static str, C>;

on_both! {
    l21_one_that_is_due_at_once,
    c3_several_that_are_due_at_once,
    a_short_delay,
    each_at_its_time_and_no_wake_up_for_nothing,
    l5_after_a_poll_nobody_is_woken_for_what_was_moved_or_taken_out,
    l5_nor_if_others_come_in_between,
    l5_nor_if_all_of_many_are_moved,
    l21_one_from_the_past_is_due_at_once,
    l7_one_that_was_removed_is_not_handed_out,
    one_that_was_reset_comes_at_its_new_time,
    l6_one_reset_to_earlier_while_waiting,
    l6_one_reset_to_earlier_twice_while_waiting,
    c7_one_from_the_past_that_is_reset_before_a_poll,
    l7_one_that_is_due_can_be_removed_and_reset,
    l7_two_due_together_one_removes_the_other,
    l6_one_armed_before_the_first,
    several_resets_change_the_order,
    l6_the_first_is_reset_to_earlier,
    l6_the_second_is_reset_before_the_first,
    l5_the_first_is_reset_behind_the_second,
    one_armed_while_others_are_handed_out,
    l6_one_reset_to_later_and_to_earlier_on_its_way,
    l6_one_from_the_past_wakes_who_waits,
    l6_removing_the_last_one_tells_who_waits,
    l6_clear_tells_who_waits,
    l6_one_that_comes_into_an_empty_queue_tells_who_was_told_so,
    l5_what_lies_behind_the_first_touches_no_driver,
    l11_stale_ids_do_nothing,
    c5_ids_stay_good_over_shrinking,
    l2_any_duration_works,
    l2_a_long_idle_time_does_no_harm,
    l12_deadlines_and_peek_agree_with_what_happens,
    values_can_be_looked_at_and_changed_in_place,
}

fn l21_one_that_is_due_at_once(mut bed: Queue<impl Timer<&'static str>>) {
    bed.queue.insert_at("foo", bed.at(0)).unwrap();
    assert_eq!(bed.ready(), "foo");
    bed.empty();
    bed.queue.insert("bar", Duration::ZERO).unwrap();
    assert_eq!(bed.ready(), "bar");
    bed.empty();
    assert_eq!(bed.driver.metrics().armed, 0, "nobody had to wait");
}

fn c3_several_that_are_due_at_once(mut bed: Queue<impl Timer<&'static str>>) {
    for value in ["1", "2", "3"] {
        bed.queue.insert_at(value, bed.at(0)).unwrap();
    }
    assert_eq!([bed.ready(), bed.ready(), bed.ready()], ["1", "2", "3"]);
    bed.empty();
}

fn a_short_delay(mut bed: Queue<impl Timer<&'static str>>) {
    bed.queue.insert("foo", ms(5)).unwrap();
    bed.pending();
    bed.go_to(4);
    assert!(!bed.task.is_woken());
    bed.go_to(5);
    assert_eq!(bed.task.wake_ups(), 1);
    assert_eq!(bed.ready(), "foo");
    bed.empty();
}

fn each_at_its_time_and_no_wake_up_for_nothing(mut bed: Queue<impl Timer<&'static str>>) {
    let delays = [1000, 2, 234, 262_144 + 9 * 4096, 60, 10];
    for delay in delays {
        bed.queue.insert("", ms(delay)).unwrap();
    }
    bed.pending();
    for now in 1..1200 {
        bed.go_to(now);
        assert_eq!(bed.task.is_woken(), delays.contains(&now), "at {now} ms");
        if bed.task.is_woken() {
            bed.ready();
            bed.pending();
        }
    }
    assert_eq!(bed.queue.len(), 1);
}

fn l21_one_from_the_past_is_due_at_once(mut bed: Queue<impl Timer<&'static str>>) {
    bed.go_to(10);
    bed.queue.insert_at("foo", bed.at(0)).unwrap();
    assert_eq!(bed.ready(), "foo");
}

fn l7_one_that_was_removed_is_not_handed_out(mut bed: Queue<impl Timer<&'static str>>) {
    let id = bed.queue.insert("foo", ms(5)).unwrap();
    bed.pending();
    assert_eq!(bed.queue.remove(id), Some("foo"));
    bed.go_to(10);
    bed.empty();
}

/// What was reset to later may ring at its old time, since a wheel finds out only then (C6).
fn rings_for_nothing_at_most_once<T, C: Timer<T>>(bed: &mut Bed<T, C>) {
    assert!(bed.task.wake_ups() <= 1);
    bed.pending();
    bed.clock.advance(Duration::ZERO);
    assert!(!bed.task.is_woken());
}

fn one_that_was_reset_comes_at_its_new_time(mut bed: Queue<impl Timer<&'static str>>) {
    let id = bed.queue.insert("foo", ms(5)).unwrap();
    bed.pending();
    bed.go_to(1);
    assert!(bed.queue.reset_at(id, bed.at(10)));
    bed.pending();
    bed.go_to(8);
    rings_for_nothing_at_most_once(&mut bed);
    bed.go_to(10);
    assert!(bed.task.is_woken());
    assert_eq!(bed.ready(), "foo");
    bed.empty();
}

/// tokio #849.
fn l6_one_reset_to_earlier_while_waiting(mut bed: Queue<impl Timer<&'static str>>) {
    let id = bed.queue.insert("foo", ms(200)).unwrap();
    bed.pending();
    bed.go_to(3);
    bed.queue.reset_at(id, bed.at(10));
    assert!(!bed.task.is_woken(), "it is the alarm that moves");
    bed.go_to(9);
    assert!(!bed.task.is_woken());
    bed.go_to(10);
    assert!(bed.task.is_woken());
    assert_eq!(bed.ready(), "foo");
}

fn l6_one_reset_to_earlier_twice_while_waiting(mut bed: Queue<impl Timer<&'static str>>) {
    let id = bed.queue.insert("foo", ms(200)).unwrap();
    bed.pending();
    bed.go_to(3);
    bed.queue.reset_at(id, bed.at(50));
    bed.go_to(20);
    bed.queue.reset_at(id, bed.at(40));
    bed.go_to(40);
    assert!(bed.task.is_woken());
    assert_eq!(bed.ready(), "foo");
}

/// tokio #2473, and what came of it.
fn c7_one_from_the_past_that_is_reset_before_a_poll(mut bed: Queue<impl Timer<&'static str>>) {
    bed.go_to(100);
    let id = bed.queue.insert_at("foo", bed.at(0)).unwrap();
    assert!(bed.queue.reset_at(id, bed.at(200)));
    assert!(bed.queue.reset_at(id, bed.at(150)));
    assert_eq!(bed.queue.len(), 1);
    bed.pending();
    bed.go_to(150);
    assert!(bed.task.is_woken());
    assert_eq!(bed.ready(), "foo");
    bed.empty();
}

fn l7_one_that_is_due_can_be_removed_and_reset(mut bed: Queue<impl Timer<&'static str>>) {
    let [first, second, _] = ["foo", "bar", "baz"].map(|value| bed.queue.insert(value, ms(5)).unwrap());
    bed.pending();
    bed.go_to(5);
    assert!(bed.task.is_woken());
    assert_eq!(bed.queue.remove(first), Some("foo"));
    assert!(bed.queue.reset(second, ms(5)));
    assert_eq!(bed.ready(), "baz");
    bed.pending();
    bed.go_to(10);
    assert_eq!(bed.ready(), "bar");
    bed.empty();
}

/// At the edge of a level, where tokio-util's wheel once looked in the wrong slot.
fn l7_two_due_together_one_removes_the_other(mut bed: Queue<impl Timer<&'static str>>) {
    for edge in [64, 256, 4096] {
        let start = bed.queue.now();
        bed.queue.insert("foo", ms(edge)).unwrap();
        let bar = bed.queue.insert("bar", ms(edge)).unwrap();
        bed.clock.advance_to(start + ms(edge + 16));
        assert_eq!(bed.ready(), "foo");
        assert_eq!(bed.queue.remove(bar), Some("bar"));
        bed.empty();
    }
}

fn l6_one_armed_before_the_first(mut bed: Queue<impl Timer<&'static str>>) {
    for (first, second) in [(10_000, 600), (200, 100)] {
        let start = bed.queue.now();
        let late = bed.queue.insert("late", ms(first)).unwrap();
        bed.pending();
        bed.queue.insert("soon", ms(second)).unwrap();
        bed.clock.advance_to(start + ms(second - 1));
        assert!(!bed.task.is_woken());
        bed.clock.advance_to(start + ms(second));
        assert!(bed.task.is_woken());
        assert_eq!(bed.ready(), "soon");
        bed.queue.remove(late);
    }
}

fn several_resets_change_the_order(mut bed: Queue<impl Timer<&'static str>>) {
    let one = bed.queue.insert_at("one", bed.at(200)).unwrap();
    let two = bed.queue.insert_at("two", bed.at(250)).unwrap();
    bed.pending();
    bed.queue.reset_at(one, bed.at(300));
    bed.queue.reset_at(two, bed.at(350));
    bed.queue.reset_at(one, bed.at(400));
    bed.go_to(310);
    bed.pending();
    bed.go_to(360);
    assert_eq!(bed.ready(), "two");
    bed.pending();
    bed.go_to(410);
    assert_eq!(bed.ready(), "one");
    bed.empty();
}

fn l6_the_first_is_reset_to_earlier(mut bed: Queue<impl Timer<&'static str>>) {
    let one = bed.queue.insert_at("one", bed.at(200)).unwrap();
    bed.queue.insert_at("two", bed.at(250)).unwrap();
    bed.pending();
    bed.queue.reset_at(one, bed.at(100));
    bed.go_to(100);
    assert!(bed.task.is_woken());
    assert_eq!(bed.ready(), "one");
}

fn l6_the_second_is_reset_before_the_first(mut bed: Queue<impl Timer<&'static str>>) {
    bed.queue.insert_at("one", bed.at(200)).unwrap();
    let two = bed.queue.insert_at("two", bed.at(250)).unwrap();
    bed.pending();
    bed.queue.reset_at(two, bed.at(100));
    bed.go_to(100);
    assert!(bed.task.is_woken());
    assert_eq!(bed.ready(), "two");
}

fn l5_the_first_is_reset_behind_the_second(mut bed: Queue<impl Timer<&'static str>>) {
    let one = bed.queue.insert_at("one", bed.at(200)).unwrap();
    bed.queue.insert_at("two", bed.at(250)).unwrap();
    bed.pending();
    let reset = bed.driver.metrics().reset;
    bed.queue.reset_at(one, bed.at(300));
    assert_eq!(bed.driver.metrics().reset, reset, "the alarm stays where it is");
    bed.go_to(200);
    assert!(bed.task.is_woken(), "the alarm rings, once, for nothing");
    bed.pending();
    bed.go_to(250);
    assert!(bed.task.is_woken());
    assert_eq!(bed.ready(), "two");
}

fn one_armed_while_others_are_handed_out(mut bed: Queue<impl Timer<&'static str>>) {
    for value in ["1", "2", "3"] {
        bed.queue.insert_at(value, bed.at(100)).unwrap();
    }
    bed.pending();
    bed.go_to(100);
    assert!(bed.task.is_woken());
    for value in ["1", "2", "3"] {
        assert_eq!(bed.ready(), value);
        bed.queue.insert_at("later", bed.at(500)).unwrap();
        // Due at once, but behind what was due before it was armed.
        bed.queue.insert_at("now", bed.at(0)).unwrap();
    }
    assert_eq!([bed.ready(), bed.ready(), bed.ready()], ["now"; 3]);
    bed.pending();
    assert_eq!(bed.queue.len(), 3);
}

fn l6_one_reset_to_later_and_to_earlier_on_its_way(mut bed: Queue<impl Timer<&'static str>>) {
    for first in [100, 200] {
        let start = bed.queue.now();
        let id = bed.queue.insert_at("foo", start + ms(first)).unwrap();
        bed.pending();
        bed.clock.advance_to(start + ms(80));
        assert!(!bed.task.is_woken());
        bed.queue.reset_at(id, start + ms(120));
        bed.pending();
        bed.clock.advance_to(start + ms(119));
        rings_for_nothing_at_most_once(&mut bed);
        bed.clock.advance_to(start + ms(120));
        assert!(bed.task.is_woken());
        assert_eq!(bed.ready(), "foo");
    }
}

fn l6_one_from_the_past_wakes_who_waits(mut bed: Queue<impl Timer<&'static str>>) {
    let id = bed.queue.insert("foo", ms(200)).unwrap();
    bed.pending();
    bed.go_to(80);
    assert!(!bed.task.is_woken());
    bed.queue.insert_at("bar", bed.at(40)).unwrap();
    assert!(bed.task.is_woken(), "no turn of the driver is needed for that");
    assert_eq!(bed.ready(), "bar");
    bed.pending();
    bed.queue.reset_at(id, bed.at(40));
    assert!(bed.task.is_woken());
    assert_eq!(bed.ready(), "foo");
}

fn l6_removing_the_last_one_tells_who_waits(mut bed: Queue<impl Timer<&'static str>>) {
    let [one, two] = [10, 20].map(|n| bed.queue.insert("", ms(n)).unwrap());
    bed.pending();
    bed.queue.remove(one);
    assert!(!bed.task.is_woken());
    bed.queue.remove(two);
    assert!(bed.task.is_woken());
    assert_eq!(bed.driver.pending(), 0, "the alarm is given up");
    bed.empty();
}

fn l6_clear_tells_who_waits(mut bed: Queue<impl Timer<&'static str>>) {
    let id = bed.queue.insert("foo", ms(10)).unwrap();
    bed.pending();
    bed.queue.clear();
    assert!(bed.task.is_woken());
    assert_eq!(bed.driver.pending(), 0, "the alarm is given up");
    bed.empty();
    assert_eq!(bed.queue.remove(id), None);
    bed.queue.clear();
    assert!(!bed.task.is_woken(), "it was empty, and is");
}

fn l6_one_that_comes_into_an_empty_queue_tells_who_was_told_so(mut bed: Queue<impl Timer<&'static str>>) {
    bed.empty();
    bed.queue.insert("foo", ms(10)).unwrap();
    assert_eq!(bed.task.wake_ups(), 1);
    bed.queue.insert("bar", ms(5)).unwrap();
    assert_eq!(bed.task.wake_ups(), 1, "it has been told");
    bed.pending();
    bed.go_to(5);
    assert_eq!(bed.ready(), "bar");
}

fn l5_what_lies_behind_the_first_touches_no_driver(mut bed: Queue<impl Timer<&'static str>>) {
    bed.queue.insert("first", ms(10)).unwrap();
    bed.pending();
    let before = bed.driver.metrics();
    let mut ids = Vec::new();
    for n in 11..500 {
        ids.push(bed.queue.insert("", ms(n)).unwrap());
    }
    ids.iter().for_each(|id| assert!(bed.queue.reset(*id, ms(600))));
    ids.iter().for_each(|id| assert!(bed.queue.remove(*id).is_some()));
    let after = bed.driver.metrics();
    assert_eq!((after.armed, after.reset, after.pending), (before.armed, before.reset, 1));
    assert!(!bed.task.is_woken());
}

fn l11_stale_ids_do_nothing(mut bed: Queue<impl Timer<&'static str>>) {
    let [fired, removed, _] = ["fired", "removed", "stays"].map(|value| bed.queue.insert(value, ms(10)).unwrap());
    bed.queue.remove(removed);
    bed.go_to(10);
    assert_eq!(bed.ready(), "fired");
    bed.queue.shrink_to_fit();
    // Their places are taken again.
    let again = [20, 30].map(|n| bed.queue.insert("again", ms(n)).unwrap());
    for stale in [fired, removed] {
        assert!(!again.contains(&stale));
        assert_eq!(bed.queue.remove(stale), None);
        assert_eq!((bed.queue.deadline(stale), bed.queue.get(stale)), (None, None));
        assert_eq!(bed.queue.get_mut(stale), None);
        assert!(!bed.queue.reset(stale, ms(1)) && !bed.queue.reset_at(stale, bed.at(0)));
    }
    assert_eq!(bed.queue.len(), 3);
    assert_eq!(bed.ready(), "stays");
    bed.pending();
    bed.go_to(40);
    assert_eq!([bed.ready(), bed.ready()], ["again"; 2]);
    bed.empty();
}

fn c5_ids_stay_good_over_shrinking(mut bed: Queue<impl Timer<&'static str>>) {
    bed.queue.reserve(100);
    let [_, _, third, fourth] = [("1", 10), ("2", 10), ("foo", 20), ("bar", 20)]
        .map(|(value, n)| bed.queue.insert_at(value, bed.at(n)).unwrap());
    bed.go_to(10);
    assert_eq!([bed.ready(), bed.ready()], ["1", "2"]);
    bed.queue.shrink_to_fit();
    bed.queue.insert_at("baz", bed.at(15)).unwrap();
    assert!(bed.queue.reset_at(fourth, bed.at(12)));
    assert_eq!(bed.queue.remove(third), Some("foo"));
    bed.queue.shrink_to_fit();
    bed.go_to(20);
    assert_eq!([bed.ready(), bed.ready()], ["bar", "baz"]);
    bed.empty();
}

/// tokio #5536, tikv #12004: over 2^36 - 1 ms `DelayQueue` panics.
fn l2_any_duration_works(mut bed: Queue<impl Timer<&'static str>>) {
    let long = ms((1 << 36) + 1);
    let [never, _, later] = [Duration::MAX, long, ms(7)].map(|delay| bed.queue.insert("", delay).unwrap());
    bed.queue.insert_at("slack", Deadline::at(bed.at(20)).with_slack(Duration::MAX)).unwrap();
    assert!(bed.queue.reset(later, long * 2));
    bed.pending();
    bed.clock.advance_to(bed.at(0) + long - Duration::from_nanos(1));
    let due_early = match bed.poll() {
        Poll::Ready(expired) => expired.map(|expired| expired.unwrap().value),
        Poll::Pending => None,
    };
    assert!(due_early.is_none_or(|value| value == "slack"));
    bed.clock.advance(ms(1));
    assert_eq!(bed.ready(), "");
    bed.clock.advance(long);
    bed.ready();
    assert!(bed.queue.deadline(never) > Some(bed.clock.now()));
    bed.clock.advance(Duration::MAX);
    while !bed.queue.is_empty() {
        bed.ready();
    }
}

fn l2_a_long_idle_time_does_no_harm(mut bed: Queue<impl Timer<&'static str>>) {
    bed.empty();
    bed.clock.jump(ms(1 << 37));
    let start = bed.clock.now();
    bed.queue.insert("foo", ms(5)).unwrap();
    bed.pending();
    bed.clock.advance_to(start + ms(4));
    assert!(!bed.task.is_woken());
    bed.clock.advance_to(start + ms(5));
    assert_eq!(bed.ready(), "foo");
}

/// tokio #8402: `peek` named the wrong one in 351 of 4,005 pairs.
fn l12_deadlines_and_peek_agree_with_what_happens(mut bed: Queue<impl Timer<&'static str>>) {
    let delays: Vec<u64> = (0..90).map(|n| n * n * 7 % 5000 + n % 3).collect();
    for (i, first) in delays.iter().enumerate() {
        for second in &delays[..i] {
            let [one, two] = [*first, *second].map(|n| bed.queue.insert("", ms(n)).unwrap());
            let sooner = if second < first { two } else { one };
            assert_eq!(bed.queue.peek(), Some(sooner), "{first} and {second} ms");
            bed.queue.clear();
        }
    }
    for delay in &delays {
        bed.queue.insert("", ms(*delay)).unwrap();
    }
    while let Some(next) = bed.queue.peek() {
        let deadline = bed.queue.deadline(next).unwrap();
        bed.clock.advance_to(deadline);
        let mut polled = bed.poll();
        if polled.is_pending() && bed.task.is_woken() {
            polled = bed.poll(); // after the executor's turn
        }
        let Poll::Ready(Some(Ok(expired))) = polled else { panic!("one is due at {deadline:?}") };
        assert_eq!((expired.id, expired.expiry), (next, deadline));
    }
}

fn values_can_be_looked_at_and_changed_in_place(mut bed: Queue<impl Timer<&'static str>>) {
    let id = bed.queue.insert("old", ms(5)).unwrap();
    *bed.queue.get_mut(id).unwrap() = "new";
    assert_eq!(bed.queue.get(id), Some(&"new"));
    assert_eq!(bed.queue.timer().len(), 1);
    bed.go_to(5);
    assert_eq!(bed.ready(), "new");
}

/// The figures with which tokio-util's queue 0.7.20 is 795 days late.
/// Goes on to `to`, and says at which milliseconds the consumer was woken; it is polled at each.
fn woken_at<T, C: Timer<T>>(bed: &mut Bed<T, C>, from: u64, to: u64) -> Vec<u64> {
    let mut woken = Vec::new();
    for n in from..=to {
        bed.go_to(n);
        if bed.task.is_woken() {
            woken.push(n);
            while let Poll::Ready(Some(_)) = bed.poll() {}
        }
    }
    woken
}

fn l5_after_a_poll_nobody_is_woken_for_what_was_moved_or_taken_out(mut bed: Queue<impl Timer<&'static str>>) {
    let moved = bed.queue.insert("moved", ms(10)).unwrap();
    let twice = bed.queue.insert("twice", ms(20)).unwrap();
    let removed = bed.queue.insert("removed", ms(30)).unwrap();
    bed.queue.insert("stays", ms(300)).unwrap();
    bed.pending();
    bed.queue.reset_at(moved, bed.at(80));
    bed.queue.reset_at(twice, bed.at(90));
    bed.queue.remove(removed);
    bed.pending();
    bed.queue.reset_at(twice, bed.at(290));
    bed.pending();
    assert_eq!(woken_at(&mut bed, 0, 400), [80, 290, 300]);
    // And moved again on its way, after turns.
    let moved = bed.queue.insert("moved", ms(10)).unwrap();
    bed.pending();
    for n in 401..450 {
        bed.queue.reset(moved, ms(10));
        bed.pending();
        assert_eq!(woken_at(&mut bed, n, n), []);
    }
    assert_eq!(woken_at(&mut bed, 450, 500), [458]);
}

fn l5_nor_if_others_come_in_between(mut bed: Queue<impl Timer<&'static str>>) {
    let moved = bed.queue.insert("moved", ms(10)).unwrap();
    bed.pending();
    bed.queue.reset_at(moved, bed.at(50));
    bed.pending();
    // Behind the old deadline and before the new one: the alarm moves to it, and no further.
    bed.queue.insert("in between", ms(30)).unwrap();
    // Behind both.
    bed.queue.insert("behind", ms(70)).unwrap();
    assert_eq!(woken_at(&mut bed, 0, 100), [30, 50, 70]);
}

fn l5_nor_if_all_of_many_are_moved(mut bed: Queue<impl Timer<&'static str>>) {
    let ids: Vec<_> = (0..200).map(|n| bed.queue.insert("", ms(1 + n)).unwrap()).collect();
    bed.pending();
    for (n, id) in ids.into_iter().enumerate() {
        bed.queue.reset_at(id, bed.at(1_000 + n as u64));
        bed.pending();
    }
    assert_eq!(woken_at(&mut bed, 0, 1_002), [1_000, 1_001, 1_002]);
}

#[test]
fn l1_a_far_one_in_the_slot_of_now_does_not_hide_a_near_one() {
    let mut bed = Bed::wheel();
    let start = bed.queue.now();
    let at = |n: u64| start + ms(n);
    bed.clock.advance_to(at(1 << 29));
    bed.queue.insert("", ms(0)).unwrap();
    assert_eq!(bed.ready(), "");
    bed.queue.insert("far", ms((1 << 36) - (1 << 28))).unwrap();
    bed.queue.insert_at("near", at((1 << 30) + 5)).unwrap();
    bed.pending();
    bed.clock.advance_to(at((1 << 30) + 4));
    bed.pending();
    bed.clock.advance_to(at((1 << 30) + 5));
    assert!(bed.task.is_woken());
    assert_eq!(bed.ready(), "near");
    bed.pending();
    bed.clock.advance_to(at((1 << 36) + (1 << 28)));
    assert_eq!(bed.ready(), "far");
}

#[test]
fn l5_a_poll_moves_the_alarm_to_later() {
    let mut bed = Bed::heap();
    let id = bed.queue.insert("foo", ms(5)).unwrap();
    bed.pending();
    bed.queue.reset(id, ms(10));
    bed.pending();
    bed.go_to(9);
    assert!(!bed.task.is_woken());
    bed.go_to(10);
    assert_eq!(bed.ready(), "foo");
}

#[test]
fn deadlines_are_rounded_as_the_timer_rounds() {
    let (clock, driver) = driver();
    let odd = Duration::from_nanos(1_000_001);
    let mut coarse = DelayQueue::new(&driver);
    let mut precise = DelayQueue::with_timer(&driver, TimerHeap::new());
    let (one, two) = (coarse.insert((), odd).unwrap(), precise.insert((), odd).unwrap());
    assert_eq!(coarse.deadline(one), Some(driver.now() + ms(2)));
    assert_eq!(precise.deadline(two), Some(driver.now() + odd));
    assert_eq!(coarse.timer().resolution(), Resolution::MILLISECOND);
    clock.advance(odd);
    assert!(coarse.is_empty() == precise.is_empty(), "nothing leaves without a poll");
}

#[test]
fn a_timer_that_is_full_gives_the_value_back() {
    let mut bed = Bed::on(TimerWheel::new(Resolution::MILLISECOND).with_max_timers(1));
    bed.queue.insert("fits", ms(1)).unwrap();
    let error = bed.queue.insert("does not", ms(1)).unwrap_err();
    assert_eq!(error.into_value(), "does not");
    bed.go_to(1);
    assert_eq!(bed.ready(), "fits");
    bed.queue.insert("fits now", ms(1)).unwrap();
}

#[test]
fn what_is_armed_in_a_timer_comes_along_with_it() {
    let (clock, driver) = driver();
    let mut timer = TimerHeap::new();
    timer.insert_deadline(Deadline::at(clock.now() + ms(3)), "kept").unwrap();
    timer.insert_deadline(Deadline::at(clock.now()), "due").unwrap();
    let mut queue = DelayQueue::with_timer(&driver, timer);
    assert_eq!(queue.len(), 2);
    let task = crate::support::Task::default();
    let polled = task.poll(|context| queue.poll_expired(context));
    assert!(matches!(polled, Poll::Ready(Some(Ok(expired))) if expired.value == "due"));
    assert_eq!(queue.into_timer().len(), 1);
}
