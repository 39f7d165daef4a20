//! The program, run as a user runs it: exit statuses, errors, tables that add up, a picture that is
//! well-formed.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use tempfile::TempDir;

const WHEEL_HEADER: &str = "at_ns,op,timer,jiffy,function";
const HRTIMER_HEADER: &str = "at_ns,op,timer,soft_ns,hard_ns,function";

fn example() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_replay"))
}

/// The checkout.
fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("it is two folders up")
}

/// A run of the example in a directory of its own, once for each call, with its picture in `replay.svg` there.
fn run(directory: &TempDir, args: &[&str]) -> Output {
    let mut command = Command::new(example());
    command.current_dir(directory).args(["--runs", "1", "--plot", "replay.svg"]).args(args);
    command.output().expect("the example runs")
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("there is room for a directory")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the example writes text")
}

fn gzipped(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

/// The numbers (`-` is none) in the line of the table that begins with `label`, below the first line that begins with
/// `heading`.
fn row(report: &str, heading: &str, label: &str) -> Vec<f64> {
    let below = report.lines().skip_while(|line| !line.starts_with(heading));
    let line = below.skip(1).find(|line| line.trim_start().starts_with(label));
    let line = line.unwrap_or_else(|| panic!("no line `{label}` below `{heading}` in\n{report}"));
    let values = line.trim_start()[label.len()..].split_whitespace();
    values.map_while(|value| if value == "-" { Some(f64::NAN) } else { value.replace(',', "").parse().ok() }).collect()
}

fn number(report: &str, heading: &str, label: &str) -> f64 {
    row(report, heading, label)[0]
}

/// Holds the tables of a report against each other, for the timer in the given column.
fn assert_adds_up(report: &str, timer: &str, column: usize) {
    const HOLDS: &str = "What the trace holds";
    const DIFFERS: &str = "What came out otherwise";
    const TURNS: &str = "Turns and timers";
    let trace = |label| number(report, HOLDS, label);
    let differs = |label| row(report, DIFFERS, label)[column];
    let turns = |label| row(report, TURNS, label)[column];
    let calls = |label| number(report, timer, label);

    let (armed, fired, cancelled) = (turns("timers armed"), turns("timers fired"), turns("timers cancelled"));
    assert_eq!(armed, fired + cancelled, "{timer}: every timer leaves once");
    assert_eq!(calls("insert"), armed);
    assert_eq!(calls("cancel"), cancelled);
    assert_eq!(calls("for each timer fired"), fired);
    assert_eq!(trace("starts") - trace("armed on another clock"), armed + calls("reset"), "{timer}: starts");
    assert!(calls("reset or cancel, stale id") >= differs("recorded cancel or reset: fired already"));

    let all = ["turns at an event", "turns at next_turn", "turns at next_turn in the drain"].map(turns);
    let all = all.iter().sum::<f64>();
    assert_eq!(calls("turn that fires") + calls("turn that does not"), all, "{timer}: turns");
    assert!(turns("most pending at once") <= armed);

    // The lateness has the column of the kernel, or of the program, first.
    let is_title = |line: &str| ["    kernel  ", "   program  "].iter().any(|title| line.contains(title));
    let bins = report.lines().skip_while(|line| !is_title(line)).skip(1);
    let bins = bins.take_while(|line| !line.trim_start().starts_with("mean"));
    let [mut kernel, mut ours] = [0.0, 0.0];
    for line in bins {
        let values: Vec<_> = line.split_whitespace().rev().collect();
        let value = |from_right: usize| values[from_right].replace(',', "").parse::<f64>().expect("a count");
        let columns = if report.contains("ok: TimerWheel") && report.contains("ok: TimerHeap") { 2 } else { 1 };
        kernel += value(columns);
        ours += value(columns - 1 - column);
    }
    assert_eq!(kernel, ours, "{timer}: lateness of the same timers");
    assert!(kernel > 0.0 && kernel <= trace("expiries") && ours <= fired);
}

/// Checks that every tag is closed, in order, and gives the texts between them.
fn texts_of_svg(svg: &str) -> Vec<String> {
    let mut open: Vec<&str> = Vec::new();
    let mut texts = Vec::new();
    let mut rest = svg;
    while let Some((before, from_tag)) = rest.split_once('<') {
        if !before.trim().is_empty() {
            assert!(!open.is_empty(), "text outside of the svg: {before}");
            texts.push(before.trim().to_owned());
        }
        let (tag, after) = from_tag.split_once('>').expect("every tag ends");
        let name = tag.split([' ', '\n', '/']).find(|part| !part.is_empty()).expect("every tag has a name");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "tags close in order");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        rest = after;
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "every tag is closed");
    texts
}

