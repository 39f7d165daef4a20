//! A deadline that has come is ready at the next poll, though the turn in which it would fire does not come.

use std::any::Any;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::{Stream, stream};
use tickwheel::compat::time;
use tickwheel::{
    Clock, DelayQueue, Driver, Handle, ManualClock, Period, Resolution, StreamExt, TimerHeap, TimerTask, TimerWheel,
    Timestamp,
};

use crate::support::{at, ms};

/// A clock of a program's own, which jumps: no driver knows when.
#[derive(Clone, Default)]
struct Jumping(Arc<AtomicU64>);

impl Jumping {
    fn jump_to(&self, now: Timestamp) {
        self.0.store(now.as_nanos(), Ordering::SeqCst);
    }
}

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.load(Ordering::SeqCst))
    }
}

/// A driver that nobody turns.
struct Unturned {
    name: String,
    handle: Handle,
    /// Moves its clock on, and turns nothing.
    move_to: Box<dyn Fn(Timestamp)>,
    _driver: Box<dyn Any>,
}

fn unturned_on<C: tickwheel::Timer<TimerTask> + Send + 'static>(
    timer: &str,
    new: impl Fn() -> C,
    all: &mut Vec<Unturned>,
) {
    let mut add = |name: &str, handle: Handle, move_to: Box<dyn Fn(Timestamp)>, driver: Box<dyn Any>| {
        all.push(Unturned { name: format!("{name}, {timer}"), handle, move_to, _driver: driver });
    };

    // A clock moved by hand would turn its driver, unless that is paused.
    let clock = ManualClock::new();
    let mut driver = Driver::builder().clock(clock.clone()).spawn(new()).unwrap();
    driver.pause().unwrap();
    let moved = clock.clone();
    add("paused on a manual clock", driver.handle(), Box::new(move |to| moved.advance_to(to)), Box::new(driver));

    let clock = ManualClock::new();
    let driver = Driver::builder().clock(clock.clone()).for_event_loop(new(), || ()).unwrap();
    let moved = clock.clone();
    add("event loop", driver.handle(), Box::new(move |to| moved.advance_to(to)), Box::new(driver));

    // As the loop goes to wait, which it does while another task polls.
    let clock = ManualClock::new();
    let driver = Driver::builder().clock(clock.clone()).for_event_loop(new(), || ()).unwrap();
    driver.call_at(at(1), |_| ()).unwrap().detach();
    assert_eq!(driver.next_turn(), Some(at(1)));
    let moved = clock.clone();
    add("waiting event loop", driver.handle(), Box::new(move |to| moved.advance_to(to)), Box::new(driver));

    let clock = Jumping::default();
    let driver = Driver::builder().clock(clock.clone()).spawn(new()).unwrap();
    let moved = clock.clone();
    add("thread on a clock that jumps", driver.handle(), Box::new(move |to| moved.jump_to(to)), Box::new(driver));

    let clock = Jumping::default();
    let mut driver = Driver::builder().clock(clock.clone()).spawn(new()).unwrap();
    driver.pause().unwrap();
    let moved = clock.clone();
    add("paused thread", driver.handle(), Box::new(move |to| moved.jump_to(to)), Box::new(driver));
}

fn unturned() -> Vec<Unturned> {
    let mut all = Vec::new();
    unturned_on("heap", TimerHeap::new, &mut all);
    unturned_on("wheel", || TimerWheel::new(Resolution::MILLISECOND), &mut all);
    all
}

/// Whether what it stands for is ready.
type Poller = Box<dyn FnMut(&mut Context<'_>) -> bool>;

fn future<F: Future + 'static>(future: F) -> Poller {
    let mut future = Box::pin(future);
    Box::new(move |context| future.as_mut().poll(context).is_ready())
}

fn items<S: Stream + 'static>(stream: S) -> Poller {
    let mut stream = Box::pin(stream);
    Box::new(move |context| stream.as_mut().poll_next(context).is_ready())
}

/// Everything that waits, each with a deadline `delay` from now on.
fn all_that_wait(timers: &Handle, delay: Duration) -> Vec<(&'static str, Poller)> {
    let _entered = timers.enter();
    let deadline = timers.now() + delay;
    let moment = time::Instant::now() + delay;
    let period = Period::every(ms(10)).unwrap();
    let mut interval = timers.interval_at(deadline, period);
    let mut tokios_interval = time::interval_at(moment, ms(10));
    let mut queue = DelayQueue::new(timers);
    let mut precise_queue = DelayQueue::with_timer(timers, TimerHeap::new());
    queue.insert_at((), deadline).unwrap();
    precise_queue.insert_at((), deadline).unwrap();
    // Hands out the first item, and then the other one after the gap.
    let mut throttled = Box::pin(stream::iter([1, 2]).throttle_on(timers, delay));
    assert!(throttled.as_mut().poll_next(&mut Context::from_waker(Waker::noop())).is_ready());
    vec![
        ("sleep", future(timers.sleep(delay))),
        ("sleep_until", future(timers.sleep_until(deadline))),
        ("timeout", future(timers.timeout(delay, pending::<()>()))),
        ("timeout_at", future(timers.timeout_at(deadline, pending::<()>()))),
        ("interval", Box::new(move |context| interval.poll_tick(context).is_ready())),
        ("DelayQueue", Box::new(move |context| queue.poll_expired(context).is_ready())),
        ("DelayQueue on a heap", Box::new(move |context| precise_queue.poll_expired(context).is_ready())),
        ("StreamExt::timeout", items(stream::pending::<()>().timeout_on(timers, delay))),
        ("StreamExt::throttle", items(throttled)),
        ("StreamExt::debounce", {
            let one = stream::iter([1]);
            items(futures_util::StreamExt::chain(one, stream::pending()).debounce_on(timers, delay))
        }),
        ("compat sleep", future(time::sleep(delay))),
        ("compat sleep_until", future(time::sleep_until(moment))),
        ("compat timeout", future(time::timeout(delay, pending::<()>()))),
        ("compat timeout_at", future(time::timeout_at(moment, pending::<()>()))),
        ("compat interval", Box::new(move |context| tokios_interval.poll_tick(context).is_ready())),
    ]
}

