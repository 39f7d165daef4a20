//! `compat::time`: tokio's names on a driver of ours.

use std::future::{pending, ready};
use std::io;
use std::task::Poll;
use std::time::Duration;

use tickwheel::compat::time::{self, Instant, Interval, MissedTickBehavior};
use tickwheel::{Clock, Driver, ManualClock, Resolution, TimerHeap, TimerWheel};

use crate::support::{Task, at, coarse, ms, run};

fn due(start: Instant, interval: &mut Task<Interval>) -> Vec<u64> {
    let mut seen = Vec::new();
    while let Poll::Ready(tick) = interval.enter(|mut interval, context| interval.poll_tick(context)) {
        seen.push((tick - start).as_millis() as u64);
    }
    seen
}

/// Steps of the clock in milliseconds, and the ticks that are ready after each.
type Script = &'static [(u64, &'static [u64])];
type Reset = fn(&mut Interval);

/// Moves the clock on step by step and holds the ticks seen at each step against those expected.
fn follow(clock: &ManualClock, start: Instant, interval: &mut Task<Interval>, script: Script) {
    for (step, expected) in script {
        clock.advance(ms(*step));
        assert_eq!(due(start, interval), *expected, "at {:?}", clock.now());
    }
}

fn from_now(behavior: MissedTickBehavior) -> (Instant, Task<Interval>) {
    let start = Instant::now();
    let mut interval = Task::new(time::interval_at(start, ms(300)));
    assert_eq!(interval.future.missed_tick_behavior(), MissedTickBehavior::Burst, "unless another choice is made");
    interval.future.set_missed_tick_behavior(behavior);
    assert_eq!((interval.future.missed_tick_behavior(), interval.future.period()), (behavior, ms(300)));
    (start, interval)
}

#[test]
fn l26_missed_ticks_as_tokio_has_them() {
    let (clock, timers) = coarse();
    let _entered = timers.enter();
    let scripts: [(MissedTickBehavior, Script); 3] = [
        (MissedTickBehavior::Burst, &[(650, &[600, 900]), (200, &[]), (100, &[1200]), (250, &[1500]), (300, &[1800])]),
        (MissedTickBehavior::Delay, &[(650, &[600]), (100, &[]), (200, &[1250]), (300, &[1550]), (300, &[1850])]),
        (MissedTickBehavior::Skip, &[(650, &[600]), (250, &[1200]), (300, &[1500]), (300, &[1800])]),
    ];
    for (behavior, late) in scripts {
        let (start, mut interval) = from_now(behavior);
        follow(&clock, start, &mut interval, &[(0, &[0]), (100, &[]), (200, &[300])]);
        follow(&clock, start, &mut interval, late);
    }
}

#[test]
fn l26_up_to_five_milliseconds_are_not_late() {
    let (clock, timers) = coarse();
    let _entered = timers.enter();
    let (start, mut interval) = from_now(MissedTickBehavior::Delay);
    follow(&clock, start, &mut interval, &[(0, &[0]), (305, &[300]), (294, &[]), (1, &[600])]);
    follow(&clock, start, &mut interval, &[(306, &[900]), (299, &[]), (1, &[1206])]);
}

#[test]
fn l27_the_resets_of_an_interval() {
    let (clock, timers) = coarse();
    let _entered = timers.enter();
    let resets: [(Reset, Script); 5] = [
        (|interval| interval.reset(), &[(250, &[]), (50, &[700]), (300, &[1000])]),
        (|interval| interval.reset_immediately(), &[(0, &[400]), (100, &[]), (200, &[700])]),
        (|interval| interval.reset_after(ms(20)), &[(20, &[420]), (100, &[]), (200, &[720])]),
        (|interval| interval.reset_at(Instant::now() + ms(40)), &[(40, &[440]), (300, &[740])]),
        (|interval| interval.reset_at(Instant::now() + ms(1000)), &[(900, &[]), (100, &[1400]), (300, &[1700])]),
    ];
    for (reset, after) in resets {
        let (start, mut interval) = from_now(MissedTickBehavior::Burst);
        follow(&clock, start, &mut interval, &[(0, &[0]), (100, &[]), (200, &[300]), (100, &[])]);
        reset(&mut interval.future);
        follow(&clock, start, &mut interval, after);
    }
}

#[test]
#[should_panic(expected = "`period` must be non-zero.")]
fn l27_a_period_of_zero_panics_as_tokio_does() {
    let _entered = coarse().1.enter();
    drop(time::interval(Duration::ZERO));
}

#[test]
#[should_panic(expected = "`period` must be non-zero.")]
fn l27_a_period_of_zero_from_a_start_panics_as_tokio_does() {
    let _entered = coarse().1.enter();
    drop(time::interval_at(Instant::now(), Duration::ZERO));
}

#[test]
fn l2_durations_without_end() {
    let (clock, timers) = coarse();
    let _entered = timers.enter();
    run(&clock, async {
        let mut interval = time::interval(Duration::MAX);
        interval.tick().await;
        interval.reset();
        interval.reset_after(Duration::MAX);
        tokio::select! {
            biased;
            _ = interval.tick() => panic!("early"),
            () = time::sleep(Duration::MAX) => panic!("early"),
            over = time::timeout(Duration::MAX, pending::<()>()) => panic!("early: {over:?}"),
            () = time::sleep(ms(1)) => {}
        }
    });
    assert_eq!(clock.now(), at(1));
    let far = time::sleep(Duration::MAX).deadline();
    assert!(far > Instant::now() + Duration::from_secs(29 * 365 * 24 * 3600));
}

