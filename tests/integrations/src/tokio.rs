//! A driver that a task of a tokio runtime turns: on real time, where nothing else shows that the runtime wakes it.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use ::tokio::runtime::{Builder, Runtime};
use tickwheel::integrations::tokio::TokioDriver;
use tickwheel::{Budget, Driver, Handle, ManualClock, Resolution, TimerError, TimerHeap, TimerWheel};

const HOUR: Duration = Duration::from_secs(3600);

fn flavours() -> [Runtime; 2] {
    let (mut one, mut many) = (Builder::new_current_thread(), Builder::new_multi_thread());
    [one.enable_io().build().unwrap(), many.enable_io().worker_threads(2).build().unwrap()]
}

fn spawn() -> TokioDriver {
    Driver::builder().spawn_on_tokio(TimerHeap::new()).unwrap()
}

/// Waits until it is so, for as long as a loaded machine may take.
async fn until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "waited 30 s in vain");
        ::tokio::task::yield_now().await;
    }
}

fn panic_of<T>(call: impl FnOnce() -> T) -> String {
    let panic = catch_unwind(AssertUnwindSafe(call)).err().expect("it panics");
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).expect("it says why")
}

#[test]
fn c1_sleeps_wake_and_none_does_early() {
    for runtime in flavours() {
        runtime.block_on(async {
            let timers = spawn();
            for micros in [0, 1, 50, 300, 1_000, 2_500] {
                let (start, delay) = (Instant::now(), Duration::from_micros(micros));
                timers.sleep(delay).await.unwrap();
                assert!(start.elapsed() >= delay);
            }
            assert_eq!(timers.pending(), 0);
        });
    }
}

#[test]
#[cfg(target_os = "linux")]
fn l24_a_sleep_is_finer_than_a_millisecond() {
    let runtime = Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let timers = spawn();
        let mut best = Duration::MAX;
        for _ in 0..200 {
            let start = Instant::now();
            timers.sleep(Duration::from_micros(200)).await.unwrap();
            best = best.min(start.elapsed());
        }
        // The best of many, as others may use the machine. A timer that counts in milliseconds never gets here.
        assert!(best < Duration::from_micros(700), "200 µs took {best:?} at best");
    });
}

#[test]
fn an_earlier_timer_armed_by_another_thread_is_not_slept_past() {
    for runtime in flavours() {
        let timers = runtime.block_on(async { spawn() });
        let (sender, fired) = mpsc::channel();
        let far = timers.call_after(HOUR, |_| ()).unwrap();
        let handle = timers.handle();
        runtime.block_on(async {
            // The runtime is asleep, or on its way there, whenever this comes.
            let arms = thread::spawn(move || {
                for round in 0..50 {
                    let sender = sender.clone();
                    thread::sleep(Duration::from_micros(200));
                    let delay = Duration::from_micros(round * 20);
                    handle
                        .call_after(delay, move |event| sender.send(event.now >= event.due).unwrap())
                        .unwrap()
                        .detach();
                }
            });
            for _ in 0..50 {
                let next = timers.sleep(HOUR);
                let received = async { until(|| fired.try_recv().is_ok_and(|in_time| in_time)).await };
                smol::future::or(received, async { next.await.unwrap() }).await;
            }
            arms.join().unwrap();
        });
        drop(far);
    }
}

