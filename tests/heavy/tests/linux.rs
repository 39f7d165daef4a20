//! The worked cases of Linux's timers, as behaviour: the jiffy in which each timer fires is Linux's, for every timer.
//!
//! The wheel is held against the kernel's algorithm as a textbook has it (`support/linux.rs`). The slots themselves are
//! tested row by row beside `geometry::home`.

#[path = "../../support/mod.rs"]
mod support;

use std::collections::HashMap;

use fastrand::Rng;
use support::linux::{LinuxWheel, Pending};
use tickwheel::{Budget, Deadline, Resolution, Tick, Timer, TimerExt, TimerHeap, TimerId, TimerWheel, Timestamp};

const RESOLUTION: Resolution = Resolution::MILLISECOND;

fn jiffy(count: u64) -> Timestamp {
    RESOLUTION.start_of(Tick::new(count))
}

/// A wheel that has processed every jiffy before `timer_jiffies`.
fn wheel_at<T>(timer_jiffies: u64) -> TimerWheel<T> {
    TimerWheel::starting_at(RESOLUTION, jiffy(timer_jiffies.saturating_sub(1)))
}

/// Linux's wheel and ours, side by side. The names of timers count up with their arming.
struct Both {
    linux: LinuxWheel,
    ours: TimerWheel<u32>,
    /// Jiffies in which Linux fired timers out of the order of arming.
    disorders: u32,
}

impl Both {
    fn new(timer_jiffies: u64) -> Self {
        Self { linux: LinuxWheel::new(timer_jiffies), ours: wheel_at(timer_jiffies), disorders: 0 }
    }

    fn arm(&mut self, expires: u64, name: u32) -> TimerId {
        self.linux.add(Pending { expires, name });
        self.ours.insert(jiffy(expires), name).expect("no limit was set")
    }

    /// One jiffy of both: the names that fired in it, which must be the same.
    fn run_one_jiffy(&mut self) -> Vec<u32> {
        let now = self.linux.timer_jiffies();
        let mut linux: Vec<u32> = self.linux.run_one_jiffy().iter().map(|timer| timer.name).collect();
        let mut ours: Vec<u32> = self.ours.turn(jiffy(now)).map(|expired| expired.value).collect();
        let in_order = ours.clone();
        self.disorders += u32::from(!linux.is_sorted());
        linux.sort_unstable();
        ours.sort_unstable();
        assert_eq!(ours, linux, "in jiffy {now}");
        in_order
    }
}

#[test]
fn c2_a_timer_fires_in_the_jiffy_max_of_e_and_t() {
    for start in [1, 101, 255, 256, 257, 16_383, 16_384, 1_048_575, (1 << 26) - 1, (1 << 32) - 1] {
        let expiries = [0, start - 1, start, start + 1, start + 255, start + 256, start + 257, start + 16_383];
        let late = [start + 16_384, start + 16_385, start + 20_000];
        let mut both = Both::new(start);
        for (name, e) in expiries.into_iter().chain(late).enumerate() {
            both.arm(e, name as u32);
        }
        let mut fired = HashMap::new();
        while both.linux.timer_jiffies() <= start + 20_000 {
            let now = both.linux.timer_jiffies();
            fired.extend(both.run_one_jiffy().into_iter().map(|name| (name, now)));
        }
        for (name, e) in expiries.into_iter().chain(late).enumerate() {
            assert_eq!(fired.get(&(name as u32)), Some(&e.max(start)), "T = {start}, e = {e}");
        }
    }
}

/// The comparison can fail: a wheel that is a jiffy off is caught.
#[test]
#[should_panic(expected = "in jiffy 1000")]
fn a_wheel_that_is_a_jiffy_off_is_caught() {
    let mut both = Both::new(1);
    both.linux.add(Pending { expires: 1000, name: 7 });
    both.ours.insert(jiffy(1001), 7).unwrap();
    (0..1100).for_each(|_| _ = both.run_one_jiffy());
}

/// The example that texts often get wrong: T = 101, e = 16434 is filed in slot 0 of tv2, and fires in its jiffy.
#[test]
fn c2_the_worked_example() {
    let mut both = Both::new(101);
    assert_eq!(both.linux.home(16_434), (Some(0), 0));
    both.arm(16_434, 7);
    while both.linux.timer_jiffies() < 16_434 {
        assert_eq!(both.run_one_jiffy(), []);
    }
    assert_eq!(both.run_one_jiffy(), [7]);
}

/// Linux files a timer over 2^32 - 1 jiffies away as if it were that far, and looks again: it fires exactly.
#[test]
fn l2_beyond_the_fifth_level_it_fires_exactly() {
    for start in [1, 255, (1 << 32) - 1] {
        for e in [(1 << 32) - 1, 1 << 32, (1 << 32) + 1, 1 << 33, (1 << 40) + 5, 10 << 40] {
            let expires = start + e;
            let mut wheel = wheel_at(start);
            let id = wheel.insert(jiffy(expires), ()).unwrap();
            assert_eq!(wheel.turn(jiffy(start)).count(), 0);
            // Turned along the way, as a driver would.
            for part in 1..64 {
                assert_eq!(wheel.turn(jiffy(start + e / 64 * part)).count(), 0);
            }
            assert_eq!(wheel.turn(jiffy(expires - 1)).count(), 0);
            assert_eq!(wheel.expiry(id), Some(jiffy(expires)));
            assert_eq!(wheel.turn(jiffy(expires)).count(), 1, "{start} + {e}");
        }
    }
}

