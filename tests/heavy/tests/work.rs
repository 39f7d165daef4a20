//! C8 by counts: how many entries each call and each turn of a wheel touches, whatever the clock of the machine says.

use std::collections::VecDeque;

use fastrand::Rng;
use tickwheel::{Budget, Resolution, Tick, Timer, TimerExt, TimerId, TimerWheel, Timestamp, WorkCounters};

const RESOLUTION: Resolution = Resolution::MILLISECOND;
/// What a call may touch beyond its budget.
const CONSTANT: u64 = 64;
/// A turn's budget here.
const BUDGET: u64 = 1000;
const MILLION: u32 = if cfg!(miri) { 2_000 } else { 1_000_000 };
/// Ticks in an hour, and in ten years.
const HOUR: u64 = 3_600_000;
const TEN_YEARS: u64 = 10 * 365 * 24 * HOUR;

fn ms(tick: u64) -> Timestamp {
    RESOLUTION.start_of(Tick::new(tick))
}

/// Entries touched beside those that fired.
fn upkeep(work: &WorkCounters) -> u64 {
    work.touched() - work.fired
}

/// A wheel of which every call is metered.
struct Metered {
    wheel: TimerWheel<u32>,
    /// The most entries that a call other than a turn has touched.
    longest_call: u64,
    /// The most entries that a turn has touched.
    longest_turn: u64,
    turns: u64,
    /// Moments at which a sleeper was woken and nothing fired.
    idle_wakes: u64,
    /// The most entries that were touched at one moment, in however many turns, beside those that fired.
    busiest_moment: u64,
}

impl Metered {
    fn new() -> Self {
        Self::starting_at(0)
    }

    fn starting_at(tick: u64) -> Self {
        let wheel = TimerWheel::starting_at(RESOLUTION, ms(tick));
        Self { wheel, longest_call: 0, longest_turn: 0, turns: 0, idle_wakes: 0, busiest_moment: 0 }
    }

    fn call<R>(&mut self, call: impl FnOnce(&mut TimerWheel<u32>) -> R) -> R {
        let before = self.wheel.work().touched();
        let result = call(&mut self.wheel);
        let touched = self.wheel.work().touched() - before;
        assert!(touched <= CONSTANT, "a call touched {touched} entries");
        self.longest_call = self.longest_call.max(touched);
        result
    }

    fn insert(&mut self, tick: u64, value: u32) -> TimerId {
        self.call(|wheel| wheel.insert(ms(tick), value)).expect("no limit was set")
    }

    fn reset(&mut self, id: TimerId, tick: u64) {
        assert!(self.call(|wheel| wheel.reset(id, ms(tick))), "it is armed");
    }

    fn cancel(&mut self, id: TimerId) {
        assert!(self.call(|wheel| wheel.cancel(id)).is_some(), "it is armed");
    }

    /// One turn within the budget.
    fn turn(&mut self, now: Timestamp, fire: impl FnMut(Timestamp, u32)) {
        self.turn_within(now, Budget::entries(BUDGET), fire);
    }

    fn turn_within(&mut self, now: Timestamp, budget: Budget, mut fire: impl FnMut(Timestamp, u32)) {
        let before = self.wheel.work().touched();
        self.wheel.expire(now, budget, |_, expired| fire(expired.expiry, expired.value));
        let touched = self.wheel.work().touched() - before;
        assert!(touched <= BUDGET + CONSTANT, "a turn with a budget of {BUDGET} touched {touched} entries");
        self.longest_turn = self.longest_turn.max(touched);
        self.turns += 1;
    }

    /// Turns at `now` for as long as one is wanted, and says how many timers fired.
    fn turn_until_done(&mut self, now: Timestamp, mut fire: impl FnMut(Timestamp, u32)) -> u64 {
        let before = self.wheel.work();
        let at_most = 100 + self.wheel.len() as u64 * 12 / BUDGET;
        for turns in 0.. {
            self.turn(now, &mut fire);
            if self.wheel.next_turn().is_none_or(|next| next > now) {
                break;
            }
            assert!(turns < at_most, "{turns} turns at {now:?}, and not done");
        }
        let work = self.wheel.work();
        self.busiest_moment = self.busiest_moment.max(upkeep(&work) - upkeep(&before));
        work.fired - before.fired
    }

    /// Sleeps until `next_turn` each time, until nothing is armed. Each timer must fire in its own tick.
    fn sleep_to_the_end(&mut self) {
        while let Some(now) = self.wheel.next_turn() {
            let fired = self.turn_until_done(now, |expiry, _| assert_eq!(expiry, now, "a sleeper is never late"));
            self.idle_wakes += u64::from(fired == 0);
        }
        assert!(self.wheel.is_empty());
    }

    fn report(&self, what: &str) {
        let (turns, idle) = (self.turns, self.idle_wakes);
        let (call, turn) = (self.longest_call, self.longest_turn);
        println!("{what}: {turns} turns, {idle} idle wakes; most touched: {call} by a call, {turn} by a turn");
        println!("{what}: at most {} of upkeep at one moment; {:?}", self.busiest_moment, self.wheel.work());
    }
}

