//! A container with N timers pending, and its emptying, which is where every run is checked.

use std::collections::VecDeque;
use std::time::Instant;

use fastrand::Rng;
use harness::{Series, expect};

use crate::contender::{Contender, Event, Value, arm, arm_keyless, cancel, reset};
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

/// The keys to what is in a container, and what is known of it.
pub struct Books<K> {
    pub held: Vec<Held<K>>,
    pub ledger: Ledger,
    pub rng: Random,
    /// Places in the order of their arming, each with its deadline then: what fired or was armed anew since is stale.
    pub queue: VecDeque<(u32, u32)>,
}

impl<K> Books<K> {
    /// Arms the timer of a place, which may be the next new one, and holds its key.
    #[inline]
    pub fn arm<C: Contender<Key = K>>(&mut self, timers: &mut C, place: usize, due_ticks: u64) {
        let held = Held::new(arm(timers, due_ticks, C::Value::of(place as u64)), due_ticks);
        match self.held.get_mut(place) {
            Some(old) => *old = held,
            None => self.held.push(held),
        }
        self.ledger.armed(place as u64);
    }

    /// Arms one more timer for this tick, which is its value too, and forgets its key.
    #[inline]
    pub fn arm_keyless<C: Contender<Key = K>>(&mut self, timers: &mut C, due_ticks: u64) {
        arm_keyless(timers, due_ticks, C::Value::of(due_ticks));
        self.ledger.armed(due_ticks);
    }

    #[inline]
    pub fn cancel<C: Contender<Key = K>>(&mut self, timers: &mut C, place: usize) {
        let held = &mut self.held[place];
        self.ledger.cancelled(cancel(timers, &mut held.key), place as u64);
        held.due_ticks = 0;
    }

    #[inline]
    pub fn reset<C: Contender<Key = K>>(&mut self, timers: &mut C, place: usize, due_ticks: u64) {
        let held = &mut self.held[place];
        reset(timers, &mut held.key, due_ticks);
        held.moved_to(due_ticks);
    }

    /// A timer whose key is held has fired; returns its place, which is vacant.
    #[inline]
    pub fn fired<C: Contender<Key = K>>(&mut self, timers: &mut C, now_ticks: u64, value: C::Value) -> usize {
        let place = value.number() as usize;
        let held = &mut self.held[place];
        timers.release(&mut held.key);
        self.ledger.fired(value.number(), std::mem::take(&mut held.due_ticks).into(), now_ticks);
        place
    }
}

/// A container and its books.
pub struct Load<C: Contender> {
    pub timers: C,
    pub books: Books<C::Key>,
    pub now_ticks: u64,
}

impl<C: Contender> Load<C> {
    pub fn empty() -> Self {
        let rng = Random(Rng::with_seed(SEED));
        let books = Books { held: Vec::new(), ledger: Ledger::default(), rng, queue: VecDeque::new() };
        Self { timers: C::default(), books, now_ticks: 0 }
    }

    /// `count` timers whose keys are held, each with its place as its value.
    pub fn with_keys(count: usize) -> Self {
        let mut load = Self::empty();
        load.books.held.reserve_exact(count);
        load.fill(count);
        load
    }

    /// Arms so many timers more, each with a random delay, and holds their keys.
    pub fn fill(&mut self, count: usize) {
        let _entered = self.timers.enter();
        for place in self.books.held.len()..self.books.held.len() + count {
            let due_ticks = self.now_ticks + self.books.rng.delay_ticks();
            self.books.arm(&mut self.timers, place, due_ticks);
        }
    }

    /// Arms so many timers without keys, each due after what `delay_ticks` says.
    pub fn fill_keyless(&mut self, count: usize, delay_ticks: impl Fn(&mut Random) -> u64) {
        let _entered = self.timers.enter();
        for _ in 0..count {
            let due_ticks = self.now_ticks + delay_ticks(&mut self.books.rng);
            self.books.arm_keyless(&mut self.timers, due_ticks);
        }
    }

    /// Lets the clock run to `to_ticks` in steps of `step_ticks`, a turn at each.
    pub fn run_to(
        &mut self,
        to_ticks: u64,
        step_ticks: u64,
        mut job: impl FnMut(&mut C, &mut Books<C::Key>, u64, Event<C::Value>),
    ) {
        let Self { timers, books, now_ticks } = self;
        let mut handler = |timers: &mut C, now_ticks, event| job(timers, books, now_ticks, event);
        timers.run(*now_ticks, to_ticks, step_ticks, &mut handler);
        *now_ticks = to_ticks;
    }

    /// The same for `ticks` and with a turn at each tick.
    pub fn run_for(&mut self, ticks: u64, job: impl FnMut(&mut C, &mut Books<C::Key>, u64, Event<C::Value>)) {
        self.run_to(self.now_ticks + ticks, 1, job);
    }

    /// As [`run_to`](Self::run_to), with each turn timed from what the job does before it to its end, and each part of
    /// one that is split.
    pub fn time_turns(
        &mut self,
        to_ticks: u64,
        step_ticks: u64,
        turns: &mut Series,
        mut job: impl FnMut(&mut C, &mut Books<C::Key>, u64, Event<C::Value>),
    ) {
        let mut start = Instant::now();
        self.run_to(to_ticks, step_ticks, |timers, books, now_ticks, event| match event {
            Event::Fired(_) => job(timers, books, now_ticks, event),
            Event::Before => {
                job(timers, books, now_ticks, event);
                start = Instant::now();
            }
            Event::Split => {
                turns.record(start);
                start = Instant::now();
            }
            Event::After => turns.record(start),
        });
    }

    /// Empties the container and checks that what came out is what went in.
    pub fn finish(mut self) -> Result<(), String> {
        self.books.ledger.check(&self.timers)?;
        if self.books.held.len() <= FIRE_ALL_UP_TO {
            self.fire_all();
        } else {
            let _entered = self.timers.enter();
            for place in 0..self.books.held.len() {
                if self.books.held[place].due_ticks != 0 {
                    self.books.cancel(&mut self.timers, place);
                }
            }
        }
        expect(self.books.ledger.live(), 0, "timers that never fired")?;
        self.books.ledger.check(&self.timers)
    }

    /// Checks each timer as it fires, one by one where keys are held: a second firing finds its place vacated.
    fn fire_all(&mut self) {
        let last_held = self.books.held.iter().map(|held| u64::from(held.due_ticks)).max();
        let last_ticks = last_held.unwrap_or(self.now_ticks + MAX_DELAY_TICKS).max(self.now_ticks) + C::LATE_TICKS;
        let step_ticks = (last_ticks - self.now_ticks).div_ceil(MOST_LAST_TURNS).max(1);
        let (mut first_ticks, mut before_ticks) = (0, self.now_ticks);
        self.run_to(last_ticks, step_ticks, |timers, books, now_ticks, event| match event {
            Event::Before => (first_ticks, before_ticks) = (before_ticks + 1, now_ticks),
            Event::Fired(value) => {
                let value = value.number();
                let due_ticks = books.held.get_mut(value as usize).map_or(value, |held| {
                    timers.release(&mut held.key);
                    std::mem::take(&mut held.due_ticks).into()
                });
                books.ledger.fired_within(value, due_ticks, first_ticks, now_ticks);
            }
            _ => {}
        });
    }
}

/// What the contender before has left is not for the next one to pay: pieces that the allocator joins only when
/// it is asked for a large one, and memory that has gone cold while that one fired.
pub(crate) fn tidy_memory() {
    drop(std::hint::black_box(vec![1_u8; LARGE_PIECE]));
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
