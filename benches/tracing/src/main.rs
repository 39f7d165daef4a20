//! What `scripts/count-tracing` counts the instructions of: a driver, with the feature `tracing` or without, and with
//! no subscriber.
//!
//! `tickwheel-tracing JOB ROUNDS` makes so many rounds of a job, on one thread and a clock moved by hand, so that two
//! runs differ by nothing but their rounds:
//!
//! | job | a round |
//! |---|---|
//! | `cancel` | a callback is armed and cancelled |
//! | `empty` | a turn that fires nothing |
//! | `fire` | a callback is armed, and a turn runs it |

#![forbid(unsafe_code)]

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tickwheel::{Driver, ManualClock, TimerEvent, TimerHeap};

const TICK: Duration = Duration::from_micros(1);

static CALLS: AtomicU64 = AtomicU64::new(0);

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let job = args.next().ok_or("say which job: cancel, empty or fire")?;
    let rounds: u64 = args.next().ok_or("say how many rounds")?.parse()?;

    let clock = ManualClock::new();
    let timers = Driver::builder().clock(clock.clone()).for_event_loop(TimerHeap::new(), || {})?;
    let call = |_: TimerEvent| _ = CALLS.fetch_add(1, Ordering::Relaxed);
    // Both kinds of turn need one that is far.
    let _far = timers.call_after(Duration::from_secs(3600), call)?;
    for _ in 0..rounds {
        match job.as_str() {
            "cancel" => drop(timers.call_after(TICK, call)?),
            "empty" => assert_eq!(timers.turn(timers.now()).fired, 0),
            "fire" => {
                timers.call_after(Duration::ZERO, call)?.detach();
                assert_eq!(timers.turn(timers.now()).fired, 1);
            }
            other => return Err(format!("there is no job {other:?}: it is cancel, empty or fire").into()),
        }
    }
    let expected = if job == "fire" { rounds } else { 0 };
    assert_eq!((CALLS.load(Ordering::Relaxed), timers.pending()), (expected, 1), "calls and timers");
    Ok(())
}
