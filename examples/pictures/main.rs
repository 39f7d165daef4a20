//! Draws the pictures of the docs from real wheels and heaps.
//!
//! ```text
//! cargo run --example pictures               writes docs/pictures
//! cargo run --example pictures -- --check    says whether what lies there is what it would draw
//! ```
//!
//! One file for each picture; `svg` is what they draw with, `textbook` the wheel that they compare with. The same
//! drawings come out on every run. Beside them goes `links.md`, which holds them once more as data URIs: the rustdoc
//! can show no file that lies beside it.

mod cascade;
mod feeder;
mod levels;
mod numbers;
mod slack;
mod svg;
mod textbook;
mod way_down;
mod work;

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use tickwheel::{Resolution, Tick, Timestamp};

/// A name, and the program of the picture.
type Picture = (&'static str, fn() -> String);

const PICTURES: [Picture; 6] = [
    ("levels", levels::draw),
    ("way-down", way_down::draw),
    ("cascade", cascade::draw),
    ("feeder", feeder::draw),
    ("work", work::draw),
    ("slack", slack::draw),
];

/// The moment at which a tick of a millisecond begins.
fn at_tick(tick: u64) -> Timestamp {
    Resolution::MILLISECOND.start_of(Tick::new(tick))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => write(),
        ["--check"] => check(),
        _ => Err("usage: pictures [--check]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Every file, by name, as it should be.
fn files() -> Vec<(String, String)> {
    let mut files: Vec<_> = PICTURES.iter().map(|(name, draw)| (format!("{name}.svg"), draw())).collect();
    let mut links = String::new();
    for ((name, _), (_, svg)) in PICTURES.iter().zip(&files) {
        writeln!(links, "[picture-{name}]: data:image/svg+xml,{}", percent_encoded(svg)).expect("a string takes all");
    }
    files.push(("links.md".to_owned(), links));
    files
}

/// Everything but what needs no escape in a URI or in Markdown.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'/' | b':' | b'=' | b',' | b';' => {
                encoded.push(char::from(byte));
            }
            _ => write!(encoded, "%{byte:02X}").expect("a string takes all"),
        }
    }
    encoded
}

fn directory() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pictures"))
}

fn write() -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(directory())?;
    for (name, text) in files() {
        let path = directory().join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}

fn check() -> Result<(), Box<dyn Error>> {
    for (name, text) in files() {
        let path = directory().join(&name);
        let there = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        // A checkout may have given lines other ends.
        if there.replace("\r\n", "\n") != text {
            return Err(
                format!("{}: not what would be drawn; run `cargo run --example pictures`", path.display()).into()
            );
        }
    }
    println!("the {} files of {} are as they would be drawn", PICTURES.len() + 1, directory().display());
    Ok(())
}
