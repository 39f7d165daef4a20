//! L37: clocks of the user's, which jump, step back and panic, under each kind of driver; and L9, that what a turn has
//! passed stays passed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use tickwheel::{
    CallbackStatus, Clock, Driver, LocalDriver, LocalTask, LoopDriver, Period, Resolution, TimerHeap, TimerWheel,
    Timestamp,
};

use crate::common::{LONG, MS, at_ms, on_both};

const HOUR: Duration = Duration::from_secs(3600);

/// A clock that a test sets to any time, and that panics while it is broken.
#[derive(Clone, Default)]
struct Hand(Arc<State>);

#[derive(Default)]
struct State {
    nanos: AtomicU64,
    is_broken: AtomicBool,
    reads: AtomicU64,
}

impl Hand {
    fn at(ms: u64) -> Self {
        let hand = Self::default();
        hand.set(ms);
        hand
    }

    fn set(&self, ms: u64) {
        self.0.nanos.store(at_ms(ms).as_nanos(), Ordering::SeqCst);
    }

    fn is_broken(&self, is_broken: bool) {
        self.0.is_broken.store(is_broken, Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        assert!(!self.0.is_broken.load(Ordering::SeqCst), "the clock is broken");
        Timestamp::from_nanos(self.0.nanos.load(Ordering::SeqCst))
    }
}

/// A driver that the test turns, and how often it was told of an earlier timer.
fn for_loop(clock: &Hand) -> (LoopDriver, Arc<AtomicU64>) {
    let told = Arc::new(AtomicU64::new(0));
    let counted = told.clone();
    let on_earlier = move || {
        counted.fetch_add(1, Ordering::SeqCst);
    };
    let timers = Driver::builder().clock(clock.clone()).for_event_loop(TimerHeap::new(), on_earlier).unwrap();
    (timers, told)
}

#[test]
fn l37_what_is_armed_after_a_jump_wakes_a_sleeper_whose_time_has_passed() {
    let clock = Hand::at(0);
    let (timers, told) = for_loop(&clock);
    let first = timers.call_after(HOUR, |_| {}).unwrap();
    let moved = timers.call_after(3 * HOUR, |_| {}).unwrap();
    assert_eq!(timers.next_turn(), Some(at_ms(3_600_000)));
    clock.set(3_700_000);
    timers.call_after(Duration::ZERO, |_| {}).unwrap().detach();
    assert_eq!(told.load(Ordering::SeqCst), 1, "armed");
    timers.call_after(Duration::ZERO, |_| {}).unwrap().detach();
    assert_eq!(told.load(Ordering::SeqCst), 1, "once is enough until it sleeps again");

    assert_eq!(timers.next_turn(), Some(at_ms(3_600_000)));
    assert_eq!(moved.reset_after(HOUR), CallbackStatus::Pending);
    assert_eq!(told.load(Ordering::SeqCst), 2, "moved");
    assert_eq!(timers.turn(timers.now()).fired, 3);

    // A clock that keeps its pace is not asked for more.
    assert_eq!(timers.next_turn(), Some(at_ms(7_300_000)));
    timers.call_after(2 * HOUR, |_| {}).unwrap().detach();
    assert_eq!(told.load(Ordering::SeqCst), 2);
    drop(first);
}

#[test]
fn l37_a_thread_that_sleeps_past_a_jump_is_woken_by_the_next_timer() {
    on_both(|spawn| {
        let clock = Hand::at(0);
        let timers = spawn(Driver::builder().clock(clock.clone()));
        let (sender, receiver) = mpsc::channel();
        let far = sender.clone();
        timers.call_after(HOUR, move |_| far.send("far").unwrap()).unwrap().detach();
        // Armed, and slept for: the driver has read the clock to find out how long.
        while clock.0.reads.load(Ordering::SeqCst) < 3 {
            thread::yield_now();
        }
        clock.set(3_700_000);
        timers.call_after(Duration::ZERO, move |_| sender.send("near").unwrap()).unwrap().detach();
        let mut said = [receiver.recv_timeout(LONG / 2).unwrap(), receiver.recv_timeout(LONG / 2).unwrap()];
        said.sort_unstable();
        assert_eq!(said, ["far", "near"]);
    });
}

#[test]
fn l37_what_the_last_turn_has_passed_is_due_though_the_clock_steps_back_on_a_thread() {
    let clock = Hand::at(100);
    let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
    let (sender, receiver) = mpsc::channel();
    for (now, due) in [(100, 100), (40, 70), (40, 100)] {
        clock.set(now);
        let sender = sender.clone();
        timers.call_at(at_ms(due), move |event| sender.send(event.due).unwrap()).unwrap().detach();
        assert_eq!(receiver.recv_timeout(LONG).unwrap(), at_ms(due));
    }
}

#[test]
fn l37_what_the_last_turn_has_passed_is_due_though_the_clock_steps_back_in_a_loop() {
    let clock = Hand::at(100);
    let (timers, _) = for_loop(&clock);
    let _ = timers.turn(timers.now());
    clock.set(40);
    let later = timers.call_at(at_ms(101), |_| {}).unwrap();
    assert_eq!(timers.timeout(), Some(61 * MS), "what no turn has passed waits for the clock");
    timers.call_at(at_ms(70), |_| {}).unwrap().detach();
    assert_eq!(timers.timeout(), Some(Duration::ZERO));
    assert_eq!(timers.turn(timers.now()).fired, 1);
    drop(later);
}

#[test]
fn l37_what_the_last_turn_has_passed_is_due_though_the_clock_steps_back_in_a_local_driver() {
    let clock = Hand::at(100);
    let timers = LocalDriver::new(TimerHeap::<LocalTask>::new(), clock.clone());
    let _ = timers.turn(timers.now());
    clock.set(40);
    let later = timers.call_at(at_ms(101), |_| {}).unwrap();
    assert_eq!(timers.timeout(), Some(61 * MS));
    timers.call_at(at_ms(70), |_| {}).unwrap().detach();
    assert_eq!(timers.timeout(), Some(Duration::ZERO));
    assert_eq!(timers.turn(timers.now()).fired, 1);
    drop(later);
}

#[test]
fn l37_what_the_last_turn_has_passed_is_due_though_the_clock_steps_back_on_tokio() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let clock = Hand::at(100);
        let timers = Driver::builder().clock(clock.clone()).spawn_on_tokio(TimerHeap::new()).unwrap();
        for (now, due) in [(100, 100), (40, 70), (40, 100)] {
            clock.set(now);
            let (sender, receiver) = tokio::sync::oneshot::channel();
            timers.call_at(at_ms(due), move |event| sender.send(event.due).unwrap()).unwrap().detach();
            let due_at = tokio::time::timeout(LONG, receiver).await.expect("it waits for the clock").unwrap();
            assert_eq!(due_at, at_ms(due));
        }
    });
}

