//! backon's retries on a clock moved by hand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::backon::{ConstantBuilder, ExponentialBuilder, Retryable, Sleeper};
use tickwheel::{Driver, ManualClock, Resolution, TimerHeap, TimerWheel};

use crate::runtimes::{on_each, settle};

#[test]
fn retries_come_after_their_delays_and_no_earlier() {
    on_each(|runtime| async move {
        let clock = ManualClock::new();
        let wheel = TimerWheel::new(Resolution::MILLISECOND);
        let timers = Driver::builder().clock(clock.clone()).spawn(wheel).unwrap();
        let tries = Arc::new(Mutex::new(Vec::new()));
        let (noted, handle) = (tries.clone(), timers.handle());
        let fetch = move || {
            noted.lock().unwrap().push(handle.now().as_nanos() / 1_000_000_000);
            std::future::ready(Err::<(), _>("not there"))
        };
        let patience =
            ExponentialBuilder::default().with_min_delay(Duration::from_secs(60)).without_max_delay().with_max_times(3);
        let over = Arc::new(Mutex::new(None));
        let (result, retries) = (over.clone(), fetch.retry(patience).sleep(timers.handle()));
        runtime.spawn(async move { *result.lock().unwrap() = Some(retries.await) });

        settle().await;
        for _ in 0..420 {
            clock.advance(Duration::from_secs(1));
            settle().await;
        }
        assert_eq!(*tries.lock().unwrap(), [0, 60, 180, 420]);
        assert_eq!(*over.lock().unwrap(), Some(Err("not there")));
        assert_eq!(timers.pending(), 0);
    });
}

#[test]
fn l31_no_retry_comes_once_the_driver_is_shut_down() {
    on_each(|runtime| async move {
        let clock = ManualClock::new();
        let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
        let tries = Arc::new(Mutex::new(0));
        let noted = tries.clone();
        let fetch = move || {
            *noted.lock().unwrap() += 1;
            std::future::ready(Err::<(), _>("not there"))
        };
        let patience = ConstantBuilder::default().with_delay(Duration::from_secs(60));
        runtime.spawn(fetch.retry(patience).sleep(timers.handle()).into_future());
        settle().await;
        assert_eq!(timers.pending(), 1);

        timers.shutdown();
        settle().await;
        clock.advance(Duration::from_secs(3600));
        settle().await;
        assert_eq!(*tries.lock().unwrap(), 1);
    });
}

#[test]
fn c1_on_the_machines_clock_it_sleeps_no_shorter_than_asked() {
    let timers = Driver::spawn(TimerHeap::new()).unwrap();
    let handle = timers.handle();
    let start = std::time::Instant::now();
    smol::block_on(Sleeper::sleep(&handle, Duration::from_millis(3)));
    assert!(start.elapsed() >= Duration::from_millis(3));
}
