//! What libraries wait for is ready once its deadline has come, though the turn in which it would fire does not come.

use std::future::{Future, pending, poll_fn};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use ::hyper::rt::Timer;
use ::quinn::{Runtime, SmolRuntime};
use ::tower::{Service, service_fn};
use tickwheel::integrations::hyper::HyperTimer;
use tickwheel::integrations::quinn::QuinnRuntime;
use tickwheel::integrations::tower::Timeout;
use tickwheel::{Driver, Handle, ManualClock, TimerHeap};

const DELAY: Duration = Duration::from_secs(1);

type Poller = Box<dyn FnMut(&mut Context<'_>) -> bool>;

fn future<F: Future + 'static>(future: F) -> Poller {
    let mut future = Box::pin(future);
    Box::new(move |context| future.as_mut().poll(context).is_ready())
}

/// What each library waits with, `delay` from now on.
fn all_that_wait(timers: &Handle, delay: Duration) -> [(&'static str, Poller); 7] {
    let hyper = HyperTimer::new(timers.clone());
    let quinn = QuinnRuntime::new(SmolRuntime, timers.clone());
    let (mut timer, mut moved) = (quinn.new_timer(quinn.now() + delay), quinn.new_timer(quinn.now() + 100 * DELAY));
    let mut moved_sleep = hyper.sleep(100 * DELAY);
    hyper.reset(&mut moved_sleep, hyper.now() + delay);
    let stuck = service_fn(|()| pending::<Result<(), std::io::Error>>());
    moved.as_mut().reset(quinn.now() + delay);
    [
        ("hyper", future(hyper.sleep(delay))),
        ("hyper, until", future(hyper.sleep_until(hyper.now() + delay))),
        ("hyper, moved", future(moved_sleep)),
        ("quinn", Box::new(move |context| timer.as_mut().poll(context).is_ready())),
        ("quinn, moved", Box::new(move |context| moved.as_mut().poll(context).is_ready())),
        ("backon", future(::backon::Sleeper::sleep(timers, delay))),
        ("tower", future(Timeout::new(stuck, timers.clone(), delay).call(()))),
    ]
}

#[test]
fn l21_l34_they_are_ready_though_nobody_turns() {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).for_event_loop(TimerHeap::new(), || ()).unwrap();
    timers.call_at(timers.now() + DELAY, |_| ()).unwrap().detach();
    clock.advance(2 * DELAY);
    let mut context = Context::from_waker(Waker::noop());
    for (kind, mut poll) in all_that_wait(&timers, Duration::ZERO) {
        assert!(poll(&mut context), "{kind}, at once");
    }
    let mut all = all_that_wait(&timers, DELAY);
    for (kind, poll) in &mut all {
        assert!(!poll(&mut context), "{kind}, early");
    }
    clock.advance(DELAY);
    for (kind, poll) in &mut all {
        assert!(poll(&mut context), "{kind}");
    }
    assert_eq!(timers.pending(), 1, "nothing of them is left to be fired");
}

#[test]
fn l34_on_tokio_a_task_that_does_not_yield_sees_its_deadlines_come() {
    let runtime = ::tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let timers = Driver::builder().spawn_on_tokio(TimerHeap::new()).unwrap();
        // An older one waits for a turn, which does not come while this task polls.
        timers.call_after(Duration::ZERO, |_| ()).unwrap().detach();
        let start = Instant::now();
        while start.elapsed() < Duration::from_micros(200) {}
        poll_fn(|context| {
            for (kind, mut poll) in all_that_wait(&timers, Duration::ZERO) {
                assert!(poll(context), "{kind}, at once");
            }
            let mut all = all_that_wait(&timers, Duration::from_millis(1));
            let end = timers.now() + Duration::from_millis(1);
            let is_over: Vec<_> = all.iter_mut().filter_map(|(kind, poll)| poll(context).then_some(*kind)).collect();
            while timers.now() <= end {}
            for (kind, poll) in &mut all {
                // One that was ready before is not polled again.
                assert!(is_over.contains(kind) || poll(context), "{kind}");
            }
            std::task::Poll::Ready(())
        })
        .await;
    });
}