/// A random delay: near ones, ones that need two cascades, and the edges of tv1 and tv2.
fn delay(rng: &mut Rng) -> u64 {
    match rng.u8(..8) {
        0 => [255, 256, 257, 16_383, 16_384, 16_385][rng.usize(..6)],
        1..=3 => rng.u64(..300),
        _ => rng.u64(..1 << 20) >> rng.u32(..12),
    }
}

/// 10^5s of timers, armed, deleted and modified while the jiffies run: each fires in Linux's jiffy. Linux's order
/// within a jiffy is not that of arming; ours is (C3).
#[test]
fn c2_c3_every_jiffy_is_linuxs_and_the_order_is_not() {
    let (jiffies, timers_wanted) = if cfg!(miri) { (700, 100) } else { (1_200_000, 200_000) };
    for start in [1, (1 << 32) - 70_000] {
        let mut rng = Rng::with_seed(start);
        let mut both = Both::new(start);
        let mut ids: HashMap<u32, TimerId> = HashMap::new();
        let mut expiries: HashMap<u32, u64> = HashMap::new();
        let (mut name, mut fired) = (0, 0_u64);
        while both.linux.timer_jiffies() < start + jiffies {
            let now = both.linux.timer_jiffies();
            for _ in 0..if name < timers_wanted { rng.u32(..4) } else { 0 } {
                // Half of them meet at jiffies of a 64th.
                let expires = now + delay(&mut rng);
                let expires = if rng.bool() { expires | 63 } else { expires };
                ids.insert(name, both.arm(expires, name));
                expiries.insert(name, expires);
                name += 1;
            }
            if rng.u16(..2000) == 0 && !ids.is_empty() {
                let cancelled = *ids.keys().next().expect("there is one");
                both.linux.delete(cancelled);
                assert_eq!(both.ours.cancel(ids[&cancelled]), Some(cancelled));
                ids.remove(&cancelled);
            }
            let ours = both.run_one_jiffy();
            assert!(ours.is_sorted(), "C3: names count up with arming: {ours:?}");
            for fired_name in ours {
                assert_eq!(expiries[&fired_name], now);
                ids.remove(&fired_name);
                fired += 1;
            }
        }
        assert!(fired + 1000 > u64::from(name), "{fired} of {name} fired");
        assert_eq!(both.ours.len(), ids.len());
        assert!(cfg!(miri) || both.disorders > 100, "the cases are there in which Linux loses the order");
    }
}

/// hrtimer: ordered by hard time, and a pass ends at the first timer whose soft time lies ahead.
#[test]
fn hrtimer_a_pass_ends_at_the_first_soft_time_ahead() {
    let ns = Timestamp::from_nanos;
    let slack = |soft: u64, hard: u64| Deadline::at(ns(soft)).with_slack(ns(hard) - ns(soft));
    let mut heap = TimerHeap::new();
    for (name, soft, hard) in [("a", 100, 150), ("b", 90, 200), ("c", 180, 210), ("d", 50, 300), ("e", 100, 150)] {
        heap.insert(slack(soft, hard), name).unwrap();
    }
    assert_eq!(heap.next_turn(), Some(ns(150)), "the hardware is programmed to the smallest hard time");
    let mut pass = |now| heap.turn(ns(now)).map(|expired| expired.value).collect::<Vec<_>>();
    assert_eq!(pass(99), [""; 0], "d could fire, and is behind a");
    assert_eq!(pass(150), ["a", "e", "b"], "b shares the wake-up; c ends the pass before d");
    assert_eq!(pass(209), ["c", "d"]);
}

/// Timer slack (3.10): 256→257, 1000→1002, 60000→60160, 100001→100352, a 256th of the delay.
#[test]
fn slack_goes_to_the_roundest_jiffy() {
    for (expires, rounded) in [(256, 257), (1000, 1002), (60_000, 60_160), (100_001, 100_352)] {
        let slack = jiffy(expires / 256) - Timestamp::ZERO;
        let mut wheel = TimerWheel::new(RESOLUTION);
        wheel.insert(Deadline::at(jiffy(expires)).with_slack(slack), ()).unwrap();
        assert_eq!(wheel.next_expiry(), Some(jiffy(rounded)));
        assert_eq!(wheel.turn(jiffy(rounded - 1)).count(), 0);
        assert_eq!(wheel.turn(jiffy(rounded)).count(), 1);
    }
}

/// Linux 2.4 and 4.0 to 4.4 loop for ever here: a timer that arms itself in the past fires once in each jiffy.
#[test]
fn l14_a_timer_that_arms_itself_in_the_past_fires_once_a_jiffy() {
    let mut wheel = wheel_at(1000);
    wheel.insert(jiffy(1000), 0_u64).unwrap();
    for now in 1000..1300 {
        let fired = wheel.expire(jiffy(now), Budget::entries(10), |wheel, expired| {
            wheel.insert(jiffy(now - 500), expired.value + 1).unwrap();
        });
        assert_eq!(fired, 1);
    }
}

/// Missed jiffies are not replayed one by one, and what fired late does so in order of expiry.
#[test]
fn l10_a_gap_fires_in_order_of_expiry() {
    let mut wheel = wheel_at(1);
    let mut rng = Rng::with_seed(10);
    let mut expected: Vec<(u64, u32)> = (0..10_000).map(|name| (1 + rng.u64(..3_600_000), name)).collect();
    for (expires, name) in &expected {
        wheel.insert(jiffy(*expires), (*expires, *name)).unwrap();
    }
    expected.sort_unstable();
    let fired: Vec<_> = wheel.turn(jiffy(3_600_000)).map(|expired| expired.value).collect();
    assert_eq!(fired, expected);
}
