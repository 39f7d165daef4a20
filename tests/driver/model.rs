//! The driver against a sorted map, with operations as values: exactly once, never early, and at its own moment.
//!
//! After each operation everything is looked at: what was called and when, each guard, each closure that is alive, the
//! counts. Callbacks only write down that they were called; the model then says whether that was right.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use proptest::prelude::*;
use tickwheel::{
    CallbackGuard, CallbackStatus, Clock, Driver, ManualClock, MissedTicks, Period, Resolution, Timer, TimerEvent,
    TimerHeap, TimerTask, TimerWheel, Timestamp,
};

use crate::common::MS;
use crate::hooked::Hooked;

/// Times are in microseconds from now on; `pick` chooses among all that were ever armed.
#[derive(Clone, Copy, Debug)]
enum Op {
    Arm { shard: u8, after: u32 },
    Repeat { shard: u8, first: u32, period: u32, missed: u8 },
    Cancel { pick: u16 },
    Reset { pick: u16, after: u32 },
    Advance { by: u32 },
    Jump { by: u32 },
    Step,
}

impl Op {
    fn random(rng: &mut Rng) -> Self {
        let after = if rng.u8(..8) == 0 { rng.u32(..4_000_000_000) } else { rng.u32(..200_000) };
        match rng.u8(..16) {
            0..=4 => Self::Arm { shard: rng.u8(..), after },
            5 => {
                let (period, missed) = (rng.u32(1_000..100_000), rng.u8(..));
                Self::Repeat { shard: rng.u8(..), first: after, period, missed }
            }
            6..=7 => Self::Cancel { pick: rng.u16(..) },
            8..=10 => Self::Reset { pick: rng.u16(..), after },
            11..=13 => Self::Advance { by: rng.u32(..50_000) },
            14 => Self::Jump { by: rng.u32(..400_000) },
            _ => Self::Step,
        }
    }
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let after = || prop_oneof![4 => 0..200_000_u32, 1 => 0..4_000_000_000_u32];
    let op = prop_oneof![
        5 => (any::<u8>(), after()).prop_map(|(shard, after)| Op::Arm { shard, after }),
        1 => (any::<u8>(), after(), 1_000..100_000_u32, any::<u8>())
            .prop_map(|(shard, first, period, missed)| Op::Repeat { shard, first, period, missed }),
        2 => any::<u16>().prop_map(|pick| Op::Cancel { pick }),
        3 => (any::<u16>(), after()).prop_map(|(pick, after)| Op::Reset { pick, after }),
        3 => (0..50_000_u32).prop_map(|by| Op::Advance { by }),
        1 => (0..400_000_u32).prop_map(|by| Op::Jump { by }),
        1 => Just(Op::Step),
    ];
    prop::collection::vec(op, 1..60)
}

/// What the model knows of a timer that is armed.
#[derive(Clone, Copy, Debug)]
struct Armed {
    due: Timestamp,
    /// When it was armed or moved.
    since: Timestamp,
    shard: usize,
    /// Timers that were moved, or that repeat, have no place in the order that is checked.
    is_in_order: bool,
    repeats: Option<(Duration, MissedTicks)>,
    missed: u64,
}

/// What the driver is to be made of.
#[derive(Clone, Copy, Debug)]
struct Settings {
    tick_ns: u64,
    shards: usize,
    pool: usize,
}

struct Checked {
    settings: Settings,
    clock: ManualClock,
    driver: Driver,
    guards: Vec<CallbackGuard>,
    model: BTreeMap<usize, Armed>,
    log: Arc<Mutex<Vec<(usize, TimerEvent)>>>,
    /// Every closure holds one more reference.
    closures: Arc<()>,
}

impl Checked {
    fn new(timer: impl Timer<TimerTask> + Send + 'static, settings: Settings) -> Self {
        let clock = ManualClock::new();
        let builder = Driver::builder().clock(clock.clone()).shards(settings.shards).callback_pool(settings.pool);
        let driver = builder.spawn(timer).unwrap();
        let (guards, model, log, closures) = <(Vec<_>, BTreeMap<_, _>, Arc<_>, Arc<_>)>::default();
        Self { settings, clock, driver, guards, model, log, closures }
    }

