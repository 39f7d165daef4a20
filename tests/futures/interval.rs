//! `Interval`: in step, whatever was missed, and moved in every way.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tickwheel::{Clock, Deadline, Interval, ManualClock, MissedTicks, Period, Timestamp};
use tokio::sync::mpsc;

use crate::support::{Task, at, coarse, ms, on_both, precise, run};

fn every(length: u64, missed: MissedTicks) -> Period {
    Period::every(ms(length)).unwrap().with_missed_ticks(missed)
}

/// The ticks that are ready, as milliseconds at which they were due and numbers of those missed before.
fn ticks(interval: &mut Task<Interval>) -> Vec<(u64, u64)> {
    let poll = |interval: &mut Task<Interval>| interval.enter(|mut interval, context| interval.poll_tick(context));
    let mut seen = Vec::new();
    while let Poll::Ready(tick) = poll(interval) {
        let tick = tick.unwrap();
        seen.push((tick.due.as_nanos() / 1_000_000, tick.missed));
    }
    seen
}

fn due(interval: &mut Task<Interval>) -> Vec<u64> {
    ticks(interval).into_iter().map(|(due, _)| due).collect()
}

/// Moves the clock on step by step and holds the ticks seen at each step against those expected.
fn follow(clock: &ManualClock, interval: &mut Task<Interval>, script: &[(u64, &[u64])]) {
    for (step, expected) in script {
        clock.advance(ms(*step));
        assert_eq!(due(interval), *expected, "at {:?}", clock.now());
    }
}

#[test]
fn l26_burst_makes_up_for_what_was_missed() {
    on_both(|clock, timers| {
        let mut interval = Task::new(timers.interval_at(at(0), every(300, MissedTicks::Burst)));
        let script: &[(u64, &[u64])] = &[
            (0, &[0]),
            (100, &[]),
            (200, &[300]),
            (650, &[600, 900]),
            (200, &[]),
            (100, &[1200]),
            (250, &[1500]),
            (300, &[1800]),
        ];
        follow(&clock, &mut interval, script);
    });
}

#[test]
fn l26_delay_counts_from_when_the_late_one_was_seen() {
    on_both(|clock, timers| {
        let mut interval = Task::new(timers.interval_at(at(0), every(300, MissedTicks::Delay)));
        let script: &[(u64, &[u64])] = &[
            (0, &[0]),
            (100, &[]),
            (200, &[300]),
            (650, &[600]),
            (100, &[]),
            (200, &[1250]),
            (300, &[1550]),
            (300, &[1850]),
        ];
        follow(&clock, &mut interval, script);
    });
}

#[test]
fn l26_skip_leaves_out_and_stays_in_step() {
    on_both(|clock, timers| {
        let mut interval = Task::new(timers.interval_at(at(0), every(300, MissedTicks::Skip)));
        let script: &[(u64, &[u64])] =
            &[(0, &[0]), (100, &[]), (200, &[300]), (650, &[600]), (250, &[1200]), (300, &[1500]), (300, &[1800])];
        follow(&clock, &mut interval, script);
    });
}

#[test]
fn skipped_ticks_are_counted() {
    on_both(|clock, timers| {
        let mut interval = Task::new(timers.interval(ms(10)).unwrap());
        assert_eq!(interval.future.period().missed_ticks(), MissedTicks::Skip, "unless another choice is made");
        assert_eq!(ticks(&mut interval), [(0, 0)]);
        clock.jump(ms(47));
        assert_eq!(ticks(&mut interval), [(10, 0)], "the late one itself");
        clock.advance(ms(3));
        assert_eq!(ticks(&mut interval), [(50, 3)], "20, 30 and 40 are missing before it");
        clock.advance(ms(10));
        assert_eq!(ticks(&mut interval), [(60, 0)]);
        interval.future.set_missed_ticks(MissedTicks::Burst);
        assert_eq!(interval.future.period(), every(10, MissedTicks::Burst));
        clock.jump(ms(25));
        assert_eq!(ticks(&mut interval), [(70, 0), (80, 0)]);
    });
}

#[test]
fn l10_an_hour_of_suspend_is_one_tick_unless_asked_otherwise() {
    on_both(|clock, timers| {
        let mut interval = Task::new(timers.interval(ms(1)).unwrap());
        assert_eq!(due(&mut interval), [0]);
        clock.jump(ms(3_600_000));
        assert_eq!(due(&mut interval), [1]);
        clock.advance(ms(1));
        assert_eq!(ticks(&mut interval), [(3_600_001, 3_599_999)]);

        let start = clock.now();
        let mut burst = Task::new(timers.interval_at(start, every(1, MissedTicks::Burst)));
        clock.jump(ms(5000));
        assert_eq!(due(&mut burst).len(), 5001);
    });
}

