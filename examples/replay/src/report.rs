//! The tables on standard output, and the faults on standard error.

use std::fmt::Write as _;
use std::io;

use crate::error::shown_name;
use crate::lateness::{Lateness, Scale};
use crate::replay::Outcome;
use crate::timing::{Call, Sorted, Watch};
use crate::trace::{Action, Kind, Trace};
use crate::{Contender, Study, verdict};

/// All that is printed of one trace, at once: whatever goes wrong before leaves nothing there.
pub(crate) fn report(study: &Study, notes: &[String], runs: u32, watch: Watch) -> String {
    let Study { trace, replays, advice, plot } = study;
    let mut text = String::new();
    opening(&mut text, trace, notes, runs, watch);
    contents(&mut text, trace, &replays[0].1);
    differences(&mut text, trace, replays);
    for (contender, outcome) in replays {
        calls(&mut text, contender, outcome, watch);
    }
    turns(&mut text, replays);
    lateness(&mut text, trace, replays);
    verdict::advise(&mut text, trace, replays, advice, watch);
    let _ = writeln!(text, "Drawn in {}", plot.display());
    for (contender, outcome) in replays {
        verdict(&mut text, contender, outcome);
    }
    text
}

fn opening(text: &mut String, trace: &Trace, notes: &[String], runs: u32, watch: Watch) {
    let what = match trace.kind {
        Kind::Wheel => format!("A kernel's timer wheel, in jiffies of {:?}", trace.jiffy.tick_length()),
        Kind::Hrtimer => format!("A {}'s high-resolution timers, in nanoseconds with slack", trace.recorder()),
    };
    let seconds = trace.length().as_secs_f64();
    let (events, timers) = (grouped(trace.events.len() as u64), grouped(trace.timers.len() as u64));
    let _ = write!(
        text,
        "Trace {}\n{what}: {seconds:.3} s, {events} events on {timers} timers.\n\
         Replayed in virtual time, turned at each next_turn and at each event, then drained to empty. Times are those\n\
         of the calls alone, each the shortest of {runs} run{}, less {} ns for reading the clock, which tells times\n\
         {} ns apart from each other.\n",
        shown_name(&trace.file),
        if runs == 1 { "" } else { "s" },
        watch.cost_ns,
        watch.resolution_ns,
    );
    notes.iter().for_each(|note| _ = writeln!(text, "  {note}"));
    text.push('\n');
    if cfg!(debug_assertions) {
        text.push_str("This is a debug build: its times say little. Run it with --release.\n\n");
    }
}

/// What the file says, whichever timer it is replayed through.
fn contents(text: &mut String, trace: &Trace, outcome: &Outcome) {
    let resets = trace.count(|action| matches!(action, Action::Reset(_)));
    let elsewhere = trace.count(|action| matches!(action, Action::ArmOnOtherClock(_)));
    let starts = trace.count(|action| matches!(action, Action::Arm(_))) + resets + elsewhere;
    let cancels = trace.count(|action| action == Action::Cancel);
    let expiries = trace.count(|action| matches!(action, Action::Expire { .. }));
    let dequeues = trace.count(|action| action == Action::OwnDequeue);
    let odd = &outcome.oddities;
    let from_before = format!(
        "{} cancelled or reset, {} expired",
        grouped(odd.cancelled_from_before),
        grouped(odd.expired_from_before)
    );

    text.push_str("What the trace holds\n");
    let mut line = |label: &str, count: u64, note: &str| {
        let _ = writeln!(text, "{}", format!("  {label:<40}{:>12}   {note}", grouped(count)).trim_end());
    };
    line("starts", starts, "");
    line("  of them resets", resets, "a cancel and a start at once, or a start of an armed timer: the id is kept");
    line("cancels", cancels, "");
    line("expiries", expiries, "");
    if trace.kind == Kind::Wheel || dequeues > 0 {
        line("dequeues by the kernel itself", dequeues, "recorded as a cancel before the expiry: no cancellation");
    }
    line("armed on another clock", elsewhere, "the deadline shares no line with the trace's time: not replayed");
    line("armed before the recording", odd.cancelled_from_before + odd.expired_from_before, &from_before);
    line("ended without a recorded start", odd.not_pending, "a second cancel or expiry in a row");
    line("pending when the recording ends", odd.pending_in_recording, "");
    text.push('\n');
}