/// What a timer may cost on its way down from the fifth level, and to be met in its slot.
const WAY_DOWN: u64 = 6;

/// The meter can fail: a turn that keeps to no budget is caught.
#[test]
#[should_panic(expected = "with a budget of 1000 touched 1500 entries")]
fn c8_a_turn_that_keeps_to_no_budget_is_caught() {
    let mut metered = Metered::new();
    (0..1500).for_each(|n| _ = metered.insert(7, n));
    metered.turn_within(ms(7), Budget::UNLIMITED, |_, _| {});
}

#[test]
fn c8_a_million_at_60_to_61_seconds() {
    for start in [0, 16_384 - 5_000, (1 << 20) - 60_500] {
        let mut metered = Metered::starting_at(start);
        let mut rng = Rng::with_seed(start);
        for n in 0..MILLION {
            metered.insert(start + 60_000 + rng.u64(..1000), n);
        }
        metered.sleep_to_the_end();
        metered.report("a million at 60 to 61 s");
        let work = metered.wheel.work();
        assert_eq!(work.fired, u64::from(MILLION));
        assert!(work.touched() <= WAY_DOWN * u64::from(MILLION), "{work:?}");
        let ticks = 61_000;
        assert!(metered.idle_wakes <= ticks / 256 + 2, "{} wakes with nothing due", metered.idle_wakes);
    }
}

#[test]
fn c8_a_million_due_in_one_tick() {
    for due in [1, 255, 256, 60_000, (1 << 20) + 1] {
        let mut metered = Metered::new();
        for n in 0..MILLION {
            metered.insert(due, n);
        }
        let mut next = 0;
        // As late as can be: nothing has come down beforehand.
        metered.turn_until_done(ms(due), |_, value| {
            assert_eq!(value, next, "C3: under a budget, too");
            next += 1;
        });
        metered.report("a million in one tick");
        assert_eq!(next, MILLION);
        let least_turns = u64::from(MILLION) / BUDGET;
        assert!((least_turns..=WAY_DOWN * least_turns + 2).contains(&metered.turns), "{} turns", metered.turns);
    }
}

#[test]
fn c8_a_million_moved_to_later_at_once() {
    for (least, most, later) in [(1, 60_000, 60_000), (30_000, 30_001, 45_000), (5_000, 6_000, 1 << 21)] {
        let mut metered = Metered::new();
        let mut rng = Rng::with_seed(later);
        let ids: Vec<_> = (0..MILLION)
            .map(|n| {
                let tick = rng.u64(least..most);
                (metered.insert(tick, n), tick)
            })
            .collect();
        for (id, tick) in ids {
            metered.reset(id, tick + later);
        }
        metered.sleep_to_the_end();
        metered.report("a million moved to later");
        let work = metered.wheel.work();
        assert_eq!(work.fired, u64::from(MILLION));
        assert!(work.refiled <= 2 * u64::from(MILLION), "each is filed again where it is met: {work:?}");
        assert!(work.touched() <= 2 * WAY_DOWN * u64::from(MILLION), "{work:?}");
    }
}

/// A gap costs what fires in it, and the entries of the slots that hold the new now.
#[test]
fn c8_l10_a_gap_of_an_hour_and_of_ten_years() {
    for gap in [HOUR, TEN_YEARS] {
        let mut metered = Metered::new();
        let mut rng = Rng::with_seed(gap);
        let due = MILLION / 10;
        for n in 0..due {
            metered.insert(1 + rng.u64(..HOUR), n);
        }
        let ahead = due * 9;
        for n in 0..ahead {
            metered.insert(gap + 1 + rng.u64(..HOUR), due + n);
        }
        let mut last = Timestamp::ZERO;
        let fired = metered.turn_until_done(ms(gap), |expiry, value| {
            assert!(value < due && last <= expiry, "C3: in order of expiry, over the gap");
            last = expiry;
        });
        metered.report("a gap");
        assert_eq!(fired, u64::from(due));
        let work = metered.wheel.work();
        assert!(work.touched() <= WAY_DOWN * u64::from(due) + u64::from(ahead) + CONSTANT, "{work:?}");

        // With nothing due, and nothing in the slots that hold the new now, it costs nothing.
        let mut empty = Metered::new();
        empty.insert(3 * gap, 0);
        empty.turn_until_done(ms(gap), |_, _| unreachable!("nothing is due"));
        assert!(empty.wheel.work().touched() <= CONSTANT);
        metered.sleep_to_the_end();
    }
}

/// Growing, and emptying by cancelling, is a constant for each call, in whatever order.
#[test]
fn c8_arming_and_cancelling_a_million() {
    for order in ["first in, first out", "last in, first out", "at random"] {
        let mut metered = Metered::new();
        let mut rng = Rng::with_seed(8);
        let mut ids: VecDeque<_> = (0..MILLION).map(|n| metered.insert(1 + rng.u64(..60_000), n)).collect();
        assert_eq!(metered.wheel.work(), WorkCounters::default(), "arming touches no entry but its own");
        while !ids.is_empty() {
            let any = rng.usize(..ids.len());
            let id = match order {
                "first in, first out" => ids.pop_front(),
                "last in, first out" => ids.pop_back(),
                _ => ids.swap_remove_back(any),
            };
            metered.cancel(id.expect("there is one"));
        }
        metered.report(order);
        let work = metered.wheel.work();
        assert_eq!(work, WorkCounters::default(), "{order}: a cancelled timer is gone, and nothing is left to touch");
        metered.sleep_to_the_end();
    }
}