#[test]
fn l26_the_nth_tick_is_due_at_the_start_and_n_periods() {
    // Neither a multiple of the tick, nor seen at once.
    let odd = Duration::from_micros(1_700);
    for (clock, timers) in [coarse(), precise()] {
        let mut interval = timers.interval(odd).unwrap();
        run(&clock, async {
            for n in 0..2_000 {
                let tick = interval.tick().await.unwrap();
                assert_eq!((tick.due, tick.missed), (Timestamp::ZERO + n * odd, 0));
                assert!(tick.now >= tick.due && tick.lateness() < ms(1));
            }
        });
    }
}

#[test]
fn l27_a_period_of_zero_is_an_error_that_says_so() {
    let (_clock, timers) = coarse();
    let error = timers.interval(Duration::ZERO).unwrap_err();
    assert_eq!(error, Period::every(Duration::ZERO).unwrap_err());
    assert!(error.to_string().contains("at least 1 ns"));
}

#[test]
fn l27_the_first_tick_is_at_once_or_after_a_period() {
    on_both(|clock, timers| {
        let mut at_once = Task::new(timers.interval(ms(10)).unwrap());
        let mut later = Task::new(timers.interval_at(timers.now() + ms(10), every(10, MissedTicks::Skip)));
        assert_eq!((due(&mut at_once), due(&mut later)), (vec![0], vec![]));
        clock.advance(ms(10));
        assert_eq!((due(&mut at_once), due(&mut later)), (vec![10], vec![10]));
    });
}

#[test]
fn l27_reset_counts_a_period_from_now() {
    on_both(|clock, timers| {
        let mut interval = Task::new(timers.interval_at(at(0), every(300, MissedTicks::Burst)));
        follow(&clock, &mut interval, &[(0, &[0]), (100, &[]), (200, &[300]), (100, &[])]);
        interval.future.reset();
        follow(&clock, &mut interval, &[(250, &[]), (50, &[700]), (300, &[1000])]);
    });
}

#[test]
fn l27_reset_immediately_ticks_now() {
    on_both(|clock, timers| {
        let mut interval = Task::new(timers.interval_at(at(0), every(300, MissedTicks::Burst)));
        follow(&clock, &mut interval, &[(0, &[0]), (100, &[]), (200, &[300]), (100, &[])]);
        interval.future.reset_immediately();
        follow(&clock, &mut interval, &[(0, &[400]), (100, &[]), (200, &[700])]);
    });
}

#[test]
fn l27_reset_after_a_delay() {
    on_both(|clock, timers| {
        let mut interval = Task::new(timers.interval_at(at(0), every(300, MissedTicks::Burst)));
        follow(&clock, &mut interval, &[(0, &[0]), (100, &[]), (200, &[300]), (100, &[])]);
        interval.future.reset_after(ms(20));
        follow(&clock, &mut interval, &[(20, &[420]), (100, &[]), (200, &[720])]);
    });
}

#[test]
fn l27_reset_at_a_moment_within_the_period_or_beyond() {
    on_both(|clock, timers| {
        let mut interval = Task::new(timers.interval_at(at(0), every(300, MissedTicks::Burst)));
        follow(&clock, &mut interval, &[(0, &[0]), (100, &[]), (200, &[300]), (100, &[])]);
        interval.future.reset_at(at(440));
        follow(&clock, &mut interval, &[(40, &[440]), (100, &[]), (200, &[740]), (100, &[])]);
        interval.future.reset_at(at(1840));
        follow(&clock, &mut interval, &[(300, &[]), (300, &[]), (300, &[]), (100, &[1840]), (300, &[2140])]);
    });
}

#[test]
fn l6_a_reset_wakes_the_task_that_waits() {
    on_both(|clock, timers| {
        let mut interval = Task::new(timers.interval_at(at(300), every(300, MissedTicks::Skip)));
        assert_eq!(due(&mut interval), []);
        interval.future.reset_after(ms(5));
        clock.advance(ms(5));
        assert_eq!((interval.wakes(), due(&mut interval)), (1, vec![5]));
        interval.future.reset_immediately();
        clock.advance(Duration::ZERO);
        assert_eq!((interval.wakes(), due(&mut interval)), (1, vec![5]));
    });
}

#[test]
fn a_reset_forgets_what_was_missed() {
    on_both(|clock, timers| {
        let mut interval = Task::new(timers.interval(ms(10)).unwrap());
        assert_eq!(due(&mut interval), [0]);
        clock.jump(ms(35));
        assert_eq!(due(&mut interval), [10]);
        interval.future.reset();
        clock.advance(ms(10));
        assert_eq!(ticks(&mut interval), [(45, 0)]);
    });
}

