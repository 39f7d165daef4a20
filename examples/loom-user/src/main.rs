//! Three clients and an event loop: two hold a lease each, one of them renews it, and the third gets the other's.
//!
//! Run it with `cargo run`, and its models with `RUSTFLAGS="--cfg tickwheel_loom" cargo test --release`.

use std::error::Error;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use loom_user::Leases;
use tickwheel::{Driver, Resolution, TimerWheel};

const LASTS: Duration = Duration::from_millis(60);

fn main() -> Result<(), Box<dyn Error>> {
    // The loop of this program waits for nothing but its timers: the main thread parks until one is due.
    let main = thread::current();
    let wheel = TimerWheel::new(Resolution::MILLISECOND);
    let timers = Arc::new(Driver::builder().for_event_loop(wheel, move || main.unpark())?);
    let leases = Leases::new(timers.handle(), LASTS);

    let started = timers.now();
    assert!(leases.take("printer", 1) && leases.take("scanner", 2));
    assert!(!leases.take("printer", 3), "one at a time");

    let renewing = leases.clone();
    let client = thread::spawn(move || {
        for _ in 0..8 {
            thread::sleep(LASTS / 4);
            // On a machine that is busy for longer than a lease lasts even this may come too late.
            if !renewing.renew("printer", 1) {
                return false;
            }
        }
        renewing.give_back("printer", 1)
    });

    let mut second = None;
    while !client.is_finished() || leases.holder("scanner").is_some() {
        thread::park_timeout(timers.timeout().unwrap_or(LASTS).min(LASTS));
        let _ = timers.turn(timers.now());
        if second.is_none() && leases.take("scanner", 3) {
            second = Some(timers.now().saturating_duration_since(started));
        }
    }
    let after = second.ok_or("the scanner's lease did not expire")?;
    let given_back = client.join().map_err(|_| "the client panicked")?;

    println!("the scanner changed hands after {after:?}, of {LASTS:?}");
    println!("the printer was {}", if given_back { "renewed 8 times and given back" } else { "renewed too late" });
    assert!(after >= LASTS, "no lease ends early");
    assert_eq!(leases.expired(), if given_back { 2 } else { 3 });
    assert_eq!(timers.pending(), 0);
    Ok(())
}