/// Where an exact timer goes other ways than the kernel did.
fn differences(text: &mut String, trace: &Trace, replays: &[(Contender, Outcome)]) {
    heading(text, "What came out otherwise than recorded", replays);
    let mut row = |label: &str, value: fn(&Outcome) -> u64| columns(text, label, replays, value);
    row("recorded cancel or reset: fired already", |outcome| outcome.oddities.fired_already);
    row(&format!("called by the {} before due here", trace.recorder()), |outcome| outcome.oddities.kernel_was_first);
    row("pending at the end: fired already", |outcome| outcome.oddities.pending_but_fired);
    text.push('\n');
}

fn calls(text: &mut String, contender: &Contender, outcome: &Outcome, watch: Watch) {
    let title = format!("{} (tick {:?}): ns a call", contender.name, contender.tick);
    let _ = writeln!(text, "{title:<42}{:>12}{:>12}{:>11}{:>12}{:>13}", "calls", "mean", "p50", "p99.9", "longest");
    for call in Call::ALL {
        let sorted = outcome.samples.sorted(call);
        call_row(text, label(call), &sorted, watch);
        if call == Call::FiringTurn {
            let each = (sorted.len() > 0).then(|| sorted.sum_ns() as f64 / outcome.book.fired() as f64);
            let _ = writeln!(
                text,
                "  {:<40}{:>12}{:>12}",
                "  for each timer fired",
                grouped(outcome.book.fired()),
                shown(each, 1)
            );
        }
    }
    text.push('\n');
}

fn call_row(text: &mut String, label: &str, sorted: &Sorted, watch: Watch) {
    let whole = |nanos: Option<u32>| nanos.map_or_else(|| "-".to_owned(), |nanos| watch.told(nanos));
    let _ = writeln!(
        text,
        "  {label:<40}{:>12}{:>12}{:>11}{:>12}{:>13}",
        grouped(sorted.len()),
        shown(sorted.mean_ns(), 1),
        whole(sorted.quantile_ns(0.5)),
        whole(sorted.quantile_ns(0.999)),
        whole(sorted.longest_ns()),
    );
}

pub(crate) fn label(call: Call) -> &'static str {
    match call {
        Call::Insert => "insert",
        Call::Reset => "reset",
        Call::Cancel => "cancel",
        Call::Stale => "reset or cancel, stale id",
        Call::FiringTurn => "turn that fires",
        Call::EmptyTurn => "turn that does not",
        Call::NextTurn => "next_turn",
    }
}

fn turns(text: &mut String, replays: &[(Contender, Outcome)]) {
    heading(text, "Turns and timers", replays);
    let mut row = |label, value: fn(&Outcome) -> u64| columns(text, label, replays, value);
    row("turns at an event", |outcome| outcome.at_events.all);
    row("  of them empty", |outcome| outcome.at_events.empty);
    row("turns at next_turn", |outcome| outcome.at_next_turn.all);
    row("  of them empty (upkeep, stale answers)", |outcome| outcome.at_next_turn.empty);
    row("turns at next_turn in the drain", |outcome| outcome.in_drain.all);
    row("  of them empty (upkeep, stale answers)", |outcome| outcome.in_drain.empty);
    row("timers armed", |outcome| outcome.book.armed());
    row("timers fired", |outcome| outcome.book.fired());
    row("timers cancelled", |outcome| outcome.book.cancelled());
    row("most pending at once", |outcome| outcome.most_pending as u64);
    row("most fired in one turn", |outcome| outcome.work.iter().map(|(_, fired)| *fired as u64).max().unwrap_or(0));
    text.push('\n');
}

