//! `cargo bench --manifest-path benches/versus/Cargo.toml`: the crate beside its peers. See [`versus::options`].

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let memory = Path::new(env!("CARGO_BIN_EXE_memory"));
    match versus::options::Options::from_args(std::env::args().skip(1))
        .and_then(|options| versus::run::run(&options, memory))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("error: {what}");
            ExitCode::FAILURE
        }
    }
}
