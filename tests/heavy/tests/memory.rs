//! C9 and C8 by bytes: memory follows the live timers, and grows by pieces.
//!
//! The allocator counts for the whole process, so these tests take turns.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use peak_alloc::PeakAlloc;
use tickwheel::geometry::Geometry;
use tickwheel::{
    Budget, Driver, ManualClock, Resolution, Small, Task, Tick, Timer, TimerExt, TimerHeap, TimerId, TimerWheel,
    Timestamp,
};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

static TURN: Mutex<()> = Mutex::new(());

const RESOLUTION: Resolution = Resolution::MILLISECOND;
/// A timeout of 60 s, in ticks.
const TIMEOUT: u64 = 60_000;
const ROUNDS: u64 = if cfg!(miri) { 1_000 } else { 1_000_000 };
/// Entries that a wheel may hold beyond twice the live timers.
const CONSTANT: usize = 256;
/// Bytes that the test harness's own threads may need meanwhile.
const NOISE: usize = 64 * 1024;

fn ms(tick: u64) -> Timestamp {
    RESOLUTION.start_of(Tick::new(tick))
}

fn alone() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A container that can say how many entries it holds.
trait Held: Timer<u64> {
    fn entries(&self) -> usize;

    fn check_bound(&self) {
        let (entries, live) = (self.entries(), self.len());
        assert!(entries <= 2 * live + CONSTANT, "C9: {entries} entries for {live} live timers");
    }
}

impl<G: Geometry> Held for TimerWheel<u64, G> {
    fn entries(&self) -> usize {
        TimerWheel::entries(self)
    }
}

impl Held for TimerHeap<u64> {
    fn entries(&self) -> usize {
        self.len()
    }
}

#[derive(Clone, Copy, Debug)]
enum Order {
    FirstInFirstOut,
    AtRandom,
    LastInFirstOut,
}

impl Order {
    fn take(self, ids: &mut VecDeque<TimerId>, rng: &mut Rng) -> TimerId {
        let id = match self {
            Self::FirstInFirstOut => ids.pop_front(),
            Self::AtRandom => ids.swap_remove_back(rng.usize(..ids.len())),
            Self::LastInFirstOut => ids.pop_back(),
        };
        id.expect("somebody is live")
    }
}

/// 10^6 rounds of arming one and cancelling one, with `live` ones at all times; then down to none.
fn arm_and_cancel(timers: &mut impl Held, live: usize, order: Order, running: bool) {
    let mut rng = Rng::with_seed(9);
    let mut ids: VecDeque<TimerId> = VecDeque::with_capacity(live + 1);
    let before = ALLOCATOR.current_usage();
    let mut tick = 0;
    let mut after_a_tenth = 0;
    for round in 0..ROUNDS {
        // No timer lives long enough to fire, whatever the order.
        let timeout = TIMEOUT + u64::from(running) * ROUNDS;
        ids.push_back(timers.insert(ms(tick + timeout), round).expect("no limit was set"));
        timers.check_bound();
        if ids.len() > live {
            assert!(timers.cancel(order.take(&mut ids, &mut rng)).is_some());
            timers.check_bound();
        }
        if running && round % 10 == 0 {
            tick += 1;
            assert_eq!(timers.turn(ms(tick)).count(), 0);
            timers.check_bound();
        }
        if round == ROUNDS / 10 {
            after_a_tenth = ALLOCATOR.current_usage();
        }
    }
    let (used, grown) =
        (ALLOCATOR.current_usage().saturating_sub(before), ALLOCATOR.current_usage().saturating_sub(after_a_tenth));
    assert!(grown <= NOISE + used / 4, "L8: {grown} bytes of growth over nine tenths of the rounds");
    assert!(used <= 160 * live + 2 * NOISE, "L8: {used} bytes for {live} live timers, {order:?}, running: {running}");
    while !ids.is_empty() {
        assert!(timers.cancel(order.take(&mut ids, &mut rng)).is_some());
        timers.check_bound();
    }
    assert!(timers.is_empty() && timers.entries() <= CONSTANT, "down to none");
    timers.shrink_to_fit();
    let left = ALLOCATOR.current_usage().saturating_sub(before);
    assert!(left <= NOISE, "{left} bytes are left after shrinking");
}

