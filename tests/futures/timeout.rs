//! `Timeout`: the future inside comes first, and a ready one costs nothing.

use std::future::{Future, IntoFuture, Ready, pending, poll_fn, ready};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use tickwheel::{Clock, ClockObserver, Driver, FutureExt, ManualClock, TimeoutError, TimerError, TimerHeap, Timestamp};
use tokio::sync::oneshot;

use crate::support::{Task, at, coarse, ms, on_both, run};

fn is_elapsed<T>(polled: &Poll<Result<T, TimeoutError>>) -> bool {
    matches!(polled, Poll::Ready(Err(error)) if error.is_elapsed())
}

/// A clock that counts how often it is read.
#[derive(Clone)]
struct Counted {
    clock: ManualClock,
    reads: Arc<AtomicUsize>,
}

impl Clock for Counted {
    fn now(&self) -> Timestamp {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.clock.now()
    }

    fn register(&self, observer: Weak<dyn ClockObserver>) -> bool {
        self.clock.register(observer)
    }
}

#[test]
fn l18_a_ready_future_costs_no_timer_and_no_look_at_the_clock() {
    let clock = Counted { clock: ManualClock::new(), reads: Arc::default() };
    let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
    let before = clock.reads.load(Ordering::SeqCst);
    assert_eq!(Task::new(timers.timeout(ms(5), ready(7))).poll(), Poll::Ready(Ok(7)));
    assert_eq!(Task::new(timers.timeout_at(at(5), ready(8))).poll(), Poll::Ready(Ok(8)));
    assert_eq!(Task::new(ready(9).timeout_on(&timers, ms(5))).poll(), Poll::Ready(Ok(9)));
    drop(timers.timeout(ms(5), pending::<()>()));
    assert_eq!(clock.reads.load(Ordering::SeqCst), before);
    assert_eq!(timers.metrics().armed, 0);

    let mut stuck = Task::new(timers.timeout(ms(5), pending::<()>()));
    assert!(stuck.poll().is_pending());
    assert_eq!(clock.reads.load(Ordering::SeqCst), before + 1, "a pending one costs a single look");
}

#[test]
fn l33_a_ready_future_wins_over_a_deadline_that_has_come() {
    on_both(|clock, timers| {
        clock.advance(ms(1000));
        for deadline in [at(0), at(1000)] {
            assert_eq!(Task::new(timers.timeout_at(deadline, async {})).poll(), Poll::Ready(Ok(())));
        }
        assert_eq!(Task::new(timers.timeout(Duration::ZERO, async {})).poll(), Poll::Ready(Ok(())));
        assert_eq!(timers.metrics().armed, 0);
    });
}

#[test]
fn l33_a_future_that_gets_ready_as_its_time_runs_out_wins() {
    on_both(|clock, timers| {
        let (sender, receiver) = oneshot::channel();
        let mut timeout = Task::new(timers.timeout(ms(100), receiver));
        assert!(timeout.poll().is_pending());
        clock.advance(ms(100));
        sender.send(3).unwrap();
        assert_eq!(timeout.wakes(), 2);
        assert_eq!(timeout.poll(), Poll::Ready(Ok(Ok(3))));
    });
}

#[test]
fn a_future_that_gets_ready_in_time_is_done() {
    on_both(|clock, timers| {
        let make: [fn(&Driver, _) -> _; 2] = [
            |timers, inner| timers.timeout(ms(100), inner),
            |timers, inner| timers.timeout_at(timers.now() + ms(100), inner),
        ];
        for make in make {
            let (sender, receiver) = oneshot::channel();
            let mut timeout = Task::new(make(&timers, receiver));
            assert!(timeout.poll().is_pending());
            clock.advance(ms(90));
            assert_eq!((timeout.wakes(), timeout.poll().is_pending()), (0, true));
            sender.send(()).unwrap();
            assert_eq!((timeout.wakes(), timeout.poll()), (1, Poll::Ready(Ok(Ok(())))));
            drop(timeout);
            assert_eq!(timers.pending(), 0);
        }
    });
}

#[test]
fn l2_a_very_large_timeout_does_not_run_out() {
    on_both(|clock, timers| {
        let (sender, receiver) = oneshot::channel();
        let mut timeout = Task::new(timers.timeout(Duration::MAX, receiver));
        assert!(timeout.poll().is_pending());
        clock.advance(Duration::from_secs(86_400 * 365 * 10));
        assert_eq!((timeout.wakes(), timeout.poll().is_pending()), (0, true));
        sender.send(()).unwrap();
        assert_eq!(timeout.poll(), Poll::Ready(Ok(Ok(()))));
    });
}

#[test]
fn l21_a_deadline_of_now_runs_out_at_the_first_poll() {
    on_both(|_clock, timers| {
        assert!(is_elapsed(&Task::new(timers.timeout_at(at(0), pending::<()>())).poll()));
        assert!(is_elapsed(&Task::new(timers.timeout(Duration::ZERO, pending::<()>())).poll()));
        assert_eq!(timers.metrics().armed, 0);
    });
}

#[test]
fn a_deadline_ahead_runs_out_and_wakes() {
    on_both(|clock, timers| {
        let mut timeout = Task::new(timers.timeout_at(at(300), pending::<()>()));
        assert!(timeout.poll().is_pending());
        clock.advance(ms(299));
        assert_eq!((timeout.wakes(), timeout.poll().is_pending()), (0, true));
        clock.advance(ms(1));
        assert_eq!((timeout.wakes(), is_elapsed(&timeout.poll())), (1, true));
    });
}

