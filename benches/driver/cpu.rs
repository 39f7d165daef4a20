//! Processor time of the whole process, and of a thread that is known by its name.

use std::time::Duration;

/// Processor time of all threads of this process so far.
#[cfg(unix)]
pub(crate) fn of_process() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.expect("CPU time is positive"), nanos.expect("a second's part is below 10^9"))
}

/// Where there is no such clock the tables show no processor time.
#[cfg(not(unix))]
pub(crate) fn of_process() -> Duration {
    Duration::ZERO
}

/// What the system has counted for one thread.
#[derive(Clone, Copy)]
pub(crate) struct OfThread {
    pub(crate) time: Duration,
    /// How often it gave the processor away of its own accord, which is once for each sleep.
    pub(crate) sleeps: u64,
}

/// Looks up the thread of that name, where the system can be asked: on Linux.
#[cfg(target_os = "linux")]
pub(crate) fn of_thread(name: &str) -> Option<OfThread> {
    use std::fs;
    let tasks = fs::read_dir("/proc/self/task").ok()?.filter_map(|task| Some(task.ok()?.path()));
    let named = |task: &std::path::PathBuf| fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.trim() == name);
    let task = tasks.into_iter().find(named)?;
    let time_ns = fs::read_to_string(task.join("schedstat")).ok()?.split(' ').next()?.parse().ok()?;
    let status = fs::read_to_string(task.join("status")).ok()?;
    let sleeps = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?.trim().parse().ok()?;
    Some(OfThread { time: Duration::from_nanos(time_ns), sleeps })
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn of_thread(_name: &str) -> Option<OfThread> {
    None
}
