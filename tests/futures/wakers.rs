//! Wakers that are swapped, that panic, and that come back into the driver while it calls them.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use cooked_waker::{IntoWaker, WakeRef};
use tickwheel::{Driver, Handle, ManualClock, Sleep};

use crate::hooked::Hooked;
use crate::support::{Task, Wakes, at, ms, on_both, poll_once};

#[test]
fn l6_an_unchanged_waker_is_not_cloned_again() {
    let wakes = [Arc::new(Wakes::default()), Arc::new(Wakes::default())];
    // How many of the wakers there are whenever the timer is looked at: a clone that is made to be thrown away shows.
    let (looks, seen) = (Arc::new(Mutex::new(Vec::new())), wakes.clone());
    let of_timer = looks.clone();
    let on_look = move || of_timer.lock().unwrap().push(seen.each_ref().map(|wakes| Arc::strong_count(wakes) - 2));
    let timer = Hooked::new(|deadline| deadline, on_look);
    let timers = Driver::builder().clock(ManualClock::new()).spawn(timer).unwrap();

    let [first, second] = wakes.each_ref().map(|wakes| Waker::from(wakes.clone()));
    let mut sleep = Box::pin(timers.sleep(ms(10)));
    let mut poll_with = |waker: &Waker| {
        assert!(poll(&mut sleep, waker).is_pending());
        std::mem::take(&mut *looks.lock().unwrap())
    };
    assert_eq!(poll_with(&first), [[0; 2]; 0], "armed, without a look");
    for _ in 0..3 {
        assert_eq!(poll_with(&first), [[2, 1]], "its own and the one in the timer, and no third");
    }
    assert_eq!(poll_with(&second), [[2, 1], [2, 2]], "another one is cloned, and takes its place");
    for _ in 0..3 {
        assert_eq!(poll_with(&second), [[1, 2]]);
    }
}

#[test]
fn l6_the_last_waker_is_woken_and_the_one_before_is_let_go() {
    on_both(|clock, timers| {
        let mut first = Task::new(timers.sleep(ms(10)));
        assert!(first.poll().is_pending());
        let wakes = first.enter(|_, context| context.waker().clone());
        assert_eq!(first.wakers(), 2);
        let mut second = Task::new(first.future);
        assert!(second.poll().is_pending());
        drop(wakes);
        clock.advance(ms(10));
        assert_eq!(second.wakes(), 1);
        assert_eq!(second.poll(), Poll::Ready(Ok(())));
        assert_eq!(second.wakers(), 0);
    });
}

#[test]
fn l6_a_sleep_that_moves_to_another_thread_wakes_there() {
    on_both(|clock, timers| {
        let mut sleep = Task::new(timers.sleep(ms(10)));
        assert!(sleep.poll().is_pending());
        let handed_on = thread::spawn(move || {
            let mut sleep = sleep.into_other_task();
            assert!(sleep.poll().is_pending());
            sleep
        });
        let mut sleep = handed_on.join().unwrap();
        clock.advance(ms(10));
        assert_eq!((sleep.wakes(), sleep.poll()), (1, Poll::Ready(Ok(()))));
        assert_eq!(timers.metrics().armed, 1, "it kept its place");
    });
}

/// A waker that calls a closure each time it is woken, cloned or dropped, as far as there is one.
#[derive(Default)]
struct Calls {
    on_wake: OnceLock<Box<dyn Fn() + Send + Sync>>,
    on_drop: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl Calls {
    fn on_wake(call: impl Fn() + Send + Sync + 'static) -> Waker {
        let calls = Self::default();
        drop(calls.on_wake.set(Box::new(call)));
        Waker::from(Arc::new(calls))
    }

    fn on_drop(call: impl Fn() + Send + Sync + 'static) -> Waker {
        let calls = Self::default();
        drop(calls.on_drop.set(Box::new(call)));
        Waker::from(Arc::new(calls))
    }
}

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        if let Some(call) = self.on_wake.get() {
            call();
        }
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        if let Some(call) = self.on_drop.get() {
            call();
        }
    }
}

fn poll(sleep: &mut Pin<Box<Sleep>>, waker: &Waker) -> Poll<()> {
    sleep.as_mut().poll(&mut Context::from_waker(waker)).map(|waited| waited.unwrap())
}

