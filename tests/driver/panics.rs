//! L15: a panic in code of the user's stops neither the driver nor the others; it is counted and reported.

use std::any::Any;
use std::panic;
use std::sync::mpsc;

use tickwheel::{Driver, Firing, Status};

use crate::common::{LONG, MS, OnDrop, at_ms, by_hand, on_both};

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
        assert_eq!((wrong.status(), tick.cancel_and_wait()), (Status::Over, Status::Over));
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
        let call = move |_: Firing| {
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
