//! The machine and the versions, as far as they can be found out.

use std::fs;
use std::process::Command;

/// One line that describes the machine.
pub fn description() -> String {
    let parts = [cpu(), cores(), third_level_cache(), memory(), Some(system()), compiler()];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// How busy the machine was with other things, where it can be found out.
pub fn load_average() -> Option<String> {
    let loads = fs::read_to_string("/proc/loadavg").ok()?;
    loads.split(' ').next().map(str::to_owned)
}

/// The version of a package in the text of a lock file.
pub(crate) fn version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let at = lock.find(&format!("\nname = \"{package}\"\n"))?;
    lock[at..].lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
}

fn cpu() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn cores() -> Option<String> {
    let cores = std::thread::available_parallelism().ok()?;
    Some(format!("{cores} hardware threads"))
}

fn third_level_cache() -> Option<String> {
    let text = fs::read_to_string("/sys/devices/system/cpu/cpu0/cache/index3/size").ok()?;
    Some(format!("{} of third-level cache", text.trim()))
}

fn memory() -> Option<String> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let kib: f64 = text.lines().next()?.split_whitespace().nth(1)?.parse().ok()?;
    Some(format!("{:.0} GiB of memory", kib / (1 << 20) as f64))
}

fn system() -> String {
    format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)
}

fn compiler() -> Option<String> {
    let output = Command::new("rustc").arg("--version").output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
