//! One reckoning for all that repeats: what a tick's work takes, and what becomes of the ticks that it holds up.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use tickwheel::compat::time;
use tickwheel::{Clock, Driver, LocalDriver, ManualClock, MissedTicks, Period, TimerEvent, TimerHeap, Timestamp};

use crate::support::{at, ms};

const PERIOD: u64 = 20;
const CHOICES: [MissedTicks; 3] = [MissedTicks::Burst, MissedTicks::Delay, MissedTicks::Skip];
/// How long the work of a tick takes, in milliseconds: nothing, within the period, exactly as long, and longer.
const WORK: [u64; 10] = [0, 7, 20, 21, 23, 30, 40, 47, 50, 75];

/// A tick, in milliseconds: due, handled, left out before it.
type Tick = (u64, u64, u64);

/// The table of `MissedTicks`, for ticks that each take `work` after the first at 20 ms. One that is late by
/// `tolerance` counts as in time.
fn expected(missed: MissedTicks, work: u64, tolerance: u64) -> Vec<Tick> {
    let (mut due, mut left_out, mut free_at) = (PERIOD, 0, 0);
    let mut ticks = Vec::new();
    while ticks.len() < 12 {
        let handled = free_at.max(due);
        ticks.push((due, handled, left_out));
        free_at = handled + work;
        left_out = 0;
        due += PERIOD;
        if handled + PERIOD <= due + tolerance {
            continue;
        }
        match missed {
            MissedTicks::Burst => {}
            MissedTicks::Delay => due = handled + PERIOD,
            MissedTicks::Skip => {
                while due <= handled {
                    due += PERIOD;
                    left_out += 1;
                }
            }
        }
    }
    ticks
}

fn in_ms(at: Timestamp) -> u64 {
    at.as_nanos() / 1_000_000
}

fn tick(event: TimerEvent) -> Tick {
    (in_ms(event.due), in_ms(event.now), event.missed)
}

fn period(missed: MissedTicks) -> Period {
    Period::every(ms(PERIOD)).unwrap().with_missed_ticks(missed)
}

/// Holds the first ticks of what repeats against the table, for each choice and length of work.
fn holds_to_the_table(kind: &str, tolerance: u64, ticks: impl Fn(MissedTicks, Duration) -> Vec<Tick>) {
    for missed in CHOICES {
        for work in WORK {
            let ticks = ticks(missed, ms(work));
            let expected = expected(missed, work, tolerance);
            assert_eq!(ticks[..expected.len()], expected, "{kind}, {missed:?}, work of {work} ms");
        }
    }
}

#[test]
fn l39_work_as_long_as_its_period_keeps_the_rate() {
    for missed in CHOICES {
        let rate: Vec<_> = expected(missed, PERIOD, 0).iter().map(|tick| tick.1).collect();
        assert_eq!(rate[..3], [20, 40, 60]);
    }
}

#[test]
fn l39_callbacks_reckon_from_when_a_run_begins() {
    for pool in [0, 1] {
        holds_to_the_table("callback", 0, |missed, work| {
            let clock = ManualClock::new();
            let timers = Driver::builder().clock(clock.clone()).callback_pool(pool).spawn(TimerHeap::new()).unwrap();
            let ticks = Arc::new(Mutex::new(Vec::new()));
            let (written, slow) = (ticks.clone(), clock.clone());
            let call = move |event| {
                written.lock().unwrap().push(tick(event));
                slow.jump(work);
            };
            let _guard = timers.call_every_at(at(PERIOD), period(missed), call).unwrap();
            while ticks.lock().unwrap().len() < 12 {
                clock.step();
            }
            ticks.lock().unwrap().clone()
        });
    }
}

#[test]
fn l39_call_every_keeps_its_rate() {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
    let runs = Arc::new(Mutex::new(Vec::new()));
    let (written, slow) = (runs.clone(), clock.clone());
    let call = move |event: TimerEvent| {
        written.lock().unwrap().push(in_ms(event.now));
        slow.jump(ms(20));
    };
    let _guard = timers.call_every(ms(20), call).unwrap();
    while runs.lock().unwrap().len() < 5 {
        clock.step();
    }
    assert_eq!(runs.lock().unwrap()[..5], [20, 40, 60, 80, 100]);
}

