//! Writes everything into one directory, and the tables to stdout too.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::options::Options;
use crate::report::{cost_plot, distribution_plot, json, markdown, turns_plot};
use crate::results::Results;

/// Writes `versus.md`, `versus.json` and as many of the plots as there are figures for.
pub(crate) fn write(options: &Options, results: &Results, took: Duration) -> Result<(), String> {
    let out = &options.out;
    let table = markdown::table(options, results, took);
    println!("{table}");
    fs::create_dir_all(out).map_err(|error| format!("{}: {error}", out.display()))?;
    put(&out.join("versus.md"), &table)?;
    put(&out.join("versus.json"), &json::text(results, took))?;
    let plots = [
        ("cost.svg", cost_plot::svg(results)),
        ("longest.svg", turns_plot::svg(results)),
        ("turns.svg", distribution_plot::svg(results)),
    ];
    for (name, svg) in plots {
        match svg {
            Some(svg) => put(&out.join(name), &svg)?,
            // One of an earlier run would be taken for this one's.
            None => drop(fs::remove_file(out.join(name))),
        }
    }
    eprintln!("written to {}", fs::canonicalize(out).unwrap_or_else(|_| out.clone()).display());
    Ok(())
}

fn put(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
