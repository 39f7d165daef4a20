//! Arming and cancelling: nanoseconds for each pair, by one thread and by several at once.
//!
//! A round of everybody, then the next round of everybody: what the machine does meanwhile falls on all. The threads of
//! a round begin together. Two figures where there are several: processor time for each pair, which counts what the
//! threads did, and wall time over all pairs, which also has their waiting for each other.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::armers::{ARMERS, Armer, DELAYS_MS};
use crate::clock::timed;
use crate::options::Scale;
use crate::page::{Page, nanos};

const SEED: u64 = 0x7061_6972_7321;

/// What one round took, in nanoseconds for each pair.
struct Round {
    cpu_ns: f64,
    wall_ns: f64,
}

pub(crate) fn run(scale: &Scale, page: &mut Page) -> Result<(), String> {
    let what = format!(
        "Nanoseconds for each timer armed and cancelled, with {} others pending: median of {} interleaved rounds \
         (range). CPU is the threads' own processor time for each pair, wall the time that passed over the pairs of \
         all threads.",
        scale.background, scale.rounds
    );
    page.heading("Arming and cancelling", &what);
    let mut table: Vec<Vec<String>> = ARMERS.iter().map(|entry| vec![entry.name.to_owned()]).collect();
    let mut heads = vec!["ns for each pair".to_owned()];
    for &threads in scale.threads {
        let columns = if threads == 1 { &["1 thread, CPU"][..] } else { &["CPU", "wall"][..] };
        let several = |column: &&str| if threads == 1 { (*column).to_owned() } else { format!("{threads}: {column}") };
        heads.extend(columns.iter().map(several));
        for (cells, rounds) in table.iter_mut().zip(measure(threads, scale)?) {
            cells.push(nanos(rounds.iter().map(|round| round.cpu_ns).collect()));
            if threads > 1 {
                cells.push(nanos(rounds.iter().map(|round| round.wall_ns).collect()));
            }
        }
    }
    page.head(&heads);
    table.iter().for_each(|cells| page.row(cells));
    Ok(())
}

/// For each of the armers, its rounds.
fn measure(threads: usize, scale: &Scale) -> Result<Vec<Vec<Round>>, String> {
    let failed = |name: &str, what: String| format!("{name}, {threads} threads: {what}");
    let running: Vec<_> = ARMERS.iter().map(|entry| (entry.name, (entry.start)(threads, scale.background))).collect();
    let mut taken: Vec<Vec<Round>> = ARMERS.iter().map(|_| Vec::new()).collect();
    let each = scale.pairs / threads as u64;
    // The first is for warming up, and counts for the checks alone.
    for round in 0..=scale.rounds {
        for ((name, armer), taken) in running.iter().zip(&mut taken) {
            let took = time(&**armer, threads, each).map_err(|what| failed(name, what))?;
            if round > 0 {
                taken.push(took);
            }
        }
    }
    let pairs = each * threads as u64 * (scale.rounds as u64 + 1);
    for (name, armer) in &running {
        armer.check(pairs, scale.background).map_err(|what| failed(name, what))?;
    }
    Ok(taken)
}

/// Lets every thread make `each` pairs, all at once.
fn time(armer: &dyn Armer, threads: usize, each: u64) -> Result<Round, String> {
    let barrier = Barrier::new(threads);
    let work = &|seed: u64| {
        let mut random = Rng::with_seed(SEED + seed);
        let mut delays = (0..each).map(|_| Duration::from_millis(random.u64(DELAYS_MS)));
        let mut done = Ok(());
        barrier.wait();
        let begun = Instant::now();
        let cpu = timed(|| done = armer.arm_and_cancel(&mut delays));
        done.map(|()| (cpu, begun, Instant::now()))
    };
    let took: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads as u64).map(|seed| scope.spawn(move || work(seed))).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker does not panic")).collect()
    });
    let took = took.into_iter().collect::<Result<Vec<_>, String>>()?;
    let cpu: Duration = took.iter().map(|(cpu, _, _)| *cpu).sum();
    let begun = took.iter().map(|(_, begun, _)| *begun).min().expect("there is a thread");
    let ended = took.iter().map(|(_, _, ended)| *ended).max().expect("there is a thread");
    let pairs = (each * threads as u64) as f64;
    Ok(Round { cpu_ns: cpu.as_nanos() as f64 / pairs, wall_ns: (ended - begun).as_nanos() as f64 / pairs })
}
