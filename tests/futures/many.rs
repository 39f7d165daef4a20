//! Very many sleeps on a real runtime and the machine's clock: none early, none lost.

use std::future::pending;
use std::time::Duration;

use tickwheel::{Driver, Resolution, TimerWheel};

/// Spawns `count` tasks on four threads, each with a sleep that ends somewhere in `span`, and waits for all of them.
fn none_early_none_lost(count: u64, span: Duration) {
    let timers = Driver::builder().shards(4).spawn(TimerWheel::new(Resolution::MILLISECOND)).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    let start = timers.now();
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let deadline = timers.now() + Duration::from_nanos(random.u64(0..span.as_nanos() as u64));
            let timers = timers.handle();
            runtime.spawn(async move {
                timers.sleep_until(deadline).await.unwrap();
                timers.now() < deadline
            })
        })
        .collect();
    let early = runtime.block_on(async {
        let mut early = 0;
        for task in tasks {
            early += u64::from(task.await.unwrap());
        }
        early
    });
    assert_eq!(early, 0);
    assert!(timers.now() - start >= span - span / 100, "the last ones are due at the end");
    let metrics = timers.metrics();
    assert!(metrics.armed > count / 10, "many had to wait: {}", metrics.armed);
    assert_eq!((metrics.fired, metrics.cancelled, metrics.pending), (metrics.armed, 0, 0));
}

#[test]
fn c1_l6_a_hundred_thousand_sleeps_over_a_second() {
    none_early_none_lost(100_000, Duration::from_secs(1));
}

#[test]
#[ignore = "takes ten seconds; the smaller one is run each time"]
fn c1_l6_a_million_sleeps_over_ten_seconds() {
    none_early_none_lost(1_000_000, Duration::from_secs(10));
}

#[test]
fn c1_l33_limits_run_out_on_a_real_runtime() {
    let timers = Driver::spawn(TimerWheel::new(Resolution::MILLISECOND)).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let limit = Duration::from_millis(10);
    let tasks: Vec<_> = (0..512)
        .map(|n| {
            let timers = timers.handle();
            runtime.spawn(async move {
                let start = timers.now();
                if n % 2 == 0 {
                    assert!(timers.timeout(limit, pending::<()>()).await.unwrap_err().is_elapsed());
                    assert!(timers.now() - start >= limit);
                } else {
                    assert_eq!(timers.timeout(limit, tokio::task::yield_now()).await, Ok(()));
                }
            })
        })
        .collect();
    runtime.block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
    let metrics = timers.metrics();
    assert_eq!((metrics.pending, metrics.fired + metrics.cancelled), (0, metrics.armed));
    assert!(metrics.fired >= 256, "and more where a thread was held up");
}
