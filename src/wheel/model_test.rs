//! The wheel against a sorted map, with its invariants checked as it goes, and with narrow generations.

use std::collections::{BTreeMap, HashMap};
use std::vec::Vec;

use super::TimerWheel;
use super::geometry::{Geometry, Small, Standard, all_slots, reach, shift};
use super::store::Store;
use super::ticks::Ticks;
use crate::time::{Resolution, Timestamp};
use crate::timer::{Budget, Timer, TimerExt, TimerId};

/// xorshift64*, so that a run is named by its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % end
    }

    /// Distances that like the edges of levels.
    fn ahead<G: Geometry>(&mut self) -> u64 {
        let edge = 1_u64 << shift::<G>(self.below(6) as usize);
        match self.below(5) {
            0 => self.below(300),
            1 => (edge + self.below(3)).saturating_sub(1),
            2 => self.below(edge) + 1,
            3 => self.below(3 * reach::<G>()),
            _ => self.below(edge.min(1 << 15)),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Armed {
    tick: u64,
    armed: u64,
    /// Was moved to later once: no promised place within its tick.
    floats: bool,
}

struct Bench<G: Geometry> {
    wheel: TimerWheel<u64, G>,
    model: HashMap<TimerId, (u64, Armed)>,
    seen: std::collections::HashSet<TimerId>,
    ids: Vec<TimerId>,
    armed: u64,
    target: u64,
    /// Timers armed since the turn was opened are from this number on.
    fence: u64,
}

impl<G: Geometry> Bench<G> {
    fn insert(&mut self, tick: u64) {
        let value = self.armed;
        let id = self.wheel.insert(Timestamp::from_nanos(tick), value).unwrap();
        assert!(self.seen.insert(id), "C5: no id is given out twice");
        let tick = tick.max(self.target);
        self.model.insert(id, (value, Armed { tick, armed: self.armed, floats: false }));
        self.ids.push(id);
        self.armed += 1;
    }

    fn reset(&mut self, id: TimerId, tick: u64) {
        let was = self.wheel.reset(id, Timestamp::from_nanos(tick));
        let Some((_, timer)) = self.model.get_mut(&id) else { return assert!(!was) };
        assert!(was);
        let due = tick.max(self.target);
        if due != timer.tick || tick <= self.target {
            timer.floats |= due > timer.tick;
            (timer.tick, timer.armed) = (due, self.armed);
            self.armed += 1;
        }
        assert_eq!(self.wheel.expiry(id), Some(Timestamp::from_nanos(due)), "L12");
    }

    fn cancel(&mut self, id: TimerId) {
        assert_eq!(self.wheel.cancel(id), self.model.remove(&id).map(|(value, _)| value));
        assert_eq!(self.wheel.get(id), None);
    }

    fn turn(&mut self, now: u64, budget: Budget) {
        self.target = self.target.max(now);
        self.fence = self.armed;
        let mut due = BTreeMap::<u64, Vec<(u64, bool, TimerId)>>::new();
        for (id, (_, timer)) in self.model.iter().filter(|(_, (_, timer))| timer.tick <= self.target) {
            due.entry(timer.tick).or_default().push((timer.armed, timer.floats, *id));
        }
        due.values_mut().for_each(|tick| tick.sort_unstable());
        let mut last = (0, 0);
        let mut turn = self.wheel.turn(Timestamp::from_nanos(now)).within(budget);
        loop {
            let said = turn.timers().first();
            let Some(fired) = turn.next() else { break };
            assert_eq!(said, Some(fired.id), "L12: the one that was to be first");
            let (value, timer) = self.model.remove(&fired.id).expect("C4: it was armed");
            assert_eq!((fired.value, fired.expiry.as_nanos()), (value, timer.tick), "C1, C2: {timer:?}");
            assert!(timer.tick <= self.target, "C1");
            assert!(timer.tick >= last.0, "C3: {timer:?} after {last:?}");
            let first = due.get_mut(&timer.tick).unwrap();
            let at = first.iter().position(|(_, _, id)| *id == fired.id).unwrap();
            assert!(
                timer.floats || first[..at].iter().all(|(_, floats, _)| *floats),
                "C3: {timer:?} before {:?}",
                first[0]
            );
            first.remove(at);
            last = (timer.tick, timer.armed);
        }
        let ended = !turn.budget().is_spent();
        if ended {
            assert!(self.model.values().all(|(_, timer)| timer.tick > self.target), "C2: all that is due has fired");
        }
    }

    fn check(&self, thorough: bool) {
        assert_eq!(self.wheel.len(), self.model.len());
        let next = self.model.values().map(|(_, timer)| timer.tick).min();
        let said = self.wheel.next_expiry().map(Timestamp::as_nanos);
        assert!(next.is_none() || said.is_some_and(|said| said <= next.unwrap()), "C6: {said:?} for {next:?}");
        let first = self.wheel.first().map(|id| self.model[&id].1.tick);
        assert_eq!(first, next, "L12: the first is of those that are due first");
        assert!(self.wheel.next_turn().map(Timestamp::as_nanos) <= said.or(Some(u64::MAX)), "C6");
        if thorough {
            self.wheel.check();
            self.check_order();
        }
    }

    /// C3 at its root: in every slot the timers that were never moved to later lie in the order of arming.
    fn check_order(&self) {
        let store = &self.wheel.store;
        for slot in 0..all_slots::<G>() {
            let timers = store.slots.entries(slot).filter_map(|(position, place)| {
                let is_good = store.places.armed(place).is_some_and(|(link, _)| link == position);
                let (_, timer) = self.model[&store.places.id(place).filter(|_| is_good)?];
                (!timer.floats).then_some(timer.armed)
            });
            let armed: Vec<_> = timers.collect();
            assert!(armed.is_sorted(), "slot {slot} is not in the order of arming: {armed:?}");
        }
    }
}

fn run<G: Geometry>(seed: u64, steps: usize, start: u64, last_generation: u32, thorough: bool) {
    let mut random = Random(seed * 2 + 1);
    let resolution = Resolution::from_hz(1_000_000_000).unwrap();
    let mut wheel = TimerWheel::<u64, G>::with_geometry(resolution);
    wheel.store = Store::new(Ticks::new(resolution), Timestamp::from_nanos(start));
    wheel.store.places.set_last_generation(last_generation);
    let mut bench = Bench {
        wheel,
        model: HashMap::new(),
        seen: Default::default(),
        ids: Vec::new(),
        armed: 0,
        target: start,
        fence: 0,
    };
    let fill = 1 << random.below(9);
    for step in 0..steps {
        let now = bench.target;
        match random.below(16) {
            0..5 if bench.model.len() < fill => {
                let tick = now.saturating_add(random.ahead::<G>());
                for _ in 0..=random.below(3) {
                    bench.insert(tick);
                }
            }
            5 => bench.insert(now.saturating_sub(random.below(4))),
            6..8 if !bench.ids.is_empty() => {
                let id = bench.ids.swap_remove(random.below(bench.ids.len() as u64) as usize);
                bench.cancel(id);
            }
            8..12 if !bench.ids.is_empty() => {
                let id = bench.ids[random.below(bench.ids.len() as u64) as usize];
                let tick = match (random.below(4), bench.model.get(&id)) {
                    (0, Some((_, timer))) => timer.tick.saturating_add(random.below(3)).saturating_sub(1),
                    (1, Some((_, timer))) => now + (timer.tick - now.min(timer.tick)) / 2,
                    _ => now.saturating_add(random.ahead::<G>()),
                };
                bench.reset(id, tick);
            }
            12 => {
                let id = bench.ids.len().checked_sub(1).map(|last| bench.ids.swap_remove(last));
                id.into_iter().for_each(|id| bench.cancel(id));
            }
            13 => {
                let to = bench.wheel.next_turn().map_or(now, Timestamp::as_nanos);
                bench.turn(to, Budget::UNLIMITED);
            }
            14 => {
                let budget = Budget::entries(random.below(20));
                bench.turn(now.saturating_add(random.ahead::<G>() / (1 + random.below(100))), budget);
            }
            _ => {
                let jump = if random.below(8) == 0 { random.ahead::<G>() } else { random.below(300) };
                bench.turn(now.saturating_add(jump), Budget::UNLIMITED);
            }
        }
        if random.below(500) == 0 {
            bench.wheel.shrink_to_fit();
        }
        if random.below(3000) == 0 {
            bench.wheel.clear();
            bench.model.clear();
        }
        bench.check(thorough || step % 64 == 0);
    }
    while let Some(next) = bench.wheel.next_turn() {
        bench.turn(next.as_nanos(), Budget::entries(7));
        bench.check(false);
    }
    assert!(bench.model.is_empty(), "C4: the wheel runs dry");
}

#[test]
fn the_wheel_behaves_like_a_sorted_map() {
    for seed in 0..60 {
        run::<Small>(seed, 600, 0, u32::MAX, true);
        run::<Standard>(seed, 600, 0, u32::MAX, true);
        run::<Standard>(seed, 3000, (1 << 32) - 1000 + seed, u32::MAX, false);
        run::<Small>(seed, 3000, 12_345_678_901, u32::MAX, false);
    }
}

#[test]
fn c5_narrow_generations() {
    for seed in 0..20 {
        run::<Small>(seed, 3000, 0, 3, false);
    }
}

#[test]
fn c7_near_the_end_of_time() {
    for seed in 0..20 {
        run::<Small>(seed, 300, u64::MAX - 100_000, u32::MAX, true);
        run::<Standard>(seed, 300, u64::MAX - (1 << 34), u32::MAX, true);
    }
}

#[test]
fn c8_what_holds_the_new_now_comes_down_over_as_many_turns_as_the_budget_wants() {
    let resolution = Resolution::from_hz(1_000_000_000).unwrap();
    let mut wheel = TimerWheel::<u64>::new(resolution);
    // All in the slot of tv3 that holds 50,000, and none due before 60,000.
    (0..1_000).for_each(|n| _ = wheel.insert(Timestamp::from_nanos(60_000 + n), n).unwrap());
    let mut turns = 0;
    for now in 50_000.. {
        assert_eq!(wheel.turn(Timestamp::from_nanos(now)).within(Budget::entries(50)).count(), 0);
        wheel.check();
        turns += 1;
        if wheel.next_turn() > Some(Timestamp::from_nanos(now)) {
            break;
        }
    }
    assert!(turns > 10, "the budget splits it");
    assert!(wheel.work().moved >= 1_000, "next_turn is now until it is done");
}

#[test]
fn c8_brought_forward_to_after_its_entry_is_met_a_timer_stays_where_it_lies() {
    let at = Timestamp::from_nanos;
    let mut wheel = TimerWheel::<(), Small>::with_geometry(Resolution::from_hz(1_000_000_000).unwrap());
    let id = wheel.insert(at(5_000), ()).unwrap();
    let first = wheel.store.places.find(id).unwrap().0;
    for (tick, stays) in [(90_000, true), (60_000, true), (5_000, true), (4_000, false)] {
        assert!(wheel.reset(id, at(tick)));
        assert_eq!(wheel.store.places.find(id).unwrap().0 == first, stays);
        wheel.check();
    }
}