#[test]
fn l2_periods_and_resets_without_end_do_not_panic() {
    on_both(|clock, timers| {
        clock.advance(ms(5));
        for missed in [MissedTicks::Burst, MissedTicks::Delay, MissedTicks::Skip] {
            let period = Period::every(Duration::MAX).unwrap().with_missed_ticks(missed);
            let mut interval = Task::new(timers.interval_at(timers.now(), period));
            assert_eq!(due(&mut interval), [5]);
            interval.future.reset();
            assert_eq!(due(&mut interval), []);
        }
        let mut interval = Task::new(timers.interval(ms(10)).unwrap());
        interval.future.reset_after(Duration::MAX);
        assert_eq!(due(&mut interval), []);
    });
}

#[test]
fn a_tick_that_is_ready_leaves_nothing_armed() {
    on_both(|clock, timers| {
        let mut interval = Task::new(timers.interval(ms(10)).unwrap());
        let tick = |task: &mut Task<Interval>| task.enter(|mut interval, context| interval.poll_tick(context));
        assert!(tick(&mut interval).is_ready());
        assert_eq!(timers.pending(), 0);
        clock.advance(ms(15));
        assert_eq!(interval.wakes(), 0, "nobody asked for the next one");
        assert!(tick(&mut interval).is_ready());
        assert!(tick(&mut interval).is_pending());
        assert_eq!((timers.pending(), interval.wakes()), (1, 0));
    });
}

/// A future that gives every fourth tick away, and after the others either wakes itself or forgets to.
struct Fourths {
    interval: Interval,
    ticks: u32,
    wakes_itself: bool,
}

impl Fourths {
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<u32>> {
        if self.ticks > 12 {
            return Poll::Ready(None);
        }
        if self.interval.poll_tick(context).is_pending() {
            return Poll::Pending;
        }
        self.ticks += 1;
        if self.ticks % 4 == 0 {
            return Poll::Ready(Some(self.ticks));
        }
        if self.wakes_itself {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

#[test]
fn a_ready_tick_registers_no_waker() {
    for (wakes_itself, expected) in [(true, vec![4, 8, 12]), (false, vec![])] {
        on_both(|clock, timers| {
            let interval = timers.interval(ms(10)).unwrap();
            let mut fourths = Box::pin(Fourths { interval, ticks: 0, wakes_itself });
            let (sender, mut receiver) = mpsc::unbounded_channel();
            let all = async {
                while let Some(item) = std::future::poll_fn(|context| fourths.as_mut().poll_next(context)).await {
                    sender.send(item).unwrap();
                }
            };
            // A limit, since it may wait for ever.
            let _ = run(&clock, timers.timeout(ms(150), all));
            drop(sender);
            assert_eq!(run(&clock, async { drain(&mut receiver).await }), expected);
        });
    }
}

async fn drain(receiver: &mut mpsc::UnboundedReceiver<u32>) -> Vec<u32> {
    let mut items = Vec::new();
    while let Some(item) = receiver.recv().await {
        items.push(item);
    }
    items
}

#[test]
fn l33_select_loses_no_tick() {
    on_both(|clock, timers| {
        let mut fast = timers.interval(ms(3)).unwrap();
        let mut slow = timers.interval_at(at(5), every(5, MissedTicks::Burst));
        let (mut of_fast, mut of_slow) = (Vec::new(), Vec::new());
        run(&clock, async {
            while clock.now() < at(60) {
                tokio::select! {
                    tick = fast.tick() => of_fast.push(tick.unwrap().due),
                    tick = slow.tick() => of_slow.push(tick.unwrap().due),
                    _ = timers.sleep(ms(1)) => {}
                }
            }
        });
        let expected = |from: u64, by| (from..60).step_by(by).map(at).collect::<Vec<_>>();
        of_fast.retain(|due| *due < at(60));
        of_slow.retain(|due| *due < at(60));
        assert_eq!((of_fast, of_slow), (expected(0, 3), expected(5, 5)));
    });
}

#[test]
fn the_slack_of_the_first_tick_holds_for_all() {
    let (clock, timers) = precise();
    let first = Deadline::at(at(10)).with_slack(ms(4));
    let mut interval = Task::new(timers.interval_at(first, every(10, MissedTicks::Burst)));
    let mut exact = Task::new(timers.interval_at(at(13), every(10, MissedTicks::Burst)));
    for n in [10, 20, 30] {
        assert_eq!((due(&mut interval), due(&mut exact)), (vec![], vec![]));
        clock.advance_to(at(n + 2));
        assert_eq!(interval.wakes(), 0, "at {n}");
        clock.advance_to(at(n + 3));
        assert_eq!((interval.wakes(), exact.wakes()), (1, 1));
        assert_eq!((due(&mut interval), due(&mut exact)), (vec![n], vec![n + 3]));
    }
}
