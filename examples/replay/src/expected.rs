//! What a recording may be, for one who gave a file that is none.

use std::path::Path;

use crate::csv::{HRTIMER_HEADER, WHEEL_HEADER};
use crate::error::TraceError;

const SAMPLES: [(&str, &str); 4] = [
    (
        "ftrace (tracefs trace)",
        "<idle>-0 [001] d.h2. 51.356672: hrtimer_start: hrtimer=ffff927ae2000001 function=tick_nohz_handler \
         expires=51360062500 softexpires=51360062500",
    ),
    (
        "trace-cmd report",
        "ksoftirqd/3-26 [003] 99.942489: timer_start: timer=0xffffffffa5500001 function=clocksource_watchdog \
         expires=4294759822 [timeout=494] cpu=4 idx=114 flags=D|P|I",
    ),
    ("perf script --ns", "worker 21222 [001] 682.795080519: timer:timer_cancel: timer=0xffff8880010000c0"),
    (
        "babeltrace",
        "[13:37:01.123456789] (+0.000001234) host timer_hrtimer_cancel: { cpu_id = 1 }, \
         { hrtimer = 0xFFFF88801F51C6C0 }",
    ),
];

/// The binary recordings that people give by mistake: how they begin, what they are, and how to print them.
const BINARY: [(&[u8], &str, &str); 5] = [
    (b"\x17\x08\x44tracing", "trace-cmd's trace.dat, which is binary", "trace-cmd report -i FILE > mine.txt"),
    (b"PERFILE2", "perf's perf.data, which is binary", "perf script --ns -i FILE > mine.txt"),
    (b"2ELIFREP", "perf's perf.data, which is binary", "perf script --ns -i FILE > mine.txt"),
    (b"\xc1\x1f\xfc\xc1", "a stream of LTTng's (CTF), which is binary", "babeltrace2 ITS-FOLDER > mine.txt"),
    (b"\xc1\xfc\x1f\xc1", "a stream of LTTng's (CTF), which is binary", "babeltrace2 ITS-FOLDER > mine.txt"),
];

/// Refuses a binary recording by how it begins, with the command that prints it.
pub(crate) fn refuse_binary(file: &Path, start: &[u8]) -> Result<(), TraceError> {
    let Some((_, what, command)) = BINARY.iter().find(|(magic, ..)| start.starts_with(magic)) else { return Ok(()) };
    let name = if file == Path::new("-") { "FILE".to_owned() } else { quoted_for_shell(file) };
    let command = command.replace("FILE", &name);
    Err(TraceError::whole(file, format!("expected text, found {what}; print it first: {command}")))
}

fn quoted_for_shell(file: &Path) -> String {
    let name = file.display().to_string();
    let is_plain = name.chars().all(|c| c.is_alphanumeric() || "/._-+,:@%".contains(c));
    if is_plain { name } else { format!("'{}'", name.replace('\'', "'\\''")) }
}

/// What any recording begins with, in a few words.
pub(crate) fn a_recording() -> String {
    format!("the header `{WHEEL_HEADER}` or `{HRTIMER_HEADER}` of CSV, or a trace in text")
}

/// The file is none of those that can be read; `found` is the first line that holds something.
pub(crate) fn unknown(file: &Path, found: Option<(u64, &str)>) -> TraceError {
    let (line, found) = found.unwrap_or((1, "nothing but empty lines"));
    let mut what = format!("{found}\nA recording, plain or gzipped, is one of these:\n");
    for (name, sample) in SAMPLES {
        what.push_str(&format!("  {name}\n    {sample}\n"));
    }
    what.push_str(&format!(
        "  CSV, of the timer wheel or of high-resolution timers\n    {WHEEL_HEADER}\n    {HRTIMER_HEADER}"
    ));
    TraceError::line(file, line, a_recording(), what)
}

#[cfg(test)]
mod tests {
    use super::SAMPLES;
    use crate::text::line::{Line, read};

    #[test]
    fn the_samples_can_be_read() {
        for (name, sample) in SAMPLES {
            assert!(matches!(read(sample.as_bytes()), Line::Event(_)), "{name}");
        }
    }
}
