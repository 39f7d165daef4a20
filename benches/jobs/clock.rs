//! CPU time of this thread: what means are measured in, so that a busy machine does not show in them.

use std::time::Duration;

/// Runs `work` and says what it took.
pub(crate) fn timed(work: impl FnOnce()) -> Duration {
    let start = thread_cpu_time();
    work();
    thread_cpu_time() - start
}

#[cfg(unix)]
fn thread_cpu_time() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.expect("CPU time is positive"), nanos.expect("a second's part is below 10^9"))
}

/// Where there is no such clock, wall time has to serve.
#[cfg(not(unix))]
fn thread_cpu_time() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;
    static ZERO: LazyLock<Instant> = LazyLock::new(Instant::now);
    ZERO.elapsed()
}
