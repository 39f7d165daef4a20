//! The floors: who may import whom. Modules are named as in a path, `wheel::store`; the crate's root is `lib`.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::Source;

/// The floor of each module at the top, and of all that is in it.
const FLOORS: &[(u32, &[&str])] = &[
    (7, &["lib", "guide"]),
    (6, &["compat", "integrations"]),
    (5, &["future", "channel", "default"]),
    (4, &["driver"]),
    (3, &["wheel", "heap", "recorded", "recording"]),
    (2, &["timer", "arena", "clock", "period"]),
    (1, &["time", "error", "sync", "paged"]),
];

/// Within a floor, a module may import those that stand behind it in its line. Others on its floor it may not.
const LINES: &[&[&str]] = &[
    &[
        "wheel",
        "wheel::timer_wheel",
        "wheel::snapshot",
        "wheel::check",
        "wheel::clear",
        "wheel::first",
        "wheel::turn",
        "wheel::next",
        "wheel::cascade",
        "wheel::store",
        "wheel::slots",
        "wheel::outliers",
        "wheel::work",
        "wheel::lines",
        "wheel::bitmap",
        "wheel::geometry",
        "wheel::ticks",
    ],
    &["heap", "heap::timer_heap", "heap::indexed_heap", "heap::group"],
    &[
        "driver",
        "driver::local",
        "driver::local::owner",
        "driver::local::handle",
        "driver::local::guard",
        "driver::local::waiting",
        "driver::local::shared",
        "driver::local::task",
        "driver::builder",
        "driver::event_loop",
        "driver::owner",
        "driver::handle",
        "driver::dump",
        "driver::guard",
        "driver::thread",
        "driver::spin",
        "driver::turn_runner",
        "driver::pool",
        "driver::activity",
        "driver::fire",
        "driver::core",
        "driver::hooks",
        "driver::trace",
        "driver::sleeper",
        "driver::shard",
        "driver::task",
        "driver::waits",
        "driver::callback",
        "driver::metrics",
    ],
    &["channel", "channel::after", "channel::ticker", "channel::message"],
    &[
        "future",
        "future::ext",
        "future::delay_queue",
        "future::timeout",
        "future::interval",
        "future::sleep",
        "future::coop",
        "future::entry",
        "future::instant",
    ],
    &[
        "future",
        "future::stream",
        "future::stream::ext",
        "future::stream::debounce",
        "future::stream::throttle",
        "future::stream::timeout",
        "future::entry",
    ],
    &[
        "compat",
        "compat::time",
        "compat::time::interval",
        "compat::time::timeout",
        "compat::time::sleep",
        "compat::time::instant",
        "compat::time::error",
    ],
    &[
        "integrations",
        "integrations::hyper",
        "integrations::quinn",
        "integrations::backon",
        "integrations::tower",
        "integrations::tokio",
        "integrations::infallible_sleep",
    ],
    &[
        "integrations::tokio",
        "integrations::tokio::driver",
        "integrations::tokio::timerfd",
        "integrations::tokio::sleep",
    ],
    &["clock", "clock::manual", "clock::monotonic", "clock::source"],
    &["arena", "timer"],
    &["time", "error", "sync"],
    &["recorded", "recording"],
];

/// Whom a module does not know, although the floors would let it: the timers see no clock, lock or thread, and the
/// driver sees the trait and not the two.
const STRANGERS: &[(&str, &[&str])] =
    &[("wheel", &["heap", "clock", "sync"]), ("heap", &["wheel", "clock", "sync"]), ("driver", &["wheel", "heap"])];

/// Who imports whom, tests left out.
#[derive(Default)]
pub(crate) struct House {
    imports: BTreeMap<String, BTreeSet<String>>,
}

