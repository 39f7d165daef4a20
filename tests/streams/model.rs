//! A queue against a sorted map, with operations as values: what is handed out and when, and who is woken.

use std::collections::BTreeMap;
use std::task::Poll;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{FailurePersistence, FileFailurePersistence};
use tickwheel::{Clock, Resolution, Timer, TimerHeap, TimerId, TimerWheel, Timestamp, geometry::Small};

use crate::support::{Bed, ms};

#[derive(Clone, Copy, Debug)]
enum Op {
    Insert(Delay),
    Remove(u8),
    RemoveFirst,
    Reset(u8, Delay),
    TouchStale(u8),
    /// Polls so often, or until nothing is due.
    Poll(u8),
    Advance(Delay),
    ToNext,
    Clear,
    Shrink,
}

/// How far ahead, in microseconds.
#[derive(Clone, Copy, Debug)]
struct Delay(u64);

impl Delay {
    fn get(self) -> Duration {
        Duration::from_micros(self.0)
    }
}

fn delay() -> impl Strategy<Value = Delay> {
    prop_oneof![
        4 => (0..20_u64).prop_map(|n| Delay(n * 1000)),
        2 => (0..20_000_u64).prop_map(Delay),
        2 => (0..26_u32, 0..3_u64).prop_map(|(bit, off)| Delay(((1 << bit) + off).saturating_sub(1) * 1000)),
        1 => (0..1_u64 << 40).prop_map(Delay),
        1 => Just(Delay(u64::MAX)),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => delay().prop_map(Op::Insert),
        2 => any::<u8>().prop_map(Op::Remove),
        1 => Just(Op::RemoveFirst),
        3 => (any::<u8>(), delay()).prop_map(|(pick, delay)| Op::Reset(pick, delay)),
        1 => any::<u8>().prop_map(Op::TouchStale),
        5 => (1..6_u8).prop_map(Op::Poll),
        3 => delay().prop_map(Op::Advance),
        3 => Just(Op::ToNext),
        1 => prop_oneof![3 => Just(Op::Shrink), 1 => Just(Op::Clear)],
    ]
}

#[derive(Clone, Copy, Debug)]
struct Armed {
    id: TimerId,
    value: u64,
    /// The moment asked for.
    asked: Timestamp,
    /// Was moved to later once: no promised place within its tick (C3).
    floats: bool,
}

struct Checked<C> {
    bed: Bed<u64, C>,
    /// By expiry, and then by order of arming.
    model: BTreeMap<(Timestamp, u64), Armed>,
    stale: Vec<TimerId>,
    armed: u64,
    /// Whether the last poll left the consumer waiting, or told it that the queue is empty.
    waits: bool,
    resolution: Resolution,
}

impl<C: Timer<u64>> Checked<C> {
    fn new(timer: C, resolution: Resolution) -> Self {
        let bed = Bed::on(timer);
        Self { bed, model: BTreeMap::new(), stale: Vec::new(), armed: 0, waits: false, resolution }
    }

    fn now(&self) -> Timestamp {
        self.bed.clock.now()
    }

    fn pick(&self, pick: u8) -> Option<((Timestamp, u64), Armed)> {
        let at = usize::from(pick) % self.model.len().max(1);
        self.model.iter().nth(at).map(|(key, armed)| (*key, *armed))
    }

