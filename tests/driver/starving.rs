//! L41: a driver on a tokio runtime lets the runtime's other tasks run between any two turns.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;

use tickwheel::integrations::tokio::TokioDriver;
use tickwheel::{Budget, Driver, Handle, LocalDriver, LocalTask, TimerEvent, TimerHeap};
use tokio::runtime::{Builder, Runtime};

use crate::common::without_hanging;

fn runtimes() -> [Runtime; 2] {
    let (mut one, mut many) = (Builder::new_current_thread(), Builder::new_multi_thread());
    [one.enable_all().build().unwrap(), many.enable_all().worker_threads(1).build().unwrap()]
}

/// Has `arm` keep a driver busy, and requires that another task of the runtime still gets to run.
fn does_not_starve(arm: fn(&Handle, &Arc<AtomicBool>)) {
    without_hanging(move || {
        for runtime in runtimes() {
            for budget in [Budget::entries(1), Budget::UNLIMITED] {
                let is_over = Arc::new(AtomicBool::new(false));
                let of_driver = is_over.clone();
                let timers: TokioDriver = runtime.block_on(async move {
                    let spawned = tokio::spawn(async move {
                        let timers = Driver::builder().budget(budget).spawn_on_tokio(TimerHeap::new()).unwrap();
                        arm(&timers, &of_driver);
                        timers
                    });
                    spawned.await.unwrap()
                });
                let handle = timers.handle();
                let others = runtime.spawn(async move {
                    for _ in 0..100 {
                        let before = handle.metrics().turns;
                        while handle.metrics().turns == before {
                            tokio::task::yield_now().await;
                        }
                    }
                });
                runtime.block_on(others).unwrap();
                is_over.store(true, Ordering::SeqCst);
            }
        }
    });
}

#[test]
fn l41_a_callback_that_arms_itself_for_now_starves_no_task() {
    fn again(timers: Handle, is_over: Arc<AtomicBool>) {
        let handle = timers.clone();
        let call = move |_: TimerEvent| {
            if !is_over.load(Ordering::SeqCst) {
                again(handle, is_over);
            }
        };
        timers.call_after(Duration::ZERO, call).unwrap().detach();
    }
    does_not_starve(|timers, is_over| again(timers.clone(), is_over.clone()));
}

#[test]
fn l41_a_period_shorter_than_a_turn_starves_no_task() {
    does_not_starve(|timers, _| timers.call_every(Duration::from_nanos(100), |_| {}).unwrap().detach());
}

#[test]
fn l41_a_waker_that_arms_itself_for_now_starves_no_task() {
    struct Again {
        timers: Handle,
        is_over: Arc<AtomicBool>,
    }

    impl Wake for Again {
        fn wake(self: Arc<Self>) {
            if !self.is_over.load(Ordering::SeqCst) {
                let mut sleep = std::pin::pin!(self.timers.sleep(Duration::from_nanos(1)));
                let waker = Waker::from(self.clone());
                let mut context = std::task::Context::from_waker(&waker);
                let _ = std::future::Future::poll(sleep.as_mut(), &mut context);
                // It has been dropped by then, and so cancelled: the callback arms for it.
                let again = self.clone();
                self.timers.call_after(Duration::ZERO, move |_| again.wake()).unwrap().detach();
            }
        }
    }

    does_not_starve(|timers, is_over| {
        Waker::from(Arc::new(Again { timers: timers.clone(), is_over: is_over.clone() })).wake();
    });
}

#[test]
fn l41_a_local_drivers_turn_ends_though_a_callback_arms_itself_for_now() {
    let clock = tickwheel::ManualClock::new();
    let timers = LocalDriver::new(TimerHeap::<LocalTask>::new(), clock);
    let runs = std::rc::Rc::new(AtomicU64::new(0));
    fn again(timers: tickwheel::LocalHandle, runs: std::rc::Rc<AtomicU64>) {
        let handle = timers.clone();
        let call = move |_| {
            runs.fetch_add(1, Ordering::Relaxed);
            again(handle, runs);
        };
        timers.call_after(Duration::ZERO, call).unwrap().detach();
    }
    again(timers.handle(), runs.clone());
    for turn in 1..10 {
        assert_eq!((timers.turn(timers.now()).fired, runs.load(Ordering::Relaxed)), (1, turn));
    }
}
