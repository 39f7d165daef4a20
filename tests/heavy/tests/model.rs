//! Every container against the model, with operations as values: each promise from C1 to C7 is checked after each step.
//!
//! Short programs are proptest's, which shrinks them; long ones are drawn by a seeded generator. `docs/testing.md` says
//! how to run the soak.

#[path = "../../support/mod.rs"]
mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use fastrand::Rng;
use proptest::prelude::*;
use proptest::test_runner::{FailurePersistence, FileFailurePersistence};
use support::checked::Checked;
use support::ops::{At, Handler, Jump, Op, When};
use support::reference::{Fault, Reference};
use support::rules::Rules;
use support::subject::{Subject, small_wheel, wheel};
use tickwheel::{Resolution, TimerHeap, Timestamp};

const RESOLUTIONS: [Resolution; 4] =
    [nanosecond(), Resolution::MICROSECOND, Resolution::MILLISECOND, Resolution::SECOND];

const fn nanosecond() -> Resolution {
    match Resolution::from_hz(1_000_000_000) {
        Ok(resolution) => resolution,
        Err(_) => panic!("a nanosecond is a tick that there is"),
    }
}

/// Where a container starts: at zero, just before an edge of each kind, at the end of time, anywhere.
fn start(pick: u8, random: u64, tick_ns: u64) -> Timestamp {
    let ticks = match pick % 8 {
        0 | 1 => 0,
        2 => (1 << 32) - 3,
        3 => (1 << 26) - 1,
        4 => return Timestamp::from_nanos(u64::MAX - random % 100_000),
        5 => (1 << 20) - 2,
        _ => random >> (8 + pick % 40),
    };
    Timestamp::from_nanos(tick_ns.saturating_mul(ticks))
}

/// Runs a program, looking at everything after each step.
fn run(timer: impl Subject, start: Timestamp, ops: &[Op]) {
    let mut checked = Checked::new(timer, start);
    for op in ops {
        checked.apply(*op);
        checked.check_all();
    }
    checked.drain();
}

fn bits() -> impl Strategy<Value = u8> {
    prop::sample::select(vec![4_u8, 6, 8, 10, 14, 18, 20, 22, 26, 32, 40])
}

fn at() -> impl Strategy<Value = At> {
    prop_oneof![
        6 => (0..600_u16).prop_map(At::Near),
        1 => any::<u16>().prop_map(At::Near),
        2 => (bits(), -1..=1_i8).prop_map(|(bits, off)| At::Edge { bits, off }),
        3 => (bits(), 0..130_u8, -1..=1_i8).prop_map(|(bits, ahead, off)| At::Slot { bits, ahead, off }),
        1 => any::<u64>().prop_map(At::Far),
        1 => any::<u16>().prop_map(At::End),
        1 => any::<u32>().prop_map(At::Past),
    ]
}

fn when() -> impl Strategy<Value = When> {
    let early = prop_oneof![2 => Just(0), 1 => any::<u32>()];
    let slack = prop_oneof![6 => Just(None), 1 => (0..1000_u32).prop_map(Some), 1 => any::<u32>().prop_map(Some)];
    (at(), early, slack).prop_map(|(at, early_ns, slack)| When { at, early_ns, slack })
}

fn jump() -> impl Strategy<Value = Jump> {
    prop_oneof![
        4 => (0..300_u16).prop_map(|ticks| Jump::To(When::plain(At::Near(ticks)))),
        2 => (bits(), 0..3_u8, -1..=1_i8)
            .prop_map(|(bits, ahead, off)| Jump::To(When::plain(At::Slot { bits, ahead, off }))),
        1 => when().prop_map(Jump::To),
        3 => Just(Jump::NextTurn),
        3 => (-1..=1_i8).prop_map(|off_ns| Jump::NextExpiry { off_ns }),
    ]
}

fn handler() -> impl Strategy<Value = Handler> {
    prop_oneof![
        4 => Just(Handler::Nothing),
        1 => when().prop_map(Handler::Arm),
        1 => any::<u16>().prop_map(Handler::Cancel),
        1 => (any::<u16>(), when()).prop_map(|(pick, when)| Handler::Reset(pick, when)),
        1 => Just(Handler::Stop),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => when().prop_map(Op::Insert),
        2 => (0..60_u8, when()).prop_map(|(count, when)| Op::InsertMany(count, when)),
        3 => any::<u16>().prop_map(Op::Cancel),
        1 => Just(Op::CancelNewest),
        4 => (any::<u16>(), when()).prop_map(|(pick, when)| Op::Reset(pick, when)),
        1 => any::<u16>().prop_map(Op::TouchStale),
        5 => (jump(), prop::option::of(0..20_u8), handler())
            .prop_map(|(to, budget, handler)| Op::Turn { to, budget, handler }),
        1 => (1..8_u8).prop_map(Op::Sleep),
        1 => prop_oneof![Just(Op::Clear), Just(Op::Shrink), any::<u8>().prop_map(Op::Reserve)],
    ]
}

fn program() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 1..80)
}

