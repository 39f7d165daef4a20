//! The rules for one file each: a rule takes a file and says what is wrong in it.

use crate::source::{Source, paths};

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
    fault(paths(&source.code).iter().any(|path| is_glob(&path.segments)), || "imports `super::*`".to_owned())
}

pub(crate) fn is_safe(source: &Source) -> Vec<String> {
    fault(source.words().any(|word| word == "unsafe"), || "has `unsafe` in it".to_owned())
}

pub(crate) fn is_finished(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    for name in ["todo", "unimplemented", "dbg"] {
        let call = format!("{name}!");
        let mut calls = source.code.match_indices(&call).map(|(at, _)| source.code[..at].chars().next_back());
        let is_called = calls.any(|before| !before.is_some_and(|c| c.is_alphanumeric() || c == '_'));
        faults.extend(is_called.then(|| format!("calls `{name}!`")));
    }
    let words: Vec<_> = source.comments.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let notes = words.iter().filter(|word| ["TODO", "FIXME", "XXX", "HACK"].contains(word));
    faults.extend(notes.map(|word| format!("has a note that says {word}")));
    // A timer may be armed for the present moment; code may not be there for the present only.
    let is_put_off = |three: &[&str]| three[1..] == ["for", "now"] && !["armed", "arming", "moved"].contains(&three[0]);
    faults
        .extend(words.windows(3).filter(|three| is_put_off(three)).map(|three| format!("says `{}`", three.join(" "))));
    faults
}

/// For `mod.rs` and `lib.rs`: documentation, modules and their exports, and nothing of their own.
///
/// A module in braces may hold the same, as do those that only carry pages of the docs.
pub(crate) fn defines_nothing(source: &Source) -> Vec<String> {
    let code = without_attributes(&source.code);
    let mut rest = code.trim_start_matches(is_between_items);
    while !rest.is_empty() {
        let item = rest.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        let end = if item.starts_with("mod ") {
            item.find([';', '{'])
        } else if item.starts_with("use ") || item.starts_with("extern crate ") {
            item.find(';')
        } else {
            return vec![format!("defines something: {}", item.lines().next().unwrap_or(item))];
        };
        rest = item[end.unwrap_or(item.len())..].trim_start_matches(is_between_items);
    }
    Vec::new()
}

fn is_between_items(c: char) -> bool {
    c.is_whitespace() || ";{}".contains(c)
}

pub(crate) fn leaves_sync_alone(source: &Source) -> Vec<String> {
    let names_sync = |segments: &[String]| {
        SYNC.iter().any(|front| segments.len() >= front.len() && front.iter().zip(segments).all(|(a, b)| *a == b))
    };
    let found = paths(&source.code_without_tests()).into_iter().filter(|path| names_sync(&path.segments));
    found.map(|path| format!("names `{}`, which is for sync.rs", path.segments.join("::"))).collect()
}

fn fault(is_wrong: bool, what: impl FnOnce() -> String) -> Vec<String> {
    is_wrong.then(what).into_iter().collect()
}

/// Code without `#[…]` and `#![…]`.
fn without_attributes(code: &str) -> String {
    let (mut kept, mut rest) = (String::new(), code);
    while let Some(start) = rest.find("#[").into_iter().chain(rest.find("#![")).min() {
        kept.push_str(&rest[..start]);
        let mut depth = 0_usize;
        let len = rest[start..].find(|c| {
            depth = depth + usize::from(c == '[') - usize::from(c == ']');
            c == ']' && depth == 0
        });
        rest = &rest[start + len.map_or(rest.len() - start, |len| len + 1)..];
    }
    kept + rest
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
        tells_apart(is_short, &["", &"x\n".repeat(500)], &[&"x\n".repeat(501)]);
        let wide = "ä".repeat(120);
        tells_apart(has_short_lines, &[&wide, &format!("{wide}\n{wide}\n")], &[&format!("x\n{wide}x\nx")]);
    }

    #[test]
    fn a_missing_opening_is_caught() {
        let fine = ["//! A\n", "#![doc = include_str!(\"../README.md\")]\n"];
        tells_apart(says_what_it_is_for, &fine, &["", "// A\n", "use a::b;\n//! A\n"]);
    }

    #[test]
    fn globs_of_super_are_caught() {
        let fine = ["use super::A;", "use proptest::prelude::*;", "// use super::*;", "super::a * 2"];
        let wrong = ["use super::*;", "use super::super::*;", "mod m { use super::*; }", "use super::{A, *};"];
        tells_apart(imports_no_glob_of_super, &fine, &wrong);
    }

    #[test]
    fn unsafe_code_is_caught() {
        let fine = ["#![forbid(unsafe_code)]", "// unsafe", "\"unsafe\""];
        tells_apart(is_safe, &fine, &["fn f() { unsafe { g() } }", "unsafe impl Send for A {}"]);
    }

    #[test]
    fn unfinished_code_is_caught() {
        let fine = ["for now in 0..9 {}", "// re-arming for now", "my_dbg!(x)", "\"todo!()\"", "// XXXL", "// todo!"];
        let calls = ["todo!()", "f(unimplemented!())", "dbg!(x);"];
        tells_apart(is_finished, &fine, &calls);
        tells_apart(is_finished, &[], &["// FIXME: x", "/* TODO */", "// this is for\n// now enough", "/// XXX"]);
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
            "use std::{fmt, sync::atomic};",
            "core::sync::atomic::AtomicBool::new(true)",
            "mod m { use loom::sync::Mutex; }",
            "fn f(_: &alloc::sync::Arc<u8>) {}",
        ];
        tells_apart(leaves_sync_alone, &fine, &wrong);
    }
}
