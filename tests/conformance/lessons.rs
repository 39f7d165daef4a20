//! What users of other timers ran into (L1 to L3, L8 to L12, L14), each by its number.

use std::rc::Rc;
use std::time::Duration;

use tickwheel::{Budget, Deadline, Timer, TimerExt, Timestamp};

use crate::common::{DISTANCES, STARTS, Sleeper, a_nanosecond_before, fired, scaled};
use crate::factory::{Factory, at, make_at};

/// Ticks to a slot at each level above the first, in powers of two: of the standard wheel, the small one, and the one
/// that the fault was seen in.
#[cfg(not(miri))]
const LEVEL_BITS: [u32; 9] = [6, 8, 10, 14, 18, 20, 22, 26, 30];

#[cfg(miri)]
const LEVEL_BITS: [u32; 3] = [6, 8, 26];

/// With the clock at 2^29, a timer nearly a whole ring away, in the slot that holds now, and one nearby.
pub(crate) fn l1_the_slot_that_holds_now<F: Factory>() {
    let cases = [(1 << 29, (1 << 29) + (1 << 36) - (1 << 28), (1 << 30) + 5), (70, 70 + (1 << 14) - 3, 300)];
    for (start, far, near) in cases {
        let mut timers = make_at::<F, _>(start);
        timers.insert(at::<F>(far), "far").unwrap();
        timers.insert(at::<F>(near), "near").unwrap();
        assert_eq!(timers.next_expiry(), Some(at::<F>(near)));
        let mut seen = Vec::new();
        let mut sleeper = Sleeper::default();
        while let Some(now) = sleeper.wakes_at(&timers) {
            seen.extend(fired(&mut timers, now).into_iter().map(|value| (value, now)));
        }
        assert_eq!(seen, [("near", at::<F>(near)), ("far", at::<F>(far))]);
    }
}

/// At each level, from each position on its ring: one timer a whole turn away, give or take, and one near.
pub(crate) fn l1_every_ring_position<F: Factory>() {
    let step = if cfg!(miri) { 63 } else { 1 };
    for bits in LEVEL_BITS {
        for position in (0..64_u64).step_by(step) {
            let start = (position << bits) + 1;
            for ring in [4, 6] {
                let around = 1_u64 << (bits + ring);
                if at::<F>(start + around + 1) == Timestamp::MAX {
                    continue;
                }
                let mut timers = make_at::<F, _>(start);
                let mut expected = Vec::new();
                for off in [-1, 0, 1] {
                    for due in
                        [(start + around).wrapping_add_signed(off), ((position + 2) << bits).wrapping_add_signed(off)]
                    {
                        timers.insert(at::<F>(due), due).unwrap();
                        expected.push(due);
                    }
                }
                expected.sort_unstable();
                for (n, due) in expected.iter().enumerate() {
                    assert_eq!(timers.next_expiry(), Some(at::<F>(*due)), "bits {bits}, position {position}");
                    if n == 0 {
                        assert_eq!(timers.turn(a_nanosecond_before(at::<F>(*due))).count(), 0);
                    }
                    assert_eq!(fired(&mut timers, at::<F>(*due)), [*due], "bits {bits}, position {position}");
                }
                F::check(&timers);
            }
        }
    }
}

/// From each position on each level's ring: timers at the distance of every level's edge, give or take a tick.
pub(crate) fn l1_every_edge_from_every_ring_position<F: Factory>() {
    let step = if cfg!(miri) { 63 } else { 1 };
    for bits in LEVEL_BITS {
        for start in (0..64_u64).step_by(step).map(|position| position << bits) {
            let mut timers = make_at::<F, _>(start);
            let edges = LEVEL_BITS.into_iter().chain([4, 32, 33]).map(|edge| start + (1 << edge));
            let within_time = |edge: &u64| at::<F>(*edge + 2) < Timestamp::MAX;
            let mut expected: Vec<u64> =
                edges.filter(within_time).flat_map(|edge| [edge - 1, edge, edge + 1]).collect();
            for due in &expected {
                timers.insert(at::<F>(*due), *due).unwrap();
            }
            expected.sort_unstable();
            for due in expected {
                assert_eq!(timers.next_expiry(), Some(at::<F>(due)), "from {start}");
                assert_eq!(fired(&mut timers, at::<F>(due)), [due], "from {start}");
            }
            F::check(&timers);
        }
    }
}