fn lateness(text: &mut String, trace: &Trace, replays: &[(Contender, Outcome)]) {
    let scale = Scale::of(trace);
    let found: Vec<_> = replays.iter().map(|(_, outcome)| Lateness::of(&outcome.book, &scale)).collect();
    let (same, recorder) = (found[0].kernel.count, trace.recorder());
    let _ = writeln!(
        text,
        "Lateness by design: how long after its deadline each of the {} timers ran that the {recorder} called\n\
         too. Ours in virtual time, where the clock stops for every turn; the {recorder}'s on a loaded machine. \
         It shows\n\
         what rounding costs, and is not a race of the two.",
        grouped(same),
    );
    let title = match trace.kind {
        Kind::Wheel => format!("  jiffies of {:?}", trace.jiffy.tick_length()),
        Kind::Hrtimer => String::new(),
    };
    let _ = write!(text, "{title:<42}{recorder:>12}");
    replays.iter().for_each(|(contender, _)| text.push_str(&format!("{:>13}", contender.name)));
    text.push('\n');
    let mut row = |label: &str, kernel: String, ours: &mut dyn Iterator<Item = String>| {
        let _ = write!(text, "  {label:<40}{kernel:>12}");
        ours.for_each(|value| text.push_str(&format!("{value:>13}")));
        text.push('\n');
    };
    for (bin, label) in scale.labels.iter().enumerate() {
        let ours = &mut found.iter().map(|found| grouped(found.ours.bins[bin]));
        row(label, grouped(found[0].kernel.bins[bin]), ours);
    }
    let number = |value: f64| shown(Some(scale.in_unit(value)), 3);
    row(
        &format!("mean, {}", scale.unit),
        number(found[0].kernel.mean()),
        &mut found.iter().map(|found| number(found.ours.mean())),
    );
    let digits = if scale.unit == "jiffies" { 0 } else { 3 };
    let longest = |late: u64| shown(Some(scale.in_unit(late as f64)), digits);
    row(
        &format!("longest, {}", scale.unit),
        longest(found[0].kernel.longest),
        &mut found.iter().map(|found| longest(found.ours.longest)),
    );
    if trace.kind == Kind::Hrtimer {
        let ours = &mut found.iter().map(|found| grouped(found.ours.past_hard));
        row("after the hard time (deadline and slack)", grouped(found[0].kernel.past_hard), ours);
    }
    let all = &mut found.iter().map(|found| longest(found.all_of_ours.longest));
    row(&format!("longest of all that fired here, {}", scale.unit), "-".to_owned(), all);
    text.push('\n');
}

fn verdict(text: &mut String, contender: &Contender, outcome: &Outcome) {
    let (name, book) = (contender.name, &outcome.book);
    let _ = match book.fault_count() {
        0 => writeln!(
            text,
            "ok: {name}: {} armed = {} fired + {} cancelled; none early, none more than a tick ({:?}) late, none \
             twice, none lost",
            grouped(book.armed()),
            grouped(book.fired()),
            grouped(book.cancelled()),
            contender.tick,
        ),
        faults => writeln!(text, "FAILED: {name}: {} broken promises", grouped(faults)),
    };
}

/// Writes every broken promise to `to`, and says whether there was none.
pub(crate) fn tell_faults(trace: &Trace, replays: &[(Contender, Outcome)], to: &mut dyn io::Write) -> io::Result<bool> {
    let mut faultless = true;
    for (contender, Outcome { book, .. }) in replays {
        let told = book.describe_faults(trace);
        for fault in &told {
            writeln!(to, "{}: {fault}", contender.name)?;
        }
        let untold = book.fault_count() - told.len() as u64;
        if untold > 0 {
            writeln!(to, "{}: and {} more", contender.name, grouped(untold))?;
        }
        faultless &= told.is_empty();
    }
    Ok(faultless)
}

fn heading(text: &mut String, title: &str, replays: &[(Contender, Outcome)]) {
    let _ = write!(text, "{title:<41}");
    replays.iter().for_each(|(contender, _)| text.push_str(&format!("{:>13}", contender.name)));
    text.push('\n');
}

fn columns(text: &mut String, label: &str, replays: &[(Contender, Outcome)], value: fn(&Outcome) -> u64) {
    let _ = write!(text, "  {label:<39}");
    replays.iter().for_each(|(_, outcome)| text.push_str(&format!("{:>13}", grouped(value(outcome)))));
    text.push('\n');
}

pub(crate) fn shown(number: Option<f64>, digits: usize) -> String {
    let Some(number) = number else { return "-".to_owned() };
    let rounded = format!("{number:.digits$}");
    match rounded.split_once('.') {
        Some((whole, fraction)) => format!("{}.{fraction}", whole.parse().map_or(whole.to_owned(), grouped)),
        None => rounded.parse().map_or(rounded, grouped),
    }
}

/// The number with a comma between each three digits.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{grouped, shown};

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let grouped = [0, 999, 1_000, 123_456, 1_234_567].map(grouped);
        assert_eq!(grouped, ["0", "999", "1,000", "123,456", "1,234,567"]);
        assert_eq!(shown(Some(12_345.678), 1), "12,345.7");
        assert_eq!(shown(None, 1), "-");
    }
}