#[test]
fn l7_l14_a_waker_drops_every_sleep_in_the_turn_that_fires_them() {
    on_both(|clock, timers| {
        let list = Arc::new(Mutex::new(Vec::new()));
        let of_waker = list.clone();
        let waker = Calls::on_wake(move || drop(std::mem::take(&mut *of_waker.lock().unwrap())));
        for _ in 0..100 {
            let mut sleep = Box::pin(timers.sleep(ms(10)));
            assert!(poll(&mut sleep, &waker).is_pending());
            list.lock().unwrap().push(sleep);
        }
        clock.advance(ms(11));
        let metrics = timers.metrics();
        assert!(list.lock().unwrap().is_empty());
        assert_eq!((metrics.pending, metrics.panics, metrics.fired + metrics.cancelled), (0, 0, 100));
    });
}

#[test]
fn l14_a_waker_arms_moves_and_polls_what_it_likes() {
    on_both(|clock, timers| {
        let handle: Handle = timers.handle();
        let own = Arc::new(Mutex::new(Box::pin(timers.sleep(ms(10)))));
        let other = Arc::new(Mutex::new(Box::pin(timers.sleep(ms(100)))));
        let new = Arc::new(Mutex::new(Vec::new()));
        let (of_waker, others, news) = (own.clone(), other.clone(), new.clone());
        let waker = Calls::on_wake(move || {
            assert!(poll_once(of_waker.lock().unwrap().as_mut()).is_ready());
            others.lock().unwrap().reset_after(ms(1));
            let mut sleep = Box::pin(handle.sleep(ms(2)));
            assert!(poll_once(sleep.as_mut()).is_pending());
            news.lock().unwrap().push(sleep);
            assert!(handle.pending() >= 1);
        });
        let mut task = Task::new(());
        assert!(poll(&mut own.lock().unwrap(), &waker).is_pending());
        assert!(task.enter(|_, context| poll(&mut other.lock().unwrap(), context.waker())).is_pending());
        clock.advance(ms(10));
        assert_eq!((new.lock().unwrap().len(), task.wakes(), timers.metrics().panics), (1, 0, 0));
        clock.advance(ms(1));
        assert_eq!(task.wakes(), 1, "it was moved to 11 ms");
        clock.advance(ms(1));
        assert!(poll_once(new.lock().unwrap()[0].as_mut()).is_ready());
    });
}

#[test]
fn l14_a_sleep_that_its_own_waker_sets_again_fires_each_time() {
    on_both(|clock, timers| {
        let times = Arc::new(Mutex::new(Vec::new()));
        let place: Arc<Mutex<Option<Pin<Box<Sleep>>>>> = Arc::default();
        let (handle, seen, sleep) = (timers.handle(), times.clone(), place.clone());
        let waker = Calls::on_wake(move || {
            seen.lock().unwrap().push(handle.now());
            let mut place = sleep.lock().unwrap();
            let sleep = place.as_mut().unwrap();
            sleep.reset_after(ms(10));
            let own = Calls::on_wake(|| {});
            assert!(poll(sleep, &own).is_pending());
        });
        let mut sleep = Box::pin(timers.sleep(ms(10)));
        assert!(poll(&mut sleep, &waker).is_pending());
        *place.lock().unwrap() = Some(sleep);
        clock.advance(ms(10));
        assert!(poll(place.lock().unwrap().as_mut().unwrap(), &waker).is_pending());
        clock.advance(ms(10));
        assert_eq!(*times.lock().unwrap(), [at(10), at(20)]);
        drop(place.lock().unwrap().take());
    });
}