fn arm_and_cancel_in_every_way<C: Held>(make: impl Fn() -> C) {
    let _alone = alone();
    for running in [false, true] {
        for order in [Order::FirstInFirstOut, Order::AtRandom, Order::LastInFirstOut] {
            for live in [1, 1000] {
                arm_and_cancel(&mut make(), live, order, running);
            }
        }
        arm_and_cancel(&mut make(), ROUNDS as usize / 20, Order::AtRandom, running);
    }
}

#[test]
fn c9_l8_wheel_arm_and_cancel() {
    arm_and_cancel_in_every_way(|| TimerWheel::<u64>::new(RESOLUTION));
}

#[test]
fn c9_l8_small_wheel_arm_and_cancel() {
    arm_and_cancel_in_every_way(|| TimerWheel::<u64, Small>::with_geometry(RESOLUTION));
}

#[test]
fn c9_l8_heap_arm_and_cancel() {
    arm_and_cancel_in_every_way(TimerHeap::new);
}

/// Where a timer is moved to, told from now.
#[derive(Clone, Copy, Debug)]
enum Move {
    /// A little earlier each time, and once it is near, far away again.
    EverEarlier,
    /// A little later each time.
    EverLater,
    Anywhere,
    /// Between beyond the last level and near, so that it changes what holds it.
    NearAndBeyond,
}

/// 10^6 moves of `live` timers, each of which may leave an entry behind.
fn move_again_and_again(timers: &mut impl Held, live: usize, moves: Move, running: bool) {
    let mut rng = Rng::with_seed(99);
    let mut tick = 0;
    let before = ALLOCATOR.current_usage();
    let far = 2 * ROUNDS;
    let mut armed: Vec<(TimerId, u64)> = (0..live as u64)
        .map(|n| {
            let due = far + n;
            (timers.insert(ms(due), n).expect("no limit was set"), due)
        })
        .collect();
    for round in 0..ROUNDS {
        let at = rng.usize(..live);
        let (id, due) = armed[at];
        let earliest = ROUNDS + 1;
        let to = match moves {
            Move::EverEarlier if due > earliest + 300 => due - rng.u64(1..300),
            Move::EverEarlier => far + rng.u64(..1000),
            Move::EverLater => due + rng.u64(1..300),
            Move::Anywhere => earliest + rng.u64(..ROUNDS),
            Move::NearAndBeyond if round % 3 == 0 => (1 << 33) + rng.u64(..1000),
            Move::NearAndBeyond => earliest + rng.u64(..ROUNDS),
        };
        assert!(timers.reschedule(id, ms(to)));
        armed[at].1 = to;
        timers.check_bound();
        if running && round % 10 == 0 {
            tick += 1;
            assert_eq!(timers.turn(ms(tick)).count(), 0);
            timers.check_bound();
        }
    }
    let used = ALLOCATOR.current_usage().saturating_sub(before);
    assert!(used <= 240 * live + 2 * NOISE, "{used} bytes for {live} live timers, {moves:?}, running: {running}");
    for (id, due) in &armed {
        assert_eq!(timers.expiry(*id), Some(ms(*due)));
    }
}

fn move_in_every_way<C: Held>(make: impl Fn() -> C) {
    let _alone = alone();
    for moves in [Move::EverEarlier, Move::EverLater, Move::Anywhere, Move::NearAndBeyond] {
        for running in [false, true] {
            for live in [1, 1000] {
                move_again_and_again(&mut make(), live, moves, running);
            }
        }
    }
}

#[test]
fn c9_wheel_moves() {
    move_in_every_way(|| TimerWheel::<u64>::new(RESOLUTION));
}

#[test]
fn c9_small_wheel_moves() {
    move_in_every_way(|| TimerWheel::<u64, Small>::with_geometry(RESOLUTION));
}

#[test]
fn c9_heap_moves() {
    move_in_every_way(TimerHeap::new);
}

