//! Futures that are ready again and again keep to tokio's budget.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tickwheel::{
    Driver, Handle, ManualClock, MissedTicks, Period, SleepError, TimeoutError, TimerHeap, Timestamp, compat,
    integrations,
};
use tower::Service;

/// What a task that is ready for ever would do in one poll before it is given up as one that starves the others.
const AT_MOST: usize = 1_000_000;

/// Runs `again` over and over as a task, and shows that another task gets to run.
fn starves_nobody<F: Future<Output = ()> + 'static>(again: impl Fn(Handle) -> F + 'static) {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
    clock.advance(Duration::from_secs(1));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let tasks = tokio::task::LocalSet::new();
    let is_over = Arc::new(AtomicBool::new(false));
    let (seen, handle) = (is_over.clone(), timers.handle());
    let greedy = tasks.spawn_local(async move {
        let mut count = 0;
        while !seen.load(Ordering::Relaxed) {
            again(handle.clone()).await;
            count += 1;
            assert!(count < AT_MOST, "nobody else got to run");
        }
        count
    });
    tasks.spawn_local(async move { is_over.store(true, Ordering::Relaxed) });
    let count = runtime.block_on(tasks.run_until(greedy)).unwrap();
    assert!((1..10_000).contains(&count), "it ran {count} times");
}

#[test]
fn a_sleep_that_is_ready_again_and_again_starves_nobody() {
    starves_nobody(|timers| async move { timers.sleep(Duration::ZERO).await.unwrap() });
}

#[test]
fn a_bursting_interval_starves_nobody() {
    starves_nobody(|timers| async move {
        let period = Period::every(Duration::from_nanos(1)).unwrap().missed(MissedTicks::Burst);
        let mut interval = timers.interval_at(Timestamp::ZERO, period);
        for _ in 0..100 {
            interval.tick().await.unwrap();
        }
    });
}

#[test]
fn a_retry_without_delay_starves_nobody() {
    starves_nobody(|timers| async move { backon::Sleeper::sleep(&timers, Duration::ZERO).await });
}

#[test]
fn a_pending_sleep_takes_nothing_of_the_budget() {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut sleep = Box::pin(timers.sleep(Duration::from_secs(1)));
        let polls = std::future::poll_fn(|context| {
            for _ in 0..10_000 {
                assert!(sleep.as_mut().poll(context).is_pending());
            }
            std::task::Poll::Ready(tokio::task::coop::has_budget_remaining())
        });
        assert!(polls.await);
    });
}

/// Uses the budget up at each poll, as one does that reads a socket with always more to read.
async fn greedy(timers: Handle) -> Result<(), SleepError> {
    for _ in 0..AT_MOST {
        timers.sleep(Duration::ZERO).await?;
    }
    Ok(())
}

/// Shows that what `limit` makes of a greedy future ends at its limit of a second.
fn holds<F: Future<Output: Send> + Send + 'static>(limit: impl FnOnce(Handle) -> F) -> F::Output {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let limited = limit(timers.handle());
    runtime.block_on(async {
        let answer = tokio::spawn(limited);
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(1));
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(answer.is_finished(), "the limit was not held");
        answer.await.unwrap()
    })
}

#[test]
fn a_time_limit_is_kept_though_the_budget_is_used_up() {
    let limit = Duration::from_secs(1);
    let ended = holds(|timers| timers.timeout(limit, greedy(timers.clone())));
    assert!(matches!(ended, Err(TimeoutError::Elapsed(_))));

    let ended = holds(|timers| {
        let _entered = timers.enter();
        compat::time::timeout(limit, greedy(timers.clone()))
    });
    assert!(ended.is_err());

    let ended = holds(|timers| {
        let handle = timers.clone();
        let service = tower::service_fn(move |()| greedy(handle.clone()));
        integrations::tower::Timeout::new(service, timers, limit).call(())
    });
    assert_eq!(ended, Err(integrations::tower::TimeoutError::Elapsed));
}
