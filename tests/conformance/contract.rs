//! The promises C1, C2 and C4 to C9, each by name. C3 has a file of its own.

use std::time::Duration;

use tickwheel::{Budget, Deadline, Timer, TimerExt, Timestamp};

use crate::common::{DISTANCES, STARTS, Sleeper, a_nanosecond_before, fired, scaled};
use crate::factory::{Factory, at, make_at};
use crate::support::rules::Rules;

/// What a turn at `now` hands out, with no more than `entries` to spend.
fn fired_within<T, C: Timer<T>>(timers: &mut C, now: Timestamp, entries: u64) -> Vec<T> {
    timers.turn(now).within(Budget::entries(entries)).map(|expired| expired.value).collect()
}

/// Deadlines that round up to `tick`: at its beginning, and as early as can be.
fn deadlines_of<F: Factory>(tick: u64) -> [Timestamp; 2] {
    let begins = at::<F>(tick);
    [begins, begins - (F::rules().tick_length() - Duration::from_nanos(1))]
}

pub(crate) fn c1_never_early<F: Factory>() {
    for start in STARTS {
        for distance in DISTANCES {
            let tick = start + distance;
            for deadline in deadlines_of::<F>(tick) {
                let mut timers = make_at::<F, _>(start);
                timers.insert(deadline, ()).unwrap();
                assert_eq!(timers.turn(at::<F>(start)).count(), 0);
                assert_eq!(timers.turn(a_nanosecond_before(deadline)).count(), 0, "{start} + {distance}");
                assert_eq!(timers.turn(at::<F>(tick)).count(), 1, "{start} + {distance}");
                F::check(&timers);
            }
        }
    }
}

pub(crate) fn c1_never_before_soft<F: Factory>() {
    for (soft, slack) in [(1, 1), (200, 100), (1000, 3), (16_000, 1000), (70_000, 1 << 21), (5, 1 << 33)] {
        let deadline =
            Deadline::at(at::<F>(soft)).with_slack(F::rules().tick_length() * 2 + (at::<F>(slack) - Timestamp::ZERO));
        let mut timers = F::make();
        timers.insert(deadline, "slack").unwrap();
        assert_eq!(timers.turn(a_nanosecond_before(at::<F>(soft))).count(), 0);
        assert_eq!(timers.turn(deadline.hard()).count(), 1);
    }
}

pub(crate) fn c2_at_most_a_tick_late<F: Factory>() {
    for start in STARTS {
        let mut timers = make_at::<F, _>(start);
        for distance in DISTANCES {
            for deadline in deadlines_of::<F>(start + distance) {
                let id = timers.insert(deadline, (start + distance, deadline)).unwrap();
                assert_eq!(timers.expiry(id), Some(at::<F>(start + distance)), "{start} + {distance}");
            }
        }
        let mut now = at::<F>(start);
        let mut count = 0;
        let mut sleeper = Sleeper::default();
        while let Some(next) = sleeper.wakes_at(&timers) {
            now = now.max(next);
            for expired in timers.turn(now) {
                let (tick, deadline) = expired.value;
                assert_eq!(now, at::<F>(tick), "turned in time, it fires in its tick");
                assert_eq!(expired.expiry, now);
                assert!(now - deadline < F::rules().tick_length());
                count += 1;
            }
        }
        assert_eq!(count, 2 * DISTANCES.len());
    }
}

pub(crate) fn c2_at_most_slack_and_a_tick_late<F: Factory>() {
    let tick = F::rules().tick_length();
    let mut timers = F::make();
    for soft in [1, 3, 100, 255, 256, 1000, 16_384, 60_000] {
        for slack in [0, 1, 2, 7, 64, 255, 256, 10_000] {
            let deadline = Deadline::at(at::<F>(soft)).with_slack(tick * slack);
            let id = timers.insert(deadline, deadline).unwrap();
            let due = F::rules().start_of(F::rules().due(deadline).hard);
            assert_eq!(timers.expiry(id), Some(due));
            assert!(deadline.soft() <= due && due <= deadline.hard());
        }
    }
    let mut sleeper = Sleeper::default();
    while let Some(now) = sleeper.wakes_at(&timers) {
        for expired in timers.turn(now) {
            assert!(now >= expired.value.soft(), "{expired:?} at {now:?}");
            assert!(now <= expired.value.hard(), "{expired:?} at {now:?}");
        }
    }
    assert!(timers.is_empty());
}