pub(crate) fn l2_long_durations<F: Factory>() {
    let year = Duration::from_secs(365 * 86_400);
    let tick = F::rules().tick_length();
    let longs = [tick * ((1 << 31) - 1), tick.saturating_mul(1 << 31), year, year * 10, year * 500, Duration::MAX];
    for start in [Timestamp::ZERO, Timestamp::ZERO + year, Timestamp::MAX - Duration::from_secs(1)] {
        for long in longs {
            let mut timers = F::make();
            timers.open_turn(start);
            let deadline = start + long;
            timers.insert(deadline, long).unwrap();
            assert_eq!(timers.turn(start).count(), 0, "not at once");
            assert_eq!(timers.turn(start + (deadline - start) / 2).count(), 0, "not half way");
            assert_eq!(timers.turn(a_nanosecond_before(deadline)).count(), 0, "not early");
            assert_eq!(fired(&mut timers, deadline + tick), [long], "but then");
            F::check(&timers);
        }
    }
    // After so long an idle time everything works as on the first day.
    let mut timers = F::make();
    timers.open_turn(Timestamp::ZERO + year * 500);
    let due = timers.insert(Timestamp::ZERO + year * 500 + tick * 3, "soon").unwrap();
    assert_eq!(fired(&mut timers, Timestamp::ZERO + year * 500 + tick * 4), ["soon"]);
    assert!(!timers.contains(due));
}

pub(crate) fn l3_no_sentinel_in_the_range_of_ticks<F: Factory>() {
    let lasts = [u64::MAX, u64::MAX - 1, u64::MAX - 2, u64::MAX / 2, u64::MAX / 2 + 1, u64::from(u32::MAX), 1 << 32, 0];
    let mut timers = F::make();
    for ns in lasts {
        let id = timers.insert(Timestamp::from_nanos(ns), ns).unwrap();
        assert!(timers.expiry(id) >= Some(Timestamp::from_nanos(ns)));
        assert!(timers.contains(id));
        assert!(timers.reset(id, Timestamp::MAX));
        assert!(timers.contains(id));
        assert_eq!(timers.expiry(id), Some(Timestamp::MAX));
        assert!(timers.next_expiry().is_some() && timers.next_turn().is_some());
        assert!(timers.reset(id, Timestamp::from_nanos(ns)));
        F::check(&timers);
    }
    let mut seen = fired(&mut timers, Timestamp::ZERO);
    seen.extend(fired(&mut timers, Timestamp::MAX));
    seen.sort_unstable();
    let mut expected = lasts.to_vec();
    expected.sort_unstable();
    assert_eq!(seen, expected);
}

pub(crate) fn l8_a_cancelled_value_is_gone_at_once<F: Factory>() {
    let value = Rc::new(());
    let mut timers = F::make();
    for tick in DISTANCES {
        let id = timers.insert(at::<F>(tick), Rc::clone(&value)).unwrap();
        assert_eq!(Rc::strong_count(&value), 2);
        assert!(timers.cancel(id).is_some());
        assert_eq!(Rc::strong_count(&value), 1, "a cancelled timer keeps nothing of its value");
    }
}

pub(crate) fn l9_a_clock_that_runs_backwards<F: Factory>() {
    for start in STARTS.into_iter().filter(|start| *start > 10) {
        let mut timers = F::make();
        timers.insert(at::<F>(start - 5), "due").unwrap();
        timers.insert(at::<F>(start + 5), "ahead").unwrap();
        timers.open_turn(at::<F>(start));
        // A turn in the past counts as one at the time of the last.
        assert_eq!(fired(&mut timers, at::<F>(start - 9)), ["due"]);
        timers.insert(at::<F>(start - 1), "overdue").unwrap();
        assert_eq!(timers.next_expiry(), Some(at::<F>(start)));
        assert_eq!(fired(&mut timers, Timestamp::ZERO), ["overdue"]);
        assert_eq!(timers.turn(at::<F>(start + 4)).count(), 0);
        assert_eq!(fired(&mut timers, at::<F>(start + 5)), ["ahead"]);
        F::check(&timers);
    }
}

