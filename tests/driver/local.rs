//! The driver for one thread: no locks, nothing of it `Send`, and user code may do anything in it.

use std::cell::{Cell, OnceCell, RefCell};
use std::future::{Future, poll_fn};
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tickwheel::{
    ArmErrorReason, Budget, CallbackStatus, Clock, LocalDriver, LocalGuard, LocalHandle, LocalTask, LocalWakeGuard,
    ManualClock, MissedTicks, Period, Resolution, TimerEvent, TimerHeap, TimerWheel, Timestamp, TurnReport,
};

use crate::common::{MS, OnDrop, at_ms};

/// A driver on either timer, with its clock.
struct Rig {
    clock: ManualClock,
    driver: Either,
}

enum Either {
    Wheel(LocalDriver<TimerWheel<LocalTask>>),
    Heap(LocalDriver<TimerHeap<LocalTask>>),
}

impl Rig {
    fn turn(&self, now: Timestamp) -> TurnReport {
        match &self.driver {
            Either::Wheel(driver) => driver.turn(now),
            Either::Heap(driver) => driver.turn(now),
        }
    }

    fn next_turn(&self) -> Option<Timestamp> {
        match &self.driver {
            Either::Wheel(driver) => driver.next_turn(),
            Either::Heap(driver) => driver.next_turn(),
        }
    }

    /// Goes from one turn to the next, as an event loop with nothing else to do. Says how many turns it made.
    fn go_to(&self, to: Timestamp) -> u32 {
        let mut turns = 0;
        while let Some(next) = self.next_turn().filter(|next| *next <= to) {
            self.clock.advance_to(next);
            let _ = self.turn(self.clock.now());
            turns += 1;
        }
        self.clock.advance_to(to);
        turns
    }
}

impl Deref for Rig {
    type Target = LocalHandle;

    fn deref(&self) -> &LocalHandle {
        match &self.driver {
            Either::Wheel(driver) => driver,
            Either::Heap(driver) => driver,
        }
    }
}

fn on_both(test: impl Fn(Rig)) {
    with_budget(Budget::UNLIMITED, test);
}

fn with_budget(budget: Budget, test: impl Fn(Rig)) {
    let clock = ManualClock::new();
    let wheel = LocalDriver::new(TimerWheel::new(Resolution::MILLISECOND), clock.clone()).budget(budget);
    test(Rig { clock, driver: Either::Wheel(wheel) });
    let clock = ManualClock::new();
    let heap = LocalDriver::new(TimerHeap::new(), clock.clone()).budget(budget);
    test(Rig { clock, driver: Either::Heap(heap) });
}

/// What callbacks write to, without a lock.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<(&'static str, Timestamp)>>>);

