//! One whole run: every job at every size, then the reports.

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Args;
use harness::{Bench, Options, Plan, Sizes, Watch, ns_each, write};
use jobs::contenders::DelayQueueTimers;
use jobs::{Contender, Job, TOGETHER_UP_TO};

use crate::roster::{MAIN, PEERS, Peer};
use crate::{floor, memory, page, plots};

/// Up to so many timers all rounds are made: they take seconds, whatever is left of the time.
const ALL_ROUNDS_UP_TO: usize = 100_000;
const SMALL: usize = 1_000;

/// The options of this bench alone.
#[derive(Args)]
struct More {
    #[command(flatten)]
    sizes: Sizes,

    /// What further rounds may take; every job runs once whatever it takes [default: 50, with --quick 2]
    #[arg(long, value_parser = minutes, value_name = "MINUTES")]
    time_limit: Option<Duration>,
}

/// Those of a quick run.
const QUICK: [&str; 8] = ["a1", "a2", "b", "b2", "c", "d", "f", "g"];

/// What is measured beside the jobs.
const FLOOR: &str = "floor";
const MEMORY: &str = "e";

/// Measures what the command line asks for and writes it down; `memory` is the program that measures memory.
///
/// # Errors
///
/// A report that cannot be written, or contenders whose run failed its check; the reports are written all the same.
pub fn run(memory: &Path) -> Result<(), String> {
    let bench = Bench {
        name: "versus",
        about: "tickwheel beside its peers: what every job costs, in one table",
        jobs: [FLOOR].into_iter().chain(Job::all().map(Job::name)).chain([MEMORY]).collect(),
        contenders: PEERS.iter().map(|peer| peer.who.name).collect(),
    };
    let options = bench.options::<More>();
    let is_quick =
        |list: &[&str], name, picked: &[String]| !options.quick || !picked.is_empty() || list.contains(&name);
    let takes_part = |peer: &&Peer| options.wants(peer.who.name) && is_quick(&MAIN, peer.who.name, &options.only);
    let peers: Vec<_> = PEERS.iter().filter(takes_part).collect();
    let entries: Vec<_> = peers.iter().map(|peer| peer.entry).collect();
    let jobs = bench.jobs.iter().filter(|job| options.wants_job(job) && is_quick(&QUICK, job, &options.jobs));
    let steps: Vec<_> = jobs.flat_map(|&job| sizes(&options, job).iter().map(move |&timers| (job, timers))).collect();

    let default = Duration::from_secs(60 * options.pick(1, 2, 50));
    let limit = options.more.time_limit.unwrap_or(default);
    let all: f64 = steps.iter().map(|&(job, timers)| weight(job, timers)).sum();
    let (start, mut begun) = (Instant::now(), 0.0);
    let mut watch = Watch::new(steps.len());
    for (name, timers) in steps {
        watch.step(format!("{name} at {timers}"));
        // When its share, and all shares before it, are over: what one step leaves, the later ones have.
        begun += weight(name, timers);
        let until = Some(start + limit.mul_f64((begun / all).min(1.0)));
        let job = Job::all().find(|job| job.name() == name);
        // Up to so many timers all rounds are made: they take seconds.
        let until = until.filter(|_| timers > ALL_ROUNDS_UP_TO || job.is_some_and(Job::is_calls));
        let together = timers <= TOGETHER_UP_TO;
        let plan = Plan { until, together, ..Plan::of_rounds(options.rounds(3, 5), 0) };
        let rows = match job {
            Some(job) => jobs::measure(job, timers, &entries, plan, &mut watch),
            None if name == FLOOR => floor::measure(timers, &plan, &mut watch),
            None => memory::measure(memory, timers, &peers, &mut watch),
        };
        watch.found(rows);
    }
    let results = watch.finish();
    let paused_tick_ns = peers.iter().any(|peer| peer.pays_for_clock).then(paused_tick_ns);
    let page = page::page(&peers, &results, paused_tick_ns);
    write(&bench, &options, page, &results, &plots::all(&results))
}

fn sizes<'a>(options: &'a Options<More>, job: &str) -> &'a [usize] {
    let full: &[usize] = match job {
        MEMORY => &[1_000, 100_000, 900_000, 1_000_000, 1_100_000, 1_500_000, 10_000_000],
        _ => &[1_000, 100_000, 1_000_000, 10_000_000],
    };
    options.more.sizes.or(options.pick(&[SMALL], &[1_000, 100_000, 1_000_000], full))
}

/// What a job takes beside the others, about.
fn weight(job: &str, timers: usize) -> f64 {
    let each = match job {
        FLOOR => 0.2,
        "a1" | "b" => 1.0,
        // Single calls are nothing without a second run.
        "g" => 12.0,
        "f" | "h" | "clustered-turns" => 6.0,
        _ => 4.0,
    };
    each * (1.0 + timers as f64 / 100_000.0)
}

/// What a turn takes in a paused runtime when nothing is armed: the price of moving its clock.
fn paused_tick_ns() -> f64 {
    const TICKS: u64 = 100_000;
    let mut timers = DelayQueueTimers::default();
    ns_each(TICKS, || timers.run(0, TICKS, 1, &mut |_: &mut DelayQueueTimers, _, _| {}))
}

fn minutes(text: &str) -> Result<Duration, String> {
    let minutes: Option<f64> = text.parse().ok();
    let limit = minutes.and_then(|minutes| Duration::try_from_secs_f64(minutes * 60.0).ok());
    limit.ok_or_else(|| "expected a number of minutes".to_owned())
}
