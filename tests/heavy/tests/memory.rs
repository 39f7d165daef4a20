//! C9 and C8 by bytes: memory follows the live timers, and grows by pieces.
//!
//! The allocator counts for the whole process, so these tests take turns.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use peak_alloc::PeakAlloc;
use tickwheel::{
    Budget, Driver, ManualClock, Resolution, Tick, Timer, TimerExt, TimerHeap, TimerId, TimerTask, TimerWheel,
    Timestamp, geometry::Small,
};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

static TURN: Mutex<()> = Mutex::new(());

const RESOLUTION: Resolution = Resolution::MILLISECOND;
/// A timeout of 60 s, in ticks.
const TIMEOUT: u64 = 60_000;
const ROUNDS: u64 = if cfg!(miri) { 1_000 } else { 1_000_000 };
/// Bytes that the test harness's own threads may need meanwhile.
const NOISE: usize = 64 * 1024;

fn ms(tick: u64) -> Timestamp {
    RESOLUTION.start_of(Tick::new(tick))
}

fn alone() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes of a place with its value, and of the line that a timer has to itself at the worst (of the heap, its entry).
const PLACE: usize = 32;
const LINE: usize = 64;
/// Bytes that a container may hold beside those of its timers: its slots, pages that are not full, tables of pages.
const CONSTANT: usize = 96 * 1024;

/// A container of which the memory is looked at after every call.
struct Watched<C> {
    timers: C,
    before: usize,
    /// The most timers that were live at once.
    most: usize,
}

impl<C: Timer<u64>> Watched<C> {
    fn new(make: impl FnOnce() -> C) -> Self {
        let before = ALLOCATOR.current_usage();
        Self { timers: make(), before, most: 0 }
    }

    /// Bytes held, but for those that the test itself holds.
    fn bytes(&self) -> usize {
        ALLOCATOR.current_usage().saturating_sub(self.before)
    }

    /// Places stay for as many timers as there were at once. Beyond these there is a line for each timer at most.
    fn check_bound(&mut self) {
        self.most = self.most.max(self.timers.len());
        let most = CONSTANT + NOISE + (PLACE + LINE) * self.most;
        let bytes = self.bytes();
        assert!(bytes <= most, "C9: {bytes} bytes for {} timers, {} at the most", self.timers.len(), self.most);
    }

    fn insert(&mut self, tick: u64, value: u64) -> TimerId {
        let id = self.timers.insert(ms(tick), value).expect("no limit was set");
        self.check_bound();
        id
    }

    fn cancel(&mut self, id: TimerId) {
        assert!(self.timers.cancel(id).is_some(), "it is armed");
        self.check_bound();
    }

    fn reset(&mut self, id: TimerId, tick: u64) {
        assert!(self.timers.reset(id, ms(tick)), "it is armed");
        self.check_bound();
    }

    fn turn(&mut self, tick: u64) -> usize {
        let fired = self.timers.turn(ms(tick)).count();
        self.check_bound();
        fired
    }

