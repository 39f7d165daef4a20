//! `cargo bench --manifest-path benches/versus/Cargo.toml`: the crate beside its peers. See the library.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    harness::exit(versus::run::run(Path::new(env!("CARGO_BIN_EXE_memory"))))
}
