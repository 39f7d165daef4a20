//! Errors and timestamps as programs use them: with `?`, boxed, as an `io::Error`, printed.

use std::cell::Cell;
use std::error::Error;
use std::io;
use std::time::Duration;

use tickwheel::compat::time;
use tickwheel::{
    ArmError, ArmErrorReason, DelayQueue, Driver, Handle, InsertError, LocalDriver, ManualClock, MonotonicClock,
    Period, PeriodError, Resolution, ResolutionError, TimerError, TimerHeap, Timestamp,
};

use crate::support::{coarse, ms};

type Boxed = Box<dyn Error + Send + Sync>;

fn shut_down() -> Handle {
    let (_clock, timers) = coarse();
    let handle = timers.handle();
    timers.shutdown();
    handle
}

/// What cannot be shared between threads, in a callback.
fn boxed(timers: &Handle) -> Result<(), Boxed> {
    let runs = Cell::new(0);
    timers.call_after(ms(1), move |_| runs.set(runs.get() + 1))?.detach();
    Ok(())
}

fn as_io(timers: &Handle) -> io::Result<()> {
    let runs = Cell::new(0);
    timers.call_after(ms(1), move |_| runs.set(runs.get() + 1))?.detach();
    Ok(())
}

fn as_reason(timers: &Handle) -> Result<(), ArmErrorReason> {
    let runs = Cell::new(0);
    timers.call_after(ms(1), move |_| runs.set(runs.get() + 1))?.detach();
    Ok(())
}

#[test]
fn an_arm_error_goes_with_the_question_mark_whatever_the_callback_holds() {
    let (_clock, timers) = coarse();
    assert!(boxed(&timers).is_ok() && as_io(&timers).is_ok() && as_reason(&timers).is_ok());

    let closed = shut_down();
    assert_eq!(boxed(&closed).unwrap_err().to_string(), "the driver was shut down");
    let error = as_io(&closed).unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (io::ErrorKind::Other, "the driver was shut down".to_owned()));
    let inner = error.get_ref().unwrap().downcast_ref::<ArmErrorReason>();
    assert_eq!(inner, Some(&ArmErrorReason::Closed), "it is found again");
    assert_eq!(as_reason(&closed), Err(ArmErrorReason::Closed));
}

#[test]
fn a_callback_that_may_not_cross_threads_is_dropped_or_left_behind() -> Result<(), Box<dyn Error>> {
    let local = LocalDriver::new(TimerHeap::new(), MonotonicClock::new());
    let own = std::rc::Rc::new(());
    let held = own.clone();
    // As anyhow would have it.
    fn cross(timers: &LocalDriver<TimerHeap<tickwheel::LocalTask>>, own: std::rc::Rc<()>) -> Result<(), Boxed> {
        let error = timers.call_every(Duration::ZERO, move |_| drop(own.clone())).unwrap_err();
        Err(error.without_value())?
    }
    let error = cross(&local, held).unwrap_err();
    assert_eq!(error.downcast_ref::<ArmError<()>>().unwrap().reason(), ArmErrorReason::ZeroPeriod);
    assert_eq!(std::rc::Rc::strong_count(&own), 1, "it was dropped");

    let error = shut_down().call_after(ms(1), |_| ()).unwrap_err();
    let reason: &(dyn Error + Send + Sync) = &error.reason();
    assert_eq!(reason.to_string(), error.to_string());
    let _call = error.into_value();
    Ok(())
}

#[test]
fn a_value_that_finds_no_room_is_dropped_or_given_back() {
    let (_clock, timers) = coarse();
    let mut queue = DelayQueue::with_timer(&timers, TimerHeap::new().with_max_timers(0));
    let insert = |queue: &mut DelayQueue<_, _>| -> Result<(), Boxed> {
        queue.insert(std::rc::Rc::new(7), ms(1)).map_err(InsertError::without_value)?;
        Ok(())
    };
    let error = insert(&mut queue).unwrap_err();
    assert_eq!(error.downcast_ref::<InsertError<()>>().unwrap().limit(), 0);
    let error = io::Error::from(queue.insert(std::rc::Rc::new(7), ms(1)).unwrap_err());
    assert_eq!(error.to_string(), "no room for another timer: the limit is 0");
}

