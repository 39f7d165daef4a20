//! Futures that are ready again and again keep to tokio's budget.

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use tickwheel::{
    DelayQueue, Driver, Elapsed, Handle, ManualClock, MissedTicks, Period, StreamExt as _, TimeoutError, TimerError,
    TimerHeap, Timestamp, compat, integrations,
};
use tokio::task::coop::{has_budget_remaining, poll_proceed};
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
        let period = Period::every(Duration::from_nanos(1)).unwrap().with_missed_ticks(MissedTicks::Burst);
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
async fn greedy(timers: Handle) -> Result<(), TimerError> {
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
        integrations::tower::Timeout::new(service, timers, limit).typed().call(())
    });
    assert_eq!(ended, Err(integrations::tower::TimeoutError::Elapsed(Elapsed::new())));
}

/// Does as much as a task may do in one poll.
fn spend_the_budget(context: &mut Context<'_>) {
    while let Poll::Ready(unit) = poll_proceed(context) {
        unit.made_progress();
    }
    assert!(!has_budget_remaining());
}

/// Runs `look` in a task that has spent its budget.
fn on_a_spent_budget(look: impl FnMut(&mut Context<'_>) + Send + 'static) {
    let mut look = look;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let task = runtime.spawn(poll_fn(move |context| {
        spend_the_budget(context);
        look(context);
        Poll::Ready(())
    }));
    runtime.block_on(task).unwrap();
}

type Poller = Box<dyn FnMut(&mut Context<'_>) -> bool + Send>;

fn future<F: Future + Send + 'static>(future: F) -> Poller {
    let mut future = Box::pin(future);
    Box::new(move |context| future.as_mut().poll(context).is_ready())
}

fn items<S: Stream + Send + 'static>(stream: S) -> Poller {
    let mut stream = Box::pin(stream);
    Box::new(move |context| stream.as_mut().poll_next(context).is_ready())
}

/// Everything that waits, each with a deadline `delay` from now on.
fn all_that_wait(timers: &Handle, delay: Duration) -> Vec<(&'static str, Poller)> {
    let _entered = timers.enter();
    let mut interval = timers.interval_at(timers.now() + delay, Period::every(Duration::from_millis(1)).unwrap());
    let mut tokios_interval = compat::time::interval_at(compat::time::Instant::now() + delay, Duration::from_millis(1));
    let mut queue = DelayQueue::with_timer(timers, TimerHeap::new());
    queue.insert((), delay).unwrap();
    let stuck = tower::service_fn(|()| pending::<Result<(), std::io::Error>>());
    vec![
        ("sleep", future(timers.sleep(delay))),
        ("timeout", future(timers.timeout(delay, pending::<()>()))),
        ("timeout_at", future(timers.timeout_at(timers.now() + delay, pending::<()>()))),
        ("interval", Box::new(move |context| interval.poll_tick(context).is_ready())),
        ("DelayQueue", Box::new(move |context| queue.poll_expired(context).is_ready())),
        ("StreamExt::timeout", items(stream::pending::<()>().timeout_on(timers, delay))),
        ("StreamExt::debounce", items(stream::iter([1]).chain(stream::pending()).debounce_on(timers, delay))),
        ("compat sleep", future(compat::time::sleep(delay))),
        ("compat timeout", future(compat::time::timeout(delay, pending::<()>()))),
        ("compat interval", Box::new(move |context| tokios_interval.poll_tick(context).is_ready())),
        ("backon", future(backon::Sleeper::sleep(timers, delay))),
        ("hyper", future(hyper::rt::Timer::sleep(&integrations::hyper::HyperTimer::new(timers.clone()), delay))),
        ("tower", future(integrations::tower::Timeout::new(stuck, timers.clone(), delay).call(()))),
    ]
}

#[test]
fn l35_what_has_fired_is_ready_on_a_spent_budget() {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
    let second = Duration::from_secs(1);
    on_a_spent_budget(move |context| {
        let mut all = all_that_wait(&timers, second);
        for (kind, poll) in &mut all {
            assert!(!poll(context), "{kind}");
        }
        let mut sleep = pin!(timers.sleep(second));
        assert!(sleep.as_mut().poll(context).is_pending());
        clock.advance(second);
        for (kind, poll) in &mut all {
            assert!(poll(context), "{kind}");
        }
        assert!(sleep.is_elapsed());
        for _ in 0..10_000 {
            assert!(sleep.as_mut().poll(context).is_ready(), "it stays so");
        }
    });
}

#[test]
fn l35_a_deadline_that_has_come_is_ready_on_a_spent_budget() {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
    clock.advance(Duration::from_secs(1));
    on_a_spent_budget(move |context| {
        for (kind, mut poll) in all_that_wait(&timers, Duration::ZERO) {
            assert!(poll(context), "{kind}");
        }
    });
}

#[test]
fn l35_a_sleep_ends_in_task_after_task_that_spends_its_budget() {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for _ in 0..1_000 {
        let (clock, timers) = (clock.clone(), timers.handle());
        let task = runtime.spawn(poll_fn(move |context| {
            spend_the_budget(context);
            assert!(pin!(timers.sleep(Duration::ZERO)).poll(context).is_ready(), "at once");
            let mut sleep = pin!(timers.sleep(Duration::from_millis(1)));
            assert!(sleep.as_mut().poll(context).is_pending());
            clock.advance(Duration::from_millis(1));
            assert!(sleep.poll(context).is_ready(), "fired");
            Poll::Ready(())
        }));
        runtime.block_on(task).unwrap();
    }
}

#[test]
fn l35_one_that_polls_eagerly_sees_its_sleep_end() {
    // As a combinator does that polls again whatever was woken meanwhile, without a word to the runtime.
    let timers = Driver::spawn(TimerHeap::new()).unwrap();
    on_a_spent_budget(move |context| {
        let mut sleep = pin!(timers.sleep(Duration::from_micros(100)));
        while sleep.as_mut().poll(context).is_pending() {}
        let mut interval = timers.interval(Duration::from_nanos(1)).unwrap();
        for _ in 0..1_000 {
            while interval.poll_tick(context).is_pending() {}
        }
    });
}

#[test]
fn a_row_of_waits_that_need_no_waiting_starves_nobody_beside_one_that_waits() {
    starves_nobody(|timers| async move {
        let mut far = pin!(timers.sleep(Duration::from_secs(3600)));
        for _ in 0..100 {
            tokio::select! {
                biased;
                _ = &mut far => panic!("early"),
                waited = timers.sleep(Duration::ZERO) => waited.unwrap(),
            }
        }
    });
}
