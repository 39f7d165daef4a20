//! Writes everything into one folder, and the tables to stdout too.

use std::fs;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use indicatif::HumanDuration;
use serde_json::json;

use crate::machine;
use crate::options::{Bench, Options};
use crate::results::Results;
use crate::tables::{Who, contenders};

/// How a page begins: what ran, for how long and on what, and the contenders.
pub fn opening(run: &str, who: &[Who], lock: &str, results: &Results) -> String {
    let took = HumanDuration(Duration::from_secs(results.seconds));
    format!("One {run} of {took}, on {}.\n\n{}", machine::description(), contenders(who, lock))
}

/// Prints the page of a run, which may be only a test. If it is not, writes `NAME.md`, `NAME.json` and as many of the
/// plots as there are figures for.
///
/// # Errors
///
/// A file that cannot be written, or contenders that failed; what can be written is written all the same.
pub fn write<More: Args>(
    bench: &Bench,
    options: &Options<More>,
    mut page: String,
    results: &Results,
    plots: &[(&str, Option<String>)],
) -> Result<(), String> {
    results.failures.iter().for_each(|failure| page += &format!("\nFailed, and left out: {failure}.\n"));
    println!("{page}");
    if options.is_test() {
        println!("checks: every job ran, and every run was right unless an error says otherwise");
        return verdict(results);
    }
    let (out, name) = (&bench.out(options), bench.name);
    fs::create_dir_all(out).map_err(|error| format!("{}: {error}", out.display()))?;
    put(&out.join(format!("{name}.md")), &page)?;
    let all = json!({ "machine": machine::description(), "results": results });
    put(&out.join(format!("{name}.json")), &format!("{all:#}\n"))?;
    for (name, svg) in plots {
        match svg {
            Some(svg) => put(&out.join(name), svg)?,
            // One of an earlier run would be taken for this one's.
            None => drop(fs::remove_file(out.join(name))),
        }
    }
    eprintln!("written to {}", fs::canonicalize(out).unwrap_or_else(|_| out.to_owned()).display());
    verdict(results)
}

/// # Errors
///
/// The contenders that failed.
pub fn verdict(results: &Results) -> Result<(), String> {
    if results.failures.is_empty() { Ok(()) } else { Err(results.failures.join("\n")) }
}

fn put(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
