//! The work of each tick under a steady load, in entries, beside the textbook's.

use tickwheel::{Resolution, TimerExt, TimerWheel};

use crate::at_tick;
use crate::numbers::Numbers;
use crate::svg::{Anchor, FAINT, INK, OURS, RULE, Svg, TEXTBOOK, grouped};
use crate::textbook::Textbook;

const TIMERS: u64 = 100_000;
const LONGEST: u64 = 60_000;
const TICKS: u64 = 36_000;
/// Ticks to a bar.
const BAR: u64 = 48;

const LEFT: f64 = 92.0;
const RIGHT: f64 = 936.0;
const HEIGHT: f64 = 150.0;

pub(crate) fn draw() -> String {
    let (ours, textbook) = (our_work(), textbook_work());
    let fired = |work: &[Done]| work.iter().map(|tick| tick.fired).sum::<u64>();
    assert_eq!(fired(&ours), fired(&textbook), "both wheels fire the same");

    let mut svg = Svg::new(548, "Work per tick, with 100,000 timers pending");
    svg.label(
        24.0,
        58.0,
        13,
        FAINT,
        Anchor::Start,
        "Delays uniform from 1 to 60,000 ticks; whatever fires is armed again. Entries touched: fired and moved down.",
    );
    draw_panel(&mut svg, 118.0, &textbook, "Linux: a slot at once", TEXTBOOK);
    draw_panel(&mut svg, 340.0, &ours, "tickwheel: in shares", OURS);
    svg.label((LEFT + RIGHT) / 2.0, 534.0, 13, INK, Anchor::Middle, "tick (each bar: the busiest of 48)");
    svg.finish()
}

fn draw_panel(svg: &mut Svg, top: f64, work: &[Done], name: &str, stroke: &str) {
    let base = top + HEIGHT;
    for power in 0..=4 {
        let entries = 10_u64.pow(power);
        svg.tick_mark(LEFT, RIGHT, base - height_of(entries), &grouped(entries));
    }
    let touched: Vec<u64> = work.iter().map(|tick| tick.fired + tick.moved).collect();
    let bars: Vec<_> = (0..)
        .zip(touched.chunks(BAR as usize))
        .map(|(n, ticks)| (x_of(n * BAR + BAR / 2), base - height_of(ticks.iter().copied().max().unwrap_or(0))))
        .collect();
    svg.bars(&bars, base, (RIGHT - LEFT) / bars.len() as f64 * 0.8, stroke);
    svg.line((LEFT, base), (RIGHT, base), RULE, 1.0);
    let (most, total) = (touched.iter().max().copied().unwrap_or(0), touched.iter().sum::<u64>());
    svg.label(LEFT, top - 14.0, 14, stroke, Anchor::Start, name);
    let figures = format!("busiest tick {}, all ticks {}", grouped(most), grouped(total));
    svg.label(RIGHT, top - 14.0, 12, FAINT, Anchor::End, &figures);
    for tick in (0..=TICKS).step_by(4_096) {
        svg.line((x_of(tick), base), (x_of(tick), base + 5.0), RULE, 1.0);
        svg.label(x_of(tick), base + 20.0, 12, FAINT, Anchor::Middle, &grouped(tick));
    }
}

fn x_of(tick: u64) -> f64 {
    LEFT + tick as f64 * (RIGHT - LEFT) / TICKS as f64
}

/// On a logarithmic scale, with some height left below a single entry.
fn height_of(entries: u64) -> f64 {
    if entries == 0 { 0.0 } else { 8.0 + (HEIGHT - 8.0) * (entries as f64).log10() / 4.7 }
}

/// What one tick did.
struct Done {
    fired: u64,
    moved: u64,
}

fn our_work() -> Vec<Done> {
    let mut wheel = TimerWheel::new(Resolution::MILLISECOND);
    let mut numbers = Numbers::new();
    for _ in 0..TIMERS {
        wheel.insert(at_tick(1 + numbers.below(LONGEST)), ()).expect("there is room");
    }
    let mut work = Vec::new();
    for tick in 1..=TICKS {
        let before = wheel.work();
        let fired: Vec<_> = wheel.turn(at_tick(tick)).collect();
        for _ in &fired {
            wheel.insert(at_tick(tick + 1 + numbers.below(LONGEST)), ()).expect("one has just left");
        }
        let after = wheel.work();
        assert_eq!(after.touched() - after.fired - after.moved, 0, "nothing was cancelled or moved");
        work.push(Done { fired: after.fired - before.fired, moved: after.moved - before.moved });
    }
    work
}

fn textbook_work() -> Vec<Done> {
    let mut wheel = Textbook::new();
    let mut numbers = Numbers::new();
    wheel.step();
    for _ in 0..TIMERS {
        wheel.arm(1 + numbers.below(LONGEST));
    }
    let mut work = Vec::new();
    for tick in 1..=TICKS {
        let jiffy = wheel.step();
        for _ in &jiffy.fired {
            wheel.arm(tick + 1 + numbers.below(LONGEST));
        }
        work.push(Done { fired: jiffy.fired.len() as u64, moved: jiffy.moved as u64 });
    }
    work
}