#[test]
fn a_sleep_is_moved_while_it_is_pinned() {
    let (clock, timers) = coarse();
    let _entered = timers.enter();
    let start = Instant::now();
    let sleep = time::sleep(ms(100));
    tokio::pin!(sleep);
    assert_eq!((sleep.deadline(), sleep.is_elapsed()), (start + ms(100), false));
    run(&clock, async {
        sleep.as_mut().await;
        assert!(sleep.is_elapsed());
        assert_eq!(start.elapsed(), ms(100));
        sleep.as_mut().reset(start + ms(110));
        sleep.as_mut().await;
        assert_eq!(start.elapsed(), ms(110));
        sleep.as_mut().reset(start + ms(50));
        sleep.as_mut().await;
        time::sleep_until(start - ms(20)).await;
        time::sleep_until(start + ms(120)).await;
        assert_eq!(start.elapsed(), ms(120));
    });
}

#[test]
fn l33_a_timeout_has_the_calls_of_tokios() {
    let (clock, timers) = coarse();
    let _entered = timers.enter();
    run(&clock, async {
        assert_eq!(time::timeout(Duration::ZERO, ready(1)).await, Ok(1));
        assert_eq!(time::timeout_at(Instant::now() - ms(1000), ready(2)).await, Ok(2));
        let elapsed: time::error::Elapsed = time::timeout(ms(5), pending::<()>()).await.unwrap_err();
        assert_eq!(elapsed.to_string(), "deadline has elapsed");
        assert_eq!(io::Error::from(elapsed).kind(), io::ErrorKind::TimedOut);
        let mut timeout = time::timeout_at(Instant::now() + ms(5), ready(3));
        *timeout.get_mut() = ready(4);
        assert!(format!("{:?}", timeout.get_ref()).contains('4'));
        assert_eq!(timeout.into_inner().await, 4);
    });
    assert_eq!((clock.now(), timers.pending()), (at(5), 0));
}

#[test]
fn a_timeout_counts_from_the_call() {
    let (clock, timers) = coarse();
    let _entered = timers.enter();
    let mut timeout = Task::new(time::timeout(ms(10), pending::<()>()));
    clock.advance(ms(10));
    assert!(matches!(timeout.poll(), Poll::Ready(Err(_))));
}

#[test]
fn instants_have_the_arithmetic_of_tokios() {
    let (clock, timers) = coarse();
    let _entered = timers.enter();
    let start = Instant::now();
    clock.advance(ms(10));
    let now = Instant::now();
    assert_eq!((now - start, start - now), (ms(10), Duration::ZERO));
    assert_eq!((now.duration_since(start), start.duration_since(now)), (ms(10), Duration::ZERO));
    assert_eq!((now.checked_duration_since(start), start.checked_duration_since(now)), (Some(ms(10)), None));
    assert_eq!(start.saturating_duration_since(now), Duration::ZERO);
    assert_eq!((start.elapsed(), (now + ms(5)).elapsed()), (ms(10), Duration::ZERO));
    let mut moved = now;
    moved += ms(5);
    assert_eq!(moved, now + ms(5));
    moved -= ms(15);
    assert_eq!(moved, start);
    assert_eq!(now.checked_add(ms(1)), Some(now + ms(1)));
    assert_eq!(now.checked_sub(ms(1)), Some(now - ms(1)));
    assert_eq!(now.checked_add(Duration::MAX), None);
    assert!(start < now && start - ms(1_000_000) < start);
    assert_eq!(Instant::from_std(now.into_std()), now);
    assert_eq!(Instant::from(std::time::Instant::from(now)), now);
    assert_eq!(format!("{now:?}"), format!("{:?}", now.into_std()));
}

#[test]
fn instants_of_the_machines_clock_are_the_standard_librarys() {
    let timers = Driver::spawn(TimerHeap::new()).unwrap();
    let others = Driver::builder().spawn(TimerWheel::new(Resolution::MILLISECOND)).unwrap();
    let before = std::time::Instant::now();
    let of_one = {
        let _entered = timers.enter();
        Instant::now()
    };
    let of_other = {
        let _entered = others.enter();
        let sleep = time::sleep_until(of_one + ms(50));
        assert_eq!(sleep.deadline(), of_one + ms(50), "a moment is the same on every driver");
        Instant::now()
    };
    let after = std::time::Instant::now();
    assert!(before <= of_one.into_std() && of_one <= of_other && of_other.into_std() <= after);
    assert_eq!(timers.to_instant(timers.to_timestamp(after)), after);
}

#[test]
#[should_panic(expected = "no room for another timer")]
fn a_driver_without_room_panics_as_tokio_does() {
    let timer = TimerHeap::new().with_max_timers(0);
    let timers = Driver::builder().clock(ManualClock::new()).spawn(timer).unwrap();
    let _entered = timers.enter();
    let _ = Task::new(time::sleep(ms(1))).poll();
}
