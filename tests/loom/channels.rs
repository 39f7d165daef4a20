//! Timers as channels, dropped, moved and called off while they fire (L7).

use std::time::Duration;

use tickwheel::channel::{TryRecvError, bounded};

use crate::support::{Bound, at, model, turn_elsewhere, turned, wheel};

#[test]
fn l7_an_after_dropped_while_it_fires() {
    model(Bound::None, || {
        let timers = turned(wheel());
        let after = timers.at(at(5)).unwrap();
        let turning = turn_elsewhere(&timers);
        drop(after); // and with it the receiver
        turning.join().unwrap();
        assert_eq!((timers.pending(), timers.turn(at(20)).fired), (0, 0));
    });
}

#[test]
fn l7_an_after_moved_while_it_fires() {
    model(Bound::None, || {
        let timers = turned(wheel());
        let mut after = timers.at(at(5)).unwrap();
        let turning = turn_elsewhere(&timers);
        after.reset(at(20)).unwrap();
        turning.join().unwrap();
        assert_eq!(after.try_recv(), Err(TryRecvError::Empty), "a message is one for the deadline that was last set");
        assert_eq!(timers.turn(at(20)).fired, 1);
        assert_eq!((after.try_recv().is_ok(), after.try_recv()), (true, Err(TryRecvError::Empty)));
    });
}

#[test]
fn l7_a_ticker_dropped_while_it_fires() {
    model(Bound::None, || {
        let timers = turned(wheel());
        let ticker = timers.tick(Duration::from_millis(15)).unwrap();
        assert!(ticker.reset(at(5)));
        let turning = turn_elsewhere(&timers);
        drop(ticker);
        turning.join().unwrap();
        assert_eq!((timers.pending(), timers.turn(at(50)).fired), (0, 0), "it is not armed again");
    });
}

#[test]
fn l7_a_message_called_off_while_it_is_tried() {
    model(Bound::None, || {
        let timers = turned(wheel());
        let (sender, receiver) = bounded(1);
        sender.send("first").unwrap(); // and there is no room for another
        let second = timers.send_at(sender, "second", at(5)).unwrap();
        let turning = turn_elsewhere(&timers);
        assert_eq!(second.cancel(), Some("second"), "it was not sent, so it is given back");
        turning.join().unwrap();
        assert_eq!(receiver.try_recv(), Ok("first"));
        let _ = timers.turn(at(100));
        assert_eq!((receiver.try_recv().is_err(), timers.pending()), (true, 0));
    });
}