    /// When all have gone, shrinking leaves the constant.
    fn down_to_the_constant(mut self) {
        assert!(self.timers.is_empty(), "all have gone");
        self.timers.shrink_to_fit();
        let left = self.bytes();
        assert!(left <= CONSTANT + NOISE, "C9: {left} bytes are left, and no timer");
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
fn arm_and_cancel<C: Timer<u64>>(make: impl FnOnce() -> C, live: usize, order: Order, running: bool) {
    let mut rng = Rng::with_seed(9);
    let mut ids: VecDeque<TimerId> = VecDeque::with_capacity(live + 1);
    let mut watched = Watched::new(make);
    let mut tick = 0;
    let mut after_a_tenth = 0;
    for round in 0..ROUNDS {
        // No timer lives long enough to fire, whatever the order.
        let timeout = TIMEOUT + u64::from(running) * ROUNDS;
        ids.push_back(watched.insert(tick + timeout, round));
        if ids.len() > live {
            watched.cancel(order.take(&mut ids, &mut rng));
        }
        if running && round % 10 == 0 {
            tick += 1;
            assert_eq!(watched.turn(tick), 0);
        }
        if round == ROUNDS / 10 {
            after_a_tenth = watched.bytes();
        }
    }
    let grown = watched.bytes().saturating_sub(after_a_tenth);
    // At random it takes several times as many rounds as there are timers until as many lines go as come.
    let most = NOISE + watched.bytes() / 4;
    assert!(grown <= most, "L8: {grown} bytes of growth over nine tenths of the rounds, {order:?}, {running}");
    while !ids.is_empty() {
        watched.cancel(order.take(&mut ids, &mut rng));
    }
    watched.down_to_the_constant();
}

fn arm_and_cancel_in_every_way<C: Timer<u64>>(make: impl Fn() -> C) {
    let _alone = alone();
    for running in [false, true] {
        for order in [Order::FirstInFirstOut, Order::AtRandom, Order::LastInFirstOut] {
            for live in [1, 1000] {
                arm_and_cancel(&make, live, order, running);
            }
        }
        arm_and_cancel(&make, ROUNDS as usize / 20, Order::AtRandom, running);
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

/// 10^6 moves of `live` timers.
fn move_again_and_again<C: Timer<u64>>(make: impl FnOnce() -> C, live: usize, moves: Move, running: bool) {
    let mut rng = Rng::with_seed(99);
    let mut tick = 0;
    let mut armed: Vec<(TimerId, u64)> = Vec::with_capacity(live);
    let mut watched = Watched::new(make);
    let far = 2 * ROUNDS;
    armed.extend((0..live as u64).map(|n| (watched.insert(far + n, n), far + n)));
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
        // A far timer lies in a tree, whose nodes are larger than lines.
        watched.most = live * 2;
        watched.reset(id, to);
        armed[at].1 = to;
        if running && round % 10 == 0 {
            tick += 1;
            assert_eq!(watched.turn(tick), 0);
        }
    }
    for (id, due) in &armed {
        assert_eq!(watched.timers.expiry(*id), Some(ms(*due)));
    }
    watched.timers.clear();
    watched.down_to_the_constant();
}

fn move_in_every_way<C: Timer<u64>>(make: impl Fn() -> C) {
    let _alone = alone();
    for moves in [Move::EverEarlier, Move::EverLater, Move::Anywhere, Move::NearAndBeyond] {
        for running in [false, true] {
            for live in [1, 1000] {
                move_again_and_again(&make, live, moves, running);
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

/// Patterns that leave as much unused as they can, one after another on one container, with few live timers at the end
/// of each. `tick` says where the n-th timer goes.
fn adversary<C: Timer<u64>>(make: impl FnOnce() -> C, keep_every: usize, running: bool, tick: impl Fn(u64) -> u64) {
    let count = ROUNDS / 20;
    let (mut ids, mut kept) = (Vec::with_capacity(count as usize), VecDeque::with_capacity(count as usize));
    let mut watched = Watched::new(make);
    let mut now = 0;
    for wave in 0..12 {
        ids.clear();
        ids.extend((0..count).map(|n| watched.insert(now + tick(n), n)));
        for (n, id) in ids.iter().enumerate() {
            if n % keep_every == wave % keep_every {
                kept.push_back(*id);
            } else {
                watched.cancel(*id);
            }
        }
        // What was kept moves to later, where it lies, and then to earlier; or goes, the oldest first.
        for (n, id) in kept.iter().enumerate() {
            watched.reset(*id, now + (1 << 22) + n as u64);
        }
        for (n, id) in kept.iter().enumerate() {
            watched.reset(*id, now + (1 << 21) + n as u64 % 100);
        }
        while kept.len() > ids.len() / keep_every {
            watched.cancel(kept.pop_front().expect("there are more"));
        }
        if running {
            now += 1000;
            watched.turn(now);
        }
    }
    kept.drain(..).for_each(|id| watched.cancel(id));
    watched.down_to_the_constant();
}

#[test]
fn c9_one_live_timer_in_each_line() {
    let _alone = alone();
    for running in [false, true] {
        for keep_every in [13, 12, 7, 2, 64] {
            // Ascending, so that each line has a timer that stays; in one slot; in a few slots in turns; at random.
            adversary(|| TimerWheel::<u64>::new(RESOLUTION), keep_every, running, |n| (1 << 20) + n);
            adversary(|| TimerWheel::<u64>::new(RESOLUTION), keep_every, running, |_| 1 << 20);
            adversary(|| TimerWheel::<u64>::new(RESOLUTION), keep_every, running, |n| (1 << 20) + n % 50 * 20_000);
            adversary(
                || TimerWheel::<u64>::new(RESOLUTION),
                keep_every,
                running,
                |n| (1 << 20) + n.wrapping_mul(0x9E37_79B9_7F4A_7C15) % (1 << 21),
            );
        }
        adversary(|| TimerWheel::<u64, Small>::with_geometry(RESOLUTION), 13, running, |n| (1 << 20) + n);
        adversary(TimerHeap::new, 13, running, |n| (1 << 20) + n);
    }
}

/// A line for each timer and no more: what was cancelled in one wave makes room for the next.
#[test]
fn c9_holes_do_not_pile_up() {
    let _alone = alone();
    let live = ROUNDS as usize / 100;
    let mut ids = VecDeque::with_capacity(14 * live);
    let mut watched = Watched::new(|| TimerWheel::<u64>::new(RESOLUTION));
    for wave in 0..40 {
        // 13 for each one that stays, one line full.
        for n in 0..live as u64 {
            let line = [(); 13].map(|()| watched.insert((1 << 20) + wave * 100 + n / 10, n));
            line[1..].iter().for_each(|id| watched.cancel(*id));
            ids.push_back(line[0]);
        }
        while ids.len() > live {
            watched.cancel(ids.pop_front().expect("there are more"));
        }
    }
    // No more than twice the live ones were ever there, and the noise of one line.
    assert!(watched.most <= 2 * live + 13, "{}", watched.most);
    watched.timers.check();
    ids.into_iter().for_each(|id| watched.cancel(id));
    watched.down_to_the_constant();
}

/// What `shrink_to_fit` leaves of 10^6 timers of which nine in ten were cancelled, in bytes for each place of before.
fn shrunk(kept: impl Fn(u64) -> bool) -> f64 {
    let mut rng = Rng::with_seed(27);
    let mut ids = Vec::with_capacity(ROUNDS as usize);
    let mut watched = Watched::new(|| TimerWheel::<u64>::new(RESOLUTION));
    ids.extend((0..ROUNDS).map(|n| watched.insert(1 + rng.u64(..TIMEOUT), n)));
    for (n, id) in ids.iter().enumerate().filter(|(n, _)| !kept(*n as u64)) {
        assert_eq!(watched.timers.cancel(*id), Some(n as u64));
    }
    watched.timers.shrink_to_fit();
    let left = watched.bytes();
    watched.timers.check();
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(watched.timers.get(*id).is_some(), kept(n as u64));
    }
    left as f64 / ROUNDS as f64
}

#[test]
#[cfg_attr(miri, ignore = "a constant outweighs few timers")]
fn c9_shrinking_gives_memory_back_wherever_it_lies() {
    let _alone = alone();
    let tenth = ROUNDS / 10;
    let at_random = shrunk(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32 < (1 << 32) / 10);
    let (oldest, youngest) = (shrunk(|n| n < tenth), shrunk(|n| n >= 9 * tenth));
    let in_the_middle = shrunk(|n| n / tenth == 4);
    println!("bytes for each place: {at_random:.1} {oldest:.1} {youngest:.1} {in_the_middle:.1}");
    assert!(at_random <= 27.0, "{at_random} bytes for each place");
    for left in [oldest, youngest, in_the_middle] {
        assert!(left <= 4.0, "{left} bytes for each place");
    }
}

/// Everything may be given back: after clearing and shrinking, next to nothing is left.
fn shrinking_gives_memory_back(timers: impl Timer<u64>) {
    let _alone = alone();
    let mut timers = timers; // dropped before the turn of another test comes
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
fn grows_by_pieces(timers: impl Timer<u64>) {
    let _alone = alone();
    let mut timers = timers; // dropped before the turn of another test comes
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
        metered(&mut || assert!(timers.reset(*id, to)));
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
        #[allow(clippy::vec_box)] // each one is memory of its own
        hoarded: Vec<Box<u64>>,
    }

    impl Timer<u64> for Hoarder {
        fn insert_deadline(
            &mut self,
            deadline: tickwheel::Deadline,
            value: u64,
        ) -> Result<TimerId, tickwheel::InsertError<u64>> {
            self.timers.insert_deadline(deadline, value)
        }

        fn reset_deadline(&mut self, id: TimerId, deadline: tickwheel::Deadline) -> bool {
            self.timers.reset_deadline(id, deadline)
        }

        fn cancel(&mut self, id: TimerId) -> Option<u64> {
            let value = self.timers.cancel(id)?;
            self.hoarded.push(Box::new(value));
            Some(value)
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
            Self { timers: self.timers.sibling(), hoarded: Vec::new() }
        }
    }

    let _alone = alone();
    let hoarder = || Hoarder { timers: TimerHeap::new(), hoarded: Vec::new() };
    arm_and_cancel(hoarder, 10, Order::FirstInFirstOut, false);
}

/// Through a driver: each round also makes and drops a closure, a guard and a callback.
fn arm_and_cancel_through_a_driver(timer: impl Timer<TimerTask> + Send + 'static, shards: usize) {
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
