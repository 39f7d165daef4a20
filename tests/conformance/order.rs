//! C3: one order, by expiry and then by arming, however a timer came to lie where it is.

use tickwheel::{Deadline, Timer, TimerExt};

use crate::common::{fired, scaled};
use crate::factory::{Factory, at, make_at};

pub(crate) fn c3_by_expiry_then_by_arming<F: Factory>() {
    let mut rng = fastrand::Rng::with_seed(3);
    for spread in [1, 4, 300, 20_000, 1 << 22, 1 << 34] {
        let mut timers = F::make();
        let mut expected: Vec<(u64, u64)> = (0..scaled(400)).map(|n| (1 + rng.u64(..spread), n)).collect();
        for armed in &expected {
            timers.insert(at::<F>(armed.0), *armed).unwrap();
        }
        expected.sort_unstable();
        // All in one turn, which is as late as can be.
        assert_eq!(fired(&mut timers, at::<F>(spread + 1)), expected, "delays up to {spread}");
    }
}

#[cfg(not(miri))]
const MEETINGS: [u64; 6] = [300, 16_384, 20_000, (1 << 20) + 3, 1 << 26, (1 << 32) + 77];
#[cfg(not(miri))]
const MEETING_STARTS: [u64; 3] = [0, 100, 255];

#[cfg(miri)]
const MEETINGS: [u64; 1] = [20_000];
#[cfg(miri)]
const MEETING_STARTS: [u64; 1] = [100];

/// Older timers come down from upper levels, younger ones are filed lower: they meet in one tick, in order.
pub(crate) fn c3_from_whatever_distance_they_were_armed<F: Factory>() {
    for meeting in MEETINGS {
        for start in MEETING_STARTS {
            let meeting = start + meeting;
            let mut timers = make_at::<F, _>(start);
            let distances = [1 << 32, 1 << 26, 1 << 22, 1 << 20, 1 << 14, 1 << 10, 1000, 256, 255, 64, 63, 2, 1];
            let mut count = 0;
            for distance in distances.into_iter().filter(|distance| *distance <= meeting - start) {
                let now = at::<F>(meeting - distance);
                assert_eq!(timers.turn(now).count(), 0);
                for _ in 0..3 {
                    timers.insert(at::<F>(meeting), count).unwrap();
                    count += 1;
                }
                F::check(&timers);
            }
            assert_eq!(fired(&mut timers, at::<F>(meeting)), (0..count).collect::<Vec<_>>(), "at {meeting}");
        }
    }
}

pub(crate) fn c3_earlier_counts_as_arming<F: Factory>() {
    for tick in [5, 300, 20_000] {
        let mut timers = F::make();
        let moved = timers.insert(at::<F>(tick + 1000), "moved").unwrap();
        timers.insert(at::<F>(tick), "first").unwrap();
        assert!(timers.reset(moved, at::<F>(tick)));
        timers.insert(at::<F>(tick), "last").unwrap();
        assert_eq!(fired(&mut timers, at::<F>(tick)), ["first", "moved", "last"]);
    }
}

pub(crate) fn c3_the_same_tick_changes_nothing<F: Factory>() {
    for tick in [5, 300, 20_000] {
        let mut timers = F::make();
        let first = timers.insert(at::<F>(tick), "first").unwrap();
        timers.insert(at::<F>(tick), "second").unwrap();
        assert!(timers.reset(first, at::<F>(tick)));
        assert_eq!(fired(&mut timers, at::<F>(tick)), ["first", "second"]);
    }
}

/// With slack it is the tick chosen, or the hard time, that must be the same.
pub(crate) fn c3_the_same_tick_by_way_of_slack_changes_nothing<F: Factory>() {
    for tick in [6, 300, 20_000] {
        let mut timers = F::make();
        let first = timers.insert(at::<F>(tick), "first").unwrap();
        timers.insert(at::<F>(tick), "second").unwrap();
        let with_slack = Deadline::at(at::<F>(tick - 1)).with_slack(F::rules().tick_length());
        assert!(timers.reset(first, with_slack));
        assert_eq!(timers.expiry(first), Some(at::<F>(tick)));
        assert_eq!(fired(&mut timers, at::<F>(tick)), ["first", "second"]);
    }
}

/// Where the moved one stands within its tick is not promised; that it keeps the others in order is.
pub(crate) fn c3_later_leaves_the_others_in_order<F: Factory>() {
    for tick in [40, 300, 20_000] {
        let mut timers = F::make();
        let moved: Vec<_> = (0..20).map(|n| timers.insert(at::<F>(1 + n), 1000 + n).unwrap()).collect();
        for n in 0..20 {
            timers.insert(at::<F>(tick), n).unwrap();
            assert!(timers.reset(moved[n as usize], at::<F>(tick)));
        }
        let values = fired(&mut timers, at::<F>(tick));
        let (fixed, mut floating): (Vec<_>, Vec<_>) = values.into_iter().partition(|n| *n < 1000);
        floating.sort_unstable();
        assert_eq!(fixed, (0..20).collect::<Vec<_>>());
        assert_eq!(floating, (1000..1020).collect::<Vec<_>>());
    }
}

/// Bursts into few ticks from all distances, while the clock runs, so that slots meet in every way. It is long because
/// a run of 200,000 has once missed that the order was gone.
pub(crate) fn c3_holds_over_a_long_random_run<F: Factory>() {
    let rounds = if cfg!(miri) { 300 } else { 400_000 };
    let mut rng = fastrand::Rng::with_seed(33);
    let mut timers = F::make();
    let (mut tick, mut last) = (0, (0, 0));
    let mut fired = 0;
    for armed in 0..rounds {
        let ahead = 1 + (rng.u64(..1 << 20) >> rng.u32(..20));
        // Half of them meet at round ticks.
        let due = if rng.bool() { tick + ahead } else { (tick + ahead) | 63 };
        timers.insert(at::<F>(due), (due, armed)).unwrap();
        if armed % 8 == 0 {
            tick += rng.u64(..16);
            for expired in timers.turn(at::<F>(tick)) {
                assert_eq!(expired.expiry, at::<F>(expired.value.0));
                assert!(last < expired.value, "{last:?} fired before {:?}", expired.value);
                last = expired.value;
                fired += 1;
            }
        }
    }
    assert!(cfg!(miri) || fired > rounds / 3, "{fired} of {rounds} fired along the way");
    F::check(&timers);
}