#[test]
fn l15_a_thread_goes_on_after_its_clock_has_panicked() {
    on_both(|spawn| {
        let clock = Hand::at(0);
        let (report, reports) = mpsc::channel();
        let on_panic = move |panic: &(dyn std::any::Any + Send)| {
            let _ = report.send(panic.downcast_ref::<&str>().map(|words| (*words).to_owned()));
        };
        let timers = spawn(Driver::builder().clock(clock.clone()).on_panic(on_panic));
        let (sender, receiver) = mpsc::channel();
        clock.is_broken(true);
        // Waking it makes it look at the clock.
        timers.call_at(at_ms(5), move |_| sender.send(()).unwrap()).unwrap().detach();
        assert_eq!(reports.recv_timeout(LONG).unwrap().as_deref(), Some("the clock is broken"));
        assert!(timers.metrics().panics >= 1);
        clock.set(10);
        clock.is_broken(false);
        receiver.recv_timeout(LONG).unwrap();
    });
}

#[test]
fn l15_a_clock_that_panics_during_a_turn_costs_no_callback() {
    for pool in [0, 2] {
        let clock = Hand::at(0);
        let builder = Driver::builder().clock(clock.clone()).callback_pool(pool);
        let timers = builder.for_event_loop(TimerWheel::new(Resolution::MILLISECOND), || {}).unwrap();
        let (sender, receiver) = mpsc::channel();
        let once = sender.clone();
        timers.call_at(at_ms(5), move |event| once.send(event.now).unwrap()).unwrap().detach();
        let period = Period::every(5 * MS).unwrap();
        let tick = timers.call_every_at(at_ms(5), period, move |event| sender.send(event.now).unwrap()).unwrap();
        clock.set(5);
        clock.is_broken(true);
        assert_eq!(timers.turn(at_ms(5)).fired, 2);
        let seen: Vec<_> = (0..2).map(|_| receiver.recv_timeout(LONG).unwrap()).collect();
        assert_eq!(seen, [at_ms(5); 2], "without a clock it is the time of the turn");
        while tick.status() != CallbackStatus::Pending {
            thread::yield_now();
        }
        assert!(timers.metrics().panics >= 1);
        assert!(catch_unwind(AssertUnwindSafe(|| timers.now())).is_err(), "its callers hear of it themselves");
        let _ = timers.timeout();
        clock.is_broken(false);
        clock.set(10);
        assert_eq!(timers.turn(timers.now()).fired, 1);
        assert_eq!(receiver.recv_timeout(LONG).unwrap(), at_ms(10));
    }
}

#[test]
fn l15_a_clock_that_panics_goes_on_to_who_turns_a_local_driver_and_costs_no_callback() {
    let clock = Hand::at(0);
    let timers = LocalDriver::new(TimerHeap::<LocalTask>::new(), clock.clone());
    let (sender, receiver) = mpsc::channel();
    let tick = timers.call_every(5 * MS, move |event| sender.send(event.now).unwrap()).unwrap();
    clock.set(5);
    clock.is_broken(true);
    let panic = catch_unwind(AssertUnwindSafe(|| timers.turn(at_ms(5)))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"the clock is broken"));
    assert_eq!((receiver.try_recv(), tick.status()), (Ok(at_ms(5)), CallbackStatus::Pending));
    clock.is_broken(false);
    clock.set(10);
    assert_eq!(timers.turn(timers.now()).fired, 1);
}

#[test]
fn l15_a_driver_on_tokio_goes_on_after_its_clock_has_panicked() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let clock = Hand::at(0);
        let timers = Driver::builder().clock(clock.clone()).spawn_on_tokio(TimerHeap::new()).unwrap();
        let (sender, receiver) = tokio::sync::oneshot::channel();
        tokio::task::yield_now().await;
        clock.is_broken(true);
        timers.call_at(at_ms(5), move |_| sender.send(()).unwrap()).unwrap().detach();
        let start = std::time::Instant::now();
        while timers.metrics().panics == 0 && start.elapsed() < LONG {
            tokio::task::yield_now().await;
        }
        assert!(timers.metrics().panics > 0, "it is reported");
        clock.set(10);
        clock.is_broken(false);
        tokio::time::timeout(LONG, receiver).await.expect("it goes on").unwrap();
    });
}
