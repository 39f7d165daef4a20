//! What a container holds: limits, clearing, draining, shrinking, siblings.

use tickwheel::{Timer, TimerExt, Timestamp};

use crate::common::{DISTANCES, fired, scaled};
use crate::factory::{Factory, at};

pub(crate) fn with_max_timers_gives_the_value_back<F: Factory>() {
    let mut timers = F::with_max_timers(3);
    let ids = [1, 2, 3].map(|n| timers.insert(at::<F>(n), n).unwrap());
    let error = timers.insert(at::<F>(9), 9).unwrap_err();
    assert_eq!((error.limit(), error.into_value()), (3, 9));
    assert_eq!(timers.len(), 3);
    assert!(timers.reset(ids[1], at::<F>(5)), "moving needs no room");
    timers.cancel(ids[2]);
    timers.insert(at::<F>(4), 4).unwrap();
    assert!(timers.insert(at::<F>(9), 9).is_err());
    assert_eq!(fired(&mut timers, at::<F>(1)), [1]);
    timers.insert(at::<F>(6), 6).unwrap();
    assert!(timers.insert(at::<F>(9), 9).is_err());
    assert!(timers.sibling().insert(at::<F>(9), 9).is_ok());
    assert_eq!(fired(&mut timers, at::<F>(9)), [4, 2, 6]);
    assert!(F::with_max_timers(0).insert(at::<F>(1), ()).is_err());
    F::check(&timers);
}

pub(crate) fn clear_leaves_a_timer_that_works<F: Factory>() {
    let mut timers = F::make();
    timers.open_turn(at::<F>(100));
    for round in 0..3 {
        let ids = DISTANCES.map(|distance| timers.insert(at::<F>(100 + distance), distance).unwrap());
        timers.reset(ids[3], at::<F>(1 << 30));
        timers.cancel(ids[4]);
        timers.clear();
        F::check(&timers);
        assert_eq!((timers.len(), timers.is_empty()), (0, true));
        assert_eq!((timers.next_expiry(), timers.next_turn()), (None, None), "nothing is left to wait for");
        assert!(ids.iter().all(|id| !timers.contains(*id)));
        let id = timers.insert(at::<F>(7), round).unwrap();
        assert_eq!(timers.expiry(id), Some(at::<F>(100)), "the time of the last turn stays");
        assert_eq!(fired(&mut timers, at::<F>(0)), [round]);
    }
}

pub(crate) fn draining_leaves_a_timer_that_works<F: Factory>() {
    let mut timers = F::make();
    for round in 0..5 {
        let start = round << 34;
        timers.open_turn(at::<F>(start));
        for distance in DISTANCES {
            timers.insert(at::<F>(start + distance), distance).unwrap();
        }
        assert_eq!(fired(&mut timers, at::<F>(start + (1 << 33))), DISTANCES);
        assert!(timers.is_empty());
        F::check(&timers);
    }
}

pub(crate) fn shrink_and_reserve_change_nothing_that_is_seen<F: Factory>() {
    let mut timers = F::make();
    let mut ids = Vec::new();
    for n in 0..scaled(3000) {
        ids.push(timers.insert(at::<F>(1 + n * 7), n).unwrap());
        if n % 500 == 0 {
            timers.reserve(100);
        }
    }
    for (n, id) in ids.iter().enumerate().filter(|(n, _)| n % 100 != 0) {
        assert_eq!(timers.cancel(*id), Some(n as u64));
    }
    let (next_expiry, len) = (timers.next_expiry(), timers.len());
    timers.shrink_to_fit();
    F::check(&timers);
    assert_eq!((next_expiry, len), (timers.next_expiry(), timers.len()));
    timers.reserve(10_000);
    F::check(&timers);
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(timers.get(*id).copied(), (n % 100 == 0).then_some(n as u64));
    }
    assert_eq!(fired(&mut timers, at::<F>(1 << 20)), (0..scaled(30)).map(|n| n * 100).collect::<Vec<_>>());
}

