//! One measurement of memory in a process of its own: `memory CONTENDER TIMERS`, which [`versus::memory`] starts.

use std::process::ExitCode;

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args().skip(1).collect();
    match versus::memory::measure(&args, || ALLOCATED.current_usage()) {
        Ok(footprint) => {
            println!("{footprint}");
            ExitCode::SUCCESS
        }
        Err(what) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
    }
}
