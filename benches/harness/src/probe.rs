//! Probes: processor time, of a thread or of the process, and resident memory.
//!
//! Means are measured in processor time of a thread, so that a busy machine does not show in them.

use std::fs;
use std::time::Duration;

use cpu_time::{ProcessTime, ThreadTime};

use crate::machine::in_file;

/// Runs `work` and returns the processor time that this thread spent on it.
pub fn timed(work: impl FnOnce()) -> Duration {
    let start = ThreadTime::now();
    work();
    start.elapsed()
}

/// The same, in nanoseconds for each of `operations`.
pub fn ns_each(operations: u64, work: impl FnOnce()) -> f64 {
    timed(work).as_nanos() as f64 / operations as f64
}

/// Processor time of all threads of this process so far.
pub fn of_process() -> Duration {
    ProcessTime::now().as_duration()
}

/// What the system has counted for one thread.
#[derive(Clone, Copy)]
pub struct OfThread {
    pub time: Duration,
    /// How often it gave the processor away of its own accord, which is once for each sleep.
    pub sleeps: u64,
}

/// Looks up the thread of that name; `None` where the system cannot be asked, which is all but Linux.
pub fn of_thread_named(name: &str) -> Option<OfThread> {
    let mut tasks = fs::read_dir("/proc/self/task").ok()?.filter_map(|task| Some(task.ok()?.path()));
    let task = tasks.find(|task| in_file(task.join("comm"), "").is_some_and(|comm| comm == name))?;
    let time_ns = in_file(task.join("schedstat"), "")?.split(' ').next()?.parse().ok()?;
    let sleeps = in_file(task.join("status"), "voluntary_ctxt_switches")?.parse().ok()?;
    Some(OfThread { time: Duration::from_nanos(time_ns), sleeps })
}

/// Bytes of this process that lie in memory, where the system says so.
pub fn resident_bytes() -> Option<usize> {
    let kib: usize = in_file("/proc/self/status", "VmRSS")?.split(' ').next()?.parse().ok()?;
    Some(kib * 1024)
}
