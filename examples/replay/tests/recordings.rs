//! Recordings in text: each kind is read as the CSV that is right for it, and what is none is refused in clear words.
//!
//! The samples in `data` have the right CSV beside them, written by another program; the large ones' is gzipped. The
//! kinds without a sample of their own are made from one that has: the same events with other heads must come to the
//! same CSV.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use tempfile::TempDir;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("there is room for a directory")
}

fn replay(directory: &TempDir, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
    command.current_dir(directory).args(["--runs", "1", "--plot", "replay.svg"]).args(args);
    command.output().expect("the program runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the program writes text")
}

/// The text of a file, gzipped or not.
fn content(file: &Path) -> String {
    let bytes = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut plain = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        MultiGzDecoder::new(&*bytes).read_to_end(&mut plain).expect("it is whole");
    }
    String::from_utf8(if plain.is_empty() { bytes } else { plain }).expect("it is text")
}

/// The right CSV of a sample, for the wheel and for hrtimers, where it has such timers.
fn right(sample: &str) -> [Option<String>; 2] {
    ["", ".hrtimers"].map(|kind| {
        let found = [".csv", ".csv.gz"].map(|end| data(&format!("{sample}{kind}{end}")));
        found.iter().find(|file| file.exists()).map(|file| content(file))
    })
}

/// What `--convert` makes of a file, for each kind that is asked for.
fn converted(directory: &TempDir, file: &str, args: &[&str]) -> [Option<String>; 2] {
    ["wheel", "hrtimer"].map(|kind| {
        let output = replay(directory, &[&["--kind", kind, "--convert", "-", file], args].concat());
        (output.status.code() == Some(0)).then(|| text(&output.stdout).to_owned())
    })
}

#[test]
fn every_sample_is_read_as_the_csv_that_is_right() {
    let directory = directory();
    for (sample, args) in [
        ("ftrace-4.2-module.txt", &["--hz", "250"][..]),
        ("ftrace-4.19-arm-HZ100.txt", &[]),
        ("ftrace-wakeup-tracer.txt", &[]),
        ("ftrace-hrtimer-mode.txt", &[]),
        ("ftrace-6.18.txt.gz", &[]),
        ("perf-script-ns-6.18.txt.gz", &[]),
        ("trace-cmd-report-5.7.txt", &["--hz", "1000"]),
    ] {
        let file = data(sample);
        let file = file.to_str().expect("a path in ASCII");
        let name = sample.split(".txt").next().expect("there is one");
        assert!(right(name).iter().any(Option::is_some), "{sample} has a CSV beside it");
        assert_eq!(converted(&directory, file, args), right(name), "{sample}");

        let output = replay(&directory, &[&[file], args].concat());
        assert_eq!(output.status.code(), Some(0), "{sample}: {}", text(&output.stderr));
        assert_eq!(text(&output.stdout).matches("ok: TimerHeap: ").count(), right(name).iter().flatten().count());
    }
}

#[test]
fn both_kinds_are_written_at_once_and_the_csv_replays_as_the_text_does() {
    let directory = directory();
    let file = data("ftrace-6.18.txt.gz");
    let file = file.to_str().expect("a path in ASCII");
    assert_eq!(replay(&directory, &[file, "--convert", "mine.6.csv.gz"]).status.code(), Some(0));
    let verdicts = |output: Output| -> Vec<String> {
        text(&output.stdout).lines().filter(|line| line.starts_with("ok: ")).map(str::to_owned).collect()
    };
    let mut of_csv = Vec::new();
    for (name, right) in ["mine.6.csv.gz", "mine.6.hrtimers.csv.gz"].into_iter().zip(right("ftrace-6.18")) {
        assert_eq!(Some(content(&directory.path().join(name))), right, "{name}");
        of_csv.extend(verdicts(replay(&directory, &[name])));
    }
    assert_eq!(verdicts(replay(&directory, &[file])), of_csv);
    for picture in ["replay.svg", "replay.hrtimers.svg"] {
        assert!(content(&directory.path().join(picture)).ends_with("</svg>\n"), "{picture}");
    }
}