#[test]
fn c1_none_is_early_and_none_is_lost_whoever_arms() {
    const EACH: u64 = 2_000;
    for runtime in flavours() {
        let timers = runtime.block_on(async {
            Driver::builder().shards(2).spawn_on_tokio(TimerWheel::new(Resolution::MILLISECOND)).unwrap()
        });
        let (fired, early) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let arm = |seed: u64| {
            let (handle, fired, early) = (timers.handle(), fired.clone(), early.clone());
            thread::spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed);
                for _ in 0..EACH {
                    let (fired, early) = (fired.clone(), early.clone());
                    let due = Instant::now() + Duration::from_micros(random.u64(..20_000));
                    let call = move |_: tickwheel::TimerEvent| {
                        early.fetch_add(u64::from(Instant::now() < due), Ordering::Relaxed);
                        fired.fetch_add(1, Ordering::Relaxed);
                    };
                    handle.call_after(due - Instant::now(), call).unwrap().detach();
                }
            })
        };
        let threads = [arm(1), arm(2)];
        runtime.block_on(until(|| fired.load(Ordering::Relaxed) == 2 * EACH));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        // The delay that was asked for began after `due` was set.
        assert_eq!((early.load(Ordering::Relaxed), timers.pending()), (0, 0));
    }
}

#[test]
fn many_tasks_sleep_on_it() {
    for runtime in flavours() {
        runtime.block_on(async {
            let timers = spawn();
            let tasks: Vec<_> = (0..1_000)
                .map(|n| {
                    let handle = timers.handle();
                    ::tokio::spawn(async move {
                        let (start, delay) = (Instant::now(), Duration::from_micros(n * 37 % 10_000));
                        handle.sleep(delay).await.unwrap();
                        start.elapsed() >= delay
                    })
                })
                .collect();
            for task in tasks {
                assert!(task.await.unwrap());
            }
        });
    }
}

#[test]
fn callbacks_run_on_a_thread_of_the_runtime() {
    let runtime = Builder::new_multi_thread().enable_io().worker_threads(1).thread_name("a-worker").build().unwrap();
    let timers = runtime.block_on(async { spawn() });
    let (sender, receiver) = mpsc::channel();
    let name = move |_: tickwheel::TimerEvent| sender.send(thread::current().name().map(str::to_owned)).unwrap();
    timers.call_after(Duration::from_micros(100), name).unwrap().detach();
    assert_eq!(receiver.recv().unwrap().as_deref(), Some("a-worker"));
}

#[test]
#[cfg(target_os = "linux")]
fn without_enable_io_it_says_what_to_enable() {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let text = panic_of(|| runtime.block_on(async { spawn() }));
    assert!(text.contains("Call `enable_io` on the runtime builder to enable IO"), "{text}");
}

#[test]
fn outside_of_a_runtime_it_says_so() {
    let text = panic_of(spawn);
    assert!(text.contains("must be called from the context of a Tokio 1.x runtime"), "{text}");
}

#[test]
fn l31_a_runtime_that_shuts_down_takes_its_driver_along() {
    type End = fn(Runtime);
    let ends: [End; 3] =
        [drop, Runtime::shutdown_background, |runtime| runtime.shutdown_timeout(Duration::from_secs(10))];
    for end in ends {
        for runtime in flavours() {
            let timers = runtime.block_on(async { spawn() });
            let handle = timers.handle();
            let held = Arc::new(());
            let (in_callback, in_task) = (held.clone(), held.clone());
            handle.call_after(HOUR, move |_| drop(in_callback)).unwrap().detach();
            let slept = timers.sleep(HOUR);
            runtime.spawn(async move {
                let _held = in_task;
                slept.await
            });
            let mut elsewhere = Box::pin(handle.sleep(HOUR));
            let mut context = Context::from_waker(Waker::noop());
            assert_eq!(elsewhere.as_mut().poll(&mut context), Poll::Pending);

            end(runtime);
            let start = Instant::now();
            while !handle.is_closed() || Arc::strong_count(&held) > 1 {
                assert!(start.elapsed() < Duration::from_secs(30), "the runtime is gone and the driver is not");
                thread::yield_now();
            }
            assert_eq!(elsewhere.as_mut().poll(&mut context), Poll::Ready(Err(TimerError::Closed)));
            assert!(handle.call_after(HOUR, |_| ()).is_err());
            assert_eq!(handle.pending(), 0);
            drop(timers);
        }
    }
}