pub(crate) fn c4_each_leaves_once<F: Factory>() {
    let mut timers = F::make();
    let ids: Vec<_> = (0..60).map(|n| timers.insert(at::<F>(1 + n * 37), n).unwrap()).collect();
    for n in (0..60).step_by(3) {
        assert_eq!(timers.cancel(ids[n]), Some(n as u64));
        assert_eq!(timers.cancel(ids[n]), None);
    }
    for n in (1..60).step_by(3) {
        assert!(timers.reset(ids[n], at::<F>(3000 + 60 - n as u64)));
    }
    let mut seen = Vec::new();
    for tick in (0..4000).step_by(50) {
        seen.extend(fired(&mut timers, at::<F>(tick)));
        F::check(&timers);
        assert_eq!(timers.len(), 40 - seen.len());
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..60).filter(|n| n % 3 != 0).collect::<Vec<_>>());
}

pub(crate) fn c5_stale_ids_do_nothing<F: Factory>() {
    let mut timers = F::make();
    let [fires, cancelled, cleared] = [5, 6, 7].map(|tick| timers.insert(at::<F>(tick), tick).unwrap());
    timers.cancel(cancelled);
    assert_eq!(fired(&mut timers, at::<F>(5)), [5]);
    timers.clear();
    let others: Vec<_> = (0..10).map(|n| timers.insert(at::<F>(100), n).unwrap()).collect();
    for stale in [fires, cancelled, cleared] {
        assert!(!others.contains(&stale));
        assert!(!timers.contains(stale));
        assert_eq!((timers.get(stale), timers.expiry(stale)), (None, None));
        assert_eq!(timers.get_mut(stale), None);
        assert_eq!(timers.cancel(stale), None);
        assert!(!timers.reset(stale, at::<F>(6)));
    }
    assert_eq!(timers.len(), 10);
    assert_eq!(fired(&mut timers, at::<F>(100)).len(), 10);
}

pub(crate) fn c5_live_ids_stay_good<F: Factory>() {
    let mut timers = F::make();
    let id = timers.insert(at::<F>(1000), "kept").unwrap();
    for tick in [2000, 10, 10, 1 << 20, 300, 1 << 33, 257, 256, 255] {
        assert!(timers.reset(id, at::<F>(tick)));
        assert_eq!(timers.expiry(id), Some(at::<F>(tick)));
        assert_eq!(timers.get(id), Some(&"kept"));
        F::check(&timers);
    }
    timers.shrink_to_fit();
    assert!(timers.contains(id));
    let expired: Vec<_> = timers.turn(at::<F>(255)).collect();
    assert_eq!(expired.len(), 1);
    assert_eq!((expired[0].id, expired[0].expiry), (id, at::<F>(255)));
    assert!(!timers.contains(id));
}

pub(crate) fn c5_no_id_is_given_out_twice<F: Factory>() {
    let mut timers = F::make();
    let mut seen = std::collections::HashSet::new();
    for round in 0..if cfg!(miri) { 8 } else { 40 } {
        for n in 0..10 {
            let id = timers.insert(at::<F>(round * 100 + n), ()).unwrap();
            assert!(seen.insert(id), "{id:?} was given out before");
        }
        match round % 4 {
            0 => timers.clear(),
            1 => assert_eq!(timers.turn(at::<F>(round * 100 + 10)).count(), 10),
            2 => {
                timers.clear();
                timers.shrink_to_fit();
            }
            _ => seen.iter().for_each(|id| _ = timers.cancel(*id)),
        }
        assert!(timers.is_empty());
    }
}

pub(crate) fn c6_next_expiry_is_never_too_late<F: Factory>() {
    let mut timers = F::make();
    let mut ids = Vec::new();
    for distance in DISTANCES.into_iter().rev() {
        ids.push(timers.insert(at::<F>(distance), ()).unwrap());
        assert_eq!(timers.next_expiry(), Some(at::<F>(distance)), "the nearest was armed last");
        assert!(timers.next_turn() <= timers.next_expiry());
    }
    // The nearest goes first: what is left is further and further away.
    for (id, next) in ids.into_iter().rev().zip(DISTANCES.into_iter().skip(1)) {
        timers.cancel(id);
        assert!(timers.next_expiry().is_some_and(|answer| answer <= at::<F>(next)));
        assert!(timers.next_turn().is_some_and(|answer| answer <= at::<F>(next)));
    }
}

