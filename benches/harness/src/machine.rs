//! The machine and the versions, as far as they can be found out.

use std::path::Path;
use std::process::Command;
use std::{fs, thread};

/// One line that describes the machine.
pub fn description() -> String {
    let cache = in_file("/sys/devices/system/cpu/cpu0/cache/index3/size", "");
    let kib: Option<f64> = in_file("/proc/meminfo", "MemTotal:").and_then(|text| text.split(' ').next()?.parse().ok());
    let parts = [
        in_file("/proc/cpuinfo", "model name"),
        thread::available_parallelism().ok().map(|cores| format!("{cores} hardware threads")),
        cache.map(|size| format!("{size} of third-level cache")),
        kib.map(|kib| format!("{:.0} GiB of memory", kib / (1 << 20) as f64)),
        Some(format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
        compiler(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// What stands behind `name` and a colon in the first such line of a file of the system.
pub(crate) fn in_file(path: impl AsRef<Path>, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(value.trim_start().trim_start_matches(':').trim().to_owned())
}

/// How busy the machine was with other things, where it can be found out.
pub fn load_average() -> Option<String> {
    in_file("/proc/loadavg", "")?.split(' ').next().map(str::to_owned)
}

/// The version of a package in the text of a lock file.
pub(crate) fn version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let at = lock.find(&format!("\nname = \"{package}\"\n"))?;
    lock[at..].lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
}

fn compiler() -> Option<String> {
    let output = Command::new("rustc").arg("--version").output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