/// One event of the ftrace sample.
struct Event<'a> {
    seconds: &'a str,
    name: &'a str,
    fields: &'a str,
}

/// The sample's events and other lines, each given to `line`.
fn rewritten(line: impl Fn(Event<'_>) -> String) -> String {
    let sample = content(&data("ftrace-6.18.txt.gz"));
    let mut text = String::new();
    for found in sample.lines().filter(|line| !line.starts_with('#')) {
        let mut parts = found.splitn(3, ": ");
        let (head, name, fields) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let seconds = head.rsplit(' ').next().unwrap();
        text.push_str(&line(Event { seconds, name, fields }));
        text.push('\n');
    }
    text
}

fn micros(event: &Event<'_>) -> u64 {
    let (whole, decimals) = event.seconds.split_once('.').expect("it has decimals");
    whole.parse::<u64>().unwrap() * 1_000_000 + decimals.parse::<u64>().unwrap()
}

/// `key=value` as babeltrace prints it, with its addresses in capitals.
fn in_braces(event: &Event<'_>) -> String {
    let fields = event.fields.replace(['[', ']'], "");
    let fields = fields.split_whitespace().filter_map(|field| field.split_once('='));
    let fields: Vec<_> = fields
        .map(|(key, value)| match key {
            "timer" | "hrtimer" => format!("{key} = 0x{}", value.to_uppercase()),
            _ => format!("{key} = {value}"),
        })
        .collect();
    format!("{{ cpu_id = 1 }}, {{ procname = \"a: {{b}}\" }}, {{ {} }}", fields.join(", "))
}

/// Each kind that there is no sample of, from one with the same events.
fn kinds() -> Vec<(&'static str, String)> {
    let plain = |event: &Event<'_>| format!("{}: {}", event.name, event.fields);
    let of_day = |event: &Event<'_>, start: u64| {
        let at = start + micros(event);
        let (seconds, micros) = (at / 1_000_000 % 86_400, at % 1_000_000);
        format!("{:02}:{:02}:{:02}.{micros:06}000", seconds / 3600, seconds / 60 % 60, seconds % 60)
    };
    let lttng = |event: &Event<'_>, time: String| {
        let prefix = if event.name.starts_with("hrtimer") { "timer_" } else { "" };
        format!("[{time}] (+0.000001234) host {prefix}{}: {}", event.name, in_braces(event))
    };
    let page = rewritten(|event| {
        format!("&lt;idle&gt;-0 (-----) [001] d.h1 {}: {}", event.seconds, plain(&event).replace('<', "&lt;"))
    });
    vec![
        ("trace_pipe", {
            let lines = rewritten(|event| format!("   a: b-3-12 [000] d.h1. {}: {}", event.seconds, plain(&event)));
            lines.replacen('\n', "\nCPU:0 [LOST 12 EVENTS]\n", 1)
        }),
        ("perf without --ns", {
            rewritten(|event| format!("io thread 15 [001] {}:  timer:{}", event.seconds, plain(&event)))
        }),
        ("perf with periods and flags", {
            rewritten(|event| format!("a 15/16 [001] d..1. {}:          1  timer:{}", event.seconds, plain(&event)))
        }),
        ("perf with stacks", {
            let stack = "\tffffffff8110 hrtimer_start_range_ns+0x10 ([kernel.kallsyms])\n";
            rewritten(|event| format!("a 15 [001] {}: timer:{}\n{stack}", event.seconds, plain(&event)))
        }),
        ("trace-cmd report", {
            let padded = |event: &Event<'_>| format!("{:<22}{}", format!("{}:", event.name), event.fields);
            let lines = rewritten(|event| format!(" ksoftirqd/3-26 [003] {}: {}", event.seconds, padded(&event)));
            format!("cpus=2\n{lines}")
        }),
        ("trace-cmd report --ts-diff", {
            rewritten(|event| format!(" a-26 [003] d..1. {}: (+0.000002) {}", event.seconds, plain(&event)))
        }),
        ("irqsoff, relative", {
            rewritten(|event| format!("  <idle>-0       2dNh2  {}us+: {}", micros(&event), plain(&event)))
        }),
        ("latency, verbose", {
            let at = |event: &Event<'_>| format!("{}.{:03}", micros(event) / 1000, micros(event) % 1000);
            rewritten(|event| format!("a 7 0 0 0000 0002 [01] {}ms (+0.001ms): {}", at(&event), plain(&event)))
        }),
        ("a console's log", {
            let lines = rewritten(|event| {
                format!("[  162.{}] bash-1 0.... {}us : {}", micros(&event) % 999, micros(&event), plain(&event))
            });
            format!("[  162.000001] Dumping ftrace buffer:\n[  162.000002] -----------\n{lines}[  162.9] ------\n")
        }),
        ("a page of systrace", {
            let script = format!("<script>{}</script>", "x".repeat(1 << 20));
            format!(
                "<!DOCTYPE html>\n<html>{script}\n<script class=\"trace-data\" type=\"application/text\">\n\
                 # tracer: nop\n{page}</script></body>\n</html>\n"
            )
        }),
        ("an old page of systrace", {
            format!("<script>var linuxPerfData = \"\\\n{}\";\n</script>", page.replace('\n', "\\n\\\n"))
        }),
        ("babeltrace", rewritten(|event| lttng(&event, of_day(&event, 0)))),
        ("babeltrace, with the date, at midnight", {
            let before_midnight = 86_400_000_000 - 681_900_000;
            rewritten(|event| lttng(&event, format!("2026-03-01 {}", of_day(&event, before_midnight))))
        }),
        ("babeltrace --clock-seconds", rewritten(|event| lttng(&event, format!("{}000", event.seconds)))),
        ("fields in another order", {
            let backwards = |event: &Event<'_>| {
                let fields: Vec<_> = event.fields.split_whitespace().rev().collect();
                format!("{}: {} new_field = [0x1]", event.name, fields.join("  ").replace('=', " = "))
            };
            rewritten(|event| format!("a-1 [000] {}: {}", event.seconds, backwards(&event)))
        }),
        ("lines that end as on Windows", {
            rewritten(|event| format!("a-1 [000] {}: {}\r", event.seconds, plain(&event)))
        }),
    ]
}