pub(crate) fn c6_next_expiry_is_exact_where_nothing_is_stale<F: Factory>() {
    let mut timers = F::make();
    assert_eq!((timers.next_expiry(), timers.next_turn()), (None, None));
    for distance in DISTANCES {
        timers.insert(at::<F>(distance), distance).unwrap();
    }
    for (n, distance) in DISTANCES.into_iter().enumerate() {
        assert_eq!(timers.next_expiry(), Some(at::<F>(distance)));
        assert_eq!(fired(&mut timers, at::<F>(distance)), [distance]);
        assert_eq!(timers.next_expiry(), DISTANCES.get(n + 1).map(|next| at::<F>(*next)));
    }
}

pub(crate) fn c6_a_stale_answer_costs_one_empty_turn<F: Factory>() {
    for near in DISTANCES.into_iter().filter(|near| *near < 1 << 30) {
        for moved in [false, true] {
            let mut timers = F::make();
            let id = timers.insert(at::<F>(near), "left").unwrap();
            timers.insert(at::<F>(1 << 31), "stayed").unwrap();
            if moved {
                timers.reset(id, at::<F>(1 << 32));
            } else {
                timers.cancel(id);
            }
            let truth = Some(at::<F>(1 << 31));
            let answer = timers.next_expiry();
            assert!(answer == truth || answer == Some(at::<F>(near)), "{answer:?} is neither true nor stale");
            assert_eq!(timers.turn(at::<F>(near)).count(), 0);
            assert_eq!(timers.next_expiry(), truth, "after an empty turn at {near}, moved: {moved}");
        }
    }
}

pub(crate) fn c6_sleeping_until_next_turn_serves_every_timer<F: Factory>() {
    let mut rng = fastrand::Rng::with_seed(6);
    let mut timers = F::make();
    let mut armed = std::collections::BTreeMap::<u64, usize>::new();
    for _ in 0..scaled(300) {
        let tick = 1 + (rng.u64(..) >> rng.u32(32..63));
        *armed.entry(tick).or_default() += 1;
        timers.insert(at::<F>(tick), tick).unwrap();
    }
    let mut empty_turns = 0;
    let mut sleeper = Sleeper::default();
    while let Some(now) = sleeper.wakes_at(&timers) {
        let values = fired(&mut timers, now);
        empty_turns += u32::from(values.is_empty());
        for tick in values {
            assert_eq!(now, at::<F>(tick), "a sleeper until next_turn is never late");
            *armed.get_mut(&tick).expect("it was armed") -= 1;
        }
        F::check(&timers);
    }
    assert!(armed.values().all(|left| *left == 0));
    assert!(empty_turns < 3000, "{empty_turns} turns for upkeep");
}

pub(crate) fn c7_any_deadline_works<F: Factory>() {
    let moments = [0, 1, u64::MAX / 2, u64::MAX - 1, u64::MAX].map(Timestamp::from_nanos);
    for now in moments {
        let mut timers = F::make();
        timers.open_turn(now);
        for deadline in moments {
            for slack in [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(1), Duration::MAX] {
                let id = timers.insert(Deadline::at(deadline).with_slack(slack), deadline).unwrap();
                assert!(timers.expiry(id) >= Some(deadline), "saturated, not wrapped");
                timers.reset(id, Deadline::at(now).with_slack(slack));
                timers.reset(id, Deadline::at(deadline).with_slack(slack));
            }
        }
        F::check(&timers);
        assert!(timers.turn(now).all(|expired| expired.value <= now), "C1 at the ends of time");
        let left = timers.len();
        assert_eq!(timers.turn(Timestamp::MAX).count(), left, "at the end of time everything is due");
        assert!(timers.is_empty());
    }
}

pub(crate) fn c7_overdue_fires_in_the_next_turn<F: Factory>() {
    for start in STARTS {
        let mut timers = make_at::<F, _>(start);
        for past in [at::<F>(start), Timestamp::ZERO, a_nanosecond_before(at::<F>(start))] {
            let id = timers.insert(past, "overdue").unwrap();
            assert_eq!(timers.expiry(id), Some(at::<F>(start)), "it counts as due at the last turn's time");
            assert!(timers.next_turn() <= Some(at::<F>(start)));
            assert_eq!(fired(&mut timers, at::<F>(start)), ["overdue"], "though the clock has not moved");
        }
    }
}

/// Slack is for sharing a wake-up that lies ahead: what is overdue has one in the next turn.
pub(crate) fn c7_overdue_fires_whatever_its_slack<F: Factory>() {
    for start in STARTS.into_iter().filter(|start| *start > 100) {
        let mut timers = make_at::<F, _>(start);
        let slack = F::rules().tick_length() * 1000;
        for soft in [start, start - 1, start - 100] {
            let id = timers.insert(Deadline::at(at::<F>(soft)).with_slack(slack), "overdue").unwrap();
            assert_eq!(timers.expiry(id), Some(at::<F>(start)));
        }
        assert_eq!(fired(&mut timers, at::<F>(start)), ["overdue"; 3]);
    }
}

