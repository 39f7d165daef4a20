//! How late a sleep wakes inside a tokio runtime: a driver that the runtime turns, beside tokio's own timer.
//!
//! ```sh
//! cargo run --release --example tokio_sleep               # 200 sleeps of each length
//! cargo run --release --example tokio_sleep -- 1000 multi # 1,000 of each, on a runtime of two workers
//! ```
//!
//! One task sleeps at a time, the timers take turns, and both are measured on the same clock. None may wake early;
//! that is checked.

use std::error::Error;
use std::num::NonZeroU32;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tickwheel::integrations::tokio::TokioDriver;
use tickwheel::{Driver, TimerHeap};
use tokio::runtime::{Builder, Runtime};

const LENGTHS_US: [u64; 6] = [100, 300, 1_000, 2_000, 5_000, 10_000];

fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    let ran = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => run(200, false),
        [sleeps] => count(sleeps).and_then(|sleeps| run(sleeps, false)),
        [sleeps, "multi"] => count(sleeps).and_then(|sleeps| run(sleeps, true)),
        _ => Err("give a number of sleeps and, for a runtime of two workers, the word multi".into()),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn count(sleeps: &str) -> Result<u32, Box<dyn Error>> {
    let wrong = |error| format!("{sleeps}: give a number of sleeps from 1 to {}: {error}", u32::MAX);
    Ok(sleeps.parse::<NonZeroU32>().map_err(wrong)?.get())
}

fn runtime(is_multi: bool) -> std::io::Result<Runtime> {
    let mut builder = if is_multi { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    builder.worker_threads(2).enable_all().build()
}

fn run(sleeps: u32, is_multi: bool) -> Result<(), Box<dyn Error>> {
    println!("late by, in µs                     tickwheel                tokio");
    println!("sleep        sleeps       p50     p99     max     p50     p99     max");
    let runtime = runtime(is_multi)?;
    let measured = runtime.spawn(async move {
        let timers = Driver::builder().spawn_on_tokio(TimerHeap::new())?;
        for micros in LENGTHS_US {
            let [ours, theirs] = measure(&timers, Duration::from_micros(micros), sleeps).await?;
            println!("{micros:>6} µs  {sleeps:>8}  {}{}", columns(&ours), columns(&theirs));
        }
        Ok::<(), Box<dyn Error + Send + Sync>>(())
    });
    Ok(runtime.block_on(measured)?.map_err(|error| error.to_string())?)
}

/// How late sleeps of `length` are, in nanoseconds: on the driver, and on tokio's timer.
async fn measure(
    timers: &TokioDriver,
    length: Duration,
    sleeps: u32,
) -> Result<[Histogram<u64>; 2], Box<dyn Error + Send + Sync>> {
    let mut late = [Histogram::new(3)?, Histogram::new(3)?];
    for _ in 0..sleeps {
        let start = Instant::now();
        timers.sleep(length).await?;
        late[0].record(lateness(start, length)?)?;
        let start = Instant::now();
        tokio::time::sleep(length).await;
        late[1].record(lateness(start, length)?)?;
    }
    Ok(late)
}

fn lateness(start: Instant, length: Duration) -> Result<u64, String> {
    let took = start.elapsed();
    let late = took.checked_sub(length).ok_or_else(|| format!("a sleep of {length:?} took {took:?}"))?;
    Ok(late.as_nanos() as u64)
}

fn columns(late: &Histogram<u64>) -> String {
    let at = |quantile| late.value_at_quantile(quantile) as f64 / 1000.0;
    format!("{:>8.0}{:>8.0}{:>8.0}", at(0.5), at(0.99), at(1.0))
}
