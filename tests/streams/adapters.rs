//! Timeout, throttle and debounce, against sources that speak when they are told to.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use tickwheel::{Driver, ManualClock, StreamExt, TimeoutError};

use crate::support::{Task, driver, ms};

/// A stream that its test feeds; clones feed the same.
#[derive(Clone, Default)]
struct Source(Rc<RefCell<Inner>>);

#[derive(Default)]
struct Inner {
    items: VecDeque<char>,
    is_over: bool,
    polls: usize,
    waker: Option<Waker>,
}

impl Source {
    fn send(&self, items: &str) {
        self.0.borrow_mut().items.extend(items.chars());
        self.wake();
    }

    fn end(&self) {
        self.0.borrow_mut().is_over = true;
        self.wake();
    }

    fn wake(&self) {
        let waker = self.0.borrow_mut().waker.take();
        waker.into_iter().for_each(Waker::wake);
    }

    fn polls(&self) -> usize {
        self.0.borrow().polls
    }
}

impl Stream for Source {
    type Item = char;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<char>> {
        let mut inner = self.0.borrow_mut();
        inner.polls += 1;
        if let Some(item) = inner.items.pop_front() {
            return Poll::Ready(Some(item));
        }
        if inner.is_over {
            return Poll::Ready(None);
        }
        inner.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

/// An adapter on a source, polled by a task whenever that is woken, at each millisecond; `E` writes an elapsed limit.
struct Bed<S> {
    clock: ManualClock,
    driver: Driver,
    source: Source,
    task: Task,
    stream: S,
}

impl<S: Stream<Item = Result<char, E>> + Unpin, E: Into<TimeoutError>> Bed<S> {
    fn new(adapt: impl FnOnce(Source, &Driver) -> S) -> Self {
        let (clock, driver) = driver();
        let source = Source::default();
        let stream = adapt(source.clone(), &driver);
        Self { clock, driver, source, task: Task::default(), stream }
    }

    fn poll(&mut self) -> Poll<Option<char>> {
        let polled = self.task.poll(|context| self.stream.poll_next_unpin(context));
        polled.map(|item| {
            item.map(|item| match item.map_err(Into::into) {
                Ok(item) => item,
                Err(error) if error.is_elapsed() => 'E',
                Err(error) => panic!("{error}"),
            })
        })
    }

    /// What comes out by now: `|` is the end.
    fn out(&mut self) -> String {
        let mut out = String::new();
        while let Poll::Ready(item) = self.poll() {
            out.push(item.unwrap_or('|'));
            assert!(out.len() < 100, "it does not stop: {out}");
            if item.is_none() {
                break;
            }
        }
        if out.is_empty() { ".".to_owned() } else { out }
    }

    /// Plays a timeline, a word for each millisecond, and gives what came out, in the same manner. A task that is not
    /// woken is not polled.
    fn play(&mut self, timeline: &str) -> String {
        let mut out = Vec::new();
        for (at, word) in timeline.split_whitespace().enumerate() {
            if at > 0 {
                self.clock.advance(ms(1));
            }
            if word != "." {
                self.source.send(word.trim_end_matches('|'));
            }
            if word.ends_with('|') {
                self.source.end();
            }
            let is_woken = at == 0 || self.task.is_woken();
            out.push(if is_woken { self.out() } else { ".".to_owned() });
        }
        out.join(" ")
    }
}

#[test]
fn a_limit_is_told_once_for_each_item_that_is_late() {
    let mut bed = Bed::new(|source, driver| source.timeout_on(driver, ms(3)));
    assert_eq!(
        bed.play(". a . . . . . . b . c . . . . |"),
        ". a . . E . . . b . c . . E . |" // as in the docs
    );
    assert_eq!(bed.out(), "|", "it is over for good");

    let mut bed = Bed::new(|source, driver| source.timeout_on(driver, ms(3)));
    assert_eq!(bed.play(". . |"), ". . |");
    assert_eq!(bed.driver.pending(), 0, "there is no limit to what is over");
}

#[test]
fn l33_an_item_that_is_there_wins_over_a_limit_that_is_over() {
    let mut bed = Bed::new(|source, driver| source.timeout_on(driver, ms(3)));
    assert_eq!(bed.out(), ".");
    bed.clock.advance(ms(10));
    bed.source.send("ab");
    assert_eq!(bed.out(), "ab");
    bed.clock.advance(ms(10));
    assert_eq!(bed.out(), "E", "counted from the poll that had found nothing");
}

#[test]
fn a_limit_does_not_count_what_the_consumer_takes() {
    let mut bed = Bed::new(|source, driver| source.timeout_on(driver, ms(3)));
    bed.source.send("a");
    assert_eq!(bed.poll(), Poll::Ready(Some('a')));
    bed.clock.advance(ms(100));
    assert_eq!(bed.poll(), Poll::Pending);
    bed.clock.advance(ms(2));
    assert!(!bed.task.is_woken());
    bed.clock.advance(ms(1));
    assert!(bed.task.is_woken());
    assert_eq!(bed.out(), "E");
}

#[test]
fn l21_a_limit_of_zero_still_lets_through_what_is_there() {
    let mut bed = Bed::new(|source, driver| source.timeout_on(driver, Duration::ZERO));
    bed.source.send("a");
    assert_eq!(bed.out(), "aE");
    assert_eq!(bed.driver.metrics().armed, 0);
}

#[test]
fn l18_items_that_are_there_cost_no_timer() {
    let (_, driver) = driver();
    let task = Task::default();
    let mut limited = stream::iter(0..1000).timeout_on(&driver, ms(3));
    let mut paced = stream::iter(0..1000).throttle_on(&driver, Duration::ZERO);
    let mut calm = stream::iter(0..100).debounce_on(&driver, ms(3));
    for n in 0..1000 {
        assert_eq!(task.poll(|context| limited.poll_next_unpin(context)), Poll::Ready(Some(Ok(n))));
        assert_eq!(task.poll(|context| paced.poll_next_unpin(context)), Poll::Ready(Some(Ok(n))));
    }
    assert_eq!(task.poll(|context| calm.poll_next_unpin(context)), Poll::Ready(Some(Ok(99))));
    assert_eq!(driver.metrics().armed, 0);
}

#[test]
fn l2_any_limit_gap_and_quiet_works() {
    let mut limited = Bed::new(|source, driver| source.timeout_on(driver, Duration::MAX));
    let mut paced = Bed::new(|source, driver| source.throttle_on(driver, Duration::MAX));
    let mut calm = Bed::new(|source, driver| source.debounce_on(driver, Duration::MAX));
    for (out, expected) in
        [(limited.play("a . . b"), "a . . b"), (paced.play("a . . b"), "a . . ."), (calm.play("a . . b|"), ". . . b|")]
    {
        assert_eq!(out, expected);
    }
}

#[test]
fn a_gap_is_kept_between_items() {
    let mut bed = Bed::new(|source, driver| source.throttle_on(driver, ms(3)));
    assert_eq!(
        bed.play("a b . . . . . c . d . . ."),
        "a . . b . . . c . . d . ." // as in the docs
    );
}

#[test]
fn a_burst_is_spread_out_and_nothing_of_it_is_lost() {
    let mut bed = Bed::new(|source, driver| source.throttle_on(driver, ms(2)));
    assert_eq!(bed.play("abcd| . . . . . . . ."), "a . b . c . d . |");
    assert_eq!(bed.out(), "|", "it is over for good");
}

#[test]
fn a_gap_holds_the_source_back() {
    let mut bed = Bed::new(|source, driver| source.throttle_on(driver, ms(5)));
    bed.source.send("ab");
    assert_eq!(bed.out(), "a");
    let polls = bed.source.polls();
    assert_eq!(bed.play(". . . ."), ". . . .");
    assert_eq!(bed.source.polls(), polls);
    assert_eq!(bed.driver.pending(), 1);
}

#[test]
fn a_gap_counts_from_the_moment_of_handing_out() {
    let mut bed = Bed::new(|source, driver| source.throttle_on(driver, ms(3)));
    bed.source.send("abc");
    assert_eq!(bed.poll(), Poll::Ready(Some('a')));
    bed.clock.advance(ms(100)); // a slow consumer
    assert_eq!(bed.poll(), Poll::Ready(Some('b')), "the gap is long over");
    assert_eq!(bed.poll(), Poll::Pending, "and counts anew, without catching up");
    assert_eq!(bed.play(". . . ."), ". . . c");
}

#[test]
fn quiet_comes_before_each_item() {
    let mut bed = Bed::new(|source, driver| source.debounce_on(driver, ms(3)));
    assert_eq!(
        bed.play("a b . c . . . . d |"),
        ". . . . . . c . . d|" // as in the docs
    );
    assert_eq!(bed.out(), "|", "it is over for good");
    assert_eq!(bed.driver.pending(), 0);
}

#[test]
fn items_that_come_together_leave_the_last() {
    let mut bed = Bed::new(|source, driver| source.debounce_on(driver, ms(2)));
    assert_eq!(bed.play("abc . . de . f . ."), ". . c . . . . f");
}

#[test]
fn what_never_falls_quiet_hands_out_its_last_item_at_its_end() {
    let mut bed = Bed::new(|source, driver| source.debounce_on(driver, ms(3)));
    assert_eq!(bed.play("a . b . c . d . e . f|"), ". . . . . . . . . . f|");
}

#[test]
fn a_source_that_ends_quietly_hands_out_nothing_twice() {
    let mut bed = Bed::new(|source, driver| source.debounce_on(driver, ms(3)));
    assert_eq!(bed.play("a . . . . |"), ". . . a . |");
    let mut bed = Bed::new(|source, driver| source.debounce_on(driver, ms(3)));
    assert_eq!(bed.play(". |"), ". |");
}

#[test]
fn l33_an_item_that_came_by_the_end_of_the_quiet_takes_the_place() {
    let mut bed = Bed::new(|source, driver| source.debounce_on(driver, ms(3)));
    assert_eq!(bed.play("a . . b . . ."), ". . . . . . b");
}

#[test]
fn l33_adapters_that_are_given_up_lose_nothing() {
    // The task of the next poll is another, and the wait in between is forgotten.
    let mut bed = Bed::new(|source, driver| source.debounce_on(driver, ms(3)));
    bed.source.send("a");
    assert_eq!(bed.poll(), Poll::Pending);
    bed.task = Task::default();
    assert_eq!(bed.poll(), Poll::Pending);
    bed.clock.advance(ms(3));
    assert_eq!(bed.task.wake_ups(), 1, "L6: the waker of the last poll");
    assert_eq!(bed.out(), "a");

    let mut bed = Bed::new(|source, driver| source.throttle_on(driver, ms(3)));
    bed.source.send("ab");
    assert_eq!(bed.out(), "a");
    bed.task = Task::default();
    assert_eq!(bed.poll(), Poll::Pending);
    bed.clock.advance(ms(3));
    assert_eq!(bed.task.wake_ups(), 1, "L6: the waker of the last poll");
    assert_eq!(bed.out(), "b");
}

#[test]
fn l17_a_source_that_never_pauses_does_not_hold_up_the_executor() {
    let (_, driver) = driver();
    let task = Task::default();
    let mut polls = 0;
    let endless = stream::repeat_with(|| polls += 1);
    let mut calm = endless.debounce_on(&driver, ms(3));
    for _ in 0..3 {
        assert!(task.poll(|context| calm.poll_next_unpin(context)).is_pending());
        assert_eq!(task.wake_ups(), 1);
    }
    drop(calm);
    assert_eq!(polls, 3 * 128);
}

#[test]
fn what_is_dropped_leaves_no_timer() {
    let mut limited = Bed::new(|source, driver| source.timeout_on(driver, ms(3)));
    assert_eq!((limited.out().as_str(), limited.driver.pending()), (".", 1));
    let mut calm = Bed::new(|source, driver| source.debounce_on(driver, ms(3)));
    calm.source.send("a");
    assert_eq!((calm.out().as_str(), calm.driver.pending()), (".", 1));
    let Bed { driver, stream, .. } = limited;
    let source = stream.into_inner();
    assert_eq!((driver.pending(), source.polls()), (0, 1));
    let Bed { driver, stream, .. } = calm;
    drop(stream);
    assert_eq!(driver.pending(), 0);
}

#[test]
fn the_driver_that_was_entered_is_the_one_that_is_used() {
    let (clock, driver) = driver();
    let _entered = driver.enter();
    let task = Task::default();
    let mut both = Source::default().timeout(ms(3)).throttle(ms(5)).debounce(ms(1));
    assert!(task.poll(|context| both.poll_next_unpin(context)).is_pending());
    assert_eq!(driver.pending(), 1);
    clock.advance(ms(3));
    assert!(task.is_woken());
}