#[test]
fn every_kind_of_head_comes_to_the_same_csv() {
    let directory = directory();
    let right = right("ftrace-6.18");
    for (kind, lines) in kinds() {
        fs::write(directory.path().join("mine.txt"), lines).expect("it can be written");
        assert_eq!(converted(&directory, "mine.txt", &[]), right, "{kind}");
    }
}

#[test]
fn standard_input_is_read_plain_and_gzipped() {
    let directory = directory();
    let lines = rewritten(|event| format!("a-1 [000] {}: {}: {}", event.seconds, event.name, event.fields));
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(lines.as_bytes()).expect("memory takes all");
    for bytes in [lines.into_bytes(), packed.finish().expect("memory takes all")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
        command.current_dir(&directory).args(["--kind", "wheel", "--convert", "-", "-"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().expect("it is piped");
        let writer = std::thread::spawn(move || stdin.write_all(&bytes));
        let output = child.wait_with_output().expect("the program ends");
        writer.join().unwrap().expect("all was read");
        assert_eq!(Some(text(&output.stdout)), right("ftrace-6.18")[0].as_deref());
    }
}

/// Jiffies of 32-bit machines begin anew five minutes after they start.
#[test]
fn jiffies_of_32_bits_go_on_where_they_begin_anew() {
    let directory = directory();
    let line = |micros: u64, event: &str| format!("a-1 [000] 300.{micros:06}: {event}\n");
    let (last, mut lines) = (u64::from(u32::MAX), String::new());
    lines += &line(0, &format!("timer_start: timer=b9e70001 function=f expires={} [timeout=20] flags=", 9));
    for jiffy in 0..100 {
        let now = (last - 10 + jiffy) & last;
        lines += &line(jiffy * 10_000, "timer_cancel: timer=b9e70002");
        lines += &line(jiffy * 10_000, &format!("timer_expire_entry: timer=b9e70002 function=g now={now}"));
        let start = format!("timer_start: timer=b9e70002 function=g expires={now} [timeout=0]");
        lines += &line(jiffy * 10_000 + 5, &start);
    }
    fs::write(directory.path().join("mine.txt"), lines).expect("it can be written");
    let [wheel, _] = converted(&directory, "mine.txt", &[]);
    let wheel = wheel.expect("it can be read");
    assert!(wheel.contains("0,start,0,20,f\n"), "{wheel}");
    assert!(wheel.contains("990000000,expire,1,99,g\n"), "{wheel}");
}

/// The text with `hrtimer_cancel` before each expiry, as most kernels print it.
#[test]
fn a_dequeue_before_an_expiry_is_no_cancellation_of_either_kind() {
    let directory = directory();
    let csv = "at_ns,op,timer,soft_ns,hard_ns,function\n\
               0,start,1,5000,5000,f\n5100,cancel,1,,,\n5200,expire,1,5200,,f\n\
               6000,start,2,9000,9000,g\n7000,cancel,2,,,\n";
    fs::write(directory.path().join("mine.csv"), csv).expect("it can be written");
    for (file, cancels) in [("mine.csv".into(), 1), (data("ftrace-hrtimer-mode.txt"), 0)] {
        let output = replay(&directory, &[file.to_str().expect("a path in ASCII"), "--json"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
        for replay in json["traces"][0]["replays"].as_array().expect("there are two") {
            assert_eq!((&replay["cancelled"], &replay["broken_promises"]), (&cancels.into(), &0.into()), "{replay}");
            assert_eq!(replay["fired"], 1);
        }
    }
}

fn refused(name: &str, output: &Output, wanted: &[&str]) {
    let error = text(&output.stderr);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{name}: {error}");
    assert!(error.starts_with("error: "), "{name}: {error}");
    for wanted in wanted {
        assert!(error.contains(wanted), "{name}: `{wanted}` is in {error}");
    }
}

#[test]
fn what_is_no_recording_is_refused_in_clear_words() {
    let directory = directory();
    let start = "a-1 [000] 1.000000: timer_start: timer=ffff8800b2000001 function=f expires=10 [timeout=1] flags=0x0\n";
    let long = format!("\u{1}{}\n", "x".repeat(5000));
    let cases: [(&str, Vec<u8>, &[&str]); 12] = [
        ("trace.dat", b"\x17\x08\x44tracing6\0\0".to_vec(), &["trace.dat", "trace-cmd report -i 'my file'"]),
        ("perf.data", b"PERFILE2h\0\0\0".to_vec(), &["perf.data", "perf script --ns -i 'my file'"]),
        ("a stream of LTTng's", b"\xc1\x1f\xfc\xc1rest".to_vec(), &["LTTng", "babeltrace2"]),
        ("empty", Vec::new(), &["my file, line 1: expected the header `at_ns", "found an empty file"]),
        ("blank", b"\n\n  \n".to_vec(), &["found nothing but empty lines"]),
        (
            "text",
            b"\nDear all,\n".to_vec(),
            &["my file, line 2: ", "found `Dear all,`", "perf script --ns", "at_ns,op,timer,jiffy"],
        ),
        ("a long line", long.into_bytes(), &["line 1: ", "found `\\u{1}xxx", "…`"]),
        ("no timers", b"# tracer: nop\na-1 [000] 1.5: sched_wakeup: comm=a\n".to_vec(), &["without any: record with"]),
        (
            "none readable",
            b"a-1 [000] 1.5: timer_start: timer=x\na-1 [000] 1.6: timer_cancel: timer=(____ptrval____)\n".to_vec(),
            &["none that can be read; 2 timer events cannot, line 1: `a-1 [000] 1.5: timer_start: timer=x`"],
        ),
        ("no HZ", start.as_bytes().to_vec(), &["too short to tell the kernel's HZ", "--hz 100, 250, 300 or 1000"]),
        (
            "never armed",
            b"at_ns,op,timer,soft_ns,hard_ns,function\n1,cancel,1,,,\n2,expire,2,2,,f\n".to_vec(),
            &["there is nothing to replay"],
        ),
        (
            "armed on the wall clock alone",
            b"at_ns,op,timer,soft_ns,hard_ns,function\n1,start,1,1800000000000000000,1800000000000000000,f\n".to_vec(),
            &["there is nothing to replay"],
        ),
    ];
    for (name, content, wanted) in cases {
        fs::write(directory.path().join("my file"), content).expect("it can be written");
        refused(name, &replay(&directory, &["my file"]), wanted);
        let output = replay(&directory, &["my file"]);
        let longest = text(&output.stderr).lines().next().map_or(0, |line| line.chars().count());
        assert!(longest < 400, "{name}: one line is short enough: {longest}");
    }
    fs::write(directory.path().join("my file"), start).expect("it can be written");
    let other = replay(&directory, &["my file", "--kind", "hrtimer"]);
    refused("the other kind", &other, &["no timers of the kind hrtimer"]);
    assert_eq!(replay(&directory, &["my file", "--hz", "250"]).status.code(), Some(0));
}

#[test]
fn a_gzipped_text_that_is_cut_off_is_refused() {
    let directory = directory();
    let whole = fs::read(data("ftrace-6.18.txt.gz")).expect("it is there");
    for length in [whole.len() - 9, whole.len() / 2, 12] {
        fs::write(directory.path().join("cut.gz"), &whole[..length]).expect("it can be written");
        refused("cut", &replay(&directory, &["cut.gz"]), &["the file is truncated"]);
    }
}

#[test]
fn what_was_lost_or_could_not_be_read_is_told_beside_the_result() {
    let directory = directory();
    let lines = rewritten(|event| format!("a-1 [000] {}: {}: {}", event.seconds, event.name, event.fields));
    let head = "# entries-in-buffer/entries-written: 1000/5000   #P:2\nCPU 1: 7 EVENTS DROPPED\n\
                CPU:1 [LOST 5 EVENTS]\na-1 [000] 681.0: timer_start: timer=zz expires=1\n";
    fs::write(directory.path().join("mine.txt"), format!("{head}{lines}")).expect("it can be written");
    let output = replay(&directory, &["mine.txt", "--kind", "wheel"]);
    assert_eq!(output.status.code(), Some(0));
    for told in ["lost: 12 events", "overwritten: 4,000 events", "not read: 1 timer events", "line 4: `a-1 [000] 681.0"]
    {
        assert!(text(&output.stdout).contains(told), "{told}: {}", text(&output.stdout));
    }
}

#[test]
fn the_advice_is_replayed_for_the_ticks_and_slacks_that_are_asked_for() {
    let directory = directory();
    let file = data("perf-script-ns-6.18.txt.gz");
    let args = ["--kind", "hrtimer", "--ticks", "1ms,20ms", "--slack", "50%", file.to_str().expect("a path in ASCII")];
    let report = replay(&directory, &args);
    let report = text(&report.stdout);
    for wanted in ["Verdict", "17 pending at most", "heap, as recorded", "heap, slack 50 %", "wheel, tick 20ms"] {
        assert!(report.contains(wanted), "{wanted}: {report}");
    }
    let output = replay(&directory, &[&args[..], &["--json"]].concat());
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let advice = json["traces"][0]["advice"].as_array().expect("there are four");
    let figures = |at: usize, name: &str| advice[at][name].as_f64().expect("it is a number");
    let wake_ups: Vec<_> = (0..4).map(|at| figures(at, "wake_ups")).collect();
    assert!(wake_ups[1] < wake_ups[0] && wake_ups[3] < wake_ups[2], "{wake_ups:?}");
    assert!(figures(3, "mean_late_ns") > figures(2, "mean_late_ns") && figures(2, "longest_late_ns") <= 1e6);
    assert!(figures(0, "longest_late_ns") <= 50_000.0, "the recorded slack is 50 us");
}
