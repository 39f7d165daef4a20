//! The same work on several threads at once.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::results::{CPU, Row, WALL};

/// Lets every thread do so many operations, all at once: nanoseconds for each, of the threads' own processor time and
/// of the time that passed over those of all threads, which also has their waiting for each other. With more threads
/// than processors the latter cannot fall further.
///
/// `work` is told which thread it is on, calls `begin` when it is ready, and returns what the rest took.
///
/// # Errors
///
/// What one of the threads says.
pub fn at_once(
    threads: usize,
    operations_each: u64,
    work: impl Fn(usize, &mut dyn FnMut()) -> Result<Duration, String> + Sync,
) -> Result<Vec<f64>, String> {
    let (barrier, work) = (&Barrier::new(threads), &work);
    let on_thread = move |thread| {
        let mut begun = Instant::now();
        let cpu = work(thread, &mut || {
            barrier.wait();
            begun = Instant::now();
        })?;
        Ok((cpu, begun, Instant::now()))
    };
    let took: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|thread| scope.spawn(move || on_thread(thread))).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker does not panic")).collect()
    });
    let took = took.into_iter().collect::<Result<Vec<(Duration, Instant, Instant)>, String>>()?;
    let cpu: Duration = took.iter().map(|took| took.0).sum();
    let begun = took.iter().map(|took| took.1).min().expect("there is a thread");
    let ended = took.iter().map(|took| took.2).max().expect("there is a thread");
    let operations = (operations_each * threads as u64) as f64;
    Ok([cpu, ended - begun].map(|took| took.as_nanos() as f64 / operations).to_vec())
}

/// The rows for both figures.
pub fn rows_of_threads(job: &'static str, threads: usize) -> Vec<Row> {
    let threads = counted(threads);
    [("CPU", CPU), ("wall", WALL)].map(|(what, unit)| Row::new(job, format!("{threads}, {what}"), unit, None)).into()
}

pub fn counted(threads: usize) -> String {
    if threads == 1 { "1 thread".to_owned() } else { format!("{threads} threads") }
}
