//! The rules of the house, held by a test: who may import whom, what a file may hold, which promises have a test.
//!
//! The rules for a file alone are in `rules`, the floors in `house`, and what tests must cite in `promises`. Each is
//! shown there to catch an offender made up for it.

mod house;
mod promises;
mod rules;
mod source;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use house::House;
use source::Source;

/// Every Rust file of the checkout, by path.
static FILES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("it is two folders up");
    let mut found = Vec::new();
    for folder in ["src", "tests", "benches", "examples", "fuzz"].map(|name| root.join(name)) {
        let before = found.len();
        if folder.exists() {
            collect(root, &folder, &mut found);
            assert!(found.len() > before, "no Rust file in {}", folder.display());
        }
    }
    found.sort_by(|a: &Source, b| a.path.cmp(&b.path));
    found
});

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).expect("it is below the root").to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(&path).expect("the file can be read");
            found.push(Source::new(&name, &text.replace("\r\n", "\n")));
        }
    }
}

fn library() -> impl Iterator<Item = &'static Source> + Clone {
    FILES.iter().filter(|source| source.path.starts_with("src/"))
}

/// Shows that no file breaks a rule.
#[track_caller]
fn hold(rule: fn(&Source) -> Vec<String>, sources: impl IntoIterator<Item = &'static Source>) {
    let of =
        |source: &Source| rule(source).into_iter().map(|what| format!("{}: {what}", source.path)).collect::<Vec<_>>();
    none(sources.into_iter().flat_map(of).collect());
}

#[track_caller]
fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n  {}\n", faults.join("\n  "));
}

/// The library as floors, with as many imports as show that they were found.
fn house() -> House {
    let house = House::new(library());
    assert!(house.len() >= 40, "only {} imports were found", house.len());
    house
}

fn is_front_door(source: &Source) -> bool {
    source.path == "src/lib.rs" || source.path.ends_with("/mod.rs")
}

#[test]
fn imports_go_down() {
    none(house().climbs());
}

#[test]
fn imports_make_no_circle() {
    none(house().circles());
}

#[test]
fn wheel_and_heap_know_no_one_they_should_not() {
    none(house().meetings());
}

#[test]
fn front_doors_define_nothing() {
    let doors: Vec<_> = library().filter(|source| is_front_door(source)).collect();
    assert!(doors.len() >= 3, "lib.rs, wheel and heap have one");
    hold(rules::defines_nothing, doors);
}

#[test]
fn only_sync_names_locks_and_atomics() {
    let test_files: Vec<_> =
        library().flat_map(|parent| &parent.test_modules).map(|name| format!("/{name}.rs")).collect();
    let is_bound = |source: &&Source| {
        source.path != "src/sync.rs" && !test_files.iter().any(|name| source.path.ends_with(name.as_str()))
    };
    hold(rules::leaves_sync_alone, library().filter(is_bound));
}

#[test]
fn files_of_the_library_are_short() {
    hold(rules::is_short, library());
}

#[test]
fn lines_are_short() {
    hold(rules::has_short_lines, &*FILES);
}

#[test]
fn files_say_what_they_are_for() {
    hold(rules::says_what_it_is_for, &*FILES);
}

#[test]
fn nothing_imports_all_of_super() {
    hold(rules::imports_no_glob_of_super, &*FILES);
}

#[test]
fn nothing_is_unsafe() {
    hold(rules::is_safe, &*FILES);
}

#[test]
fn nothing_is_left_unfinished() {
    hold(rules::is_finished, &*FILES);
}

#[test]
fn every_promise_has_a_test() {
    none(promises::faults(&*FILES));
}
