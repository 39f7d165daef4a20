//! One whole run: every job at every size, then the reports.

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Args;
use harness::calls::repeated;
use harness::measure::{Plan, step};
use harness::options::{Bench, Options};
use harness::probe::ns_each;
use harness::report;
use harness::results::{CPU, LONGEST, Row};
use harness::watch::{Schedule, Watch};
use jobs::contender::{Contender, OnTurn};
use jobs::contenders::DelayQueueTimers;
use jobs::figure::rows;
use jobs::load::TOGETHER_UP_TO;

use crate::job::Job;
use crate::roster::{MAIN, PEERS, Peer};
use crate::{floor, memory, page, plots};

/// Up to so many timers all rounds are made: they take seconds, whatever is left of the time.
const ALL_ROUNDS_UP_TO: usize = 100_000;
const SMALL: usize = 1_000;

/// The options of this bench alone.
#[derive(Args)]
struct More {
    /// Only with so many timers
    #[arg(long, value_delimiter = ',', value_parser = harness::options::number, value_name = "TIMERS")]
    sizes: Vec<usize>,

    /// What further rounds may take; every job runs once whatever it takes [default: 50, with --quick 2]
    #[arg(long, value_parser = minutes, value_name = "MINUTES")]
    time_limit: Option<Duration>,
}

/// Measures what the command line asks for and writes it down; `memory` is the program that measures memory.
///
/// # Errors
///
/// A report that cannot be written, or contenders whose run failed its check; the reports are written all the same.
pub fn run(memory: &Path) -> Result<(), String> {
    let mut names: Vec<_> = Job::all().into_iter().map(Job::name).collect();
    names.dedup();
    let bench = Bench {
        name: "versus",
        about: "tickwheel beside its peers: what every job costs, in one table",
        jobs: names,
        contenders: PEERS.iter().map(|peer| peer.who.name).collect(),
    };
    let options = bench.options::<More>();
    let peers = peers(&options);
    let steps = steps(&options);
    let default = Duration::from_secs(60 * if options.quick { 2 } else { 50 });
    let limit = options.more.time_limit.unwrap_or(default);
    let mut schedule = Schedule::new(limit, steps.iter().map(|&(job, timers)| job.weight(timers)));
    let mut watch = Watch::new(steps.len());
    for (job, timers) in steps {
        watch.step(format!("{} at {timers}", job.name()));
        let until = schedule.next(job.weight(timers));
        let rows = measure(job, timers, &peers, options.rounds(3, 5), until, memory, &mut watch);
        watch.found(rows);
    }
    let results = watch.finish();
    if options.is_test() {
        println!("checks: every contender passes all jobs");
        return report::verdict(&results);
    }
    let paused_tick_ns = peers.iter().any(|peer| peer.pays_for_clock).then(paused_tick_ns);
    let page = page::page(&peers, &results, paused_tick_ns);
    report::write(&bench.out(&options), bench.name, &page, &results, &plots::all(&results))
}

fn peers(options: &Options<More>) -> Vec<&'static Peer> {
    let is_main = |peer: &&Peer| !options.quick || !options.only.is_empty() || MAIN.contains(&peer.who.name);
    PEERS.iter().filter(|peer| options.wants(peer.who.name)).filter(is_main).collect()
}

fn steps(options: &Options<More>) -> Vec<(Job, usize)> {
    let is_quick = |job: &Job| !options.quick || !options.jobs.is_empty() || job.is_quick();
    let picked = Job::all().into_iter().filter(|job| options.wants_job(job.name())).filter(is_quick);
    let sizes = |job: Job| {
        if !options.more.sizes.is_empty() {
            options.more.sizes.clone()
        } else if options.is_test() {
            vec![SMALL]
        } else if options.quick {
            vec![1_000, 100_000, 1_000_000]
        } else {
            job.sizes().to_vec()
        }
    };
    picked.flat_map(|job| sizes(job).into_iter().map(move |timers| (job, timers))).collect()
}

fn measure(
    job: Job,
    timers: usize,
    peers: &[&'static Peer],
    rounds: usize,
    until: Instant,
    memory: &Path,
    watch: &mut Watch,
) -> Vec<Row> {
    let plan = Plan { until: Some(until), together: timers <= TOGETHER_UP_TO, ..Plan::of_rounds(rounds, 0) };
    match job {
        Job::Floor => floor::measure(timers, &plan, watch),
        Job::Mean(job) => {
            let until = plan.until.filter(|_| timers > ALL_ROUNDS_UP_TO);
            let starts = peers.iter().map(|peer| peer.entry.mean(job, timers)).collect();
            step(rows(job.name(), job.figures(), CPU, timers), starts, &Plan { until, ..plan }, watch)
        }
        Job::Memory => memory::measure(memory, timers, peers, watch),
        Job::Stall(job) => {
            // Each run costs as much as all rounds of a mean.
            let plan = Plan { rounds: rounds.div_ceil(2), ..plan };
            let runs: Vec<_> = peers.iter().map(|peer| peer.entry.calls(job, timers)).collect();
            repeated(rows(job.name(), job.figures(), LONGEST, timers), &runs, &plan, watch)
        }
    }
}

/// What a turn takes in a paused runtime when nothing is armed: the price of moving its clock.
fn paused_tick_ns() -> f64 {
    const TICKS: u64 = 100_000;
    let mut timers = DelayQueueTimers::default();
    ns_each(TICKS, || timers.run(0, TICKS, 1, &mut NothingFires))
}

struct NothingFires;

impl OnTurn<DelayQueueTimers> for NothingFires {
    fn fired(&mut self, _timers: &mut DelayQueueTimers, _now_ticks: u64, value: u64) {
        unreachable!("timer {value} was never armed");
    }
}

fn minutes(text: &str) -> Result<Duration, String> {
    let minutes: Option<f64> = text.parse().ok();
    let limit = minutes.and_then(|minutes| Duration::try_from_secs_f64(minutes * 60.0).ok());
    limit.ok_or_else(|| "expected a number of minutes".to_owned())
}
