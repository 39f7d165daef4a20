//! The callbacks of a small server: a login deadline, an idle timeout, a heartbeat, and work for a pool.
//!
//! ```text
//! cargo run --release --example callbacks
//! ```
//!
//! It runs on the machine's clock, checks what it sees, and ends with status 1 and a message if something is wrong.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tickwheel::{
    CallbackGuard, CallbackStatus, Driver, MissedTicks, Period, Resolution, TimerEvent, TimerHeap, TimerWheel,
};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A title, and what it is about.
type Section = (&'static str, fn(&Driver) -> Outcome);

const MS: Duration = Duration::from_millis(1);

fn main() -> ExitCode {
    let sections: [Section; 5] = [
        ("a login deadline, met and missed", login),
        ("an idle connection", idle_connection),
        ("a heartbeat that was held up", heartbeat),
        ("the three answers of a cancel", three_answers),
        ("cancel and wait", cancel_and_wait),
    ];
    // Coarse timers; TimerHeap::new() in its place makes them precise.
    let timers = match Driver::spawn(TimerWheel::new(Resolution::MILLISECOND)) {
        Ok(timers) => timers,
        Err(error) => return fail("starting the driver", error.into()),
    };
    for (title, section) in sections {
        println!("{title}");
        if let Err(error) = section(&timers) {
            return fail(title, error);
        }
    }
    timers.shutdown();
    println!("a slow callback and a pool");
    if let Err(error) = pool() {
        return fail("a slow callback and a pool", error);
    }
    println!("all as it should be");
    ExitCode::SUCCESS
}

fn fail(what: &str, error: Box<dyn Error>) -> ExitCode {
    eprintln!("error: {what}: {error}");
    ExitCode::FAILURE
}

fn check(holds: bool, else_say: impl Into<String>) -> Outcome {
    if holds { Ok(()) } else { Err(else_say.into().into()) }
}

/// What a callback that is called once sends when it is called.
fn reporting() -> (impl FnOnce(TimerEvent) + Send + 'static, mpsc::Receiver<TimerEvent>) {
    let (sender, receiver) = mpsc::channel();
    // Nobody may be listening any more; that is no reason to panic on the driver's thread.
    (move |event| sender.send(event).unwrap_or(()), receiver)
}

/// A callback that is called once, and one that is cancelled in time.
fn login(timers: &Driver) -> Outcome {
    let (too_late, missed) = reporting();
    let met = timers.call_after(Duration::from_secs(10), |_| unreachable!("the login came in time"))?;
    let deadline = timers.now() + 20 * MS;
    let not_met = timers.call_at(deadline, too_late)?;

    // The first client logs in: its deadline is cancelled, as 99 of 100 timeouts are. The other never does.
    check(met.cancel() == CallbackStatus::Pending, "the login deadline was not pending")?;
    let event = missed.recv()?;
    println!("  no login: cut {:?} after its deadline", event.lateness());
    check(event.due == deadline, "it is told another deadline than was asked for")?;
    check(event.now >= deadline, "it was called early")?;
    check(
        met.status() == CallbackStatus::Over && not_met.cancel() != CallbackStatus::Pending,
        "one of the two is still pending",
    )
}

/// An idle timeout that each message moves on: no cancelling, no arming anew.
fn idle_connection(timers: &Driver) -> Outcome {
    const IDLE: Duration = Duration::from_millis(250);
    let (cut, was_cut) = reporting();
    let opened = timers.now();
    let idle = timers.call_after(IDLE, cut)?;
    let mut last_message = opened;
    for _ in 0..40 {
        thread::sleep(10 * MS); // a message every 10 ms
        last_message = timers.now();
        check(idle.reset(last_message + IDLE) == CallbackStatus::Pending, "cut while messages came")?;
    }
    check(last_message - opened > IDLE, "it was not open for longer than its first deadline")?;
    check(idle.deadline() == last_message + IDLE, "its deadline is not the one that was last set")?;
    let event = was_cut.recv()?;
    println!("  open for {:?}, cut {:?} after its last message", event.now - opened, event.now - last_message);
    check(event.due == last_message + IDLE && event.now >= event.due, "cut at another time than was set")
}

/// A periodic callback whose third run takes longer than the period: its next tick is late, the ticks that have passed
/// meanwhile are counted as missed, it stays in step, and it never overlaps itself.
fn heartbeat(timers: &Driver) -> Outcome {
    let period = Period::every(10 * MS)?.with_missed_ticks(MissedTicks::Skip);
    let first = timers.now() + 10 * MS;
    let (sender, beats) = mpsc::channel();
    let is_running = AtomicBool::new(false);
    let mut runs = 0;
    let guard = timers.call_every_at(first, period, move |event| {
        let overlaps = is_running.swap(true, Ordering::AcqRel);
        runs += 1;
        if runs == 3 {
            thread::sleep(35 * MS);
        }
        is_running.store(false, Ordering::Release);
        sender.send((event, overlaps)).unwrap_or(());
    })?;
    let mut tick = 0;
    let mut missed_after_the_slow_one = 0;
    for beat in 1..=6 {
        let (event, overlaps) = beats.recv()?;
        if beat > 1 {
            tick += 1 + event.missed;
        }
        println!("  beat {beat}: tick {tick:2}, {} missed before it", event.missed);
        check(!overlaps, "two runs at the same time")?;
        check(event.due == first + period.length() * tick as u32, format!("beat {beat} is out of step"))?;
        if beat == 5 {
            missed_after_the_slow_one = event.missed;
        }
    }
    guard.cancel_and_wait();
    check(
        missed_after_the_slow_one >= 2,
        "a run of 35 ms in a period of 10 ms makes one tick late and misses 2 at least",
    )?;
    check(guard.status() == CallbackStatus::Over, "it goes on after a cancel")
}

/// The guard of a callback, what says that it has begun, and what tells it to end.
type Held = (CallbackGuard, mpsc::Receiver<()>, mpsc::Sender<()>);

/// A callback that says when it begins, and ends when it is told to.
fn held(timers: &Driver) -> Outcome<Held> {
    let (begins, begun) = mpsc::channel();
    let (let_go, wait) = mpsc::channel::<()>();
    let guard = timers.call_after(MS, move |_| {
        begins.send(()).unwrap_or(());
        let _ = wait.recv(); // an error says that the other side is gone, which lets go as well
    })?;
    Ok((guard, begun, let_go))
}

fn three_answers(timers: &Driver) -> Outcome {
    let far = timers.call_after(Duration::from_secs(3600), |_| {})?;
    let before = far.cancel();
    let (guard, begun, let_go) = held(timers)?;
    begun.recv()?;
    let during = guard.cancel();
    let_go.send(())?;
    guard.cancel_and_wait();
    let after = guard.cancel();
    println!("  before its deadline {before:?}, while it ran {during:?}, afterwards {after:?}");
    check(
        [before, during, after] == [CallbackStatus::Pending, CallbackStatus::Running, CallbackStatus::Over],
        "other answers than these",
    )
}

/// After `cancel_and_wait` what the callback used may go: it is not running any more.
fn cancel_and_wait(timers: &Driver) -> Outcome {
    let has_ended = Arc::new(AtomicBool::new(false));
    let ended = has_ended.clone();
    let (begins, begun) = mpsc::channel();
    let guard = timers.call_after(MS, move |_| {
        begins.send(()).unwrap_or(());
        thread::sleep(20 * MS);
        ended.store(true, Ordering::Release);
    })?;
    begun.recv()?;
    let answer = guard.cancel_and_wait();
    check(has_ended.load(Ordering::Acquire), "it was still running")?;
    println!("  it was {answer:?}, and had ended when the call returned");

    // A callback that cancels itself does not wait for itself.
    let (give, guard) = mpsc::channel::<CallbackGuard>();
    let (answers, answer) = mpsc::channel();
    let own = timers.call_every(MS, move |_| {
        let own = guard.recv().expect("it is sent below");
        answers.send(own.cancel_and_wait()).unwrap_or(());
    })?;
    give.send(own)?;
    let answer = answer.recv()?;
    println!("  from within itself it answers {answer:?} at once");
    check(answer == CallbackStatus::Running, "its own run was not seen")
}

/// On the driver's thread a slow callback makes the others late. With a pool it takes one of the pool's threads.
fn pool() -> Outcome {
    let timers = Driver::builder().callback_pool(2).spawn(TimerHeap::new())?;
    let (slow, begun, let_go) = held(&timers)?;
    begun.recv()?;
    let (quick, called) = reporting();
    timers.call_after(MS, quick)?.detach();
    let event = called.recv_timeout(Duration::from_secs(10))?;
    println!("  beside a callback that blocks, another was called {:?} after its deadline", event.lateness());
    check(slow.status() == CallbackStatus::Running, "the slow one has ended")?;
    let_go.send(())?;
    slow.cancel_and_wait();
    check(timers.pending() == 0, "something is left over")
}
