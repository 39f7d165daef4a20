//! Ids that a container did not give out: those of siblings, of the future, of containers that were cleared.

use std::collections::HashMap;
use std::num::NonZeroU32;

use fastrand::Rng;
use tickwheel::{Timer, TimerExt, TimerId};

use crate::common::{fired, scaled};
use crate::factory::{Factory, at};

/// Every call with an id that names no timer here.
fn does_nothing<F: Factory>(timers: &mut F::Timers<u64>, id: TimerId) {
    let (len, next) = (timers.len(), timers.next_expiry());
    assert!(!timers.contains(id), "{id:?}");
    assert_eq!((timers.get(id), timers.expiry(id)), (None, None), "{id:?}");
    assert_eq!(timers.get_mut(id), None, "{id:?}");
    for tick in [0, 1, 1 << 10, 1 << 40] {
        assert!(!timers.reset(id, at::<F>(tick)), "{id:?}");
    }
    assert_eq!(timers.cancel(id), None, "{id:?}");
    assert_eq!((timers.len(), timers.next_expiry()), (len, next), "{id:?}");
    F::check(timers);
}

pub(crate) fn c5_l51_ids_that_were_not_given_out_here_do_nothing<F: Factory>() {
    let mut others = F::make();
    let strange: Vec<_> = (0..9).map(|n| others.insert(at::<F>(100 + n), n).unwrap()).collect();
    let mut timers = others.sibling();
    let ids: Vec<_> = (0..8).map(|n| timers.insert(at::<F>(200 + n), n).unwrap()).collect();
    does_nothing::<F>(&mut timers, strange[8]);
    assert!((0..8).all(|n| timers.expiry(ids[n]) == Some(at::<F>(200 + n as u64))), "no timer was moved");

    // Where the places are free again, all of them are strange.
    ids.iter().for_each(|id| _ = timers.cancel(*id));
    strange.iter().for_each(|id| does_nothing::<F>(&mut timers, *id));
    timers.clear();
    timers.shrink_to_fit();
    strange.iter().for_each(|id| does_nothing::<F>(&mut timers, *id));
    timers.insert(at::<F>(7), 7).unwrap();
    assert_eq!(fired(&mut timers, at::<F>(7)), [7]);
}

pub(crate) fn c5_l51_ids_of_the_future_do_nothing<F: Factory>() {
    let mut timers = F::make();
    let ids: Vec<_> = (0..40).map(|n| timers.insert(at::<F>(1 + n), n).unwrap()).collect();
    ids[10..].iter().for_each(|id| _ = timers.cancel(*id));
    let generations = [1, 2, 3, 4, 1 << 28, (1 << 29) - 1, 1 << 29, u32::MAX - 1, u32::MAX];
    for index in (0..64).chain([1 << 10, 1 << 20, u32::MAX - 1, u32::MAX]) {
        for generation in generations {
            let id = TimerId::new(index, NonZeroU32::new(generation).unwrap());
            if !ids[..10].contains(&id) {
                does_nothing::<F>(&mut timers, id);
            }
        }
    }
    assert_eq!(fired(&mut timers, at::<F>(100)), (0..10).collect::<Vec<_>>());
}

/// Several siblings, and for every call the id of any of them. An id that fits by chance names a timer of the container
/// that is asked; each answers as its own model does.
pub(crate) fn c5_l51_ids_of_siblings_over_a_long_random_run<F: Factory>() {
    let mut rng = Rng::with_seed(51);
    let first = F::make();
    #[allow(clippy::type_complexity)] // each container with what it should hold
    let mut containers: Vec<(F::Timers<u64>, HashMap<TimerId, (u64, u64)>)> =
        (0..3).map(|_| (first.sibling(), HashMap::new())).collect();
    let mut ids = vec![TimerId::new(0, NonZeroU32::MIN)];
    let mut now = 0;
    for value in 0..scaled(6000) {
        let which = rng.usize(..containers.len());
        let (timers, model) = &mut containers[which];
        let id = ids[rng.usize(..ids.len())];
        let bits = rng.u32(1..18);
        let tick = now + 1 + rng.u64(..1 << bits);
        match rng.u8(..12) {
            0..5 => {
                let id = timers.insert(at::<F>(tick), value).unwrap();
                assert!(model.insert(id, (tick, value)).is_none(), "{id:?} was given out twice");
                ids.push(id);
            }
            5..7 => assert_eq!(timers.cancel(id), model.remove(&id).map(|(_, value)| value), "{id:?}"),
            7..10 => {
                let known = model.get_mut(&id).map(|timer| timer.0 = tick).is_some();
                assert_eq!(timers.reset(id, at::<F>(tick)), known, "{id:?}");
            }
            10 => {
                now += rng.u64(..200);
                for (timers, model) in &mut containers {
                    for expired in timers.turn(at::<F>(now)) {
                        let (tick, value) = model.remove(&expired.id).expect("it was armed here");
                        assert_eq!((expired.value, expired.expiry), (value, at::<F>(tick)));
                    }
                }
            }
            _ if rng.u8(..20) == 0 => {
                timers.clear();
                model.clear();
            }
            _ => timers.shrink_to_fit(),
        }
        let (timers, model) = &containers[which];
        assert_eq!(timers.len(), model.len());
        let expiry = model.get(&id).map(|(tick, _)| at::<F>(*tick));
        assert_eq!((timers.expiry(id), timers.get(id)), (expiry, model.get(&id).map(|(_, value)| value)), "{id:?}");
        if value % 64 == 0 {
            F::check(timers);
        }
    }
}