#[test]
fn the_trace_that_comes_with_it_is_of_a_server_whose_timers_hardly_ever_fire() {
    let directory = directory();
    let output = run(&directory, &[]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "no terminal, no progress");
    let report = text(&output.stdout);
    assert_adds_up(report, "TimerWheel", 0);
    assert_adds_up(report, "TimerHeap", 1);
    assert!(report.contains("A program's high-resolution timers") && report.contains("server.csv.gz"), "{report}");
    // What the server itself told at its end.
    assert_eq!(number(report, "What the trace holds", "of them resets"), 10_946.0);
    assert!(report.contains("ok: TimerHeap: 6,386 armed = 457 fired + 5,929 cancelled"), "{report}");
    assert_eq!(number(report, "What the trace holds", "pending when the recording ends"), 0.0);
    assert_eq!(number(report, "What the trace holds", "armed before the recording"), 0.0);
}

#[test]
fn a_trace_of_the_wheel_is_replayed_through_both() {
    let directory = directory();
    let trace = here().join("examples/data/nginx.timers.csv.gz");
    let output = run(&directory, &["--trace", trace.to_str().expect("a path in ASCII")]);
    assert_eq!(text(&output.stderr), "", "no terminal, no progress");
    assert_eq!(output.status.code(), Some(0));
    let report = text(&output.stdout);
    for (column, timer) in ["TimerWheel", "TimerHeap"].into_iter().enumerate() {
        assert_adds_up(report, timer, column);
        let verdict = format!("ok: {timer}: ");
        assert_eq!(report.lines().filter(|line| line.starts_with(&verdict)).count(), 1, "{report}");
        assert_eq!(row(report, "Lateness by design", "longest of all that fired here, jiffies")[1..], [0.0, 0.0]);
    }

    let svg = fs::read_to_string(directory.path().join("replay.svg")).expect("the picture is drawn");
    assert!(svg.starts_with("<svg"));
    let texts = texts_of_svg(&svg);
    for wanted in
        ["nginx.timers.csv.gz replayed through TimerWheel and TimerHeap", "recording kernel", "Pending timers"]
    {
        assert!(texts.iter().any(|text| text == wanted), "{wanted} is in {texts:?}");
    }
}