#[test]
fn every_error_becomes_one_of_io() {
    let kinds = [
        io::Error::from(Period::every(Duration::ZERO).unwrap_err()).kind(),
        io::Error::from(Resolution::from_hz(0).unwrap_err()).kind(),
        io::Error::from(ArmErrorReason::ZeroPeriod).kind(),
        io::Error::from(ArmErrorReason::Full(3)).kind(),
        io::Error::from(TimerError::Closed).kind(),
    ];
    let (input, other) = (io::ErrorKind::InvalidInput, io::ErrorKind::Other);
    assert_eq!(kinds, [input, input, input, other, other]);
    let all = || -> io::Result<()> {
        let (_clock, timers) = coarse();
        timers.interval(ms(1))?;
        drop(timers.tick(ms(1))?);
        Resolution::from_duration(ms(1))?;
        Ok(())
    };
    all().unwrap();
    fn are_errors<A: Error + Send + Sync, B: Error + Send + Sync>() {}
    are_errors::<PeriodError, ResolutionError>();
    are_errors::<ArmErrorReason, ArmError<Cell<u8>>>();
}

#[test]
fn timestamps_print_and_convert() {
    let at = Timestamp::from_millis(1_500);
    assert_eq!(
        (at.to_string(), format!("{at:>8}"), format!("{at:?}")),
        ("1.5s".into(), "    1.5s".into(), "1500000000ns".into())
    );
    assert_eq!((at.as_secs(), at.as_millis(), at.as_micros()), (1, 1_500, 1_500_000));
    assert_eq!((at.as_duration(), Timestamp::from_duration(at.as_duration())), (ms(1_500), at));
    assert_eq!(
        (Timestamp::from_secs(3), Timestamp::from_micros(5)),
        (Timestamp::ZERO + ms(3_000), Timestamp::from_nanos(5_000))
    );
    let beyond = [Timestamp::from_secs(u64::MAX), Timestamp::from_millis(u64::MAX), Timestamp::from_micros(u64::MAX)];
    assert_eq!(beyond, [Timestamp::MAX; 3]);
    assert_eq!(Timestamp::MAX.checked_add(Duration::from_nanos(1)), None);
    assert_eq!(at.checked_add(Duration::MAX), None);
    assert_eq!(at.checked_add(Timestamp::MAX - at), Some(Timestamp::MAX));
    assert_eq!((at.checked_sub(ms(1_500)), at.checked_sub(ms(1_501))), (Some(Timestamp::ZERO), None));
    assert_eq!((at.checked_since(Timestamp::ZERO), Timestamp::ZERO.checked_since(at)), (Some(ms(1_500)), None));
    let mut moved = at;
    moved -= ms(500);
    assert_eq!(moved, Timestamp::from_secs(1));
    moved -= Duration::MAX;
    assert_eq!(moved, Timestamp::ZERO);
}

#[test]
fn tokios_instants_become_timestamps_of_a_driver() {
    let clock = ManualClock::starting_at(Timestamp::from_secs(5));
    let timers = Driver::builder().clock(clock.clone()).spawn(TimerHeap::new()).unwrap();
    let _entered = timers.enter();
    let now = time::Instant::now();
    assert_eq!(timers.to_timestamp(now), timers.now());
    assert_eq!(timers.to_timestamp(now + ms(7)), timers.now() + ms(7));
    assert_eq!(time::Instant::from(timers.to_instant(timers.now())), now);
    assert_eq!(timers.sleep_until(timers.to_timestamp(now + ms(3))).deadline(), timers.now() + ms(3));
}