/// While a great many expire under a budget, collecting may lag; when no turn is wanted any more it has caught up.
#[test]
fn c9_after_a_great_many_have_expired() {
    let _alone = alone();
    let mut timers = TimerWheel::<u64>::new(RESOLUTION);
    let mut rng = Rng::with_seed(999);
    let ids: Vec<_> = (0..ROUNDS / 2).map(|n| timers.insert(ms(TIMEOUT + n % 2), n).unwrap()).collect();
    let more: Vec<_> = (0..ROUNDS / 10).map(|n| timers.insert(ms(1 + rng.u64(..1 << 21)), n).unwrap()).collect();
    ids.iter().step_by(3).chain(more.iter().step_by(2)).for_each(|id| {
        timers.cancel(*id);
        timers.check_bound();
    });
    let now = ms(TIMEOUT + 1);
    loop {
        timers.expire(now, Budget::entries(1000), |_, _| {});
        if timers.next_turn().is_none_or(|next| next > now) {
            break;
        }
    }
    timers.check_bound();
}

/// Everything may be given back: after clearing and shrinking, next to nothing is left.
fn shrinking_gives_memory_back(mut timers: impl Held) {
    let _alone = alone();
    let before = ALLOCATOR.current_usage();
    let mut rng = Rng::with_seed(5);
    for by_cancelling in [true, false] {
        let ids: Vec<_> = (0..ROUNDS / 5).map(|n| timers.insert(ms(1 + rng.u64(..TIMEOUT)), n).unwrap()).collect();
        let full = ALLOCATOR.current_usage() - before;
        if by_cancelling {
            ids.iter().for_each(|id| _ = timers.cancel(*id));
        } else {
            timers.clear();
        }
        drop(ids);
        timers.shrink_to_fit();
        let left = ALLOCATOR.current_usage().saturating_sub(before);
        assert!(left <= NOISE + full / 100, "{left} bytes of {full} are left, by cancelling: {by_cancelling}");
    }
}

/// What was reserved is there: arming takes no more memory.
#[test]
fn reserved_room_is_enough() {
    let _alone = alone();
    const COUNT: u64 = if cfg!(miri) { 2_000 } else { 20_000 };
    for armed_before in [0, 1, 700] {
        let mut timers = TimerHeap::new();
        (0..armed_before).for_each(|n| _ = timers.insert(ms(n), n).unwrap());
        timers.reserve(COUNT as usize);
        let reserved = ALLOCATOR.current_usage();
        (0..COUNT).for_each(|n| _ = timers.insert(ms(n), n).unwrap());
        let taken = ALLOCATOR.current_usage().saturating_sub(reserved);
        assert!(taken <= NOISE, "{taken} bytes more for {COUNT} timers");
    }
}

#[test]
fn c9_wheel_shrinks() {
    shrinking_gives_memory_back(TimerWheel::<u64>::new(RESOLUTION));
}

#[test]
fn c9_heap_shrinks() {
    shrinking_gives_memory_back(TimerHeap::new());
}

/// The most bytes that a single call may ask for: no call copies all that is there.
const PIECE: usize = 192 * 1024;

/// Grows to 10^6 timers and back, watching the most that each call allocates.
fn grows_by_pieces(mut timers: impl Held) {
    let _alone = alone();
    let mut rng = Rng::with_seed(88);
    let mut ids = Vec::with_capacity(ROUNDS as usize);
    let mut longest = 0;
    let mut metered = |call: &mut dyn FnMut()| {
        ALLOCATOR.reset_peak_usage();
        let before = ALLOCATOR.current_usage();
        call();
        longest = longest.max(ALLOCATOR.peak_usage().saturating_sub(before));
    };
    for n in 0..ROUNDS {
        metered(&mut || ids.push(timers.insert(ms(1 + rng.u64(..TIMEOUT)), n).unwrap()));
    }
    for id in &ids {
        let to = ms(1 + rng.u64(..TIMEOUT));
        metered(&mut || assert!(timers.reschedule(*id, to)));
    }
    for id in ids.iter().step_by(2) {
        metered(&mut || assert!(timers.cancel(*id).is_some()));
    }
    for tick in (0..=TIMEOUT).step_by(7) {
        metered(&mut || _ = timers.turn(ms(tick)).within(Budget::entries(1000)).count());
    }
    println!("the most that a call allocated: {longest} bytes");
    assert!(longest <= PIECE, "C8: a call allocated {longest} bytes");
}

#[test]
fn c8_wheel_grows_by_pieces() {
    grows_by_pieces(TimerWheel::<u64>::new(RESOLUTION));
}

#[test]
fn c8_heap_grows_by_pieces() {
    grows_by_pieces(TimerHeap::new());
}

