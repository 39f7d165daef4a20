//! The crate's futures beside their peers: `cd benches/futures && cargo bench`.
//!
//! In that folder cargo builds tokio with its unstable interface, for tokio's alternative timer; with `--manifest-path`
//! from elsewhere that contender is left out. After `cargo bench`:
//!
//! - nothing: every job and contender, in half an hour;
//! - `-- --quick`: the same, smaller, within two minutes;
//! - `-- --jobs poll,crowd`, `-- --only wheel,tokio`: some of them;
//! - `-- --out DIR`: where `futures.md`, `futures.json` and `futures.svg` go (`target/futures` of the repository);
//! - `-- --test`: everything once, small, with every check, and with contenders that must fail them; CI runs it.
//!
//! | job | what is measured |
//! |---|---|
//! | `create` | a sleep is made and dropped, never polled |
//! | `poll` | made, polled once, dropped |
//! | `ready` | a timeout around a future that is ready at once, polled |
//! | `pending` | a timeout around one that is not, polled once, dropped |
//! | `hot` | the same armed sleep is moved again and again, each time 10 µs later |
//! | `random` | a random one of many armed sleeps is moved behind all others |
//! | `crowd` | as many tasks as that sleep once, on a runtime of two threads: CPU for each, and how late they run |
//! | `contention` | `poll`, on 1, 2, 4 and 8 threads at once |
//! | `workers` | `poll`, in a task on each worker of a runtime of two threads |
//!
//! [`once`], [`resets`], [`crowd`] and [`contention`] hold the jobs, [`peers`] the contenders and what favors or harms
//! each. Every run is checked: nothing is ready early, nothing is lost, and what was dropped wakes no task.

mod block_on;
mod contention;
mod crowd;
mod faults;
mod job;
mod once;
mod page;
mod peers;
mod queues;
mod resets;
mod roster;
mod scale;

use std::process::ExitCode;

use harness::{Bench, NoMore, Plan, Start, Watch, Who, counted, exit, step, write};

use strum::VariantArray;

use job::Job;
use roster::{CONTENDERS, Contender};
use scale::Scale;

fn main() -> ExitCode {
    exit(run())
}

fn run() -> Result<(), String> {
    let bench = Bench {
        name: "futures",
        about: "The futures of this crate beside their peers: what they cost, and how late they are",
        jobs: Job::VARIANTS.iter().map(|job| job.name()).collect(),
        contenders: CONTENDERS.iter().map(|contender| contender.who.name).collect(),
    };
    let options = bench.options::<NoMore>();
    let scale = Scale::of(&options);
    if options.is_test() {
        faults::are_found(&scale)?;
    }
    let contenders: Vec<_> = CONTENDERS.iter().filter(|contender| options.wants(contender.who.name)).collect();
    let jobs = Job::VARIANTS.iter().filter(|job| options.wants_job(job.name()));
    let steps: Vec<_> = jobs.flat_map(|job| job.threads(&scale).iter().map(move |&threads| (*job, threads))).collect();
    let mut watch = Watch::new(steps.len());
    for (job, threads) in steps {
        watch.step(format!("{}, {}", job.name(), counted(threads)));
        let starts =
            contenders.iter().map(|&Contender { who, start }| Start::new(who.name, move || start(job, threads, scale)));
        // The first of short rounds is for warming up, and counts for the checks alone.
        let (rounds, warm_up) = if job == Job::Crowd { (scale.crowd_rounds, 0) } else { (scale.rounds, 1) };
        let rows = step(job.rows(threads), starts.collect(), &Plan::of_rounds(rounds, warm_up), &mut watch);
        watch.found(rows);
    }
    let results = watch.finish();
    let who: Vec<Who> = contenders.iter().map(|contender| contender.who).collect();
    let page = page::page(&scale, &who, &results, options.quick);
    write(&bench, &options, page, &results, &[("futures.svg", page::plot(&results))])
}
