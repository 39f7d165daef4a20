//! The forms in which results are written down.

mod json;
mod markdown;
mod plot;

use std::fs;
use std::path::Path;

use crate::options::Options;
use crate::results::Results;

/// Writes `futures.md`, `futures.json` and, if there was a crowd, `futures.svg`; the tables to stdout too.
///
/// # Errors
///
/// A file that cannot be written, or contenders that failed.
pub(crate) fn write(options: &Options, results: &Results) -> Result<(), String> {
    let out = options.out();
    let table = markdown::table(options, results);
    println!("{table}");
    fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    put(&out.join("futures.md"), &table)?;
    put(&out.join("futures.json"), &json::text(options, results))?;
    match plot::svg(results) {
        Some(svg) => put(&out.join("futures.svg"), &svg)?,
        // One of an earlier run would be taken for this one's.
        None => drop(fs::remove_file(out.join("futures.svg"))),
    }
    eprintln!("written to {}", fs::canonicalize(&out).unwrap_or(out).display());
    if results.failures.is_empty() { Ok(()) } else { Err(results.failures.join("\n")) }
}

fn put(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Three digits, or all that stand before the point.
fn digits(value: f64) -> String {
    match value {
        99.95.. => format!("{value:.0}"),
        9.995.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
