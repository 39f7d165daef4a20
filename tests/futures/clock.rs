//! What tokio's tests check of its paused clock, on a clock moved by hand (L28).

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tickwheel::compat::time::{self, Instant};
use tickwheel::{Clock, FiredTimer, ManualClock, Sleep, TaskKind};

use crate::support::{Task, at, coarse, ms, on_both, run};

const US: Duration = Duration::from_micros(1);

#[test]
fn l28_the_same_sleeps_take_the_same_time_in_every_run() {
    let stress = || {
        let (clock, timers) = coarse();
        let mut random = fastrand::Rng::with_seed(1);
        let mut times = Vec::new();
        run(&clock, async {
            for _ in 0..10_000 {
                timers.sleep(Duration::from_nanos(random.u64(0..1_000_000_000))).await.unwrap();
                times.push(clock.now());
            }
        });
        times
    };
    assert_eq!(stress(), stress());
}

#[test]
fn l28_a_clock_that_is_not_moved_stands_still() {
    let (_clock, timers) = coarse();
    let _entered = timers.enter();
    let now = Instant::now();
    let real = std::time::Instant::now();
    while real.elapsed() < ms(2) {
        assert_eq!((now, now.elapsed()), (Instant::now(), Duration::ZERO));
    }
}

#[test]
fn l28_advancing_by_less_than_the_rest_leaves_a_sleep_pending() {
    on_both(|clock, timers| {
        clock.advance(ms(1));
        let mut polled_before = Task::new(timers.sleep_until(at(301)));
        let mut polled_after = Task::new(timers.sleep_until(at(301)));
        assert!(polled_before.poll().is_pending());
        assert_eq!(clock.advance(ms(100)), at(101));
        assert!(polled_before.poll().is_pending() && polled_after.poll().is_pending());
        clock.advance(ms(200));
        assert!(polled_before.poll().is_ready() && polled_after.poll().is_ready());
    });
}

/// Moves the clock in the middle of its own poll, having polled its sleep before or not.
struct Mover {
    clock: ManualClock,
    sleep: Pin<Box<Sleep>>,
    polls_before: bool,
}

impl Future for Mover {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.polls_before {
            assert!(self.sleep.as_mut().poll(context).is_pending());
        }
        self.clock.advance(ms(100));
        assert!(self.sleep.as_mut().poll(context).is_pending());
        self.clock.advance(ms(200));
        assert!(self.sleep.as_mut().poll(context).is_ready());
        Poll::Ready(())
    }
}

#[test]
fn l28_a_task_moves_the_clock_that_it_waits_on() {
    for polls_before in [true, false] {
        on_both(|clock, timers| {
            let sleep = Box::pin(timers.sleep_until(at(300)));
            assert!(Task::new(Mover { clock, sleep, polls_before }).poll().is_ready());
        });
    }
}

#[test]
fn l28_it_moves_by_exactly_what_it_is_told() {
    on_both(|clock, timers| {
        let _entered = timers.enter();
        for length in [51_592 * US, US, 3_141_592 * US, 3_123_456 * US, ms(1), ms(1), Duration::from_nanos(1)] {
            let before = Instant::now();
            clock.advance(length);
            assert_eq!(before.elapsed(), length);
        }
    });
}

#[test]
fn l28_fractions_of_a_tick_with_a_sleep_pending() {
    on_both(|clock, timers| {
        clock.advance(ms(1));
        let mut long = Task::new(timers.sleep_until(at(60_000)));
        assert!(long.poll().is_pending());
        clock.advance(51_592 * US);
        assert!(long.poll().is_pending());
        assert_eq!(clock.now(), at(1) + 51_592 * US);

        clock.advance_to(at(60));
        let mut once = Task::new(timers.sleep(ms(1)));
        assert!(once.poll().is_pending());
        clock.advance(250 * US);
        assert!(once.poll().is_pending());
        clock.advance(1_500 * US);
        assert_eq!((once.wakes(), once.poll()), (1, Poll::Ready(Ok(()))));

        clock.advance_to(at(70));
        let mut by_quarters = Task::new(timers.sleep(ms(1)));
        for _ in 0..4 {
            assert!(by_quarters.poll().is_pending());
            clock.advance(250 * US);
        }
        assert_eq!((by_quarters.wakes(), by_quarters.poll()), (1, Poll::Ready(Ok(()))));
    });
}

#[test]
fn l28_it_stops_at_every_timer_and_says_what_fired() {
    on_both(|clock, timers| {
        let mut sleeps = [3, 1, 2, 2].map(|n| Task::new(timers.sleep(ms(n))));
        sleeps.iter_mut().for_each(|sleep| assert!(sleep.poll().is_pending()));
        let fired = |n| FiredTimer { expiry: at(n), kind: TaskKind::Waker };
        let steps: Vec<_> = clock.steps_until(at(10)).map(|step| (step.now, step.fired)).collect();
        let expected = [(at(1), vec![fired(1)]), (at(2), vec![fired(2), fired(2)]), (at(3), vec![fired(3)])];
        assert_eq!(steps, expected);
        assert_eq!(clock.now(), at(10));
        assert_eq!(clock.step(), None);
    });
}

#[test]
fn l28_tasks_on_many_threads_wait_for_one_clock() {
    let (clock, timers) = coarse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let timers = timers.handle();
            runtime.spawn(async move {
                for _ in 0..10 {
                    timers.sleep(ms(1 + n % 7)).await.unwrap();
                }
                n
            })
        })
        .collect();
    let all = runtime.spawn(async move {
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap();
        }
        sum
    });
    // Tasks arm in their own time; the clock goes on until all have got their sleeps.
    while !all.is_finished() {
        clock.advance(ms(1));
        std::thread::yield_now();
    }
    assert_eq!(runtime.block_on(all).unwrap(), (0..64).sum::<u64>());
    // The clock may have moved on between the making of a sleep and its first poll.
    let metrics = timers.metrics();
    assert_eq!((metrics.pending, metrics.fired), (0, metrics.armed));
    assert!((1..=640).contains(&metrics.armed));
}

#[test]
fn l28_the_clock_moves_while_a_task_of_another_thread_waits() {
    let (clock, timers) = coarse();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mover = clock.clone();
    let handle = timers.handle();
    let other = std::thread::spawn(move || {
        while handle.pending() == 0 {
            std::thread::yield_now();
        }
        mover.advance(ms(300));
    });
    runtime.block_on(async { timers.sleep(ms(300)).await.unwrap() });
    assert_eq!(clock.now(), at(300));
    other.join().unwrap();
}

#[test]
fn time_does_not_pass_while_others_work() {
    let (clock, timers) = coarse();
    let _entered = timers.enter();
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let start = Instant::now();
    run(&clock, async {
        tokio::join!(
            async {
                sender.send(()).unwrap();
                time::sleep(ms(100)).await;
                assert_eq!(start.elapsed(), ms(100));
            },
            async {
                receiver.await.unwrap();
                assert_eq!(start.elapsed(), Duration::ZERO);
            },
        )
    });
}

#[test]
fn a_task_that_never_rests_sees_its_sleep_end() {
    on_both(|clock, timers| {
        let mut sleep = Box::pin(timers.sleep(ms(10)));
        let mut polls = 0;
        run(
            &clock,
            poll_fn(|context| {
                if sleep.as_mut().poll(context).is_ready() {
                    return Poll::Ready(());
                }
                polls += 1;
                if polls % 100 == 0 {
                    clock.advance(ms(1));
                }
                context.waker().wake_by_ref();
                Poll::Pending
            }),
        );
        assert_eq!((polls, clock.now()), (1000, at(10)));
    });
}
