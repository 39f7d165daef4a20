//! Writes everything into one folder, and the tables to stdout too.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::machine;
use crate::results::Results;

/// Writes `NAME.md`, `NAME.json` and as many of the plots as there are figures for.
///
/// # Errors
///
/// A file that cannot be written, or contenders that failed; what can be written is written all the same.
pub fn write(
    out: &Path,
    name: &str,
    page: &str,
    results: &Results,
    plots: &[(&str, Option<String>)],
) -> Result<(), String> {
    println!("{page}");
    fs::create_dir_all(out).map_err(|error| format!("{}: {error}", out.display()))?;
    put(&out.join(format!("{name}.md")), page)?;
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
