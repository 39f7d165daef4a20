//! L18: what costs no lock, shown while somebody else holds the only one.

use std::future::{pending, ready};
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use tickwheel::{Driver, ManualClock, Period};

use crate::hooked::Hooked;
use crate::support::{Task, at, ms};

#[test]
fn l18_futures_that_are_not_polled_or_are_ready_take_no_lock() {
    let (is_stuck, stuck) = channel();
    let (release, go_on) = channel();
    let clock = ManualClock::starting_at(at(100));
    // It is stuck in `insert`, and so holds its shard's lock, until it is told to go on.
    let go_on = Mutex::new(go_on);
    let timer = Hooked::new(
        move |deadline| {
            is_stuck.send(()).unwrap();
            go_on.lock().unwrap().recv().unwrap();
            deadline
        },
        || {},
    );
    let timers = Driver::builder().clock(clock).spawn(timer).unwrap();
    let (done, all_done) = channel();

    thread::scope(|scope| {
        scope.spawn(|| assert!(Task::new(timers.sleep(ms(1))).poll().is_pending()));
        stuck.recv().unwrap();
        // Somebody is in the middle of arming, and holds the lock.
        let timers = timers.handle();
        scope.spawn(move || {
            for _ in 0..100 {
                let mut sleep = timers.sleep(ms(5));
                sleep.reset(at(107));
                sleep.reset_after(ms(9));
                assert_eq!((sleep.deadline(), sleep.is_elapsed()), (at(109), false));
                drop(sleep);
                drop(timers.timeout(ms(5), pending::<()>()));
                let mut interval = timers.interval_at(at(105), Period::every(ms(1)).unwrap());
                interval.reset();
                drop(interval);

                assert_eq!(Task::new(timers.timeout(ms(5), ready(1))).poll(), Poll::Ready(Ok(1)));
                assert_eq!(Task::new(timers.sleep_until(at(100))).poll(), Poll::Ready(Ok(())));
                let mut interval = Task::new(timers.interval(ms(1)).unwrap());
                assert!(interval.enter(|mut interval, context| interval.poll_tick(context)).is_ready());
            }
            done.send(()).unwrap();
        });
        let in_time = all_done.recv_timeout(Duration::from_secs(60));
        release.send(()).unwrap();
        in_time.expect("none of this waits for the lock");
    });
    assert_eq!((timers.metrics().armed, timers.pending()), (1, 0));
}