pub(crate) fn c7_overdue_never_fires_in_the_turn_under_way<F: Factory>() {
    let mut timers = F::make();
    timers.insert(at::<F>(10), "first").unwrap();
    let moved = timers.insert(at::<F>(5000), "moved").unwrap();
    let mut turn = timers.turn(at::<F>(20));
    assert_eq!(turn.next().map(|expired| expired.value), Some("first"));
    turn.timers().insert(at::<F>(20), "now").unwrap();
    turn.timers().insert(at::<F>(3), "past").unwrap();
    assert!(turn.timers().reset(moved, at::<F>(4)));
    assert_eq!(turn.next(), None);
    F::check(&timers);
    assert!(timers.next_turn() <= Some(at::<F>(20)), "a turn is wanted now");
    assert_eq!(fired(&mut timers, at::<F>(20)), ["now", "past", "moved"]);
}

pub(crate) fn c7_the_end_of_time_leaves_nothing<F: Factory>() {
    let mut timers = F::make();
    for deadline in [Timestamp::MAX, a_nanosecond_before(Timestamp::MAX), at::<F>(7), at::<F>(1 << 33)] {
        timers.insert(deadline, ()).unwrap();
    }
    assert_eq!(timers.turn(Timestamp::MAX).count(), 4);
    assert_eq!((timers.len(), timers.next_turn()), (0, None));
    timers.insert(Timestamp::MAX, ()).unwrap();
    timers.insert(Timestamp::ZERO, ()).unwrap();
    assert_eq!(timers.turn(Timestamp::MAX).count(), 2, "the clock has nowhere to go, and overdue timers fire");
    F::check(&timers);
}

pub(crate) fn c8_a_budget_is_kept_and_the_rest_comes_first<F: Factory>() {
    let mut timers = F::make();
    for n in 0..100 {
        timers.insert(at::<F>(300 + n / 50), n).unwrap();
    }
    timers.insert(at::<F>(311), 101).unwrap();
    let mut seen = Vec::new();
    let mut now = at::<F>(310);
    for turns in 1.. {
        let values = fired_within(&mut timers, now, 7);
        assert!(values.len() <= 7);
        seen.extend(values);
        F::check(&timers);
        if timers.is_empty() {
            break;
        }
        assert!(timers.next_turn() <= Some(now), "what is left over is due at once");
        if turns == 1 {
            // Overdue by now, and then the clock moves on: both come after what is left over.
            timers.insert(at::<F>(305), 100).unwrap();
            now = at::<F>(312);
        }
        assert!(turns < 500, "each turn gets on");
    }
    assert_eq!(seen, (0..=101).collect::<Vec<_>>());
}

pub(crate) fn c8_a_turn_after_a_long_gap_keeps_its_budget<F: Factory>() {
    let mut timers = F::make();
    let mut rng = fastrand::Rng::with_seed(8);
    let mut due: Vec<u64> = (0..scaled(200)).map(|_| rng.u64(1..1 << 22)).collect();
    for tick in &due {
        timers.insert(at::<F>(*tick), *tick).unwrap();
    }
    timers.insert(at::<F>(1 << 33), 0).unwrap();
    due.sort_unstable();
    let mut seen = Vec::new();
    for _ in 0..10_000 {
        let values = fired_within(&mut timers, at::<F>(1 << 22), 5);
        assert!(values.len() <= 5);
        seen.extend(values);
        if timers.next_turn() > Some(at::<F>(1 << 22)) {
            break;
        }
    }
    assert_eq!(seen, due, "in order of expiry, all of them, before the container rests");
}

pub(crate) fn c9_down_to_none_leaves_nothing_to_do<F: Factory>() {
    let mut timers = F::make();
    let ids: Vec<_> = (0..scaled(500)).map(|n| timers.insert(at::<F>(1 + n * n * 40), n).unwrap()).collect();
    for id in ids {
        timers.cancel(id);
    }
    assert_eq!(timers.len(), 0);
    F::check(&timers);
    let mut turns = 0;
    while let Some(now) = timers.next_turn() {
        assert_eq!(timers.turn(now).count(), 0);
        turns += 1;
        assert!(turns < 600, "what was cancelled is forgotten some time");
    }
    assert_eq!(timers.next_expiry(), None);
    if matches!(F::rules(), Rules::Heap) {
        assert_eq!(turns, 0, "a heap keeps nothing of what was cancelled");
    }
}
