//! C8 by allocations: while timers come and go, turns find the memory, and the calls between them need none.
//!
//! A binary of its own, with one test, since the allocator counts for the whole process.

use std::collections::BTreeSet;

use fastrand::Rng;
use peak_alloc::PeakAlloc;
use tickwheel::{Resolution, Tick, Timer, TimerExt, TimerId, TimerWheel, Timestamp};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const RESOLUTION: Resolution = Resolution::MILLISECOND;
/// The longest delay, in ticks.
const LONGEST: u64 = 60_000;

struct Scale {
    timers: usize,
    ticks: u64,
    /// Cancels before each turn, and moves.
    calls: usize,
}

const SMALL: Scale = Scale { timers: 300, ticks: 200, calls: 20 };
const MANY: Scale = Scale { timers: 10_000, ticks: 100_000, calls: 20 };
/// From one turn to the next a page of chunks is not enough.
const MILLIONS: Scale = Scale { timers: 3_000_000, ticks: 300, calls: 150 };

fn ms(tick: u64) -> Timestamp {
    RESOLUTION.start_of(Tick::new(tick))
}

/// Whether a call allocated, even if it gave all of it back.
fn allocates<R>(call: impl FnOnce() -> R) -> (bool, R) {
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.peak_usage();
    let result = call();
    (ALLOCATOR.peak_usage() > before, result)
}

/// Timers with 60 seconds at the most, of which in each tick some are cancelled, some moved anywhere, and as many armed
/// as have gone.
struct Mix {
    timers: TimerWheel<u64>,
    /// By value.
    ids: Vec<Option<TimerId>>,
    gone: Vec<u64>,
    rng: Rng,
    now: u64,
    /// Calls outside of turns so far, and those that allocated.
    calls: usize,
    allocating: BTreeSet<usize>,
    /// Turns that allocated.
    turns: usize,
}

impl Mix {
    fn new(scale: &Scale) -> Self {
        let timers = TimerWheel::new(RESOLUTION);
        let (ids, gone) = (vec![None; scale.timers], (0..scale.timers as u64).collect());
        Self { timers, ids, gone, rng: Rng::with_seed(15), now: 0, calls: 0, allocating: BTreeSet::new(), turns: 0 }
    }

    fn due(&mut self) -> Timestamp {
        ms(self.now + self.rng.u64(1..=LONGEST))
    }

    fn called(&mut self, allocated: bool) {
        self.calls += 1;
        if allocated {
            self.allocating.insert(self.calls);
        }
    }

    fn arm_what_has_gone(&mut self) {
        while let Some(value) = self.gone.pop() {
            let due = self.due();
            let (allocated, id) = allocates(|| self.timers.insert(due, value).expect("there is room"));
            self.called(allocated);
            self.ids[value as usize] = Some(id);
        }
    }

    fn tick(&mut self, calls: usize) {
        let timers = self.ids.len();
        for _ in 0..calls {
            let due = self.due();
            if let Some(id) = self.ids[self.rng.usize(..timers)] {
                let (allocated, found) = allocates(|| self.timers.reset(id, due));
                assert!(found, "what is held is armed");
                self.called(allocated);
            }
            if let Some(id) = self.ids[self.rng.usize(..timers)].take() {
                let (allocated, value) = allocates(|| self.timers.cancel(id));
                self.gone.push(value.expect("what is held is armed"));
                self.called(allocated);
            }
        }
        self.arm_what_has_gone();
        self.now += 1;
        let (allocated, ()) = allocates(|| {
            for expired in self.timers.turn(ms(self.now)) {
                self.ids[expired.value as usize] = None;
                self.gone.push(expired.value);
            }
        });
        self.turns += usize::from(allocated);
    }
}

/// So often the same mix is made, at the most. The thread that runs the tests may allocate meanwhile, and is counted
/// too; but never at the same call.
const REPEATS: usize = 8;

/// Which of its calls, by number, allocated between turns.
fn mix(scale: &Scale) -> BTreeSet<usize> {
    let mut mix = Mix::new(scale);
    mix.gone.reserve(scale.timers);
    mix.arm_what_has_gone();
    // The first turns make ready what filling the wheel has not.
    (0..8).for_each(|_| mix.tick(scale.calls));
    mix.turns = 0;
    mix.allocating.clear();
    (0..scale.ticks).for_each(|_| mix.tick(scale.calls));
    mix.timers.check();
    println!("{} timers: in {} ticks {} turns allocated", scale.timers, scale.ticks, mix.turns);
    mix.allocating
}

fn check(scale: &Scale) {
    let mut allocating = mix(scale);
    for _ in 1..REPEATS {
        if allocating.is_empty() {
            break;
        }
        let again = mix(scale);
        allocating.retain(|call| again.contains(call));
    }
    assert!(allocating.is_empty(), "C8: calls {allocating:?} allocated between turns, with {} timers", scale.timers);
}

#[test]
fn c8_between_turns_nothing_is_allocated() {
    let scales: &[Scale] = if cfg!(miri) { &[SMALL] } else { &[MANY, MILLIONS] };
    scales.iter().for_each(check);
}
