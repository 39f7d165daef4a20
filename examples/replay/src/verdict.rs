//! The advice in words and as a table: what the load is, what each timer takes for it, what other ticks would do.

use std::fmt::Write as _;
use std::time::Duration;

use crate::Contender;
use crate::advice::Variant;
use crate::replay::Outcome;
use crate::report::{grouped, label, shown};
use crate::timing::{Call, Watch};
use crate::trace::{Action, Trace};

/// What became of all that was armed: each start ends in one of three ways.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ends {
    pub(crate) cancelled: u64,
    pub(crate) reset: u64,
    pub(crate) fired: u64,
}

impl Ends {
    pub(crate) fn of(outcome: &Outcome) -> Self {
        let reset = outcome.samples.sorted(Call::Reset).len();
        Self { cancelled: outcome.book.cancelled(), reset, fired: outcome.book.fired() }
    }

    pub(crate) fn starts(self) -> u64 {
        self.cancelled + self.reset + self.fired
    }

    /// Shares of the starts in percent: cancelled, reset and fired.
    pub(crate) fn percent(self) -> [f64; 3] {
        [self.cancelled, self.reset, self.fired].map(|count| 100.0 * count as f64 / self.starts().max(1) as f64)
    }
}

/// What the load makes a driver do. The replay's own turns at each event, and its questions before them, are no part of
/// it.
const WORK: [Call; 5] = [Call::Insert, Call::Reset, Call::Cancel, Call::Stale, Call::FiringTurn];

/// Nanoseconds of all that for each start.
pub(crate) fn ns_per_start(outcome: &Outcome) -> f64 {
    outcome.samples.sum_ns(&WORK) as f64 / Ends::of(outcome).starts().max(1) as f64
}

pub(crate) fn advise(
    text: &mut String,
    trace: &Trace,
    replays: &[(Contender, Outcome)],
    advice: &[Variant],
    watch: Watch,
) {
    let outcome = &replays[0].1;
    let ends = Ends::of(outcome);
    let [cancelled, reset, fired] = ends.percent();
    let _ = writeln!(
        text,
        "Verdict\n  {} pending at most. Of {} starts, {cancelled:.1} % were cancelled, {reset:.1} % reset, \
         {fired:.1} % fired.",
        grouped(outcome.most_pending as u64),
        grouped(ends.starts()),
    );
    for (contender, outcome) in replays {
        let longest = outcome.samples.longest().map_or_else(String::new, |(nanos, call)| {
            format!("; its longest call took {} ns ({})", watch.told(nanos), label(call))
        });
        let per_start = shown(Some(ns_per_start(outcome)), 1);
        let _ = writeln!(
            text,
            "  {}: {per_start} ns for each start, with its end and the turns that fire{longest}.",
            contender.name
        );
    }
    let _ = writeln!(text, "  {}", choice(trace, replays));
    text.push('\n');
    table(text, trace, advice);
}

/// Which of the two timers the figures speak for.
fn choice(trace: &Trace, replays: &[(Contender, Outcome)]) -> String {
    let [(wheel, of_wheel), (_, of_heap)] = replays else {
        return "Replay it through both timers to compare them.".to_owned();
    };
    let (wheel_ns, heap_ns) = (ns_per_start(of_wheel), ns_per_start(of_heap));
    let times = |more: f64, less: f64| format!("{:.1} times", more / less.max(0.1));
    let tick = wheel.tick;
    let deadlines = trace.count(|action| matches!(action, Action::Arm(_) | Action::Reset(_)));
    let short = trace.events.iter().filter(|event| match event.action {
        Action::Arm(deadline) | Action::Reset(deadline) => deadline.hard() - event.at < tick,
        _ => false,
    });
    let short = 100.0 * short.count() as f64 / deadlines.max(1) as f64;
    let precise = format!("{short:.1} % of the deadlines lie within a tick of {tick:?}");
    if wheel_ns * 1.1 < heap_ns {
        format!("The wheel is the cheaper one: the heap takes {} as much. {precise}.", times(heap_ns, wheel_ns))
    } else if heap_ns * 1.1 < wheel_ns {
        format!(
            "The heap is the cheaper one here, and exact: the wheel takes {} as much. {precise}.",
            times(wheel_ns, heap_ns)
        )
    } else {
        format!("Both cost the same here, and the heap is exact. {precise}.")
    }
}

fn table(text: &mut String, trace: &Trace, advice: &[Variant]) {
    let Some(first) = advice.first() else { return };
    let seconds = trace.length().as_secs_f64().max(1e-9);
    let _ = writeln!(
        text,
        "What other ticks and slack would do: a driver's wake-ups until the recording ends, and how late timers fire\n\
         {:<30}{:>12}{:>12}{:>10}{:>14}{:>14}",
        "", "wake-ups", "per second", "saved", "mean late", "longest late",
    );
    for Variant { name, figures } in advice {
        let _ = writeln!(
            text,
            "  {name:<28}{:>12}{:>12}{:>8} %{:>14}{:>14}",
            grouped(figures.wake_ups),
            shown(Some(figures.wake_ups as f64 / seconds), 1),
            shown(Some(100.0 * figures.saved(&first.figures)), 1),
            plain(figures.mean_late()),
            plain(figures.longest_late),
        );
    }
    text.push('\n');
}

/// A length of time in the unit that suits it.
pub(crate) fn plain(time: Duration) -> String {
    match time.as_nanos() {
        0 => "0".to_owned(),
        nanos if nanos < 1_000 => format!("{nanos} ns"),
        nanos if nanos < 1_000_000 => format!("{:.1} µs", nanos as f64 / 1e3),
        nanos if nanos < 1_000_000_000 => format!("{:.2} ms", nanos as f64 / 1e6),
        nanos => format!("{:.2} s", nanos as f64 / 1e9),
    }
}
