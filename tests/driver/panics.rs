//! L15: a panic in code of the user's stops neither the driver nor the others; it is counted and reported.

use std::any::Any;
use std::panic;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;

use tickwheel::{
    ArmErrorReason, Budget, CallbackStatus, Deadline, Driver, Expired, InsertError, Timer, TimerEvent, TimerHeap,
    TimerId, TimerTask, Timestamp,
};

use crate::common::{LONG, MS, OnDrop, at_ms, by_hand, on_both};
use crate::hooked::Hooked;

/// The words of a panic, as `on_panic` gets it.
fn words(panic: &(dyn Any + Send)) -> String {
    panic.downcast_ref::<&str>().map_or_else(|| "no words".to_owned(), ToString::to_string)
}

#[test]
fn l15_a_panic_in_a_callback_is_counted_and_reported_and_the_others_are_called() {
    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let (report, reports) = mpsc::channel();
        let timers = spawn(builder.on_panic(move |panic| report.send(words(panic)).unwrap()));
        let (sender, receiver) = mpsc::channel();
        let other = sender.clone();
        timers.call_at(at_ms(5), move |_| sender.send("before").unwrap()).unwrap().detach();
        let wrong = timers.call_at(at_ms(5), |_| panic!("once")).unwrap();
        let tick = timers.call_every(5 * MS, |_| panic!("each time")).unwrap();
        timers.call_at(at_ms(5), move |_| other.send("after").unwrap()).unwrap().detach();
        clock.advance(100 * MS);
        assert_eq!(receiver.iter().collect::<Vec<_>>(), ["before", "after"]);
        assert_eq!(reports.try_iter().collect::<Vec<_>>(), ["once", "each time"], "it is not called again");
        assert_eq!((timers.metrics().panics, timers.pending()), (2, 0));
        assert_eq!((wrong.status(), tick.cancel_and_wait()), (CallbackStatus::Over, CallbackStatus::Over));
    });
}

#[test]
fn l15_panics_in_drops_and_in_the_report_itself() {
    struct Payload;

    impl Drop for Payload {
        fn drop(&mut self) {
            panic!("the payload");
        }
    }

    on_both(|spawn| {
        let (builder, clock) = by_hand();
        let timers = spawn(builder.on_panic(|_| panic!("the report")));
        let (sender, receiver) = mpsc::channel();
        let handle = timers.handle();
        // Called, and dropped afterwards: the closure of a periodic callback that was cancelled in its run.
        let own = std::sync::Arc::new(std::sync::OnceLock::<tickwheel::CallbackGuard>::new());
        let itself = own.clone();
        let on_drop = OnDrop(|| panic!("the closure"));
        let call = move |_: TimerEvent| {
            let _kept = &on_drop;
            itself.get().unwrap().cancel();
        };
        own.set(timers.call_every(5 * MS, call).unwrap()).unwrap();
        timers.call_at(at_ms(6), |_| panic::panic_any(Payload)).unwrap().detach();
        timers.call_at(at_ms(7), move |_| sender.send(()).unwrap()).unwrap().detach();
        clock.advance(10 * MS);
        assert_eq!(receiver.try_iter().count(), 1);
        assert_eq!(handle.metrics().panics, 2);
        // Dropped by the shut-down.
        let on_drop = OnDrop(|| panic!("the closure"));
        handle.call_after(MS, move |_| drop(on_drop)).unwrap().detach();
        drop(timers);
        assert_eq!(handle.metrics().panics, 3);
    });
}

#[test]
fn l15_the_threads_survive_panics() {
    for pool in [0, 2] {
        on_both(|spawn| {
            let timers = spawn(Driver::builder().callback_pool(pool));
            for _ in 0..10 {
                timers.call_after(MS, |_| panic!("on purpose")).unwrap().detach();
            }
            let (sender, receiver) = mpsc::channel();
            timers.call_after(3 * MS, move |_| sender.send(()).unwrap()).unwrap().detach();
            receiver.recv_timeout(LONG).unwrap();
            while timers.metrics().panics < 10 {
                std::thread::yield_now();
            }
            drop(timers);
        });
    }
}

