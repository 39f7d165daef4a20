//! The dump, text for text.

use std::sync::{Arc, mpsc};

use tickwheel::{CallbackGuard, Driver, Resolution, TimerHeap, TimerWheel};

use crate::common::{MS, at_ms, by_hand, without_hanging};

#[test]
fn a_dump_shows_each_shard_and_its_timers_in_order_of_expiry() {
    let (builder, clock) = by_hand();
    let timers = builder.shards(2).spawn(TimerWheel::new(Resolution::MILLISECOND)).unwrap();
    timers.on_shard(0).call_at(at_ms(1), |_| {}).unwrap().detach();
    clock.advance_to(at_ms(10));
    let guards: Vec<_> = [70, 9, 15].iter().map(|ms| timers.on_shard(0).call_at(at_ms(*ms), |_| {}).unwrap()).collect();
    drop(timers.on_shard(0).call_at(at_ms(90), |_| {}).unwrap());
    assert_eq!(
        timers.dump().at_most(2).to_string(),
        "\
Timers of 2 shards
now at 10000000 nsecs

shard: 0
  .next_turn: 9000000 nsecs [in -1000000 nsecs]
  .pending:   3
  .armed:     5
  .cancelled: 1
  .fired:     1
active timers:
 #0: callback, 1v1
 # expires at 9000000 nsecs [in -1000000 nsecs]
 #1: callback, 2v1
 # expires at 15000000 nsecs [in 5000000 nsecs]
 and 1 more

shard: 1
  .next_turn: never
  .pending:   0
  .armed:     0
  .cancelled: 0
  .fired:     0
active timers:
"
    );
    let whole = timers.dump().to_string();
    assert!(whole.contains(" #2: callback, 0v2\n # expires at 70000000 nsecs [in 60000000 nsecs]\n\n"), "{whole}");
    assert!(!whole.contains("more"));
    assert!(format!("{:?}", timers.dump()).contains("timers: 3"));
    drop(guards);
}

#[test]
fn a_dump_of_a_driver_that_was_shut_down_is_empty() {
    let timers = Driver::spawn(TimerHeap::new()).unwrap();
    timers.call_after(MS * 3_600_000, |_| {}).unwrap().detach();
    let handle = timers.handle();
    drop(timers);
    let dump = handle.dump().to_string();
    assert!(dump.contains("  .next_turn: never\n  .pending:   0\n  .armed:     1\n  .cancelled: 1\n"), "{dump}");
}

#[test]
fn l13_a_dump_may_be_made_in_a_callback() {
    without_hanging(|| {
        let (builder, clock) = by_hand();
        let timers = builder.spawn(TimerHeap::new()).unwrap();
        let (sender, receiver) = mpsc::channel();
        let handle = timers.handle();
        let own: Arc<std::sync::OnceLock<CallbackGuard>> = Arc::default();
        let guard = timers.call_every(MS, move |_| sender.send(handle.dump().to_string()).unwrap()).unwrap();
        own.set(guard).unwrap();
        clock.advance(2 * MS);
        assert!(receiver.recv().unwrap().contains(".fired:     1\n"));
        assert!(receiver.recv().unwrap().contains(".fired:     2\n"));
    });
}
