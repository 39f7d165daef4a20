//! Which driver the free functions use.

use std::sync::{Barrier, Mutex, mpsc};
use std::time::Duration;

use tickwheel::compat::time;
use tickwheel::{Clock, FutureExt, Handle};

use crate::support::{Task, at, coarse, ms, precise, run};

fn now() -> u64 {
    Handle::current_or_default().now().as_nanos() / 1_000_000
}

#[test]
fn the_driver_entered_last_counts() {
    let (clock, timers) = coarse();
    let (other_clock, others) = precise();
    clock.advance(ms(1));
    other_clock.advance(ms(2));
    let outer = timers.enter();
    assert_eq!(now(), 1);
    {
        let _inner = others.enter();
        assert_eq!(now(), 2);
        let _again = timers.enter();
        assert_eq!(now(), 1);
    }
    assert_eq!(now(), 1);
    // The other way round.
    let inner = others.enter();
    drop(outer);
    assert_eq!(now(), 2);
    drop(inner);
}

#[test]
fn a_thread_that_has_entered_none_has_the_processes() {
    let (clock, timers) = coarse();
    clock.advance(Duration::from_secs(1_000_000));
    let _entered = timers.enter();
    let elsewhere = std::thread::spawn(|| Handle::current_or_default().now()).join().unwrap();
    assert!(elsewhere < at(1_000_000_000));
    let (one, two) =
        std::thread::spawn(|| (Handle::current_or_default(), Handle::current_or_default())).join().unwrap();
    let mut sleep = Task::new(one.sleep(Duration::from_secs(3600)));
    assert!(sleep.poll().is_pending());
    assert!(two.pending() >= 1, "there is one for all");
    assert!(!one.is_closed());
}

#[test]
fn l28_tests_of_one_process_each_have_their_own_clock() {
    let together = Barrier::new(4);
    std::thread::scope(|scope| {
        for n in 1..=4 {
            let together = &together;
            scope.spawn(move || {
                let (clock, timers) = coarse();
                let _entered = timers.enter();
                together.wait();
                let mut sleep = Task::new(time::sleep(ms(n)));
                assert!(sleep.poll().is_pending());
                for step in 1..=n {
                    assert!(sleep.poll().is_pending());
                    clock.advance_to(at(step));
                }
                assert!(sleep.poll().is_ready());
                assert_eq!(now(), n);
            });
        }
    });
}

#[test]
fn a_forgotten_guard_enters_for_the_life_of_the_thread() {
    let (clock, timers) = coarse();
    clock.advance(ms(7));
    let seen = std::thread::spawn(move || {
        std::mem::forget(timers.enter());
        let before = now();
        {
            let (_, others) = coarse();
            let _entered = others.enter();
            assert_eq!(now(), 0);
        }
        (before, now())
    });
    assert_eq!(seen.join().unwrap(), (7, 7));
}

#[test]
fn a_guard_may_lie_in_a_thread_local() {
    thread_local! {
        static ENTERED: Mutex<Option<tickwheel::EnterGuard>> = const { Mutex::new(None) };
    }
    let (clock, timers) = coarse();
    clock.advance(ms(9));
    let handle = timers.handle();
    let enter = move || ENTERED.with(|entered| *entered.lock().unwrap() = Some(handle.enter()));
    std::thread::spawn(move || {
        enter();
        assert_eq!(now(), 9);
    })
    .join()
    .unwrap();
}

#[test]
fn a_runtime_enters_it_on_each_of_its_threads() {
    let (clock, timers) = coarse();
    clock.advance(ms(3));
    let handle = timers.handle();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .on_thread_start(move || std::mem::forget(handle.enter()))
        .build()
        .unwrap();
    let (sender, receiver) = mpsc::channel();
    let armed = sender.clone();
    let sleeping = runtime.spawn(async move {
        let start = time::Instant::now();
        let mut sleep = Box::pin(time::sleep(ms(50)));
        tokio::select! {
            biased;
            () = &mut sleep => unreachable!("the clock stands still"),
            () = std::future::ready(()) => armed.send(now()).unwrap(),
        }
        sleep.await;
        start.elapsed()
    });
    assert_eq!(receiver.recv().unwrap(), 3);
    clock.advance(ms(50));
    assert_eq!(runtime.block_on(sleeping).unwrap(), ms(50));
}

#[test]
fn a_future_keeps_the_driver_that_was_entered_when_it_was_made() {
    let (clock, timers) = coarse();
    let made = {
        let _entered = timers.enter();
        (time::sleep(ms(2)), std::future::pending::<()>().timeout(ms(3)))
    };
    run(&clock, made.0);
    assert_eq!(clock.now(), at(2));
    assert!(run(&clock, made.1).unwrap_err().is_elapsed());
    assert_eq!(clock.now(), at(5));
}