impl House {
    /// Reads the files of `src/`.
    pub(crate) fn new<'a>(sources: impl IntoIterator<Item = &'a Source> + Clone) -> Self {
        let of_tests: BTreeSet<_> = sources
            .clone()
            .into_iter()
            .flat_map(|source| source.test_modules.iter().map(|name| join(&module(&source.path), name)))
            .collect();
        let files: Vec<_> = sources.into_iter().filter(|source| !of_tests.contains(&module(&source.path))).collect();
        let names: BTreeSet<_> = files.iter().map(|source| module(&source.path)).collect();
        let imports = files.iter().map(|source| (module(&source.path), imports(source, &names))).collect();
        Self { imports }
    }

    fn each(&self) -> impl Iterator<Item = (&str, &str)> {
        self.imports.iter().flat_map(|(from, targets)| targets.iter().map(move |to| (from.as_str(), to.as_str())))
    }

    /// How many imports there are, to know that there is something to check.
    pub(crate) fn len(&self) -> usize {
        self.each().count()
    }

    /// Modules without a floor, imports that go up, and imports on the same floor that no line allows.
    pub(crate) fn climbs(&self) -> Vec<String> {
        let homeless = self.imports.keys().filter(|name| floor(name).is_none());
        let mut faults: Vec<_> = homeless.map(|name| format!("{name} has no floor in tests/tidy")).collect();
        for (from, to) in self.each() {
            let (Some(upper), Some(lower)) = (floor(from), floor(to)) else { continue };
            if upper < lower {
                faults.push(format!("{from} (floor {upper}) imports {to} (floor {lower})"));
            } else if upper == lower && !goes_down_a_line(from, to) {
                faults.push(format!("{from} imports {to}: no line of tests/tidy has it behind {from}"));
            }
        }
        faults
    }

    /// Imports of those that a module must not know.
    pub(crate) fn meetings(&self) -> Vec<String> {
        let is_stranger = |from: &str, to: &str| {
            STRANGERS.iter().any(|(who, strangers)| top(from) == *who && strangers.contains(&top(to)))
        };
        let met = self.each().filter(|(from, to)| is_stranger(from, to));
        met.map(|(from, to)| format!("{from} imports {to}, which it must not know")).collect()
    }

    /// The modules that are part of a circle, or import one: what is left when those that import none are taken away
    /// again and again.
    pub(crate) fn circles(&self) -> Vec<String> {
        let mut left = self.imports.clone();
        loop {
            let done: BTreeSet<_> = left.iter().filter(|(_, to)| to.is_empty()).map(|(from, _)| from.clone()).collect();
            if done.is_empty() {
                break;
            }
            left.retain(|from, _| !done.contains(from));
            left.values_mut().for_each(|targets| targets.retain(|to| !done.contains(to)));
        }
        left.into_iter().map(|(from, to)| format!("{from} is in a circle or above one, by way of {to:?}")).collect()
    }
}

/// The module that a file holds: `src/wheel/mod.rs` is `wheel`.
pub(crate) fn module(path: &str) -> String {
    let name = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    name.replace('/', "::")
}

/// The modules of the crate that a file names, itself and its own inline modules left out.
fn imports(source: &Source, names: &BTreeSet<String>) -> BTreeSet<String> {
    let own = module(&source.path);
    let mut found = BTreeSet::new();
    for path in &source.paths_without_tests {
        let mut at: Vec<&str> = own.split("::").filter(|part| *part != "lib").collect();
        at.extend(path.inside.iter().map(String::as_str));
        let mut segments = path.segments.iter().map(String::as_str).peekable();
        match segments.peek().copied() {
            Some("crate") => at.clear(),
            Some("super" | "self") => {}
            // Names without a root are looked up here, which may be a file below: `pub use timer_wheel::TimerWheel`.
            Some(first) if names.contains(&join(&own, first)) => {}
            _ => continue,
        }
        for segment in segments {
            match segment {
                "super" => drop(at.pop()),
                "crate" | "self" => {}
                _ => at.push(segment),
            }
        }
        found.insert(holder(&at, names));
    }
    found.remove(&own);
    found
}

/// The file that defines what stands at a path: the longest front of the path that is a module of its own.
fn holder(path: &[&str], names: &BTreeSet<String>) -> String {
    let fronts = (1..=path.len()).rev().map(|len| path[..len].join("::"));
    fronts.into_iter().find(|front| names.contains(front)).unwrap_or_else(|| "lib".to_owned())
}

fn join(parent: &str, child: &str) -> String {
    if parent == "lib" { child.to_owned() } else { format!("{parent}::{child}") }
}

fn top(module: &str) -> &str {
    module.split("::").next().unwrap_or(module)
}

fn floor(module: &str) -> Option<u32> {
    FLOORS.iter().find(|(_, modules)| modules.contains(&top(module))).map(|(floor, _)| *floor)
}

