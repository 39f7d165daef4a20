//! The rules for one file each: a rule takes a file and says what is wrong in it.

use crate::source::Source;

/// A file of the library that is longer has more than one idea in it.
const MAX_LINES: usize = 500;
const MAX_COLUMNS: usize = 120;

/// What only `sync.rs` names, so that loom can take its place.
const SYNC: &[&[&str]] =
    &[&["std", "sync"], &["core", "sync"], &["alloc", "sync"], &["loom"], &["parking_lot"], &["crossbeam"]];

pub(crate) fn is_short(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    fault(lines > MAX_LINES, || format!("{lines} lines, more than {MAX_LINES}"))
}

pub(crate) fn has_short_lines(source: &Source) -> Vec<String> {
    let long = source.text.lines().enumerate().filter(|(_, line)| line.chars().count() > MAX_COLUMNS);
    long.map(|(at, _)| format!("line {} is longer than {MAX_COLUMNS}", at + 1)).collect()
}

/// By its own words, or by those of a page of the docs.
pub(crate) fn says_what_it_is_for(source: &Source) -> Vec<String> {
    let has_opening = ["//! ", "#![doc = include_str!("].into_iter().any(|opening| source.text.starts_with(opening));
    fault(!has_opening, || "does not open with `//!`".to_owned())
}

pub(crate) fn imports_no_glob_of_super(source: &Source) -> Vec<String> {
    let is_glob = |segments: &[String]| matches!(segments, [.., parent, star] if parent == "super" && star == "*");
    fault(source.paths.iter().any(|path| is_glob(&path.segments)), || "imports `super::*`".to_owned())
}

pub(crate) fn is_safe(source: &Source) -> Vec<String> {
    fault(source.words.contains("unsafe"), || "has `unsafe` in it".to_owned())
}

/// What code would say by `todo!` and the like is for clippy; this is about comments.
pub(crate) fn is_finished(source: &Source) -> Vec<String> {
    let words: Vec<_> = comments(&source.text)
        .flat_map(|comment| comment.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .collect();
    let notes = words.iter().filter(|word| ["TODO", "FIXME", "XXX", "HACK"].contains(word));
    let mut faults: Vec<_> = notes.map(|word| format!("has a note that says {word}")).collect();
    // A timer may be armed for the present moment; code may not be there for the present only.
    let is_put_off = |three: &[&str]| three[1..] == ["for", "now"] && !["armed", "arming", "moved"].contains(&three[0]);
    faults
        .extend(words.windows(3).filter(|three| is_put_off(three)).map(|three| format!("says `{}`", three.join(" "))));
    faults
}

/// What stands behind `//`, unless that is in a string.
fn comments(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.lines().filter_map(|line| line.split_once("//"));
    parts.filter(|(code, _)| code.matches('"').count() % 2 == 0).map(|(_, comment)| comment)
}

/// For `mod.rs` and `lib.rs`: documentation, modules and their exports, and nothing of their own.
///
/// A module in braces may hold the same, as do those that only carry pages of the docs.
pub(crate) fn defines_nothing(source: &Source) -> Vec<String> {
    fault(source.definitions > 0, || format!("defines {} items", source.definitions))
}

pub(crate) fn leaves_sync_alone(source: &Source) -> Vec<String> {
    let names_sync = |segments: &[String]| {
        let segments = segments.strip_prefix(&[String::new()]).unwrap_or(segments);
        SYNC.iter().any(|front| segments.len() >= front.len() && front.iter().zip(segments).all(|(a, b)| *a == b))
    };
    let found = source.paths_without_tests.iter().filter(|path| names_sync(&path.segments));
    found.map(|path| format!("names `{}`, which is for sync.rs", path.segments.join("::"))).collect()
}

fn fault(is_wrong: bool, what: impl FnOnce() -> String) -> Vec<String> {
    is_wrong.then(what).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::{
        defines_nothing, has_short_lines, imports_no_glob_of_super, is_finished, is_safe, is_short, leaves_sync_alone,
        says_what_it_is_for,
    };
    use crate::source::Source;

    /// Shows that a rule lets each of `fine` pass, and finds one fault in each of `wrong`.
    fn tells_apart(rule: fn(&Source) -> Vec<String>, fine: &[&str], wrong: &[&str]) {
        for text in fine {
            assert_eq!(rule(&Source::new("a.rs", text)), [""; 0], "{text}");
        }
        for text in wrong {
            assert_eq!(rule(&Source::new("a.rs", text)).len(), 1, "{text}");
        }
    }

    #[test]
    fn long_files_and_long_lines_are_caught() {
        tells_apart(is_short, &["", &"//\n".repeat(500)], &[&"//\n".repeat(501)]);
        let wide = format!("//{}", "ä".repeat(118));
        tells_apart(has_short_lines, &[&wide, &format!("{wide}\n{wide}\n")], &[&format!("//\n{wide}x\n//")]);
    }

    #[test]
    fn a_missing_opening_is_caught() {
        let fine = ["//! A\n", "#![doc = include_str!(\"../README.md\")]\n"];
        tells_apart(says_what_it_is_for, &fine, &["", "// A\n", "use a::b;\n"]);
    }

    #[test]
    fn globs_of_super_are_caught() {
        let fine = ["use super::A;", "use proptest::prelude::*;", "// use super::*;", "const A: u8 = super::a * 2;"];
        let wrong = ["use super::*;", "use super::super::*;", "mod m { use super::*; }", "use super::{A, *};"];
        tells_apart(imports_no_glob_of_super, &fine, &wrong);
    }

    #[test]
    fn unsafe_code_is_caught() {
        let fine = ["#![forbid(unsafe_code)]", "// unsafe", "const A: &str = \"unsafe\";"];
        tells_apart(is_safe, &fine, &["fn f() { unsafe { g() } }", "unsafe impl Send for A {}"]);
    }

    #[test]
    fn unfinished_code_is_caught() {
        let fine =
            ["fn f() { for now in 0..9 {} }", "// re-arming for now", "// XXXL", "const A: &str = \"a // TODO\";"];
        let wrong = ["// FIXME: x", "mod a; // TODO", "// this is for\n// now enough", "/// XXX\nmod a;"];
        tells_apart(is_finished, &fine, &wrong);
    }

    #[test]
    fn definitions_at_a_front_door_are_caught() {
        let fine = [
            "//! A\n#![cfg_attr(a, feature(b))]\nextern crate alloc;\n#[cfg(a)]\nmod a;\npub mod b;\n",
            "pub(crate) use a::{X, Y};\npub use b::Z;\n",
            "#![doc = include_str!(\"a.md\")]\npub mod docs {\n#![doc = \"x\"]\npub mod algorithms {}\n}\nmod a;",
        ];
        let wrong = ["mod a;\nfn f() {}", "pub struct A;", "#[cfg(a)]\nconst A: u8 = 1;", "mod a { type B = u8; }"];
        tells_apart(defines_nothing, &fine, &wrong);
    }

    #[test]
    fn locks_and_atomics_are_caught() {
        let fine = ["use crate::sync::AtomicU64;", "// std::sync::Arc", "#[cfg(test)]\nmod t { use std::sync::Arc; }"];
        let wrong = [
            "use std::sync::Arc;",
            "use ::std::sync::Arc;",
            "use std::{fmt, sync::atomic};",
            "fn f() { assert!(core::sync::atomic::AtomicBool::new(true)) }",
            "mod m { use loom::sync::Mutex; }",
            "fn f(_: &alloc::sync::Arc<u8>) {}",
        ];
        tells_apart(leaves_sync_alone, &fine, &wrong);
    }
}