#[test]
fn l21_a_deadline_that_has_come_is_ready_at_the_first_poll_though_something_older_waits() {
    for Unturned { name, handle, move_to, _driver } in unturned() {
        handle.call_at(at(3), |_| ()).unwrap().detach();
        move_to(at(5));
        let mut context = Context::from_waker(Waker::noop());
        for (kind, mut poll) in all_that_wait(&handle, Duration::ZERO) {
            assert!(poll(&mut context), "{kind}: {name}");
        }
        assert!(handle.interval(ms(1)).unwrap().poll_tick(&mut context).is_ready(), "interval at once: {name}");
        // What is older may also have been moved there.
        let moved = handle.call_at(at(100), |_| ()).unwrap();
        let _ = moved.reset(at(4));
        assert!(pin!(handle.sleep(Duration::ZERO)).poll(&mut context).is_ready(), "moved: {name}");
    }
}

#[test]
fn l34_an_armed_one_is_ready_once_its_deadline_has_come_though_nobody_turns() {
    for Unturned { name, handle, move_to, _driver } in unturned() {
        let mut context = Context::from_waker(Waker::noop());
        let mut all = all_that_wait(&handle, ms(10));
        let mut sleep = Box::pin(handle.sleep(ms(10)));
        assert!(sleep.as_mut().poll(&mut context).is_pending());
        for (kind, poll) in &mut all {
            assert!(!poll(&mut context), "{kind}: {name}");
        }
        move_to(at(9));
        for (kind, poll) in &mut all {
            assert!(!poll(&mut context), "{kind} is early: {name}");
        }
        move_to(at(10));
        assert!(sleep.is_elapsed(), "{name}");
        for (kind, poll) in &mut all {
            assert!(poll(&mut context), "{kind}: {name}");
        }
        assert!(sleep.as_mut().poll(&mut context).is_ready(), "{name}");
    }
}

#[test]
fn l34_what_was_found_by_the_clock_does_not_fire_later() {
    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).for_event_loop(TimerHeap::new(), || ()).unwrap();
    let mut sleep = crate::support::Task::new(timers.sleep(ms(1)));
    assert!(sleep.poll().is_pending());
    clock.advance(ms(1));
    assert_eq!((sleep.poll(), timers.pending()), (Poll::Ready(Ok(())), 0));
    assert_eq!((timers.turn(timers.now()).fired, sleep.wakes()), (0, 0));
    sleep.future.reset(at(5));
    assert!(sleep.poll().is_pending());
    clock.advance(ms(4));
    assert_eq!((timers.turn(timers.now()).fired, sleep.wakes(), sleep.poll()), (1, 1, Poll::Ready(Ok(()))));
}

#[test]
fn l21_a_callback_that_holds_the_thread_up_holds_up_no_deadline_that_has_come() {
    let timers = Driver::spawn(TimerHeap::new()).unwrap();
    let (begun, has_begun) = mpsc::channel();
    let (end, ends) = mpsc::channel();
    let slow = move |_| {
        begun.send(()).unwrap();
        ends.recv().unwrap_or(());
    };
    timers.call_after(Duration::ZERO, slow).unwrap().detach();
    has_begun.recv().unwrap();
    timers.call_after(Duration::ZERO, |_| ()).unwrap().detach();
    let mut context = Context::from_waker(Waker::noop());
    let waits_behind = timers.now();
    while timers.now() == waits_behind {}
    assert!(pin!(timers.sleep(Duration::ZERO)).poll(&mut context).is_ready());
    assert!(pin!(timers.timeout_at(timers.now(), pending::<()>())).poll(&mut context).is_ready());

    let mut armed = pin!(timers.sleep(Duration::from_nanos(1)));
    let _ = armed.as_mut().poll(&mut context);
    let armed_at = timers.now();
    while timers.now() <= armed_at + Duration::from_nanos(1) {}
    assert!(armed.poll(&mut context).is_ready());
    end.send(()).unwrap();
}
