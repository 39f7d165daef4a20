//! A worker thread that writes records in batches, with everything that it waits for in one `select!`.
//!
//! ```text
//! cargo run --release --example channels
//! ```
//!
//! - a queue of work: records to be written;
//! - a `tick`: what has gathered is written at least every 20 ms;
//! - messages sent later: a record that could not be written comes back into the queue after a while, by `send_after`;
//! - an `after` that each record moves on: without work for half a second the worker goes home. It holds a sender of
//!   its own queue, for the records that come back, so it would never see the queue disconnected.
//!
//! It checks what it sees, and ends with status 1 and a message if something is wrong.

use std::error::Error;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, select, unbounded};
use tickwheel::{Driver, Handle, Resolution, TimerWheel, Timestamp};

const RECORDS: u32 = 200;
const BATCH: usize = 16;
const FLUSH_EVERY: Duration = Duration::from_millis(20);
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(50);
const IDLE: Duration = Duration::from_millis(500);

/// Every seventh record cannot be written at the first try.
const STUBBORN: u32 = 7;

struct Record {
    number: u32,
    /// When it could not be written.
    failed_at: Option<Timestamp>,
}

/// What a worker has done when it goes home.
#[derive(Default)]
struct Report {
    written: Vec<u32>,
    full_batches: u32,
    flushed_by_tick: u32,
    /// How long each record that failed stayed away.
    away: Vec<Duration>,
    last_work: Timestamp,
    went_home: Timestamp,
}

fn work(timers: &Handle, queue: &Receiver<Record>, again: &Sender<Record>) -> Result<Report, Box<dyn Error>> {
    let mut report = Report::default();
    let mut batch: Vec<u32> = Vec::with_capacity(BATCH);
    let mut idle = timers.after(IDLE)?;
    let flush = timers.tick(FLUSH_EVERY)?;
    loop {
        select! {
            recv(queue) -> record => {
                let record = record?;
                report.last_work = timers.now();
                idle.reset_after(IDLE)?;
                match record.failed_at {
                    None if record.number % STUBBORN == 0 => {
                        let failed = Record { failed_at: Some(timers.now()), ..record };
                        // Nobody calls it off, so its guard can go.
                        timers.send_after(again.clone(), failed, TRY_AGAIN_AFTER)?.detach();
                        continue;
                    }
                    None => {}
                    Some(failed_at) => report.away.push(timers.now() - failed_at),
                }
                batch.push(record.number);
                if batch.len() == BATCH {
                    report.full_batches += 1;
                    report.written.append(&mut batch);
                }
            }
            recv(flush) -> _ => {
                if !batch.is_empty() {
                    report.flushed_by_tick += 1;
                    report.written.append(&mut batch);
                }
            }
            recv(idle) -> now => {
                report.went_home = now?;
                report.written.append(&mut batch);
                return Ok(report);
            }
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let timers = Driver::spawn(TimerWheel::new(Resolution::MILLISECOND))?;
    let (sender, queue) = unbounded();
    let worker = {
        let (timers, again) = (timers.handle(), sender.clone());
        // The error of another thread comes as its words.
        thread::spawn(move || work(&timers, &queue, &again).map_err(|error| error.to_string()))
    };
    for number in 0..RECORDS {
        sender.send(Record { number, failed_at: None })?;
        if number % 10 == 9 {
            thread::sleep(Duration::from_millis(5));
        }
    }
    // A message that is called off before it was sent comes back.
    let goodbye = Record { number: RECORDS, failed_at: None };
    let last = timers.send_after(sender, goodbye, Duration::from_secs(60))?;
    let called_off = last.cancel().map(|record| record.number);

    let mut report = worker.join().map_err(|_| "the worker panicked")??;
    let idle_for = report.went_home - report.last_work;
    println!("{} records written: {} full batches, {} at a tick", RECORDS, report.full_batches, report.flushed_by_tick);
    let least = report.away.iter().min().ok_or("no record came back")?;
    println!("{} could not be written at once, and came back after {least:?} at least", report.away.len());
    println!("went home after {idle_for:?} without work");

    report.written.sort();
    check(report.written == (0..RECORDS).collect::<Vec<_>>(), "not every record was written once")?;
    check(report.away.len() as u32 == RECORDS.div_ceil(STUBBORN), "not every failed record came back")?;
    check(report.away.iter().all(|away| *away >= TRY_AGAIN_AFTER), "a failed record came back early")?;
    check(report.full_batches + report.flushed_by_tick > 0, "nothing was written before the end")?;
    check(idle_for >= IDLE, "the worker went home early")?;
    check(called_off == Some(RECORDS), "the message that was called off did not come back")?;
    check(timers.pending() == 0, "a timer was left behind")?;
    Ok(())
}

fn check(holds: bool, else_say: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(else_say.to_owned()) }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
