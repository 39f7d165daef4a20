//! C8 by allocations: while timers come and go, turns find the memory, and the calls between them need none.
//!
//! A binary of its own, with one test, since the allocator counts for the whole process.

use fastrand::Rng;
use peak_alloc::PeakAlloc;
use tickwheel::{Resolution, Tick, Timer, TimerExt, TimerId, TimerWheel, Timestamp};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const RESOLUTION: Resolution = Resolution::MILLISECOND;
const TIMERS: usize = if cfg!(miri) { 300 } else { 10_000 };
const TICKS: u64 = if cfg!(miri) { 200 } else { 100_000 };
/// The longest delay, in ticks.
const LONGEST: u64 = 60_000;
/// Calls of each kind before a turn.
const CALLS: usize = 20;

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
    /// Calls outside of turns that allocated, and turns that did.
    calls: usize,
    turns: usize,
}

impl Mix {
    fn new() -> Self {
        let timers = TimerWheel::new(RESOLUTION);
        let (ids, gone) = (vec![None; TIMERS], (0..TIMERS as u64).collect());
        Self { timers, ids, gone, rng: Rng::with_seed(15), now: 0, calls: 0, turns: 0 }
    }

    fn due(&mut self) -> Timestamp {
        ms(self.now + self.rng.u64(1..=LONGEST))
    }

    fn arm_what_has_gone(&mut self) {
        while let Some(value) = self.gone.pop() {
            let due = self.due();
            let (allocated, id) = allocates(|| self.timers.insert(due, value).expect("there is room"));
            self.calls += usize::from(allocated);
            self.ids[value as usize] = Some(id);
        }
    }

    fn tick(&mut self) {
        for _ in 0..CALLS {
            let due = self.due();
            if let Some(id) = self.ids[self.rng.usize(..TIMERS)] {
                let (allocated, found) = allocates(|| self.timers.reschedule(id, due));
                assert!(found, "what is held is armed");
                self.calls += usize::from(allocated);
            }
            if let Some(id) = self.ids[self.rng.usize(..TIMERS)].take() {
                let (allocated, value) = allocates(|| self.timers.cancel(id));
                self.gone.push(value.expect("what is held is armed"));
                self.calls += usize::from(allocated);
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

#[test]
fn c8_between_turns_nothing_is_allocated() {
    let mut mix = Mix::new();
    mix.gone.reserve(TIMERS);
    mix.arm_what_has_gone();
    // The first turns make ready what filling the wheel has not.
    (0..4).for_each(|_| mix.tick());
    (mix.calls, mix.turns) = (0, 0);
    (0..TICKS).for_each(|_| mix.tick());
    mix.timers.check();
    println!("in {TICKS} ticks {} turns allocated", mix.turns);
    assert_eq!(mix.calls, 0, "C8: calls between turns allocated");
    assert!(cfg!(miri) || mix.turns > 0, "stale entries made the wheel grow, or this shows nothing");
}
