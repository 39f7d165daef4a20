//! Probes: processor time, of a thread or of the process, and resident memory.
//!
//! Means are measured in processor time of a thread, so that a busy machine does not show in them.

use std::fs;
use std::time::Duration;

/// Runs `work` and returns the processor time that this thread spent on it.
pub fn timed(work: impl FnOnce()) -> Duration {
    let start = clock::of_thread();
    work();
    clock::of_thread() - start
}

/// The same, in nanoseconds for each of `operations`.
pub fn ns_each(operations: u64, work: impl FnOnce()) -> f64 {
    timed(work).as_nanos() as f64 / operations as f64
}

/// Processor time of all threads of this process so far.
pub fn of_process() -> Duration {
    clock::of_process()
}

#[cfg(unix)]
mod clock {
    use std::time::Duration;

    use rustix::time::{ClockId, clock_gettime};

    pub(super) fn of_thread() -> Duration {
        read(ClockId::ThreadCPUTime)
    }

    pub(super) fn of_process() -> Duration {
        read(ClockId::ProcessCPUTime)
    }

    fn read(clock: ClockId) -> Duration {
        let time = clock_gettime(clock);
        let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
        Duration::new(seconds.expect("CPU time is positive"), nanos.expect("a second's part is below 10^9"))
    }
}

/// Without such clocks wall time has to serve for a thread, and a process shows no processor time.
#[cfg(not(unix))]
mod clock {
    use std::sync::LazyLock;
    use std::time::{Duration, Instant};

    pub(super) fn of_thread() -> Duration {
        static ZERO: LazyLock<Instant> = LazyLock::new(Instant::now);
        ZERO.elapsed()
    }

    pub(super) fn of_process() -> Duration {
        Duration::ZERO
    }
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
    let task = tasks.find(|task| fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.trim() == name))?;
    let time_ns = fs::read_to_string(task.join("schedstat")).ok()?.split(' ').next()?.parse().ok()?;
    let sleeps = in_status(&fs::read_to_string(task.join("status")).ok()?, "voluntary_ctxt_switches:")?;
    Some(OfThread { time: Duration::from_nanos(time_ns), sleeps })
}

/// Bytes of this process that lie in memory, where the system says so.
pub fn resident_bytes() -> Option<usize> {
    let kib = in_status(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")?;
    Some(kib as usize * 1024)
}

fn in_status(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}
