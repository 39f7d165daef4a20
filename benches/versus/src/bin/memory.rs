//! One measurement of memory in a process of its own: `memory CONTENDER TIMERS`, which the bench starts.

use std::process::ExitCode;

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let footprint = versus::roster::measure(&args, &|| ALLOCATED.current_usage());
    harness::exit(footprint.map(|bytes| println!("{}", serde_json::json!(bytes))))
}