#[test]
fn c9_what_is_moved_to_earlier_or_cancelled_leaves_nothing() {
    let mut wheel = TimerWheel::new(Resolution::MILLISECOND);
    let id = wheel.insert(ms(20_000), ()).expect("there is room");
    let others: Vec<_> = (1..20_000).map(|tick| wheel.insert(ms(tick), ()).expect("there is room")).collect();
    for tick in (1..20_000).rev() {
        assert!(wheel.reset(id, ms(tick)));
    }
    others.into_iter().for_each(|id| _ = wheel.cancel(id));
    wheel.check();
    assert_eq!(wheel.turn(ms(1)).map(|expired| expired.id).collect::<Vec<_>>(), [id]);
    assert_eq!(wheel.turn(ms(20_001)).count(), 0);
    let work = wheel.work();
    // Only the last line of a slot may be there without a timer: 2 entries in each of tv1's, 12 in each of tv2's.
    assert!(work.touched() <= 512 * 2 + 128 * 12 + 64, "what has gone is not met any more: {work:?}");
}

/// Upkeep wakes a sleeper at most once in 256 ticks, and only while a cascade is pending.
#[test]
fn c6_upkeep_wakes_once_in_256_ticks() {
    let mut total = 0;
    for start in [0, 100, 255, 16_383, (1 << 20) - 300] {
        for ahead in [257, 1000, 16_383, 16_385, 100_000, (1 << 20) + 77] {
            let mut metered = Metered::starting_at(start);
            (0..2000).for_each(|n| _ = metered.insert(start + ahead, n));
            // One that takes the wheel on into another turn of tv1.
            metered.insert(start + 260, 2000);
            let mut woken = Vec::new();
            while let Some(now) = metered.wheel.next_turn().filter(|now| *now < ms(start + ahead)) {
                if metered.turn_until_done(now, |expiry, _| assert_eq!(expiry, ms(start + 260))) == 0 {
                    woken.push(RESOLUTION.tick_before(now).get());
                }
            }
            let turns_of_tv1: Vec<_> = woken.iter().map(|tick| tick / 256).collect();
            assert!(turns_of_tv1.is_sorted_by(|one, next| one < next), "{start} + {ahead}: woken at {woken:?}");
            // A slot of an upper level feeds for one turn of the ring below, and is then empty.
            assert!(woken.len() <= 3 * 64, "{start} + {ahead}: woken at {woken:?}");
            metered.sleep_to_the_end();
            total += woken.len();
        }
    }
    assert!(total > 0, "there are cascades that sleepers are woken for");
    let mut idle = TimerWheel::<u32>::new(RESOLUTION);
    assert_eq!(idle.turn(ms(1_000_000)).count(), 0);
    assert_eq!(idle.next_turn(), None, "nobody is woken for an empty wheel");
}

/// The mixed load of a server, metered: arm, cancel, move to later and to earlier, with the clock running.
#[test]
fn c8_a_mixed_load() {
    let mut metered = Metered::new();
    let mut rng = Rng::with_seed(88);
    let mut ids = Vec::new();
    let mut places = std::collections::HashMap::new();
    let mut tick = 0;
    for n in 0..2 * MILLION {
        match rng.u8(..10) {
            0..4 => {
                let id = metered.insert(tick + 1 + rng.u64(..60_000), n);
                places.insert(n, ids.len());
                ids.push((n, id));
            }
            4..6 if !ids.is_empty() => {
                let any = rng.usize(..ids.len());
                let (name, id) = remove(&mut ids, &mut places, any);
                assert_eq!(metered.call(|wheel| wheel.cancel(id)), Some(name));
            }
            _ if !ids.is_empty() => {
                let (_, id) = ids[rng.usize(..ids.len())];
                metered.reset(id, tick + 1 + rng.u64(..60_000));
            }
            _ => {}
        }
        if n % 16 == 0 {
            tick += 1;
            let mut fired = Vec::new();
            metered.turn(ms(tick), |_, value| fired.push(value));
            for name in fired {
                let at = places[&name];
                remove(&mut ids, &mut places, at);
            }
        }
    }
    metered.report("a mixed load");
    assert_eq!(metered.wheel.len(), ids.len());
    metered.wheel.check();
}

/// Takes an id out of a list, and keeps the places of the others.
fn remove(
    ids: &mut Vec<(u32, TimerId)>,
    places: &mut std::collections::HashMap<u32, usize>,
    at: usize,
) -> (u32, TimerId) {
    let removed = ids.swap_remove(at);
    places.remove(&removed.0);
    if let Some((name, _)) = ids.get(at) {
        places.insert(*name, at);
    }
    removed
}