#[test]
fn a_trace_of_hrtimers_is_told_by_its_header() {
    let directory = directory();
    let trace = here().join("examples/data/nginx.hrtimers.csv.gz");
    let output = run(&directory, &["--trace", trace.to_str().expect("a path in ASCII")]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report = text(&output.stdout);
    assert!(report.contains("high-resolution timers"));
    assert_adds_up(report, "TimerWheel", 0);
    assert_adds_up(report, "TimerHeap", 1);
    let past_hard = row(report, "Lateness by design", "after the hard time (deadline and slack)");
    assert_eq!(past_hard[2], 0.0, "the heap keeps to the slack to the nanosecond");
}

#[test]
fn plain_and_gzipped_give_the_same_figures() {
    let directory = directory();
    let packed = here().join("examples/data/nginx.hrtimers.csv.gz");
    let mut plain = Vec::new();
    MultiGzDecoder::new(fs::File::open(&packed).expect("it is there")).read_to_end(&mut plain).expect("it is whole");
    fs::write(directory.path().join("plain.csv"), plain).expect("it can be written");
    let figures = |trace: &str| {
        let output = run(&directory, &["--trace", trace, "--timer", "heap"]);
        assert_eq!(output.status.code(), Some(0));
        let report = text(&output.stdout).to_owned();
        let (_, tables) = report.split_once("Turns and timers").expect("there is such a table");
        // Behind it are times.
        tables.split_once("Verdict").expect("there is a verdict").0.to_owned()
    };
    assert_eq!(figures("plain.csv"), figures(packed.to_str().expect("a path in ASCII")));
}

#[test]
fn one_timer_can_be_chosen() {
    let directory = directory();
    let trace = here().join("examples/data/nginx.hrtimers.csv.gz");
    let trace = trace.to_str().expect("a path in ASCII");
    for (chosen, named, other) in [("wheel", "TimerWheel", "TimerHeap"), ("heap", "TimerHeap", "TimerWheel")] {
        let output = run(&directory, &["--trace", trace, "--timer", chosen]);
        assert_eq!(output.status.code(), Some(0));
        let report = text(&output.stdout);
        assert!(report.contains(&format!("ok: {named}")) && !report.contains(other), "{report}");
        assert_adds_up(report, named, 0);
    }
}

#[test]
fn c7_overdue_and_far_deadlines_are_replayed() {
    let directory = directory();
    let trace = format!(
        "{WHEEL_HEADER}\n9000000,start,1,1,overdue\n9000000,start,2,{},far\n13000000,cancel,1,,\n\
         13000000,expire,1,3,overdue\n",
        u64::MAX
    );
    fs::write(directory.path().join("trace.csv"), trace).expect("it can be written");
    let output = run(&directory, &["--trace", "trace.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("ok: TimerWheel: 2 armed = 2 fired + 0 cancelled"));
}

#[test]
fn a_deadline_on_another_clock_is_counted_and_not_armed() {
    let directory = directory();
    let trace = format!(
        "{HRTIMER_HEADER}\n1000,start,1,1800000000000000000,1800000000000050000,wall\n2000,start,2,3000,4000,near\n\
         3500,expire,2,3400,,near\n5000,expire,1,1800000000000000100,,wall\n"
    );
    fs::write(directory.path().join("trace.csv"), trace).expect("it can be written");
    let output = run(&directory, &["--trace", "trace.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report = text(&output.stdout);
    assert_eq!(number(report, "What the trace holds", "armed on another clock"), 1.0);
    assert!(report.contains("ok: TimerHeap: 1 armed = 1 fired + 0 cancelled"), "{report}");
}

#[test]
fn whatever_is_wrong_with_a_file_is_one_clear_error() {
    let wheel = |lines: &str| format!("{WHEEL_HEADER}\n{lines}").into_bytes();
    let hrtimer = |lines: &str| format!("{HRTIMER_HEADER}\n{lines}").into_bytes();
    let good = "4000,start,1,9,f\n".repeat(2000);
    let whole = gzipped(&wheel(&good));
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", vec![], "line 1: expected the header `at_ns,op,timer,jiffy,function` or `at_ns,"),
        ("empty gzip", gzipped(b""), "line 1: expected the header"),
        ("blank line", wheel("1,start,1,9,f\n\n2,cancel,1,,\n"), "line 3: expected 5 columns, found 1: nothing"),
        ("endless line", wheel(&"x".repeat(100_000)), "line 2: expected a line of less than 4096 bytes, found `xxx"),
        ("header only", wheel(""), "line 2: expected at least one event below the header, found the end of the file"),
        ("few columns", wheel("1,start,1,9,f\n2,cancel,1\n"), "line 3: expected 5 columns, found 3: `2,cancel,1`"),
        ("many columns", wheel("1,start,1,9,f,g\n"), "line 2: expected 5 columns, found 6"),
        ("op", wheel("1,stop,1,9,f\n"), "line 2: expected the op `start`, `cancel` or `expire`, found `stop`"),
        ("at_ns", wheel("-1,start,1,9,f\n"), "line 2: expected an at_ns, a number below 2^64, found `-1`"),
        ("timer", wheel("1,start,x,9,f\n"), "line 2: expected a timer's number, a number below 2^64, found `x`"),
        ("large timer", wheel("1,start,4294967296,9,f\n"), "line 2: expected a timer's number below 2^32"),
        (
            "jiffy",
            wheel("1,start,1,,f\n"),
            "line 2: expected the jiffy that it is armed for, a number below 2^64, found nothing",
        ),
        ("large jiffy", wheel("1,start,1,18446744073709551616,f\n"), "line 2: expected the jiffy that it is armed for"),
        ("cancel", wheel("1,start,1,9,f\n2,cancel,1,9,\n"), "line 3: expected a cancel without a time, found `9`"),
        ("backwards", wheel("5,start,1,9,f\n4,cancel,1,,\n"), "line 3: expected an at_ns of at least 5"),
        (
            "hard first",
            hrtimer("1,start,1,9,8,f\n"),
            "line 2: expected a hard_ns that is not before soft_ns, found `8`",
        ),
        ("soft", hrtimer("1,start,1,1e9,9,f\n"), "line 2: expected a soft_ns, a number below 2^64, found `1e9`"),
        ("binary", wheel("1,start,1,\u{7}\u{fffd},f\n"), "line 2: expected the jiffy"),
        ("truncated gzip", whole[..whole.len() - 12].to_vec(), ": expected the rest of the gzip stream, found its end"),
        ("short gzip", whole[..5].to_vec(), "line 1: expected the rest of the gzip stream, found its end"),
        ("broken gzip", [&whole[..whole.len() - 8], &[7; 8]].concat(), "expected a readable file, found corrupt"),
    ];
    let directory = directory();
    for (name, content, wanted) in cases {
        let file = directory.path().join("trace.csv.gz");
        fs::write(&file, content).expect("it can be written");
        assert_refused(name, &run(&directory, &["--trace", "trace.csv.gz"]), &["trace.csv.gz", wanted]);
        assert!(!directory.path().join("replay.svg").exists(), "{name}: nothing is drawn");
    }
}

fn assert_refused(name: &str, output: &Output, wanted: &[&str]) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{name}: {error}");
    assert_eq!(text(&output.stdout), "", "{name}: nothing is reported as a result");
    assert!(error.starts_with("error: ") && error.lines().count() == 1, "{name}: one error: {error}");
    for wanted in wanted {
        assert!(error.contains(wanted), "{name}: `{wanted}` is in {error}");
    }
}

#[test]
fn files_that_cannot_be_read_or_written_are_one_clear_error() {
    let directory = directory();
    let missing = run(&directory, &["--trace", "missing.csv"]);
    assert_refused("missing", &missing, &["missing.csv: expected a trace to read, found: "]);
    assert_refused("directory", &run(&directory, &["--trace", "."]), &[".: expected a trace to read, found: "]);

    fs::write(directory.path().join("trace.csv"), format!("{WHEEL_HEADER}\n1,start,1,9,f\n"))
        .expect("it can be written");
    let nowhere = Command::new(example())
        .current_dir(&directory)
        .args(["--trace", "trace.csv", "--plot", "trace.csv/below/a/file.svg"])
        .output()
        .expect("the example runs");
    assert_refused("plot", &nowhere, &["file.svg: cannot be written: "]);
}

#[test]
fn wrong_arguments_are_refused_and_help_is_given() {
    let directory = directory();
    for wrong in [&["--timer", "sundial"][..], &["--trace"], &["--runs", "0"], &["--nonsense"]] {
        let output = Command::new(example()).args(wrong).output().expect("the example runs");
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{wrong:?}");
    }
    let help = run(&directory, &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    for wanted in ["--trace <FILE>", "--timer <TIMER>", "--plot <FILE>", "wheel", "heap", "both", "Exit status"] {
        assert!(text(&help.stdout).contains(wanted), "{wanted}");
    }
}

/// The full recordings lie beside a checkout of the project, not in it: without them there is nothing to do.
#[test]
#[ignore = "replays three million events: some seconds in release mode"]
fn the_full_traces_are_replayed() {
    let traces = here().join("../shared/traces");
    if !traces.is_dir() {
        println!("skipped: there is no {}", traces.display());
        return;
    }
    let directory = directory();
    for (name, fired_already, pending) in [
        ("nginx.timers", Some(19_426.0), Some(8_938.0)),
        ("redis.timers", Some(39_808.0), Some(7_312.0)),
        ("nginx.hrtimers", None, None),
        ("redis.hrtimers", None, None),
    ] {
        let trace = traces.join(format!("{name}.csv.gz"));
        let output = run(&directory, &["--trace", trace.to_str().expect("a path in ASCII")]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output.stderr));
        let report = text(&output.stdout);
        for (column, timer) in ["TimerWheel", "TimerHeap"].into_iter().enumerate() {
            assert_adds_up(report, timer, column);
            if let Some(fired_already) = fired_already {
                let found = row(report, "What came out otherwise", "recorded cancel or reset: fired already");
                assert_eq!(found[column], fired_already, "{name}");
            }
        }
        if let Some(pending) = pending {
            assert_eq!(number(report, "What the trace holds", "pending when the recording ends"), pending, "{name}");
        }
    }
}