    fn run(mut self, ops: &[Op]) {
        for op in ops {
            self.apply(*op);
            self.check();
        }
        self.shut_down();
    }

    fn apply(&mut self, op: Op) {
        let now = self.clock.now();
        let micros = |micros: u32| Duration::from_micros(micros.into());
        match op {
            Op::Arm { shard, after } => self.arm(shard, now + micros(after), None),
            Op::Repeat { shard, first, period, missed } => {
                let missed = [MissedTicks::Burst, MissedTicks::Delay, MissedTicks::Skip][missed as usize % 3];
                self.arm(shard, now + micros(first), Some((micros(period), missed)));
            }
            Op::Cancel { pick } if !self.guards.is_empty() => {
                let n = pick as usize % self.guards.len();
                let was_armed = self.model.remove(&n).is_some();
                assert_eq!(self.guards[n].cancel(), status(was_armed), "cancelling {n}");
            }
            Op::Reset { pick, after } if !self.guards.is_empty() => {
                let n = pick as usize % self.guards.len();
                let due = now + micros(after);
                assert_eq!(self.guards[n].reset(due), status(self.model.contains_key(&n)), "moving {n}");
                if let Some(armed) = self.model.get_mut(&n) {
                    *armed = Armed { due, since: now, is_in_order: false, missed: 0, ..*armed };
                }
            }
            Op::Cancel { .. } | Op::Reset { .. } => {}
            Op::Advance { by } => {
                assert_eq!(self.clock.advance(micros(by)), now + micros(by));
                self.moved(false);
            }
            Op::Jump { by } => {
                assert_eq!(self.clock.jump(micros(by)), now + micros(by));
                self.moved(true);
            }
            Op::Step => {
                let step = self.clock.step();
                let fired = step.as_ref().map_or(0, |step| step.fired.len());
                assert_eq!(fired, self.log.lock().unwrap().len());
                assert!(step.is_some() || self.model.is_empty(), "somebody waits");
                self.moved(false);
            }
        }
    }

    fn arm(&mut self, shard: u8, due: Timestamp, repeats: Option<(Duration, MissedTicks)>) {
        let (n, shard, log) = (self.guards.len(), shard as usize % self.settings.shards, self.log.clone());
        let alive = self.closures.clone();
        let handle = self.driver.on_shard(shard);
        let call = move |event: TimerEvent| {
            let _alive = &alive;
            log.lock().unwrap().push((n, event));
        };
        let guard = match repeats {
            None => handle.call_at(due, call).unwrap(),
            Some((length, missed)) => {
                handle.call_every_at(due, Period::every(length).unwrap().with_missed_ticks(missed), call).unwrap()
            }
        };
        self.guards.push(guard);
        let (since, is_in_order) = (self.clock.now(), repeats.is_none());
        self.model.insert(n, Armed { due, since, shard, is_in_order, repeats, missed: 0 });
    }

    /// Holds what was called while the clock moved against the model: by a jump, or from stop to stop.
    fn moved(&mut self, by_jump: bool) {
        let now = self.clock.now();
        let mut last: BTreeMap<usize, (Timestamp, usize)> = BTreeMap::new();
        for (n, event) in self.log.lock().unwrap().drain(..) {
            let armed = self.model.remove(&n).unwrap_or_else(|| panic!("{n} was called, and was not armed"));
            assert_eq!((event.due, event.missed), (armed.due, armed.missed), "{n}");
            assert!(event.now >= armed.due, "{n} is early: {event:?}");
            let expiry = round_up(armed.due, self.settings.tick_ns);
            let moment = if by_jump { now } else { expiry.max(armed.since) };
            assert_eq!(event.now, moment, "{n}: {armed:?}");
            if armed.is_in_order {
                let before = last.insert(armed.shard, (expiry, n));
                assert!(before <= Some((expiry, n)), "{n} after {before:?}, in shard {}", armed.shard);
            }
            if let Some((length, missed)) = armed.repeats {
                let (due, missed) = next(armed.due, event.now, length, missed);
                self.model.insert(n, Armed { due, missed, since: event.now, ..armed });
            }
        }
        let late = self.model.iter().find(|(_, armed)| round_up(armed.due, self.settings.tick_ns) <= now);
        assert_eq!(late.map(|(n, _)| n), None, "not called by {now:?}: {late:?}");
    }

