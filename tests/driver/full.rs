//! What is to be armed again and finds its shard full is over, and says so: by a hook, by a count and by its status.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

use tickwheel::channel::bounded;
use tickwheel::{
    ArmErrorReason, CallbackStatus, Driver, LocalDriver, LocalTask, ManualClock, Resolution, TaskKind, Timer,
    TimerHeap, TimerTask, TimerWheel,
};

use crate::common::{MS, OnDrop, by_hand};

const HOUR: Duration = Duration::from_secs(3600);

type Reports = mpsc::Receiver<(TaskKind, ArmErrorReason)>;

/// A driver with room for one timer, and what its hook was told.
fn narrow(timer: impl Timer<TimerTask> + Send + 'static, pool: usize) -> (Driver, ManualClock, Reports) {
    let (builder, clock) = by_hand();
    let (sender, reports) = mpsc::channel();
    let report = move |kind, reason| sender.send((kind, reason)).unwrap();
    (builder.on_full(report).callback_pool(pool).spawn(timer).unwrap(), clock, reports)
}

fn on_both(test: impl Fn(Driver, ManualClock, Reports)) {
    for pool in [0, 1] {
        let (timers, clock, reports) = narrow(TimerWheel::new(Resolution::MILLISECOND).with_max_timers(1), pool);
        test(timers, clock, reports);
        let (timers, clock, reports) = narrow(TimerHeap::new().with_max_timers(1), pool);
        test(timers, clock, reports);
    }
}

#[test]
fn a_periodic_callback_that_finds_its_shard_full_says_so() {
    on_both(|timers, clock, reports| {
        let (handle, (sender, dropped)) = (timers.handle(), mpsc::channel());
        let on_drop = OnDrop(move || sender.send(()).unwrap());
        let tick = timers.call_every(5 * MS, move |_| {
            let _kept = &on_drop;
            handle.call_after(HOUR, |_| {}).unwrap().detach();
        });
        let tick = tick.unwrap();
        clock.advance(20 * MS);
        assert_eq!(reports.try_iter().collect::<Vec<_>>(), [(TaskKind::Callback, ArmErrorReason::Full(1))]);
        assert_eq!((timers.metrics().not_rearmed, timers.metrics().panics), (1, 0));
        assert_eq!((tick.status(), dropped.try_recv()), (CallbackStatus::Full, Ok(())));
        assert_eq!((tick.cancel(), tick.cancel_and_wait(), tick.reset_after(MS)), [CallbackStatus::Full; 3].into());
    });
}

#[test]
fn a_ticker_that_finds_its_shard_full_says_so() {
    on_both(|timers, clock, reports| {
        // Fires first, and then is armed for later, as the ticker is about to be.
        let ticks = timers.tick(5 * MS).unwrap();
        assert_eq!(ticks.status(), CallbackStatus::Pending);
        // The place that the tick gives up is taken before the ticker takes it again: by a thread that waits for that.
        let handle = timers.handle();
        let taking = std::thread::spawn(move || {
            loop {
                match handle.call_after(HOUR, |_| {}) {
                    Ok(guard) => return guard.detach(),
                    Err(_) if handle.is_closed() => return,
                    Err(_) => {}
                }
            }
        });
        while ticks.status() != CallbackStatus::Full {
            clock.advance(5 * MS);
        }
        taking.join().unwrap();
        assert_eq!(reports.try_iter().collect::<Vec<_>>(), [(TaskKind::Message, ArmErrorReason::Full(1))]);
        assert!(!ticks.reset_after(MS));
        assert_eq!(timers.metrics().not_rearmed, 1);
    });
}

#[test]
fn a_message_that_is_to_be_tried_again_and_finds_its_shard_full_says_so_and_is_given_back() {
    on_both(|timers, clock, reports| {
        let (sender, receiver) = bounded(1);
        sender.send("first").unwrap();
        let message = timers.send_after(sender, "second", 5 * MS).unwrap();
        let handle = timers.handle();
        let taking = std::thread::spawn(move || {
            while let Err(error) = handle.call_after(HOUR, |_| {}).map(|guard| guard.detach()) {
                assert_eq!(error.reason(), ArmErrorReason::Full(1));
            }
        });
        while message.status() != CallbackStatus::Full {
            clock.advance(5 * MS);
        }
        taking.join().unwrap();
        assert_eq!(reports.try_iter().collect::<Vec<_>>(), [(TaskKind::Message, ArmErrorReason::Full(1))]);
        assert_eq!((message.cancel(), message.cancel()), (Some("second"), None));
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), ["first"]);
    });
}

#[test]
fn l15_a_hook_that_panics_is_reported_and_stops_nothing() {
    let (builder, clock) = by_hand();
    let timer = TimerHeap::new().with_max_timers(1);
    let timers = builder.on_full(|_, _| panic!("the hook")).spawn(timer).unwrap();
    let handle = timers.handle();
    let tick = timers.call_every(5 * MS, move |_| handle.call_after(MS, |_| {}).unwrap().detach()).unwrap();
    clock.advance(20 * MS);
    assert_eq!((tick.status(), timers.metrics().panics), (CallbackStatus::Full, 1));
    assert_eq!((timers.metrics().fired, timers.pending()), (2, 0));
}

#[test]
fn what_ends_with_its_driver_is_not_reported() {
    let (timers, clock, reports) = narrow(TimerHeap::new().with_max_timers(1), 0);
    let handle = timers.handle();
    let owner = std::sync::Arc::new(std::sync::Mutex::new(None));
    let own = owner.clone();
    let tick = timers.call_every(5 * MS, move |_| drop(own.lock().unwrap().take())).unwrap();
    *owner.lock().unwrap() = Some(timers);
    clock.advance(5 * MS);
    assert_eq!((tick.status(), handle.metrics().not_rearmed, reports.try_iter().count()), (CallbackStatus::Over, 0, 0));
}

#[test]
fn a_local_callback_that_finds_its_driver_full_says_so() {
    let clock = ManualClock::new();
    let told = Rc::new(RefCell::new(Vec::new()));
    let tells = told.clone();
    let timers = LocalDriver::new(TimerHeap::<LocalTask>::new().with_max_timers(1), clock.clone())
        .on_full(move |kind, reason| tells.borrow_mut().push((kind, reason)));
    let handle = timers.handle();
    let tick = timers.call_every(5 * MS, move |_| handle.call_after(HOUR, |_| {}).unwrap().detach()).unwrap();
    clock.advance(5 * MS);
    assert_eq!(timers.turn(timers.now()).fired, 1);
    assert_eq!(*told.borrow(), [(TaskKind::Callback, ArmErrorReason::Full(1))]);
    assert_eq!((tick.status(), tick.cancel(), tick.reset_after(MS)), [CallbackStatus::Full; 3].into());
}