    /// Puts a timer into the model, at the moment that the queue says (L12), which has to be right.
    fn arm(&mut self, armed: Armed) {
        let due = self.bed.queue.deadline(armed.id).expect("L12: it is there");
        if armed.asked > self.now() {
            let rounded = self.resolution.start_of(self.resolution.tick_after(armed.asked));
            assert_eq!(due, rounded, "C2, L2: rounded up to the tick, at any distance");
        } else {
            assert!(due <= self.now() + self.resolution.tick_length(), "C7: what is overdue is due");
        }
        self.model.insert((due, self.armed), armed);
        self.armed += 1;
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Insert(delay) => {
                let value = self.armed;
                let id = self.bed.queue.insert(value, delay.get()).unwrap();
                self.arm(Armed { id, value, asked: self.now() + delay.get(), floats: false });
            }
            Op::Remove(pick) => {
                let Some((key, armed)) = self.pick(pick) else { return };
                assert_eq!(self.bed.queue.remove(armed.id), Some(armed.value), "C4");
                self.forget(key);
            }
            Op::RemoveFirst => {
                let Some(id) = self.bed.queue.peek() else { return };
                let key = *self.model.iter().find(|(_, armed)| armed.id == id).expect("L12: it is there").0;
                assert_eq!(self.bed.queue.remove(id), Some(self.model[&key].value), "C4");
                self.forget(key);
            }
            Op::Reset(pick, delay) => {
                let Some((key, mut armed)) = self.pick(pick) else { return };
                assert!(self.bed.queue.reset(armed.id, delay.get()), "C5: a live id stays good");
                armed.asked = self.now() + delay.get();
                self.model.remove(&key);
                let due = self.bed.queue.deadline(armed.id).expect("L12: it is there");
                armed.floats |= due > key.0;
                self.arm(armed);
                if due == key.0 {
                    // It keeps its place, unless it is overdue: there either will do.
                    let (last, mut armed) = self.model.pop_last_armed();
                    armed.floats |= armed.asked <= self.now();
                    self.model.insert((last.0, key.1), armed);
                }
            }
            Op::TouchStale(pick) => {
                let Some(id) = self.stale.get(usize::from(pick) % self.stale.len().max(1)).copied() else { return };
                assert_eq!((self.bed.queue.remove(id), self.bed.queue.deadline(id)), (None, None), "L11");
                assert!(!self.bed.queue.reset(id, ms(1)), "L11");
            }
            Op::Poll(times) => {
                for _ in 0..times {
                    if !self.poll() {
                        break;
                    }
                }
            }
            Op::Advance(delay) => _ = self.bed.clock.advance(delay.get()),
            Op::ToNext => {
                let next = self.model.first_key_value().map(|(key, _)| key.0);
                self.bed.clock.advance_to(next.unwrap_or(self.now()));
            }
            Op::Clear => {
                self.bed.queue.clear();
                self.stale.extend(self.model.values().map(|armed| armed.id));
                self.model.clear();
            }
            Op::Shrink => self.bed.queue.shrink_to_fit(),
        }
    }

    fn forget(&mut self, key: (Timestamp, u64)) {
        let armed = self.model.remove(&key).expect("it is in the model");
        self.stale.push(armed.id);
    }

    /// Polls once, and says whether something was handed out.
    fn poll(&mut self) -> bool {
        let (said, was_empty) = (self.bed.queue.peek(), self.model.is_empty());
        let polled = self.bed.poll();
        self.waits = !matches!(polled, Poll::Ready(Some(_)));
        match polled {
            Poll::Ready(Some(expired)) => {
                let expired = expired.unwrap();
                assert_eq!(said, Some(expired.id), "L12: the one that was to be next");
                let least = self.model.first_key_value().expect("C4: there is one").0.0;
                assert_eq!(expired.expiry, least, "C3: those that are due first");
                assert!(expired.expiry <= self.now(), "C1: none is early");
                let mut of_tick = self.model.range((least, 0)..=(least, u64::MAX));
                let at = of_tick.clone().position(|(_, armed)| armed.id == expired.id).expect("C4: it was armed");
                assert!(
                    self.pick_floats(&expired.id) || of_tick.clone().take(at).all(|(_, armed)| armed.floats),
                    "C3: in the order of arming"
                );
                let (key, armed) = of_tick.nth(at).map(|(key, armed)| (*key, *armed)).unwrap();
                assert_eq!(expired.value, armed.value, "C4");
                assert!(armed.asked <= self.now(), "C1: none is early");
                self.forget(key);
                true
            }
            Poll::Ready(None) => {
                assert!(was_empty, "C4: the queue is empty when the model is");
                false
            }
            Poll::Pending if self.bed.task.is_woken() => true, // the executor's turn
            Poll::Pending => {
                assert!(!was_empty, "who waits for an empty queue waits for ever");
                let next = self.model.first_key_value().map(|(key, _)| key.0);
                assert!(next > Some(self.now()), "C2: what is due is handed out");
                false
            }
        }
    }

    fn pick_floats(&self, id: &TimerId) -> bool {
        self.model.values().any(|armed| armed.id == *id && armed.floats)
    }

    fn check(&self) {
        assert_eq!(self.bed.queue.len(), self.model.len());
        assert_eq!(self.bed.queue.peek().is_none(), self.model.is_empty());
        for (key, armed) in &self.model {
            assert_eq!(self.bed.queue.deadline(armed.id), Some(key.0), "L12");
            assert_eq!(self.bed.queue.get(armed.id), Some(&armed.value));
        }
        let next = self.model.first_key_value().map(|(key, _)| key.0);
        // At the end of time no driver wakes anybody; who polls finds all that was left.
        if self.waits && next.is_some_and(|next| next <= self.now() && next < Timestamp::MAX) {
            assert!(self.bed.task.is_woken(), "L6: something is due, and the consumer does not know");
        }
        assert!(self.bed.driver.pending() <= 1, "one timer of the driver's is enough");
    }

    /// Goes from one expiry to the next, woken for each, until nothing is left.
    fn drain(&mut self) {
        while self.poll() {}
        while let Some((key, _)) = self.model.first_key_value() {
            let due = key.0;
            self.bed.clock.advance_to(due);
            self.check();
            assert!(self.poll(), "C2: it is due");
            while self.poll() {}
        }
        self.bed.empty();
    }
}

trait PopLastArmed {
    fn pop_last_armed(&mut self) -> ((Timestamp, u64), Armed);
}

impl PopLastArmed for BTreeMap<(Timestamp, u64), Armed> {
    /// Takes the one that was armed last.
    fn pop_last_armed(&mut self) -> ((Timestamp, u64), Armed) {
        let key = *self.keys().max_by_key(|key| key.1).expect("one was armed");
        (key, self.remove(&key).expect("it is there"))
    }
}

fn run(timer: impl Timer<u64>, resolution: Resolution, ops: &[Op]) {
    let mut checked = Checked::new(timer, resolution);
    for op in ops {
        checked.apply(*op);
        checked.check();
    }
    checked.drain();
}

/// Failures are kept in `tests/streams/model.proptest-regressions`, and are tried again first.
fn config() -> ProptestConfig {
    let kept_beside_this_file = FileFailurePersistence::WithSource("proptest-regressions");
    ProptestConfig {
        cases: 512,
        failure_persistence: Some(Box::new(kept_beside_this_file) as Box<dyn FailurePersistence>),
        ..ProptestConfig::default()
    }
}

fn program() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 1..120)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn l6_l7_l11_l12_a_queue_on_a_wheel(ops in program()) {
        run(TimerWheel::new(Resolution::MILLISECOND), Resolution::MILLISECOND, &ops);
    }

    #[test]
    fn l6_l7_l11_l12_a_queue_on_a_small_wheel(ops in program()) {
        run(TimerWheel::<_, Small>::with_geometry(Resolution::MILLISECOND), Resolution::MILLISECOND, &ops);
    }

    #[test]
    fn l6_l7_l11_l12_a_queue_on_a_heap(ops in program()) {
        run(TimerHeap::new(), Resolution::from_hz(1_000_000_000).unwrap(), &ops);
    }
}
