//! What a driver says by way of `tracing`, heard by a subscriber of the test's own.
//!
//! It is a process of its own with one subscriber from its first event on, which keeps apart what each thread is told:
//! `tracing` remembers for each place in the code whether anybody listens, and a subscriber that comes and goes on one
//! thread while others reach that place for the first time may be missed.

#[path = "driver/common.rs"]
#[allow(dead_code)] // the driver's tests share more
mod common;

use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::future::Future;
use std::sync::{Mutex, Once, mpsc};
use std::task::{Context, Waker};
use std::time::Duration;

use tickwheel::{Budget, DriverBuilder, ManualClock, TimerHeap};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

use crate::common::{LONG, MS, at_ms, on_both};

/// Each event, with its level, and its fields and message as text; and each span as it is entered and left.
type Heard = Vec<(Level, String)>;

thread_local! {
    /// What this thread was told, while it listens.
    static HEARD: RefCell<Option<Heard>> = const { RefCell::new(None) };
    /// Which of its calls the subscriber panics in on this thread.
    static PANICS: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// The spans that were made, by their id less one.
static SPANS: Mutex<Vec<(Level, String)>> = Mutex::new(Vec::new());

/// The subscriber of the process.
struct Ears;

/// Listens on this thread.
#[derive(Clone, Copy, Default)]
struct Listener {
    panics: Option<&'static str>,
}

impl Listener {
    /// What was heard while `run` ran on this thread.
    fn listen(self, run: impl FnOnce()) -> Heard {
        PANICS.set(self.panics);
        HEARD.set(Some(Vec::new()));
        run();
        PANICS.set(None);
        HEARD.take().expect("it was put there before")
    }
}

/// What every test here begins with: the subscriber is there before the first event.
fn by_hand() -> (DriverBuilder, ManualClock) {
    static EARS: Once = Once::new();
    EARS.call_once(|| tracing::subscriber::set_global_default(Ears).expect("nobody else sets one"));
    common::by_hand()
}

/// Notes what this thread is told by `call`, and panics if it is to.
fn hear(call: &str, level: Level, what: String) {
    HEARD.with_borrow_mut(|heard| {
        if let Some(heard) = heard {
            heard.push((level, what));
        }
    });
    assert_ne!(PANICS.get(), Some(call), "on purpose");
}

fn hear_span(call: &str, id: &span::Id) {
    let (level, name) = SPANS.lock().unwrap()[id.into_u64() as usize - 1].clone();
    hear(call, level, format!("{call} {name}"));
}

struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.0 += &format!("{value:?} "),
            "took_ns" => {}
            name => self.0 += &format!("{name}={value:?} "),
        }
    }
}

impl Subscriber for Ears {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "tickwheel" || metadata.target() == "user"
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        let mut words = Words(format!("{} ", span.metadata().name()));
        span.record(&mut words);
        let words = words.0.trim_end().to_owned();
        let level = *span.metadata().level();
        let id = {
            let mut spans = SPANS.lock().unwrap();
            spans.push((level, words.clone()));
            span::Id::from_u64(spans.len() as u64)
        };
        assert_ne!(PANICS.get(), Some("new_span"), "on purpose");
        id
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut words = Words(String::new());
        event.record(&mut words);
        hear("event", *event.metadata().level(), words.0.trim_end().to_owned());
    }

    fn enter(&self, id: &span::Id) {
        hear_span("enter", id);
    }

    fn exit(&self, id: &span::Id) {
        hear_span("exit", id);
    }

    fn try_close(&self, _: span::Id) -> bool {
        assert_ne!(PANICS.get(), Some("try_close"), "on purpose");
        true
    }
}

#[test]
fn a_drivers_life_is_told_and_each_turn_that_fired() {
    on_both(|spawn| {
        let heard = Listener::default().listen(|| {
            let (builder, clock) = by_hand();
            let mut timers = spawn(builder.shards(2).thread_name("mine"));
            for ms in [5, 5, 9] {
                timers.on_shard(0).call_at(at_ms(ms), |_| {}).unwrap().detach();
            }
            clock.advance(10 * MS);
            timers.pause().unwrap();
            timers.resume().unwrap();
            timers.call_after(MS, |_| {}).unwrap().detach();
            timers.shutdown();
        });
        let traced = |what: String| (Level::TRACE, what);
        let told = |what: &str| (Level::DEBUG, what.to_owned());
        let turn = |calls: &[(&str, u64)]| {
            let mut turn = vec![traced("enter turn".to_owned())];
            for (id, due_ms) in calls {
                let span = format!("callback shard=0 id={id} due={:?} late_ns=0 missed=0", at_ms(*due_ms));
                turn.extend([told(&format!("enter {span}")), told(&format!("exit {span}"))]);
            }
            turn.push(traced(format!("turn fired={} budget_exhausted=false", calls.len())));
            turn.push(traced("exit turn".to_owned()));
            turn
        };
        let expected = [
            vec![told("driver started name=\"mine\" shards=2")],
            turn(&[("0v1", 5), ("1v1", 5)]),
            turn(&[("2v1", 9)]),
            vec![
                told("driver paused name=\"mine\""),
                told("driver resumed name=\"mine\""),
                told("driver shut down dropped=1"),
            ],
        ]
        .concat();
        assert_eq!(heard, expected);
    });
}

