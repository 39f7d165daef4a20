//! Arming and cancelling: nanoseconds for each pair, by one thread and by several at once.

use std::time::Duration;

use fastrand::Rng;
use harness::{
    NoMore, Options, Plan, Start, Watch, Who, at_once, by_contender, checked, contenders, counted, median,
    rows_of_threads, step, timed,
};

use crate::armers::{ARMERS, ArmAndCancel, Armer, DELAYS_MS};

const SEED: u64 = 0x7061_6972_7321;

pub(crate) fn run(options: &Options<NoMore>, watch: &mut Watch) -> String {
    let rounds = options.rounds(3, 7);
    // Timers armed and cancelled in a round, by all threads together, and those that are pending meanwhile.
    let (pairs, background) = (options.pick(4_000, 200_000, 400_000), options.pick(100, 10_000, 10_000));
    let armers: Vec<_> = ARMERS.iter().filter(|armer| options.wants(armer.who.name)).collect();
    let mut all = Vec::new();
    for &threads in options.pick(&[1, 2][..], &[1, 2, 4, 8], &[1, 2, 4, 8]) {
        watch.step(format!("pairs, {}", counted(threads)));
        let each = pairs / threads as u64;
        let start = |start: fn(usize, u64) -> Armer| {
            let Armer { arm_and_cancel, check } = start(threads, background);
            Some(checked(each * threads as u64, move || round(threads, each, &arm_and_cancel), check))
        };
        let starts = armers.iter().map(|armer| Start::new(armer.who.name, move || start(armer.start))).collect();
        // The first is for warming up, and counts for the checks alone.
        all.extend(step(rows_of_threads("pairs", threads), starts, &Plan::of_rounds(rounds, 1), watch));
    }
    let who: Vec<Who> = armers.iter().map(|armer| armer.who).collect();
    // One thread does not wait for another: both figures are the same.
    let shown: Vec<_> = all.iter().filter(|row| row.figure != "1 thread, wall").collect();
    let table = by_contender("ns for each pair", &shown, &who, |_, cell, _| median(cell, 1.0));
    let text = format!(
        "\n### Arming and cancelling\n\nNanoseconds for each timer armed and cancelled, with {background} others \
         pending: median of {rounds} interleaved rounds (range). CPU is the threads' own processor time for each pair, \
         wall the time that passed over the pairs of all threads.\n\n{}\n{table}",
        contenders(&who, crate::LOCK)
    );
    watch.found(all);
    text
}

/// Lets every thread make its pairs, all at once.
fn round(threads: usize, each: u64, arm_and_cancel: &ArmAndCancel) -> Result<Vec<f64>, String> {
    at_once(threads, each, |thread, begin| {
        let mut random = Rng::with_seed(SEED + thread as u64);
        let mut delays = (0..each).map(|_| Duration::from_millis(random.u64(DELAYS_MS)));
        let mut done = Ok(());
        begin();
        let cpu = timed(|| done = arm_and_cancel(&mut delays));
        done.map(|()| cpu)
    })
}