pub(crate) fn a_sibling_has_the_settings_and_no_timers<F: Factory>() {
    let mut timers = F::with_max_timers(2);
    timers.open_turn(at::<F>(1000));
    let id = timers.insert(at::<F>(2000), 1).unwrap();
    let mut sibling = timers.sibling();
    assert_eq!((sibling.len(), sibling.next_turn()), (0, None));
    assert!(!sibling.contains(id));
    let overdue = sibling.insert(Timestamp::ZERO, 2).unwrap();
    assert_eq!(sibling.expiry(overdue), Some(at::<F>(1000)), "the time of the last turn");
    sibling.insert(at::<F>(1001), 3).unwrap();
    assert!(sibling.insert(at::<F>(1001), 4).is_err(), "the limit");
    assert_eq!(fired(&mut sibling, at::<F>(1001)), [2, 3]);
    assert_eq!(timers.len(), 1);
}

pub(crate) fn for_each_meets_every_timer_once<F: Factory>() {
    let mut timers = F::make();
    timers.for_each(&mut |_, _, _: &u64| unreachable!("nothing is armed"));
    let mut expected = std::collections::BTreeMap::new();
    for distance in DISTANCES {
        let id = timers.insert(at::<F>(distance), distance).unwrap();
        expected.insert(id, (at::<F>(distance), distance));
        let gone = timers.insert(at::<F>(distance), distance).unwrap();
        timers.cancel(gone);
        let moved = timers.insert(at::<F>(5), distance).unwrap();
        timers.reset(moved, at::<F>(distance + 9));
        expected.insert(moved, (at::<F>(distance + 9), distance));
    }
    timers.for_each(&mut |id, expiry, value| {
        assert_eq!(expected.remove(&id), Some((expiry, *value)), "{id:?}");
    });
    assert!(expected.is_empty(), "{expected:?} were not visited");
}

pub(crate) fn get_mut_changes_the_value<F: Factory>() {
    let mut timers = F::make();
    let id = timers.insert(at::<F>(3), 1).unwrap();
    *timers.get_mut(id).unwrap() += 41;
    assert_eq!(timers.get(id), Some(&42));
    assert_eq!(fired(&mut timers, at::<F>(3)), [42]);
}

pub(crate) fn c5_shrinking_again_and_again_keeps_ids_apart<F: Factory>() {
    let mut timers = F::make();
    let mut seen = std::collections::HashSet::new();
    let mut kept = Vec::new();
    for round in 0..12_u64 {
        let count = scaled(1500);
        let ids: Vec<_> = (0..count).map(|n| timers.insert(at::<F>(1 + round + n * 5), (round, n)).unwrap()).collect();
        assert!(ids.iter().all(|id| seen.insert(*id)), "an id was given out twice");
        // One is kept, somewhere, so that pages go before it and behind it.
        let keeper = (round * 397 % count) as usize;
        for (n, id) in ids.iter().enumerate() {
            if n == keeper {
                kept.push((*id, (round, n as u64)));
            } else {
                assert_eq!(timers.cancel(*id), Some((round, n as u64)));
            }
        }
        timers.shrink_to_fit();
        F::check(&timers);
        assert!(kept.iter().all(|(id, value)| timers.get(*id) == Some(value)));
        assert_eq!(seen.iter().filter(|id| timers.contains(**id)).count(), kept.len(), "all others are stale");
    }
    let fired: Vec<_> = timers.turn(at::<F>(1 << 20)).map(|expired| (expired.id, expired.value)).collect();
    assert_eq!(fired.len(), kept.len());
    assert!(fired.iter().all(|timer| kept.contains(timer)));
}

/// With a limit, as many are made room for as there may be. Without one the request is refused, as a vector does.
pub(crate) fn reserving_more_than_there_can_be_is_refused<F: Factory>() {
    let mut limited = F::with_max_timers(10);
    limited.reserve(usize::MAX);
    (0..10).for_each(|n| _ = limited.insert(at::<F>(1 + n), n).unwrap());
    assert!(limited.insert(at::<F>(1), 11).is_err());
    F::check(&limited);

    let mut timers = F::make();
    timers.insert(at::<F>(1), 1).unwrap();
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| timers.reserve(usize::MAX)));
    let panic = refused.expect_err("there is no such room");
    let message = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    assert!(message.is_some_and(|message| message.contains("capacity overflow")), "{message:?}");
    F::check(&timers);
    assert_eq!(fired(&mut timers, at::<F>(1)), [1]);
}