    fn check(&self) {
        for (n, guard) in self.guards.iter().enumerate() {
            let armed = self.model.get(&n);
            assert_eq!(guard.status(), status(armed.is_some()), "{n}");
            if let Some(armed) = armed {
                assert_eq!(guard.deadline(), armed.due, "{n}");
            }
        }
        assert_eq!(Arc::strong_count(&self.closures) - 1, self.model.len(), "L8: closures that are alive");
        let metrics = self.driver.metrics();
        assert_eq!((metrics.pending, self.driver.pending()), (self.model.len(), self.model.len()));
        assert_eq!(metrics.armed, metrics.cancelled + metrics.fired + metrics.pending as u64);
        assert_eq!(metrics.panics, 0);
    }

    fn shut_down(self) {
        let handle = self.driver.handle();
        self.driver.shutdown();
        assert_eq!(Arc::strong_count(&self.closures), 1, "L31: closures that are alive");
        assert!(self.guards.iter().all(|guard| guard.status() == CallbackStatus::Over));
        assert_eq!(handle.pending(), 0);
        self.clock.advance(MS);
        assert_eq!(self.log.lock().unwrap().len(), 0);
    }
}

fn status(is_armed: bool) -> CallbackStatus {
    if is_armed { CallbackStatus::Pending } else { CallbackStatus::Over }
}

fn round_up(due: Timestamp, tick_ns: u64) -> Timestamp {
    Timestamp::from_nanos(due.as_nanos().next_multiple_of(tick_ns))
}

/// The next tick, by the table of [`MissedTicks`].
fn next(due: Timestamp, now: Timestamp, length: Duration, missed: MissedTicks) -> (Timestamp, u64) {
    match missed {
        MissedTicks::Burst => (due + length, 0),
        MissedTicks::Delay => (now + length, 0),
        MissedTicks::Skip => {
            let (mut next, mut left_out) = (due + length, 0);
            while next <= now {
                (next, left_out) = (next + length, left_out + 1);
            }
            (next, left_out)
        }
    }
}

/// Runs a program over both timers, with one shard and with three, with and without a pool.
fn run_all(ops: &[Op]) {
    for (shards, pool) in [(1, 0), (3, 0), (1, 1)] {
        let wheel = Settings { tick_ns: 1_000_000, shards, pool };
        Checked::new(TimerWheel::new(Resolution::MILLISECOND), wheel).run(ops);
        Checked::new(TimerHeap::new(), Settings { tick_ns: 1, ..wheel }).run(ops);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn c4_l26_the_driver_does_what_a_sorted_map_does(ops in ops()) {
        run_all(&ops);
    }
}

#[test]
fn c4_l26_the_driver_does_what_a_sorted_map_does_for_long() {
    let mut rng = Rng::with_seed(11);
    let ops: Vec<_> = (0..1_000).map(|_| Op::random(&mut rng)).collect();
    run_all(&ops);
}

#[test]
fn the_model_catches_a_driver_that_is_wrong() {
    let mut rng = Rng::with_seed(12);
    let ops: Vec<_> = (0..300).map(|_| Op::random(&mut rng)).collect();
    let settings = Settings { tick_ns: 1, shards: 1, pool: 0 };
    let says = |by: fn(u64) -> u64| {
        let count = AtomicU32::new(1);
        let timer = Hooked::new(
            move |deadline| {
                let is_wrong = count.fetch_add(1, Ordering::Relaxed) % 7 == 0;
                let due = deadline.soft().as_nanos();
                Timestamp::from_nanos(if is_wrong { by(due) } else { due }).into()
            },
            || {},
        );
        let run = catch_unwind(AssertUnwindSafe(|| Checked::new(timer, settings).run(&ops)));
        *run.expect_err("it is wrong").downcast::<String>().unwrap()
    };
    assert!(catch_unwind(|| Checked::new(Hooked::new(|due| due, || {}), settings).run(&ops)).is_ok(), "it is right");
    assert!(says(|due| due.saturating_sub(1_000)).contains("is early"));
    assert!(says(|due| due + 1).contains("left == right"), "late by a nanosecond");
    assert!(says(|_| u64::MAX).contains("not called by"), "lost");
}
