//! Entering a driver where threads end, and leaving drivers in another order than they were entered in.

use std::cell::RefCell;
use std::sync::mpsc;

use tickwheel::{Driver, EnterGuard, Handle, TimerHeap};

use crate::common::{MS, at_ms, by_hand};

/// A driver whose clock stands at so many milliseconds, by which it is known.
fn standing_at(ms: u32) -> Driver {
    let (builder, clock) = by_hand();
    clock.advance(ms * MS);
    builder.spawn(TimerHeap::new()).unwrap()
}

#[test]
fn a_guard_leaves_its_own_driver_though_others_were_left_before() {
    let [one, two, three] = [1, 2, 3].map(standing_at);
    let first = one.enter();
    let _second = two.enter();
    drop(first);
    let third = three.enter();
    assert_eq!(Handle::current_or_default().now(), at_ms(3));
    drop(third);
    assert_eq!(Handle::current_or_default().now(), at_ms(2));
}

/// Enters its driver as it is dropped.
struct Enters(Handle, mpsc::Sender<&'static str>);

impl Drop for Enters {
    fn drop(&mut self) {
        let entered = self.0.enter();
        let inner = self.0.enter();
        // This one, or the process's: there is one.
        let _ = Handle::current_or_default().now();
        drop(entered);
        drop(inner);
        let _ = self.1.send("entered and left");
    }
}

#[test]
fn entering_in_the_destructor_of_a_thread_local_does_not_panic() {
    thread_local! {
        static ENTERS: RefCell<Option<Enters>> = const { RefCell::new(None) };
        static HELD: RefCell<Option<EnterGuard>> = const { RefCell::new(None) };
    }

    for comes_first in [true, false] {
        let timers = standing_at(5);
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            // Thread-local values go in the order in which they came, or in the opposite one.
            let enters = Enters(timers.handle(), sender);
            if comes_first {
                ENTERS.set(Some(enters));
                HELD.set(Some(timers.enter()));
            } else {
                HELD.set(Some(timers.enter()));
                ENTERS.set(Some(enters));
            }
        });
        thread.join().unwrap();
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), ["entered and left"]);
    }
}

#[test]
fn the_process_has_a_driver_that_can_be_paused() {
    let timers = Handle::try_current().unwrap();
    Driver::pause_default().unwrap();
    Driver::pause_default().unwrap();
    let (sender, receiver) = mpsc::channel();
    timers.call_after(MS, move |_| sender.send(()).unwrap()).unwrap().detach();
    let start = timers.now();
    while timers.now() < start + 10 * MS {
        std::thread::yield_now();
    }
    assert!(receiver.try_recv().is_err(), "nothing turns it");
    Driver::resume_default().unwrap();
    receiver.recv_timeout(crate::common::LONG).unwrap();
    // In a callback of its own it cannot wait for itself.
    let (sender, receiver) = mpsc::channel();
    timers.call_after(MS, move |_| sender.send(Driver::pause_default()).unwrap()).unwrap().detach();
    let said = receiver.recv_timeout(crate::common::LONG).unwrap().unwrap_err();
    assert!(said.to_string().contains("pause() was called from one of the driver's own callbacks"), "{said}");
    timers.call_after(MS, |_| {}).unwrap().detach();
}