#[test]
fn l15_a_waker_that_panics_takes_no_other_with_it() {
    on_both(|clock, timers| {
        let bad = Calls::on_wake(|| panic!("of the waker, on purpose"));
        let mut tasks: Vec<_> = (0..10).map(|_| Task::new(timers.sleep(ms(5)))).collect();
        let mut panicking = Box::pin(timers.sleep(ms(5)));
        for (n, task) in tasks.iter_mut().enumerate() {
            assert!(task.poll().is_pending());
            if n == 4 {
                assert!(poll(&mut panicking, &bad).is_pending());
            }
        }
        clock.advance(ms(5));
        assert!(tasks.iter_mut().all(|task| task.wakes() == 1 && task.poll().is_ready()));
        assert!(poll_once(panicking.as_mut()).is_ready(), "it fired all the same");
        assert_eq!(timers.metrics().panics, 1);
        let mut next = Task::new(timers.sleep(ms(5)));
        assert!(next.poll().is_pending());
        clock.advance(ms(5));
        assert_eq!(next.wakes(), 1, "the driver goes on");
    });
}

/// A waker that panics as it is cloned, while the number is not zero.
struct NoClone(Arc<AtomicUsize>);

impl Clone for NoClone {
    fn clone(&self) -> Self {
        assert_eq!(self.0.load(Ordering::SeqCst), 0, "of the clone, on purpose");
        Self(self.0.clone())
    }
}

impl WakeRef for NoClone {
    fn wake_by_ref(&self) {}
}

impl cooked_waker::Wake for NoClone {}

#[test]
fn l13_l15_a_waker_that_panics_as_it_is_cloned_leaves_the_sleep_whole() {
    on_both(|clock, timers| {
        let refuses = Arc::new(AtomicUsize::new(1));
        let bad = Box::new(NoClone(refuses.clone())).into_waker();
        let mut sleep = Task::new(timers.sleep(ms(5)));
        let poll_badly = |task: &mut Task<Sleep>| {
            let poll = || task.future.as_mut().poll(&mut Context::from_waker(&bad));
            catch_unwind(AssertUnwindSafe(poll)).unwrap_err();
        };
        poll_badly(&mut sleep);
        assert_eq!(timers.pending(), 0, "not armed yet");
        assert!(sleep.poll().is_pending());
        poll_badly(&mut sleep);
        assert_eq!(sleep.wakers(), 1, "the waker before stays");
        clock.advance(ms(5));
        assert_eq!((sleep.wakes(), sleep.poll()), (1, Poll::Ready(Ok(()))));
        refuses.store(0, Ordering::SeqCst);
    });
}

#[test]
fn l13_a_waker_is_dropped_outside_the_lock() {
    on_both(|clock, timers| {
        let handle = timers.handle();
        let drops = Arc::new(AtomicUsize::new(0));
        let new_waker = || {
            let (handle, drops) = (handle.clone(), drops.clone());
            // It needs the lock, and arms and cancels a timer under it.
            Calls::on_drop(move || {
                let mut sleep = Box::pin(handle.sleep(Duration::from_secs(5)));
                assert!(poll_once(sleep.as_mut()).is_pending());
                drops.fetch_add(1, Ordering::SeqCst);
            })
        };
        // As its sleep is dropped, as another waker takes its place, and as it was woken.
        let mut sleep = Box::pin(timers.sleep(ms(10)));
        assert!(poll(&mut sleep, &new_waker()).is_pending());
        drop(sleep);
        assert_eq!(drops.load(Ordering::SeqCst), 1);
        let mut sleep = Box::pin(timers.sleep(ms(10)));
        assert!(poll(&mut sleep, &new_waker()).is_pending());
        assert!(poll(&mut sleep, &new_waker()).is_pending());
        assert_eq!(drops.load(Ordering::SeqCst), 2);
        clock.advance(ms(10));
        assert_eq!((drops.load(Ordering::SeqCst), timers.pending()), (3, 0));
    });
}

#[test]
fn l7_a_waker_that_owns_another_sleep_drops_it_with_itself() {
    on_both(|_clock, timers| {
        let mut secondary = Box::pin(timers.sleep(Duration::from_secs(3600)));
        assert!(poll_once(secondary.as_mut()).is_pending());
        let owned = Mutex::new(Some(secondary));
        let waker = Calls::on_drop(move || drop(owned.lock().unwrap().take()));
        let mut primary = Box::pin(timers.sleep(Duration::from_secs(3600)));
        assert!(poll(&mut primary, &waker).is_pending());
        drop(waker);
        assert_eq!(timers.pending(), 2);
        drop(primary);
        assert_eq!(timers.pending(), 0);
    });
}