pub(crate) fn l10_an_hours_gap<F: Factory>() {
    for gap in [3_600_000, (1 << 32) + 3_600_000] {
        for start in STARTS {
            let mut rng = fastrand::Rng::with_seed(start);
            let mut timers = make_at::<F, _>(start);
            let mut expected: Vec<(u64, u64)> = (0..scaled(500)).map(|n| (start + 1 + rng.u64(..gap), n)).collect();
            for armed in &expected {
                timers.insert(at::<F>(armed.0), *armed).unwrap();
            }
            timers.insert(at::<F>(start + gap + 1), (u64::MAX, 0)).unwrap();
            expected.sort_unstable();
            assert_eq!(fired(&mut timers, at::<F>(start + gap)), expected, "in order, at one go");
            assert_eq!(timers.next_expiry(), Some(at::<F>(start + gap + 1)));
            assert_eq!(fired(&mut timers, at::<F>(start + gap + 1)).len(), 1);
            F::check(&timers);
        }
    }
}

pub(crate) fn l11_a_stale_id_never_hits_a_new_timer<F: Factory>() {
    let mut timers = F::make();
    let mut stale = Vec::new();
    let mut indexes = std::collections::HashSet::new();
    for round in 0..50 {
        let id = timers.insert(at::<F>(round + 10), round).unwrap();
        indexes.insert(id.index());
        for old in &stale {
            assert_eq!(timers.get(*old), None);
            assert_eq!(timers.cancel(*old), None);
            assert!(!timers.reset(*old, at::<F>(1)));
        }
        assert_eq!(timers.get(id), Some(&round));
        if round % 2 == 0 {
            assert_eq!(timers.cancel(id), Some(round));
        } else {
            assert_eq!(fired(&mut timers, at::<F>(round + 10)), [round]);
        }
        stale.push(id);
    }
    assert!(indexes.len() < 50, "places are used again, so that generations matter");
}

pub(crate) fn l12_what_is_told_is_what_happens<F: Factory>() {
    let tick = F::rules().tick_length();
    let mut rng = fastrand::Rng::with_seed(12);
    let mut timers = F::make();
    let mut told = std::collections::HashMap::new();
    for n in 0..scaled(1000) {
        let ns = rng.u64(..) >> rng.u32(1..50);
        let slack = if n % 5 == 0 { tick * rng.u32(..300) } else { Duration::ZERO };
        let deadline = Deadline::at(Timestamp::from_nanos(ns)).with_slack(slack);
        let id = timers.insert(deadline, n).unwrap();
        if n % 3 == 0 {
            timers.reset(id, Timestamp::from_nanos(rng.u64(..) >> rng.u32(1..50)));
        }
        told.insert(id, timers.expiry(id).unwrap());
    }
    timers.for_each(&mut |id, expiry, _| assert_eq!(told[&id], expiry));
    let mut sleeper = Sleeper::default();
    while let Some(now) = sleeper.wakes_at(&timers) {
        let next = timers.next_expiry().unwrap();
        for expired in timers.turn(now) {
            assert_eq!(told.remove(&expired.id), Some(expired.expiry), "what was told of {:?}", expired.id);
            assert!(expired.expiry >= next, "nothing was due before next_expiry");
        }
    }
    assert!(told.is_empty(), "{told:?}");
}

pub(crate) fn l14_arming_itself_cannot_loop<F: Factory>() {
    let mut timers = F::make();
    timers.insert(at::<F>(5), 0).unwrap();
    for now in [5, 5, 6, 6, 1000] {
        let fired = timers.expire(at::<F>(now), Budget::entries(1000), |timers, expired| {
            timers.insert(Timestamp::ZERO, expired.value + 1).unwrap();
        });
        assert_eq!(fired, 1, "once a turn, though it is armed for the past each time");
    }
    assert_eq!(timers.len(), 1);
}