#[test]
fn l39_callbacks_of_a_local_driver_do_as_well() {
    holds_to_the_table("local callback", 0, |missed, work| {
        let clock = ManualClock::new();
        let timers = LocalDriver::new(TimerHeap::new(), clock.clone());
        let ticks = Rc::new(RefCell::new(Vec::new()));
        let (written, slow) = (ticks.clone(), clock.clone());
        let call = move |event| {
            written.borrow_mut().push(tick(event));
            slow.jump(work);
        };
        let _guard = timers.call_every_at(at(PERIOD), period(missed), call).unwrap();
        while ticks.borrow().len() < 12 {
            clock.advance_to(timers.next_turn().unwrap());
            let _ = timers.turn(clock.now());
        }
        ticks.borrow().clone()
    });
}

#[test]
fn l39_an_interval_reckons_from_the_poll_that_gives_its_tick() {
    holds_to_the_table("interval", 0, |missed, work| {
        let clock = ManualClock::new();
        let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
        let mut interval = timers.interval_at(at(PERIOD), period(missed));
        follow(&clock, work, async || tick(interval.tick().await.unwrap()))
    });
}

#[test]
fn l39_tokios_interval_does_as_well_and_bears_5_ms() {
    holds_to_the_table("compat interval", 5, |missed, work| {
        let clock = ManualClock::new();
        let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
        let _entered = timers.enter();
        let start = time::Instant::now();
        let mut interval = time::interval_at(start + ms(PERIOD), ms(PERIOD));
        interval.set_missed_tick_behavior(match missed {
            MissedTicks::Burst => time::MissedTickBehavior::Burst,
            MissedTicks::Delay => time::MissedTickBehavior::Delay,
            MissedTicks::Skip => time::MissedTickBehavior::Skip,
        });
        let mut last = 0;
        follow(&clock, work, async || {
            let due = (interval.tick().await - start).as_millis() as u64;
            // It does not say what it left out: with `Skip` that shows in its distance from the last.
            let left_out = if missed == MissedTicks::Skip && last != 0 { (due - last) / PERIOD - 1 } else { 0 };
            last = due;
            (due, in_ms(clock.now()), left_out)
        })
    });
}

/// Takes twelve ticks, with work after each; while none is ready the clock goes on to the next timer.
fn follow(clock: &ManualClock, work: Duration, mut tick: impl AsyncFnMut() -> Tick) -> Vec<Tick> {
    let mut ticks = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    while ticks.len() < 12 {
        let mut next = pin!(tick());
        let tick = loop {
            match next.as_mut().poll(&mut context) {
                std::task::Poll::Ready(tick) => break tick,
                std::task::Poll::Pending => assert!(clock.step().is_some()),
            }
        };
        ticks.push(tick);
        clock.jump(work);
    }
    ticks
}

#[test]
fn l39_a_ticker_reckons_from_when_its_message_is_sent() {
    // Nobody works in it, but a slow callback of the driver's holds it up.
    for missed in CHOICES {
        let clock = ManualClock::new();
        let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
        let ticker = timers.tick_at(at(PERIOD), period(missed)).unwrap();
        let slow = clock.clone();
        timers.call_at(at(30), move |_| _ = slow.jump(ms(25))).unwrap().detach();
        let mut sent = Vec::new();
        while clock.now() < at(140) {
            clock.step();
            sent.extend(ticker.try_iter().map(in_ms));
        }
        let expected: &[u64] = match missed {
            // That of 40 is sent at 55.
            MissedTicks::Burst | MissedTicks::Skip => &[20, 55, 60, 80, 100, 120, 140],
            MissedTicks::Delay => &[20, 55, 75, 95, 115, 135],
        };
        assert_eq!(sent[..expected.len()], *expected, "{missed:?}");
    }
}

#[test]
fn l26_a_run_may_say_itself_when_the_next_one_is() {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
    let (own, guard) = std::sync::mpsc::channel::<tickwheel::CallbackGuard>();
    let (runs, slow) = (Arc::new(Mutex::new(Vec::new())), clock.clone());
    let written = runs.clone();
    let mut moves = None;
    let call = move |event: TimerEvent| {
        written.lock().unwrap().push(in_ms(event.now));
        slow.jump(ms(30));
        // A pause of a period after the run.
        let _ = moves.get_or_insert_with(|| guard.recv().unwrap()).reset_after(ms(20));
    };
    let guard = timers.call_every(ms(20), call).unwrap();
    own.send(guard).unwrap();
    while clock.now() < at(200) {
        clock.step();
    }
    assert_eq!(runs.lock().unwrap()[..4], [20, 70, 120, 170]);
}
