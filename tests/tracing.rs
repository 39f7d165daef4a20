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
use std::sync::{Once, mpsc};
use std::time::Duration;

use tickwheel::{Budget, DriverBuilder, ManualClock, TimerHeap};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

use crate::common::{LONG, MS, at_ms, on_both};

/// Each event: its level, and its fields and message as text.
type Heard = Vec<(Level, String)>;

thread_local! {
    /// What this thread was told, while it listens.
    static HEARD: RefCell<Option<Heard>> = const { RefCell::new(None) };
    /// Whether the subscriber panics on this thread.
    static PANICS: Cell<bool> = const { Cell::new(false) };
}

/// The subscriber of the process.
struct Ears;

/// Listens on this thread.
#[derive(Clone, Copy, Default)]
struct Listener {
    panics: bool,
}

impl Listener {
    /// What was heard while `run` ran on this thread.
    fn listen(self, run: impl FnOnce()) -> Heard {
        PANICS.set(self.panics);
        HEARD.set(Some(Vec::new()));
        run();
        PANICS.set(false);
        HEARD.take().expect("it was put there before")
    }
}

/// What every test here begins with: the subscriber is there before the first event.
fn by_hand() -> (DriverBuilder, ManualClock) {
    static EARS: Once = Once::new();
    EARS.call_once(|| tracing::subscriber::set_global_default(Ears).expect("nobody else sets one"));
    common::by_hand()
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
        metadata.target() == "tickwheel"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut words = Words(String::new());
        event.record(&mut words);
        HEARD.with_borrow_mut(|heard| {
            if let Some(heard) = heard {
                heard.push((*event.metadata().level(), words.0.trim_end().to_owned()));
            }
        });
        assert!(!PANICS.get(), "on purpose");
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
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
        let turn = |fired| (Level::TRACE, format!("turn fired={fired} is_cut=false"));
        let told = |what: &str| (Level::DEBUG, what.to_owned());
        let expected = [
            told("driver started name=\"mine\" shards=2"),
            turn(2),
            turn(1),
            told("driver paused name=\"mine\""),
            told("driver resumed name=\"mine\""),
            told("driver shut down dropped=1"),
        ];
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
            guard.reschedule_after(7 * MS);
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
    assert_eq!(heard[0], (Level::ERROR, "a callback or waker panicked panic=\"on purpose\"".to_owned()));
    assert_eq!(heard.len(), 2);
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
fn l15_a_subscriber_that_panics_stops_nothing() {
    let (builder, clock) = by_hand();
    let (sender, receiver) = mpsc::channel();
    let listener = Listener { panics: true };
    let heard = listener.listen(|| {
        let timers = builder.spawn(TimerHeap::new()).unwrap();
        timers.call_at(at_ms(1), |_| panic!("on purpose")).unwrap().detach();
        timers.call_at(at_ms(1), move |_| sender.send(()).unwrap()).unwrap().detach();
        clock.advance(MS);
        timers.shutdown();
    });
    assert!(receiver.recv_timeout(LONG).is_ok());
    assert_eq!(heard.len(), 4);
}