fn goes_down_a_line(from: &str, to: &str) -> bool {
    let place = |line: &[&str], name| line.iter().position(|module| *module == name);
    LINES.iter().any(|line| matches!((place(line, from), place(line, to)), (Some(upper), Some(lower)) if upper < lower))
}

#[cfg(test)]
mod tests {
    use super::{House, module};
    use crate::source::Source;

    fn house(files: &[(&str, &str)]) -> House {
        House::new(&files.iter().map(|(path, text)| Source::new(path, text)).collect::<Vec<_>>())
    }

    #[test]
    fn a_file_names_its_module() {
        let names = ["src/lib.rs", "src/time.rs", "src/wheel/mod.rs", "src/wheel/store.rs"].map(module);
        assert_eq!(names, ["lib", "time", "wheel", "wheel::store"]);
    }

    #[test]
    fn imports_that_go_down_are_fine() {
        let house = house(&[
            ("src/lib.rs", "mod time; mod timer; mod wheel; pub use wheel::TimerWheel;"),
            ("src/wheel/mod.rs", "mod timer_wheel; mod store; pub use timer_wheel::TimerWheel;"),
            ("src/wheel/timer_wheel.rs", "use super::store::Store; use crate::time::{self, Tick};"),
            ("src/wheel/store.rs", "fn f() -> crate::time::Tick {} // crate::TimerWheel"),
            ("src/time.rs", "mod inner { use super::Tick; }\n#[cfg(test)] mod tests { use crate::wheel::TimerWheel; }"),
        ]);
        assert_eq!(house.len(), 5);
        assert_eq!((house.climbs(), house.meetings(), house.circles()), (vec![], vec![], vec![]));
    }

    #[test]
    fn imports_that_go_up_are_caught() {
        let time = |text| house(&[("src/lib.rs", ""), ("src/time.rs", text), ("src/wheel/mod.rs", "")]).climbs();
        assert_eq!(time("use crate::wheel::TimerWheel;"), ["time (floor 1) imports wheel (floor 3)"]);
        assert_eq!(time("use crate::{wheel::TimerWheel};"), ["time (floor 1) imports wheel (floor 3)"]);
        assert_eq!(time("fn f(_: super::wheel::X) {}"), ["time (floor 1) imports wheel (floor 3)"]);
        assert_eq!(time("mod m { use super::super::wheel::X; }"), ["time (floor 1) imports wheel (floor 3)"]);
        // By way of the front door, which stands above everything.
        assert_eq!(time("use crate::TimerWheel;"), ["time (floor 1) imports lib (floor 7)"]);
    }

    #[test]
    fn imports_up_a_line_or_across_are_caught() {
        let files = |store| [("src/wheel/turn.rs", "use super::store::X;"), ("src/wheel/store.rs", store)];
        assert_eq!(house(&files("")).climbs(), [""; 0]);
        assert_eq!(house(&files("use super::turn::X;")).climbs().len(), 1);
        assert_eq!(house(&[("src/sync.rs", "use crate::error::X;"), ("src/error.rs", "")]).climbs().len(), 1);
    }

    #[test]
    fn a_module_without_a_floor_is_caught() {
        assert_eq!(house(&[("src/attic.rs", "")]).climbs(), ["attic has no floor in tests/tidy"]);
    }

    #[test]
    fn strangers_that_meet_are_caught() {
        let files =
            |text| [("src/heap/group.rs", text), ("src/wheel/work.rs", ""), ("src/clock.rs", ""), ("src/time.rs", "")];
        assert_eq!(house(&files("use crate::time::X;")).meetings(), [""; 0]);
        assert_eq!(house(&files("use crate::wheel::work::X;")).meetings().len(), 1);
        assert_eq!(house(&files("use crate::clock::X;")).meetings().len(), 1);
    }

    #[test]
    fn circles_are_caught() {
        let ring = house(&[
            ("src/driver/core.rs", "use super::shard::X;"),
            ("src/driver/shard.rs", "use super::task::X;"),
            ("src/driver/task.rs", "use super::core::X;"),
            ("src/driver/pool.rs", ""),
        ]);
        assert_eq!(ring.circles().len(), 3);
        let parent = house(&[("src/wheel/mod.rs", "pub use work::Work;"), ("src/wheel/work.rs", "use super::Work;")]);
        assert_eq!(parent.circles().len(), 2);
    }
}