impl Log {
    fn writes(&self, name: &'static str) -> impl FnMut(TimerEvent) + 'static {
        let log = self.clone();
        move |event| log.0.borrow_mut().push((name, event.now))
    }

    fn take(&self) -> Vec<(&'static str, Timestamp)> {
        self.0.take()
    }
}

#[test]
fn callbacks_fire_at_their_deadlines_are_cancelled_and_moved() {
    on_both(|timers| {
        let log = Log::default();
        timers.call_after(5 * MS, log.writes("once")).unwrap().detach();
        let tick = timers.call_every(4 * MS, log.writes("tick")).unwrap();
        let moved = timers.call_at(at_ms(90), log.writes("moved")).unwrap();
        let cancelled = timers.call_at(at_ms(6), log.writes("cancelled")).unwrap();
        assert_eq!(moved.reset(at_ms(7)), CallbackStatus::Pending);
        assert_eq!((cancelled.cancel(), cancelled.status()), (CallbackStatus::Pending, CallbackStatus::Over));
        timers.go_to(at_ms(9));
        let expected = [("tick", 4), ("once", 5), ("moved", 7), ("tick", 8)].map(|(name, ms)| (name, at_ms(ms)));
        assert_eq!(log.take(), expected);
        assert_eq!(
            (tick.status(), tick.deadline(), moved.status()),
            (CallbackStatus::Pending, at_ms(12), CallbackStatus::Over)
        );
        drop(tick);
        assert_eq!((timers.pending(), timers.next_turn()), (0, None));
    });
}

#[test]
fn l26_each_choice_for_missed_ticks() {
    for (missed, due) in [
        (MissedTicks::Burst, [10, 20, 30, 40, 50]),
        (MissedTicks::Delay, [10, 20, 57, 67, 77]),
        (MissedTicks::Skip, [10, 20, 50, 60, 70]),
    ] {
        on_both(|timers| {
            let dues = Rc::new(RefCell::new(Vec::new()));
            let written = dues.clone();
            let call = move |event: TimerEvent| written.borrow_mut().push(event.due);
            let period = Period::every(10 * MS).unwrap().with_missed_ticks(missed);
            let _tick = timers.call_every_at(at_ms(10), period, call).unwrap();
            timers.go_to(at_ms(19));
            timers.clock.jump(28 * MS);
            timers.go_to(at_ms(80));
            assert_eq!(dues.borrow()[..5], due.map(at_ms), "{missed:?}");
        });
    }
}

#[test]
fn l9_a_turn_at_an_earlier_time_counts_as_one_at_the_last() {
    on_both(|timers| {
        let log = Log::default();
        timers.turn(at_ms(25)).budget_exhausted.then(|| panic!("there was nothing to do"));
        timers.call_at(at_ms(4), log.writes("overdue")).unwrap().detach();
        timers.call_at(at_ms(26), log.writes("later")).unwrap().detach();
        assert_eq!(timers.turn(at_ms(5)).fired, 1);
        assert_eq!(log.take()[0].0, "overdue");
    });
}

/// A guard that its own callback can get at.
type Own = Rc<OnceCell<LocalGuard>>;

#[test]
fn l13_l14_a_callback_does_anything_to_any_timer_and_turns_the_driver() {
    on_both(|timers| {
        let timers = Rc::new(timers);
        let log = Log::default();
        let others: Vec<_> = ["cancelled", "moved"].map(|name| timers.call_at(at_ms(5), log.writes(name))).into();
        let mut others: Vec<_> = others.into_iter().map(Result::unwrap).collect();
        let own = Own::default();
        let (itself, driver, new) = (own.clone(), timers.clone(), log.clone());
        let mut runs = 0;
        let call = move |event: TimerEvent| {
            runs += 1;
            let own = itself.get().unwrap();
            assert_eq!(own.status(), CallbackStatus::Running);
            if runs == 1 {
                let moved = others.pop().unwrap();
                assert_eq!(others.pop().unwrap().cancel(), CallbackStatus::Pending);
                assert_eq!(moved.reset(at_ms(6)), CallbackStatus::Pending);
                moved.detach();
                driver.call_at(event.now, new.writes("for the present moment")).unwrap().detach();
                assert_eq!(driver.pending(), 2);
                // Another turn, from within this one.
                assert_eq!(driver.turn(at_ms(6)).fired, 2);
                assert_eq!(own.reset(at_ms(30)), CallbackStatus::Running);
            } else {
                assert_eq!(
                    (event.due, own.cancel(), own.reset(at_ms(99))),
                    (at_ms(30), CallbackStatus::Running, CallbackStatus::Running)
                );
            }
        };
        own.set(timers.call_every(4 * MS, call).unwrap()).unwrap();
        timers.go_to(at_ms(100));
        let fired: Vec<_> = log.take().into_iter().map(|(name, _)| name).collect();
        assert_eq!(fired, ["for the present moment", "moved"]);
        assert_eq!((own.get().unwrap().status(), timers.pending()), (CallbackStatus::Over, 0));
    });
}

#[test]
fn l14_what_is_armed_for_the_present_moment_fires_in_a_later_turn() {
    fn again(timers: LocalHandle, left: u32) {
        let handle = timers.clone();
        let call = move |_: TimerEvent| {
            if left > 0 {
                again(handle, left - 1)
            }
        };
        timers.call_at(timers.now(), call).unwrap().detach();
    }
    on_both(|timers| {
        again(timers.clone(), 5);
        let fired: Vec<_> = (0..7).map(|_| timers.turn(Timestamp::ZERO).fired).collect();
        assert_eq!(fired, [1, 1, 1, 1, 1, 1, 0]);
    });
}

#[test]
fn l13_the_drop_of_a_closure_uses_the_driver_and_its_own_guard() {
    on_both(|timers| {
        let drops = Rc::new(Cell::new(0));
        let arm = |due| {
            let own = Own::default();
            let (handle, itself, counted) = (timers.clone(), own.clone(), drops.clone());
            let on_drop = OnDrop(move || {
                let _ = handle.call_after(MS, |_| {}).map(|guard| guard.reset_after(9 * MS));
                let own = itself.get().unwrap();
                assert_ne!((own.status(), own.cancel()), (CallbackStatus::Pending, CallbackStatus::Pending));
                counted.set(counted.get() + 1);
            });
            let call = move |_: TimerEvent| {
                let _kept = &on_drop;
            };
            own.set(timers.call_at(due, call).unwrap()).unwrap();
            own
        };
        let _fired = arm(at_ms(1));
        timers.go_to(at_ms(1));
        assert_eq!(drops.get(), 1);
        arm(at_ms(9)).get().unwrap().cancel();
        assert_eq!(drops.get(), 2);
        let left = arm(at_ms(9));
        drop(timers);
        assert_eq!((drops.get(), left.get().unwrap().status()), (3, CallbackStatus::Over));
    });
}

#[test]
fn l15_a_panic_goes_on_to_who_turns_and_loses_nobody() {
    on_both(|timers| {
        let log = Log::default();
        let wrong = timers.call_every(5 * MS, |_| panic!("on purpose")).unwrap();
        timers.call_at(at_ms(5), log.writes("other")).unwrap().detach();
        let turn = catch_unwind(AssertUnwindSafe(|| timers.turn(at_ms(5))));
        assert!(turn.is_err());
        assert_eq!((wrong.status(), wrong.cancel()), (CallbackStatus::Over, CallbackStatus::Over));
        assert_eq!((timers.next_turn(), log.take()), (Some(at_ms(5)), vec![]), "what is left over is due");
        assert_eq!(timers.turn(at_ms(5)).fired, 1);
        assert_eq!((log.take().len(), timers.pending()), (1, 0));
    });
}

#[test]
fn l17_a_budget_splits_what_is_due_over_turns() {
    for (budget, least) in [(0, 1_000), (100, 10)] {
        with_budget(Budget::entries(budget), |timers| {
            let log = Log::default();
            for _ in 0..1_000 {
                timers.call_at(at_ms(5), log.writes("due")).unwrap().detach();
            }
            timers.clock.advance_to(at_ms(5));
            let first = timers.turn(at_ms(5));
            assert!(first.budget_exhausted && first.fired <= budget.max(1));
            let turns = timers.go_to(at_ms(5));
            assert!(turns + 1 >= least, "{turns}");
            assert_eq!(log.take().len(), 1_000);
            assert!(!timers.turn(at_ms(5)).budget_exhausted);
        });
    }
}

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicU32);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn l31_dropping_the_driver_drops_closures_wakes_wakers_and_gives_values_back() {
    on_both(|timers| {
        let (drops, count) = (Rc::new(Cell::new(0)), Arc::new(Count::default()));
        let wakes = |timers: &LocalHandle| timers.wake_at(at_ms(9), count.clone().into());
        let guards: Vec<_> = (0..3)
            .map(|n| {
                let counted = drops.clone();
                let on_drop = OnDrop(move || {
                    counted.set(counted.get() + 1);
                    assert_ne!(n, 1, "on purpose");
                });
                timers.call_at(at_ms(9), move |_| drop(on_drop)).unwrap()
            })
            .collect();
        let waiting = wakes(&timers).unwrap();
        assert!(waiting.is_pending());
        let handle = timers.clone();
        assert!(catch_unwind(AssertUnwindSafe(|| drop(timers))).is_err(), "the panic of the second goes on");
        assert_eq!((drops.get(), count.0.load(Ordering::Relaxed)), (3, 1), "and all the others are gone");
        assert!(
            guards.iter().all(|guard| guard.status() == CallbackStatus::Over && guard.cancel() == CallbackStatus::Over)
        );
        assert!(!waiting.is_pending() && !waiting.reset_after(MS));
        assert!(handle.is_closed());
        let error = wakes(&handle).unwrap_err();
        assert_eq!(error.reason(), ArmErrorReason::Closed);
        error.into_value().wake();
        assert_eq!(count.0.load(Ordering::Relaxed), 2);
        assert_eq!(handle.call_every(MS, |_| {}).unwrap_err().reason(), ArmErrorReason::Closed);
    });
}