#[test]
fn the_delay_counts_from_the_first_poll_and_the_deadline_from_the_call() {
    on_both(|clock, timers| {
        let mut delay = Task::new(timers.timeout(ms(10), pending::<()>()));
        let mut deadline = Task::new(timers.timeout_at(timers.now() + ms(10), pending::<()>()));
        clock.advance(ms(10));
        assert!(is_elapsed(&deadline.poll()));
        assert!(delay.poll().is_pending());
        clock.advance(ms(9));
        assert!(delay.poll().is_pending());
        clock.advance(ms(1));
        assert!(is_elapsed(&delay.poll()));
    });
}

#[test]
fn a_future_that_never_rests_does_not_hold_the_deadline_up() {
    on_both(|clock, timers| {
        let busy = poll_fn(|context: &mut Context<'_>| {
            context.waker().wake_by_ref();
            Poll::<()>::Pending
        });
        let mut timeout = Task::new(timers.timeout(ms(1), busy));
        for _ in 0..100 {
            assert!(timeout.poll().is_pending());
            assert_eq!(timeout.wakes(), 1);
        }
        clock.advance(ms(1));
        assert!(is_elapsed(&timeout.poll()));
    });
}

#[test]
fn the_future_inside_comes_back() {
    on_both(|clock, timers| {
        let (sender, receiver) = oneshot::channel();
        let mut timeout = timers.timeout(ms(10), receiver);
        assert!(timeout.get_mut().try_recv().is_err());
        assert!(!timeout.get_ref().is_terminated());
        assert!(is_pending(Pin::new(&mut timeout)));
        assert_eq!(timers.pending(), 1);
        let receiver = timeout.into_inner();
        assert_eq!(timers.pending(), 0, "its timer does not");
        clock.advance(ms(20));
        sender.send(5).unwrap();
        assert_eq!(run(&clock, receiver), Ok(5));
    });
}

fn is_pending<F: Future>(future: Pin<&mut F>) -> bool {
    crate::support::poll_once(future).is_pending()
}

#[test]
fn after_its_time_the_future_inside_still_has_its_say() {
    let (clock, timers) = coarse();
    let (sender, receiver) = oneshot::channel();
    let mut timeout = Task::new(timers.timeout(ms(1), receiver));
    assert!(timeout.poll().is_pending());
    clock.advance(ms(1));
    assert!(is_elapsed(&timeout.poll()) && is_elapsed(&timeout.poll()));
    sender.send(1).unwrap();
    assert_eq!(timeout.poll(), Poll::Ready(Ok(Ok(1))));
}

#[test]
fn what_turns_into_a_future_will_do() {
    struct Soon(u8);
    impl IntoFuture for Soon {
        type Output = u8;
        type IntoFuture = Ready<u8>;
        fn into_future(self) -> Ready<u8> {
            ready(self.0)
        }
    }
    let (clock, timers) = coarse();
    assert_eq!(run(&clock, timers.timeout(ms(1), Soon(1))), Ok(1));
    assert_eq!(run(&clock, timers.timeout_at(at(1), Soon(2))), Ok(2));
}

#[test]
fn the_error_turns_into_one_of_io() {
    let (clock, timers) = coarse();
    let error = run(&clock, timers.timeout(ms(1), pending::<()>())).unwrap_err();
    assert_eq!(error.to_string(), "deadline has elapsed");
    let error = io::Error::from(error);
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "deadline has elapsed");

    let error = TimeoutError::from(TimerError::Closed);
    assert_eq!((error.is_elapsed(), error.to_string()), (false, "the driver was shut down".to_owned()));
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::Other);
}

#[test]
fn as_a_method_it_uses_the_driver_that_was_entered() {
    let (clock, timers) = coarse();
    let (elapsed, at_deadline) = {
        let _entered = timers.enter();
        (pending::<()>().timeout(ms(3)), pending::<()>().timeout_at(at(4)))
    };
    assert!(run(&clock, elapsed).unwrap_err().is_elapsed());
    assert_eq!(clock.now(), at(3));
    assert!(run(&clock, at_deadline).unwrap_err().is_elapsed());
    assert_eq!(clock.now(), at(4));
    assert!(run(&clock, pending::<()>().timeout_on(&timers, ms(2))).unwrap_err().is_elapsed());
    assert_eq!(clock.now(), at(6));
}

#[test]
fn l33_a_timeout_by_reference_goes_on_through_select() {
    on_both(|clock, timers| {
        run(&clock, async {
            let mut timeout = timers.timeout(ms(25), pending::<()>());
            let mut rounds = 0;
            loop {
                tokio::select! {
                    over = &mut timeout => { assert!(over.unwrap_err().is_elapsed()); break; }
                    waited = timers.sleep(ms(10)) => { waited.unwrap(); rounds += 1; }
                }
            }
            assert_eq!((rounds, clock.now()), (2, at(25)));
        });
    });
}

#[test]
fn the_first_of_nested_limits_counts() {
    on_both(|clock, timers| {
        let inner = timers.timeout(ms(30), pending::<()>());
        let over = run(&clock, timers.timeout(ms(10), inner));
        assert!(over.unwrap_err().is_elapsed());
        assert_eq!((clock.now(), timers.pending()), (at(10), 0));
        let inner = timers.timeout(ms(10), pending::<()>());
        let over = run(&clock, timers.timeout(ms(30), inner));
        assert!(over.unwrap().unwrap_err().is_elapsed());
    });
}