#[test]
fn arming_moving_cancelling_and_turns_without_a_timer_say_nothing() {
    let (builder, clock) = by_hand();
    let timers = builder.spawn(TimerHeap::new()).unwrap();
    let heard = Listener::default().listen(|| {
        for _ in 0..1_000 {
            let guard = timers.call_after(5 * MS, |_| {}).unwrap();
            guard.reset_after(7 * MS);
            guard.cancel();
            clock.advance(MS);
        }
    });
    assert_eq!(heard, []);
}

#[test]
fn l15_a_panic_is_told_as_an_error() {
    let (builder, clock) = by_hand();
    let timers = builder.spawn(TimerHeap::new()).unwrap();
    timers.call_at(at_ms(1), |_| panic!("on purpose")).unwrap().detach();
    let heard = Listener::default().listen(|| {
        clock.advance(MS);
    });
    let told = heard.iter().map(|(level, what)| (*level, what.split(' ').take(2).collect::<Vec<_>>().join(" ")));
    let expected = [
        (Level::TRACE, "enter turn"),
        (Level::DEBUG, "enter callback"),
        (Level::ERROR, "a callback"),
        (Level::DEBUG, "exit callback"),
        (Level::TRACE, "turn fired=1"),
        (Level::TRACE, "exit turn"),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected.map(|(level, what)| (level, what.to_owned())));
    assert_eq!(heard[2].1, "a callback or waker panicked panic=\"on purpose\"");
}

#[test]
fn l16_a_turn_that_takes_very_long_is_warned_of_once() {
    let (builder, clock) = by_hand();
    let timers = builder.budget(Budget::entries(1)).for_event_loop(TimerHeap::new(), || {}).unwrap();
    for _ in 0..5 {
        let slow = clock.clone();
        timers
            .call_at(at_ms(1), move |_| {
                slow.jump(Duration::from_secs(2));
            })
            .unwrap()
            .detach();
    }
    clock.advance(MS);
    let heard = Listener::default().listen(|| while timers.turn(timers.now()).fired > 0 {});
    let warnings: Vec<_> = heard.iter().filter(|(level, _)| *level == Level::WARN).collect();
    assert_eq!(warnings.len(), 1, "{heard:?}");
    assert!(warnings[0].1.starts_with("a turn took very long") && warnings[0].1.ends_with("took_ms=2000"));
}

#[test]
fn what_a_callback_says_is_in_its_span_also_on_the_pool_and_again_and_again() {
    let (builder, clock) = by_hand();
    let timers = builder.callback_pool(1).spawn(TimerHeap::new()).unwrap();
    let (sender, receiver) = mpsc::channel();
    let beat = timers.call_every(3 * MS, move |_| {
        // What this thread hears of the span's end comes after it, and is heard at the next run.
        let before = HEARD.replace(Some(Vec::new()));
        tracing::info!(target: "user", "served");
        let within = HEARD.take().unwrap();
        HEARD.set(Some(Vec::new()));
        sender.send((before, within)).unwrap();
    });
    clock.advance(6 * MS);
    drop(beat);
    let (first, second) = (receiver.recv_timeout(LONG).unwrap(), receiver.recv_timeout(LONG).unwrap());
    assert_eq!(first.1, [(Level::INFO, "served".to_owned())]);
    assert_eq!(second.1, first.1);
    let [(_, left), (level, entered)] = &second.0.unwrap()[..] else { panic!("a span left, and one entered") };
    assert_eq!(*level, Level::DEBUG);
    assert!(left.starts_with("exit callback") && left.contains(&format!("due={:?}", at_ms(3))), "{left}");
    assert!(entered.starts_with("enter callback") && entered.contains(&format!("due={:?}", at_ms(6))), "{entered}");
}

#[test]
fn a_timer_that_only_wakes_has_a_turn_and_no_callback() {
    let (builder, clock) = by_hand();
    let timers = builder.spawn(TimerHeap::new()).unwrap();
    let mut sleep = Box::pin(timers.sleep(MS));
    assert!(sleep.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let heard = Listener::default().listen(|| _ = clock.advance(MS));
    let heard: Vec<_> = heard.iter().map(|(_, what)| what.as_str()).collect();
    assert_eq!(heard, ["enter turn", "turn fired=1 budget_exhausted=false", "exit turn"]);
}

#[test]
fn l15_a_subscriber_that_panics_stops_nothing() {
    // Four events, and three spans entered and left, unless they could not be made.
    for (panics, calls) in [("event", 10), ("new_span", 4), ("enter", 10), ("exit", 10), ("try_close", 10)] {
        let (builder, clock) = by_hand();
        let (sender, receiver) = mpsc::channel();
        let listener = Listener { panics: Some(panics) };
        let heard = listener.listen(|| {
            let timers = builder.spawn(TimerHeap::new()).unwrap();
            timers.call_at(at_ms(1), |_| panic!("on purpose")).unwrap().detach();
            timers.call_at(at_ms(1), move |_| sender.send(()).unwrap()).unwrap().detach();
            clock.advance(MS);
            timers.shutdown();
        });
        assert!(receiver.recv_timeout(LONG).is_ok(), "{panics}");
        assert_eq!(heard.len(), calls, "{panics}: {heard:?}");
    }
}