#[test]
fn l31_dropping_the_driver_ends_its_task_and_closes_its_futures() {
    for runtime in flavours() {
        runtime.block_on(async {
            let timers = spawn();
            let waits = ::tokio::spawn(timers.sleep(HOUR));
            until(|| timers.pending() == 1).await;
            timers.shutdown();
            assert_eq!(waits.await.unwrap(), Err(TimerError::Closed));
            until(|| ::tokio::runtime::Handle::current().metrics().num_alive_tasks() == 0).await;
        });
    }
}

#[test]
fn l14_the_driver_may_be_dropped_in_its_own_callback() {
    for runtime in flavours() {
        runtime.block_on(async {
            let timers = spawn();
            let handle = timers.handle();
            let (sender, receiver) = ::tokio::sync::oneshot::channel();
            let end = move |_: tickwheel::TimerEvent| {
                drop(timers);
                sender.send(()).unwrap();
            };
            handle.call_after(Duration::from_micros(100), end).unwrap().detach();
            receiver.await.unwrap();
            assert!(handle.is_closed());
            until(|| ::tokio::runtime::Handle::current().metrics().num_alive_tasks() == 0).await;
        });
    }
}

#[test]
fn l15_a_callback_that_panics_does_not_end_the_task() {
    let runtime = Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let panics = Arc::new(AtomicUsize::new(0));
        let noted = panics.clone();
        let timers = Driver::builder().on_panic(move |_| {
            noted.fetch_add(1, Ordering::Relaxed);
        });
        let timers = timers.spawn_on_tokio(TimerHeap::new()).unwrap();
        timers.call_after(Duration::ZERO, |_| panic!("as a test of the driver")).unwrap().detach();
        timers.sleep(Duration::from_millis(1)).await.unwrap();
        assert_eq!((panics.load(Ordering::Relaxed), timers.metrics().panics), (1, 1));
    });
}

#[test]
fn l17_between_two_turns_of_a_spent_budget_others_run() {
    let runtime = Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let timers = Driver::builder().budget(Budget::entries(8)).spawn_on_tokio(TimerHeap::new()).unwrap();
        let passes = Arc::new(AtomicU64::new(0));
        let counted = passes.clone();
        let other = ::tokio::spawn(async move {
            loop {
                counted.fetch_add(1, Ordering::Relaxed);
                ::tokio::task::yield_now().await;
            }
        });
        let (sender, fired) = mpsc::channel();
        let due = timers.now() + Duration::from_millis(1);
        for _ in 0..800 {
            let (sender, passes) = (sender.clone(), passes.clone());
            timers.call_at(due, move |_| sender.send(passes.load(Ordering::Relaxed)).unwrap()).unwrap().detach();
        }
        until(|| timers.pending() == 0).await;
        let seen: Vec<u64> = fired.try_iter().collect();
        assert_eq!(seen.len(), 800);
        assert!(seen[799] - seen[0] >= 90, "800 timers in eights, and others ran {} times", seen[799] - seen[0]);
        other.abort();
    });
}

#[test]
fn l28_a_clock_moved_by_hand_turns_it_and_no_task_does() {
    for runtime in flavours() {
        runtime.block_on(async {
            let clock = ManualClock::new();
            let timers = Driver::builder().clock(clock.clone()).spawn_on_tokio(TimerHeap::new()).unwrap();
            assert_eq!(::tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
            let slept = ::tokio::spawn(timers.sleep(HOUR));
            until(|| timers.pending() == 1).await;
            clock.advance(HOUR);
            assert_eq!(slept.await.unwrap(), Ok(()));
        });
    }
}

#[test]
fn a_handle_may_outlive_its_runtime() {
    let handle: Handle = {
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        let timers = runtime.block_on(async { spawn() });
        timers.handle()
    };
    assert!(handle.is_closed());
    assert!(handle.call_after(Duration::ZERO, |_| ()).is_err());
}
