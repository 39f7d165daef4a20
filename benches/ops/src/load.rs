//! A container with N timers pending, and its emptying, which is where every run is checked.

use std::collections::VecDeque;

use fastrand::Rng;

use crate::contender::{Contender, OnTurn, Value};
use crate::ledger::Ledger;

/// Delays are uniform in `1..=MAX_DELAY_TICKS`.
pub(crate) const MAX_DELAY_TICKS: u64 = 60_000;
/// Above this many timers contenders are set up one after another, so that they need not all fit into memory.
pub const TOGETHER_UP_TO: usize = 2_000_000;
const SEED: u64 = 0x7469_636b_7768_6565;
/// Above this many timers the last check cancels them instead of waiting for all to fire, which would take minutes.
const FIRE_ALL_UP_TO: usize = 2_000_000;
/// Bytes that an allocator neither serves from its smallest bins nor gives back to the system at once.
const LARGE_PIECE: usize = 96 << 10;
/// Turns in which they all fire: one for each tick, unless job b has moved deadlines far away.
const MOST_LAST_TURNS: u64 = 1 << 18;

/// A timer that the harness may touch: its place in the table of keys is its value.
pub struct Held<K> {
    pub key: K,
    /// Zero for one that is not armed.
    pub due_ticks: u32,
}

impl<K> Held<K> {
    #[inline]
    pub fn new(key: K, due_ticks: u64) -> Self {
        let mut held = Self { key, due_ticks: 0 };
        held.moved_to(due_ticks);
        held
    }

    #[inline]
    pub fn moved_to(&mut self, due_ticks: u64) {
        self.due_ticks = due_ticks.try_into().expect("the jobs end before tick 2^32");
    }
}

/// A container, the keys to what is in it, and the books.
pub struct Load<C: Contender> {
    pub timers: C,
    pub held: Vec<Held<C::Key>>,
    pub ledger: Ledger,
    pub rng: Random,
    pub now_ticks: u64,
    /// Places in the order of their arming, each with its deadline then: what fired or was armed anew since is stale.
    pub queue: VecDeque<(u32, u32)>,
}

impl<C: Contender> Load<C> {
    pub fn empty() -> Self {
        let rng = Random(Rng::with_seed(SEED));
        Self {
            timers: C::default(),
            held: Vec::new(),
            ledger: Ledger::default(),
            rng,
            now_ticks: 0,
            queue: VecDeque::new(),
        }
    }

    /// `count` timers whose keys are held, each with its place as its value.
    pub fn with_keys(count: usize) -> Self {
        let mut load = Self::empty();
        let _entered = load.timers.enter();
        load.held.reserve_exact(count);
        for _ in 0..count {
            load.arm_held();
        }
        load
    }

    /// Arms one more timer with a random delay, and holds its key.
    pub fn arm_held(&mut self) {
        let (value, due_ticks) = (self.held.len() as u64, self.now_ticks + self.rng.delay_ticks());
        let key = self.timers.arm(due_ticks, C::Value::of(value));
        self.held.push(Held::new(key, due_ticks));
        self.ledger.armed(value);
    }

    /// `count` timers without keys, each with the tick at which it is due as its value.
    pub fn without_keys(count: usize) -> Self {
        let mut load = Self::empty();
        let _entered = load.timers.enter();
        for _ in 0..count {
            load.arm_keyless();
        }
        load
    }

    /// Arms one more timer with a random delay, and forgets its key.
    pub fn arm_keyless(&mut self) {
        let due_ticks = self.now_ticks + self.rng.delay_ticks();
        self.arm_keyless_at(due_ticks);
    }

    /// Arms one more timer for this tick, which is its value too, and forgets its key.
    pub fn arm_keyless_at(&mut self, due_ticks: u64) {
        self.timers.arm_keyless(due_ticks, C::Value::of(due_ticks));
        self.ledger.armed(due_ticks);
    }

    /// Lets the clock run for `ticks`, a turn at each, with the handler that `make` builds from the books.
    pub fn run_for<'a, H: OnTurn<C>>(
        &'a mut self,
        ticks: u64,
        make: impl FnOnce(&'a mut Ledger, &'a mut Random) -> H,
    ) -> H {
        let mut handler = make(&mut self.ledger, &mut self.rng);
        self.timers.run(self.now_ticks, self.now_ticks + ticks, 1, &mut handler);
        self.now_ticks += ticks;
        handler
    }

    /// Empties the container and checks that what came out is what went in.
    pub fn finish(mut self) -> Result<(), String> {
        self.ledger.check(&self.timers)?;
        if self.held.is_empty() || self.held.len() <= FIRE_ALL_UP_TO {
            self.fire_all();
        } else {
            self.cancel_all();
        }
        if self.ledger.live() != 0 {
            return Err(format!("{} timers never fired", self.ledger.live()));
        }
        self.ledger.check(&self.timers)
    }

    fn fire_all(&mut self) {
        let last_held = self.held.iter().map(|held| u64::from(held.due_ticks)).max();
        let last_ticks = last_held.unwrap_or(self.now_ticks + MAX_DELAY_TICKS).max(self.now_ticks) + C::LATE_TICKS;
        let step_ticks = (last_ticks - self.now_ticks).div_ceil(MOST_LAST_TURNS).max(1);
        let mut emptying =
            Emptying { held: &mut self.held, ledger: &mut self.ledger, first_ticks: 0, now_ticks: self.now_ticks };
        self.timers.run(self.now_ticks, last_ticks, step_ticks, &mut emptying);
        self.now_ticks = last_ticks;
    }

    fn cancel_all(&mut self) {
        let _entered = self.timers.enter();
        for (place, held) in self.held.iter_mut().enumerate().filter(|(_, held)| held.due_ticks != 0) {
            self.ledger.cancelled(self.timers.cancel(&mut held.key), place as u64);
        }
    }
}

/// What the contender before has left is not for the next one to pay: pieces that the allocator joins only when
/// somebody asks for a large one, and memory that has gone cold while that one fired.
pub(crate) fn tidy_memory() {
    drop(std::hint::black_box(vec![1_u8; LARGE_PIECE]));
}

/// Checks each timer as it fires, one by one where keys are held: a second firing finds its place vacated.
struct Emptying<'a, K> {
    held: &'a mut [Held<K>],
    ledger: &'a mut Ledger,
    first_ticks: u64,
    now_ticks: u64,
}

impl<C: Contender> OnTurn<C> for Emptying<'_, C::Key> {
    fn before_turn(&mut self, _timers: &mut C, now_ticks: u64) {
        self.first_ticks = self.now_ticks + 1;
        self.now_ticks = now_ticks;
    }

    fn fired(&mut self, timers: &mut C, now_ticks: u64, value: C::Value) {
        let value = value.number();
        let due_ticks = match self.held.get_mut(value as usize) {
            Some(held) => {
                timers.release(&mut held.key);
                std::mem::take(&mut held.due_ticks).into()
            }
            None => value,
        };
        self.ledger.fired_within(value, due_ticks, self.first_ticks, now_ticks);
    }
}

/// The one source of choices, the same for every contender.
pub struct Random(Rng);

impl Random {
    #[inline]
    pub fn delay_ticks(&mut self) -> u64 {
        self.0.u32(1..=MAX_DELAY_TICKS as u32).into()
    }

    #[inline]
    pub fn place(&mut self, count: usize) -> usize {
        self.0.u32(0..count as u32) as usize
    }

    /// All places below `count`, in random order.
    pub fn places(&mut self, count: usize) -> Vec<u32> {
        let mut places: Vec<_> = (0..count as u32).collect();
        self.0.shuffle(&mut places);
        places
    }
}