/// A sleep as an executor of one thread would have it.
async fn sleep_until(timers: &LocalHandle, deadline: Timestamp) {
    let mut waiting: Option<LocalWakeGuard> = None;
    poll_fn(|cx| {
        if timers.now() >= deadline {
            return Poll::Ready(());
        }
        match &waiting {
            Some(waiting) if waiting.is_pending() => waiting.set_waker(cx.waker()),
            _ => waiting = Some(timers.wake_at(deadline, cx.waker().clone()).unwrap()),
        }
        Poll::Pending
    })
    .await;
}

#[test]
fn an_executor_of_one_thread_sleeps_with_it() {
    on_both(|timers| {
        let log = RefCell::new(Vec::new());
        let handle = (*timers).clone();
        let task = |name: &'static str, ms: u64| {
            let (log, handle) = (&log, &handle);
            async move {
                for round in 1..=3 {
                    sleep_until(handle, at_ms(ms * round)).await;
                    log.borrow_mut().push((name, handle.now()));
                }
            }
        };
        let (mut a, mut b) = (pin!(task("a", 10)), pin!(task("b", 7)));
        let woken = [(); 2].map(|()| Arc::new(Count::default()));
        let mut polls = [0; 2];
        let mut left = 2;
        let mut is_done = [false; 2];
        while left > 0 {
            for (n, count) in woken.iter().enumerate() {
                let is_woken = polls[n] == 0 || count.0.swap(0, Ordering::Relaxed) > 0;
                if is_done[n] || !is_woken {
                    continue;
                }
                polls[n] += 1;
                let waker = Waker::from(count.clone());
                let mut cx = Context::from_waker(&waker);
                let poll = if n == 0 { a.as_mut().poll(&mut cx) } else { b.as_mut().poll(&mut cx) };
                is_done[n] = poll.is_ready();
                left -= usize::from(is_done[n]);
            }
            if let Some(next) = timers.next_turn() {
                timers.clock.advance_to(next);
                let _ = timers.turn(timers.clock.now());
            }
        }
        let expected = [("b", 7), ("a", 10), ("b", 14), ("a", 20), ("b", 21), ("a", 30)];
        assert_eq!(*log.borrow(), expected.map(|(name, ms)| (name, at_ms(ms))));
        assert_eq!((polls, timers.pending()), ([4, 4], 0), "woken when it was due, and not otherwise");
    });
}