/// Failures are kept in `model.proptest-regressions`, and are tried again first.
fn config() -> ProptestConfig {
    let kept_beside_this_file = FileFailurePersistence::WithSource("proptest-regressions");
    ProptestConfig {
        cases: if cfg!(miri) { 3 } else { 512 },
        failure_persistence: (!cfg!(miri)).then(|| Box::new(kept_beside_this_file) as Box<dyn FailurePersistence>),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn c1_to_c7_wheel_keeps_them(res in 0..4_usize, pick: u8, random: u64, ops in program()) {
        let resolution = RESOLUTIONS[res];
        let start = start(pick, random, Rules::Wheel(resolution).tick_ns());
        run(wheel(resolution, start), start, &ops);
    }

    #[test]
    fn c1_to_c7_small_wheel_keeps_them(res in 0..4_usize, pick: u8, random: u64, ops in program()) {
        let resolution = RESOLUTIONS[res];
        let start = start(pick, random, Rules::Wheel(resolution).tick_ns());
        run(small_wheel(resolution, start), start, &ops);
    }

    #[test]
    fn c1_to_c7_heap_keeps_them(pick: u8, random: u64, ops in program()) {
        let start = start(pick, random, 1000);
        run(TimerHeap::starting_at(start), start, &ops);
    }

    #[test]
    fn c1_to_c7_sorted_map_keeps_them(heap: bool, pick: u8, random: u64, ops in program()) {
        let rules = if heap { Rules::Heap } else { Rules::Wheel(Resolution::MICROSECOND) };
        let start = start(pick, random, 1000);
        run(Reference::new(rules, start, None), start, &ops);
    }
}

/// Long random programs, one after another, each on a fresh container, until `ops` operations are done.
fn long_run<C: Subject>(seed: u64, ops: u64, make: impl Fn(&mut Rng) -> (C, Timestamp)) {
    let mut rng = Rng::with_seed(seed);
    let mut done = 0;
    while done < ops {
        let (timer, start) = make(&mut rng);
        let mut checked = Checked::new(timer, start);
        let length = 1 << rng.u32(8..17);
        // From few timers to thousands: this many live ones, and more are cancelled than armed.
        let most = 1 << rng.u32(2..14);
        for step in 0..length {
            checked.apply(Op::random(&mut rng));
            while checked.model().live().len() > most {
                checked.apply(Op::Cancel(rng.u16(..)));
            }
            if step % 1024 == 0 {
                checked.check_all();
            }
        }
        checked.check_all();
        checked.drain();
        done += length;
    }
}

fn any_wheel(rng: &mut Rng) -> (Resolution, Timestamp) {
    let resolution = RESOLUTIONS[rng.usize(..4)];
    (resolution, start(rng.u8(..), rng.u64(..), Rules::Wheel(resolution).tick_ns()))
}

fn long_wheel_run(seed: u64, ops: u64) {
    long_run(seed, ops, |rng| {
        let (resolution, start) = any_wheel(rng);
        (wheel(resolution, start), start)
    });
}

fn long_small_wheel_run(seed: u64, ops: u64) {
    long_run(seed, ops, |rng| {
        let (resolution, start) = any_wheel(rng);
        (small_wheel(resolution, start), start)
    });
}

fn long_heap_run(seed: u64, ops: u64) {
    long_run(seed, ops, |rng| {
        let start = start(rng.u8(..), rng.u64(..), 1000);
        (TimerHeap::starting_at(start), start)
    });
}

const LONG: u64 = if cfg!(miri) { 500 } else { 1_000_000 };

#[test]
fn c1_to_c7_wheel_keeps_them_for_long() {
    long_wheel_run(1, LONG);
}

#[test]
fn c1_to_c7_small_wheel_keeps_them_for_long() {
    long_small_wheel_run(2, LONG);
}

#[test]
fn c1_to_c7_heap_keeps_them_for_long() {
    long_heap_run(3, LONG);
}

/// 10^8 operations; `TICKWHEEL_SEED` sets where they begin.
#[test]
#[ignore = "a soak of 10^8 operations takes some minutes, without optimization much longer"]
fn soak() {
    let seed = std::env::var("TICKWHEEL_SEED").map_or(100, |seed| seed.parse().expect("a seed is a number"));
    for round in 0..10 {
        long_wheel_run(seed + round, 4_000_000);
        long_small_wheel_run(seed + round, 4_000_000);
        long_heap_run(seed + round, 2_000_000);
        eprintln!("soak: {}0 % done", round + 1);
    }
}

/// The promise under which the model catches a reference with this fault, or `None` if it does not.
fn caught(fault: Fault) -> Option<String> {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let rules = Rules::Wheel(Resolution::MILLISECOND);
        long_run(4, 60_000, |_| (Reference::new(rules, Timestamp::ZERO, Some(fault)), Timestamp::ZERO));
    }));
    let panic = outcome.err()?;
    let message = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).into()));
    Some(message.expect("assertions panic with a message"))
}

/// A check that cannot fail is none: each wrong timer is caught, and most of them by the promise that they break.
#[test]
#[cfg_attr(miri, ignore = "many runs")]
fn the_model_catches_every_wrong_timer() {
    for fault in Fault::ALL {
        // Nothing here sets a limit.
        if fault == Fault::LimitIgnored {
            continue;
        }
        let message = caught(fault).unwrap_or_else(|| panic!("the model does not catch {fault:?}"));
        let promises: &[&str] = match fault {
            Fault::LateByATick => &["C2"],
            Fault::LastArmedFirst | Fault::LeftoversLast => &["C3"],
            Fault::FiresOneIdTwice => &["C4"],
            Fault::LosesWhenFiring => &["C2", "C4"],
            Fault::GenerationIgnored | Fault::ClearForgetsGenerations => &["C5"],
            Fault::MovingMakesIdStale => &["C2, L12", "C5"],
            Fault::NextExpiryTooLate | Fault::NextTurnAfterNextExpiry | Fault::StaleAnswerComesBack => &["C6"],
            Fault::SlotOfNowHidesNear => &["C6"],
            Fault::OverdueFiresAtOnce => &["C7"],
            Fault::BudgetIgnored => &["C8"],
            Fault::ExpiryNotUpdated => &["C2, L12"],
            _ => &[],
        };
        let named = promises.is_empty() || promises.iter().any(|promise| message.contains(promise));
        assert!(named, "{fault:?} breaks {promises:?}, and was caught by: {message}");
    }
}