/// The checks above can fail: a container whose memory follows the armed ones is caught.
#[test]
#[should_panic(expected = "C9")]
fn c9_a_container_that_collects_nothing_is_caught() {
    struct Hoarder {
        timers: TimerHeap<u64>,
        hoarded: usize,
    }

    impl Held for Hoarder {
        fn entries(&self) -> usize {
            self.hoarded + self.timers.len()
        }
    }

    impl Timer<u64> for Hoarder {
        fn insert_deadline(
            &mut self,
            deadline: tickwheel::Deadline,
            value: u64,
        ) -> Result<TimerId, tickwheel::InsertError<u64>> {
            self.timers.insert_deadline(deadline, value)
        }

        fn reschedule_deadline(&mut self, id: TimerId, deadline: tickwheel::Deadline) -> bool {
            self.timers.reschedule_deadline(id, deadline)
        }

        fn cancel(&mut self, id: TimerId) -> Option<u64> {
            self.hoarded += 1;
            self.timers.cancel(id)
        }

        fn get(&self, id: TimerId) -> Option<&u64> {
            self.timers.get(id)
        }

        fn get_mut(&mut self, id: TimerId) -> Option<&mut u64> {
            self.timers.get_mut(id)
        }

        fn expiry(&self, id: TimerId) -> Option<Timestamp> {
            self.timers.expiry(id)
        }

        fn next_expiry(&self) -> Option<Timestamp> {
            self.timers.next_expiry()
        }

        fn next_turn(&self) -> Option<Timestamp> {
            self.timers.next_turn()
        }

        fn open_turn(&mut self, now: Timestamp) {
            self.timers.open_turn(now);
        }

        fn expire_next(&mut self, budget: &mut Budget) -> Option<tickwheel::Expired<u64>> {
            self.timers.expire_next(budget)
        }

        fn len(&self) -> usize {
            self.timers.len()
        }

        fn for_each(&self, visit: &mut dyn FnMut(TimerId, Timestamp, &u64)) {
            self.timers.for_each(visit);
        }

        fn clear(&mut self) {
            self.timers.clear();
        }

        fn reserve(&mut self, additional: usize) {
            self.timers.reserve(additional);
        }

        fn shrink_to_fit(&mut self) {
            self.timers.shrink_to_fit();
        }

        fn sibling(&self) -> Self {
            Self { timers: self.timers.sibling(), hoarded: 0 }
        }
    }

    let _alone = alone();
    arm_and_cancel(&mut Hoarder { timers: TimerHeap::new(), hoarded: 0 }, 10, Order::FirstInFirstOut, false);
}

/// Through a driver: each round also makes and drops a closure, a guard and a callback.
fn arm_and_cancel_through_a_driver(timer: impl Timer<Task> + Send + 'static, shards: usize) {
    let _alone = alone();
    let clock = ManualClock::new();
    let driver = Driver::builder().clock(clock.clone()).shards(shards).spawn(timer).unwrap();
    let timeout = Duration::from_millis(TIMEOUT);
    // The clock moves by a minute in all, so that timers that were cancelled would be met.
    let mut after_a_tenth = 0;
    let mut held = VecDeque::new();
    for round in 0..ROUNDS {
        let value = [round; 4];
        let guard = driver.on_shard(round as usize % shards).call_after(timeout, move |_| assert_ne!(value, [0; 4]));
        held.push_back(guard.expect("no limit was set"));
        if held.len() > 100 {
            held.pop_front();
        }
        if round % (ROUNDS / 600) == 0 {
            clock.advance(Duration::from_millis(100));
        }
        if round == ROUNDS / 10 {
            after_a_tenth = ALLOCATOR.current_usage();
        }
    }
    let grown = ALLOCATOR.current_usage().saturating_sub(after_a_tenth);
    assert!(grown <= NOISE, "L8: {grown} bytes of growth over nine tenths of the rounds");
    assert_eq!(driver.pending(), 100);
    held.clear();
    let metrics = driver.metrics();
    assert_eq!((metrics.pending, metrics.armed, metrics.cancelled), (0, ROUNDS, ROUNDS));
}

#[test]
fn l8_a_driver_forgets_what_was_cancelled() {
    for shards in [1, 3] {
        arm_and_cancel_through_a_driver(TimerWheel::new(RESOLUTION), shards);
        arm_and_cancel_through_a_driver(TimerHeap::new(), shards);
    }
}