/// A waker that uses a driver as it is cloned, woken and dropped: the vtable of a `Waker` cannot be had without unsafe
/// code, but an `Arc` that is woken drops what is in it.
struct Uses {
    run: Mutex<Box<dyn FnMut() + Send>>,
}

impl Uses {
    fn run(&self) {
        (self.run.lock().unwrap())();
    }
}

impl Wake for Uses {
    fn wake(self: Arc<Self>) {
        self.run();
    }
}

impl Drop for Uses {
    fn drop(&mut self) {
        self.run();
    }
}

thread_local! {
    /// A waker must be `Send`, and a handle is not: the waker finds it here.
    static HANDLE: RefCell<Option<LocalHandle>> = const { RefCell::new(None) };
}

#[test]
fn l13_l6_wakers_use_the_driver_and_the_last_one_counts() {
    on_both(|timers| {
        HANDLE.set(Some((*timers).clone()));
        let uses = Arc::new(AtomicU32::new(0));
        let waker = || {
            let counted = uses.clone();
            let run = move || {
                HANDLE.with_borrow(|handle| {
                    let handle = handle.as_ref().unwrap();
                    let _ = handle.call_after(MS, |_| {}).map(drop);
                    let _ = handle.pending();
                });
                counted.fetch_add(1, Ordering::Relaxed);
            };
            Waker::from(Arc::new(Uses { run: Mutex::new(Box::new(run)) }))
        };
        let waiting = timers.wake_at(at_ms(5), waker()).unwrap();
        let other = waker();
        waiting.set_waker(&other);
        assert_eq!(uses.load(Ordering::Relaxed), 1, "the first was dropped");
        waiting.set_waker(&other);
        drop(other);
        assert_eq!(uses.load(Ordering::Relaxed), 1, "it is kept");
        timers.go_to(at_ms(5));
        assert_eq!(uses.load(Ordering::Relaxed), 3, "woken, and dropped");
        assert_eq!((waiting.is_pending(), waiting.expiry()), (false, None));
        drop(timers.wake_after(5 * MS, waker()).unwrap());
        assert_eq!((uses.load(Ordering::Relaxed), timers.pending()), (4, 0), "a cancelled one is dropped");
        let left = timers.wake_after(5 * MS, waker()).unwrap();
        assert!(left.reset(at_ms(50)));
        assert_eq!(left.expiry(), Some(at_ms(50)));
        drop(timers);
        assert_eq!(uses.load(Ordering::Relaxed), 6, "woken to find out, and dropped");
        HANDLE.set(None);
    });
}

#[test]
fn l27_a_period_of_zero_is_refused_and_a_full_driver_says_so() {
    let timers = LocalDriver::new(TimerHeap::new().with_max_timers(1), ManualClock::new());
    assert_eq!(timers.call_every(Duration::ZERO, |_| {}).unwrap_err().reason(), ArmErrorReason::ZeroPeriod);
    let _one = timers.call_after(MS, |_| {}).unwrap();
    assert_eq!(timers.call_after(MS, |_| {}).unwrap_err().reason(), ArmErrorReason::Full(1));
    assert_eq!(timers.timeout(), Some(MS));
}
