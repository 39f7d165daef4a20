//! Idle: what a driver costs that has a million timers, none of which is due.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use harness::{NoMore, Options, Table, Watch, digits, expect, of_thread_named};
use tickwheel::{Driver, DriverBuilder, Resolution, Timer, TimerHeap, TimerTask, TimerWheel};

/// The name of the driver's thread, to find it by.
const NAME: &str = "idle-driver";
/// What a thread has to do after arming is done by then.
const SETTLED: Duration = Duration::from_millis(300);
/// Upkeep wakes a driver at most once in so long: 256 ticks of 1 ms (C6).
const UPKEEP: Duration = Duration::from_millis(256);

/// How many callbacks have run, in all runs.
static CALLED: AtomicU64 = AtomicU64::new(0);

/// Timers of one run: due from `from` on, spread evenly over `spread`.
struct Far {
    name: &'static str,
    from: Duration,
    spread: Duration,
    /// Whether the driver may wake up for upkeep.
    has_upkeep: bool,
}

const FAR: [Far; 2] = [
    Far { name: "in an hour", from: Duration::from_secs(3600), spread: Duration::from_secs(60), has_upkeep: false },
    Far { name: "in 60–61 s", from: Duration::from_secs(60), spread: Duration::from_secs(1), has_upkeep: true },
];

pub(crate) fn run(options: &Options<NoMore>, watch: &mut Watch) -> String {
    let scale = (options.pick(10_000, 1_000_000, 1_000_000), Duration::from_millis(options.pick(100, 2000, 3000)));
    let mut table = Table::new(1, ["timers", "CPU, µs", "CPU, %", "wake-ups", "sleeps"].map(str::to_owned).into());
    for far in &FAR {
        watch.step(format!("idle, {}", far.name));
        let mut row = |name, figures: &dyn Fn() -> Result<[String; 4], String>| {
            if let Some(figures) = watch.kept(name, figures) {
                table.row([format!("**{name}**, {}", far.name)].into_iter().chain(figures).collect());
            }
        };
        let wheel = || TimerWheel::new(Resolution::MILLISECOND);
        row("wheel", &|| watch_driver(far, scale, Driver::builder(), wheel(), far.has_upkeep));
        row("heap", &|| watch_driver(far, scale, Driver::builder(), TimerHeap::new(), false));
        row("heap, spin", &|| watch_driver(far, scale, Driver::builder().spin(), TimerHeap::new(), false));
        watch.found(Vec::new());
    }
    format!(
        "\n### Idle\n\n{} timers, none of which is due: what the driver's thread did in {:?}. Wake-ups as the driver \
         counts them, and sleeps as the system does (Linux; each ends with a wake-up).\n\n{table}",
        scale.0, scale.1
    )
}

/// Arms them all, lets the driver come to rest, watches it, and checks that all are still there.
fn watch_driver(
    far: &Far,
    (timers, watched): (u64, Duration),
    builder: DriverBuilder,
    timer: impl Timer<TimerTask> + Send + 'static,
    has_upkeep: bool,
) -> Result<[String; 4], String> {
    let driver = builder.thread_name(NAME).spawn(timer).map_err(|error| error.to_string())?;
    let start = driver.now();
    for index in 0..timers {
        let due = start + far.from + far.spread.mul_f64(index as f64 / timers as f64);
        driver
            .call_at(due, |_| _ = CALLED.fetch_add(1, Ordering::Relaxed))
            .map_err(|error| error.to_string())?
            .detach();
    }
    thread::sleep(SETTLED);

    let (before, system_before, begun) = (driver.metrics(), of_thread_named(NAME), Instant::now());
    thread::sleep(watched);
    let (after, system_after, passed) = (driver.metrics(), of_thread_named(NAME), begun.elapsed());

    expect((after.pending as u64, CALLED.load(Ordering::Relaxed)), (timers, 0), "pending and called")?;
    let wake_ups = after.wake_ups.total() - before.wake_ups.total();
    let allowed = if has_upkeep { passed.as_nanos().div_ceil(UPKEEP.as_nanos()) as u64 } else { 0 };
    if wake_ups > allowed {
        return Err(format!("{wake_ups} wake-ups in {passed:?}, more than {allowed}"));
    }
    let Some((before, after)) = system_before.zip(system_after) else {
        return Ok(["–".to_owned(), "–".to_owned(), wake_ups.to_string(), "–".to_owned()]);
    };
    let cpu = after.time - before.time;
    let percent = cpu.as_secs_f64() / passed.as_secs_f64() * 100.0;
    let sleeps = after.sleeps - before.sleeps;
    Ok([digits(cpu.as_secs_f64() * 1e6), format!("{percent:.4}"), wake_ups.to_string(), sleeps.to_string()])
}