#[test]
fn l15_a_timer_that_panics_as_a_callback_is_armed_again_ends_that_callback_and_no_other() {
    for pool in [0, 1] {
        let left = AtomicU32::new(2);
        let hook = move |deadline: Deadline| {
            assert!(left.fetch_sub(1, Ordering::SeqCst) != 1, "the timer");
            deadline
        };
        let timers = Driver::builder().callback_pool(pool).spawn(Hooked::new(hook, || {})).unwrap();
        let tick = timers.call_every(MS, |_| {}).unwrap();
        while tick.status() != CallbackStatus::Over {
            std::thread::yield_now();
        }
        let (sender, receiver) = mpsc::channel();
        timers.call_after(MS, move |_| sender.send(()).unwrap()).unwrap().detach();
        receiver.recv_timeout(LONG).unwrap();
        assert_eq!((timers.metrics().panics, timers.is_closed()), (1, false));
    }
}

/// A heap that panics as it is to hand out what is due.
struct Broken(TimerHeap<TimerTask>);

impl Timer<TimerTask> for Broken {
    fn insert_deadline(&mut self, deadline: Deadline, value: TimerTask) -> Result<TimerId, InsertError<TimerTask>> {
        self.0.insert_deadline(deadline, value)
    }

    fn reset_deadline(&mut self, id: TimerId, deadline: Deadline) -> bool {
        self.0.reset_deadline(id, deadline)
    }

    fn cancel(&mut self, id: TimerId) -> Option<TimerTask> {
        self.0.cancel(id)
    }

    fn get(&self, id: TimerId) -> Option<&TimerTask> {
        self.0.get(id)
    }

    fn get_mut(&mut self, id: TimerId) -> Option<&mut TimerTask> {
        self.0.get_mut(id)
    }

    fn expiry(&self, id: TimerId) -> Option<Timestamp> {
        self.0.expiry(id)
    }

    fn next_expiry(&self) -> Option<Timestamp> {
        self.0.next_expiry()
    }

    fn next_turn(&self) -> Option<Timestamp> {
        self.0.next_turn()
    }

    fn open_turn(&mut self, now: Timestamp) {
        self.0.open_turn(now);
    }

    fn expire_next(&mut self, _: &mut Budget) -> Option<Expired<TimerTask>> {
        panic!("the timer")
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn for_each(&self, visit: &mut dyn FnMut(TimerId, Timestamp, &TimerTask)) {
        self.0.for_each(visit);
    }

    fn clear(&mut self) {
        self.0.clear();
    }

    fn reserve(&mut self, additional: usize) {
        self.0.reserve(additional);
    }

    fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }

    fn sibling(&self) -> Self {
        Self(self.0.sibling())
    }
}

#[test]
fn l15_a_timer_that_panics_in_a_turn_ends_its_driver_and_arming_says_so() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _entered = runtime.enter();
    for on_tokio in [false, true] {
        let (report, reports) = mpsc::channel();
        let builder = Driver::builder().on_panic(move |panic| report.send(words(panic)).unwrap());
        let broken = Broken(TimerHeap::new());
        let (handle, _owner): (_, Box<dyn Any>) = if on_tokio {
            let timers = builder.spawn_on_tokio(broken).unwrap();
            (timers.handle(), Box::new(timers))
        } else {
            let timers = builder.spawn(broken).unwrap();
            (timers.handle(), Box::new(timers))
        };
        let guard = handle.call_after(MS, |_| {}).unwrap();
        assert_eq!(reports.recv_timeout(LONG).unwrap(), "the timer");
        while !handle.is_closed() || guard.status() != CallbackStatus::Over {
            std::thread::yield_now();
        }
        assert_eq!(handle.call_after(MS, |_| {}).unwrap_err().reason(), ArmErrorReason::Closed);
    }
}
