//! The five levels, and where the timers of a real wheel have their home in them.

use tickwheel::geometry::{LEVELS, Standard, shift};
use tickwheel::{LevelSnapshot, Resolution, TimerExt, TimerWheel};

use crate::at_tick;
use crate::numbers::Numbers;
use crate::svg::{Anchor, EMPTY, FAINT, INK, OURS, Svg, TEXTBOOK, grouped};

const LEFT: f64 = 168.0;
const RIGHT: f64 = 936.0;
const ROW: f64 = 86.0;
const STRIP: f64 = 24.0;
const TOP: f64 = 118.0;

/// From this many timers on, a slot has this colour.
const SHADES: [(usize, &str); 6] =
    [(0, EMPTY), (1, "#c6dfee"), (2, "#8fc0dd"), (4, "#4f9cc8"), (8, OURS), (16, "#003f66")];

pub(crate) fn draw() -> String {
    let mut wheel = TimerWheel::new(Resolution::MILLISECOND);
    // Far enough on for every level's index to stand somewhere within its ring.
    let now = 40_u64 << 26 | 23 << 20 | 45 << 14 | 30 << 8 | 180;
    assert_eq!(wheel.turn(at_tick(now)).count(), 0);
    let mut numbers = Numbers::new();
    for n in 0..2_000 {
        wheel.insert(at_tick(now + numbers.of_any_magnitude(32)), n).expect("there is room");
    }
    let snapshot = wheel.snapshot();

    let mut svg = Svg::new(560, "Five levels, and 2,000 timers in their slots");
    let what = format!(
        "A real wheel at jiffy {}, with delays of every magnitude from one tick to 2³². A tick is a millisecond.",
        grouped(snapshot.next.get())
    );
    svg.label(24.0, 58.0, 13, FAINT, Anchor::Start, &what);
    for (level, held) in snapshot.levels.iter().enumerate() {
        draw_level(&mut svg, level, held);
    }
    draw_legend(&mut svg, 540.0);
    svg.finish()
}

/// The last level comes first, since timers come down.
fn top_of(level: usize) -> f64 {
    TOP + ROW * (LEVELS - 1 - level) as f64
}

fn draw_level(svg: &mut Svg, level: usize, LevelSnapshot { index, timers }: &LevelSnapshot) {
    let top = top_of(level);
    let cell = (RIGHT - LEFT) / timers.len() as f64;
    let slot_at = |slot: usize| LEFT + cell * slot as f64;

    svg.label(24.0, top + 11.0, 15, INK, Anchor::Start, &format!("tv{}", level + 1));
    svg.label(62.0, top + 11.0, 12, FAINT, Anchor::Start, &format!("{} timers", timers.iter().sum::<usize>()));
    let (slot, ring) = (1_u64 << shift::<Standard>(level), 1_u64 << shift::<Standard>(level + 1));
    svg.label(24.0, top + 28.0, 12, FAINT, Anchor::Start, &format!("{} slots of {}", timers.len(), span(slot)));

    // Small gaps tell slots apart where they are wide enough for it.
    let gap = if timers.len() > 64 { 0.5 } else { 1.0 };
    for (slot, count) in timers.iter().enumerate() {
        svg.rect(slot_at(slot), top, cell - gap, STRIP, shade(*count));
    }
    svg.pointer(slot_at(*index) + cell / 2.0, top - 2.0, TEXTBOOK);
    let (x, anchor) = (slot_at(*index) + cell / 2.0, Anchor::Middle);
    svg.label(x, top - 13.0, 11, TEXTBOOK, anchor, &format!("index {index}"));
    svg.label(RIGHT, top - 6.0, 12, FAINT, Anchor::End, &format!("once round: {}", span(ring)));

    if level > 0 {
        // The slot that holds now is as wide as the whole ring below it.
        let below = top_of(level - 1);
        let (left, right) = (slot_at(*index), slot_at(index + 1) - gap);
        let corners = [(left, top + STRIP), (right, top + STRIP), (RIGHT, below), (LEFT, below)];
        svg.polygon(&corners, "#d55e0014");
    }
}

fn shade(count: usize) -> &'static str {
    SHADES.iter().rev().find(|(from, _)| count >= *from).map_or(EMPTY, |(_, shade)| shade)
}

fn draw_legend(svg: &mut Svg, y: f64) {
    svg.label(LEFT, y, 12, FAINT, Anchor::Start, "timers in a slot");
    for (n, (from, fill)) in SHADES.iter().enumerate() {
        let x = LEFT + 108.0 + 72.0 * n as f64;
        svg.rect(x, y - 11.0, 14.0, 14.0, fill);
        let upto = SHADES.get(n + 1).map(|(next, _)| next - 1);
        let text = match upto {
            Some(upto) if upto == *from => from.to_string(),
            Some(upto) => format!("{from}–{upto}"),
            None => format!("{from} or more"),
        };
        svg.label(x + 20.0, y, 12, FAINT, Anchor::Start, &text);
    }
    svg.label(RIGHT, y, 12, TEXTBOOK, Anchor::End, "▾ the slot that holds now");
}

/// Milliseconds in a unit that reads well.
fn span(ms: u64) -> String {
    let ms_f = ms as f64;
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", ms_f / 1e3),
        60_000..3_600_000 => format!("{:.1} min", ms_f / 6e4),
        3_600_000..86_400_000 => format!("{:.1} h", ms_f / 3.6e6),
        _ => format!("{:.1} days", ms_f / 8.64e7),
    }
}
