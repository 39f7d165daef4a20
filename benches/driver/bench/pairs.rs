//! Arming and cancelling: nanoseconds for each pair, by one thread and by several at once.

use std::time::Duration;

use fastrand::Rng;
use harness::{
    NoMore, Options, Plan, Rounds, Start, Watch, Who, at_once, by_contender, contenders, counted, median,
    rows_of_threads, step, timed,
};

use crate::armers::{ARMERS, Armer, DELAYS_MS};
use crate::scale::Scale;

const SEED: u64 = 0x7061_6972_7321;

struct Pairs {
    armer: Box<dyn Armer>,
    threads: usize,
    each: u64,
    background: u64,
    done: u64,
}

pub(crate) fn run(scale: &Scale, options: &Options<NoMore>, watch: &mut Watch) -> String {
    let armers: Vec<_> = ARMERS.iter().filter(|armer| options.wants(armer.who.name)).collect();
    let mut all = Vec::new();
    for &threads in scale.threads {
        watch.step(format!("pairs, {}", counted(threads)));
        let start = |start: fn(usize, u64) -> Box<dyn Armer>| -> Option<Box<dyn Rounds>> {
            let (each, background) = (scale.pairs / threads as u64, scale.background);
            Some(Box::new(Pairs { armer: start(threads, background), threads, each, background, done: 0 }))
        };
        let starts = armers.iter().map(|armer| Start::new(armer.who.name, move || start(armer.start))).collect();
        // The first is for warming up, and counts for the checks alone.
        all.extend(step(rows_of_threads("pairs", threads), starts, &Plan::of_rounds(scale.rounds, 1), watch));
    }
    let who: Vec<Who> = armers.iter().map(|armer| armer.who).collect();
    // One thread waits for nobody: both figures are the same.
    let shown: Vec<_> = all.iter().filter(|row| row.figure != "1 thread, wall").collect();
    let table =
        by_contender("ns for each pair", &shown, |row| row.figure.clone(), &who, |_, cell, _| median(cell, 1.0));
    let text = format!(
        "\n### Arming and cancelling\n\nNanoseconds for each timer armed and cancelled, with {} others pending: \
         median of {} interleaved rounds (range). CPU is the threads' own processor time for each pair, wall the time \
         that passed over the pairs of all threads.\n\n{}\n{table}",
        scale.background,
        scale.rounds,
        contenders(&who, crate::LOCK)
    );
    watch.found(all);
    text
}

impl Rounds for Pairs {
    /// Lets every thread make its pairs, all at once.
    fn round(&mut self) -> Result<Vec<f64>, String> {
        self.done += self.each * self.threads as u64;
        at_once(self.threads, self.each, |thread, begin| {
            let mut random = Rng::with_seed(SEED + thread as u64);
            let mut delays = (0..self.each).map(|_| Duration::from_millis(random.u64(DELAYS_MS)));
            let mut done = Ok(());
            begin();
            let cpu = timed(|| done = self.armer.arm_and_cancel(&mut delays));
            done.map(|()| cpu)
        })
    }

    fn finish(self: Box<Self>) -> Result<(), String> {
        self.armer.check(self.done, self.background)
    }
}
