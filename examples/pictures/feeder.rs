//! A slot of tv2 on its way down: share by share in this crate's wheel, at once in the textbook's.

use tickwheel::{Resolution, TimerExt, TimerWheel};

use crate::at_tick;
use crate::numbers::Numbers;
use crate::svg::{Anchor, FAINT, INK, OURS, RULE, Svg, TEXTBOOK, grouped};
use crate::textbook::Textbook;

const TIMERS: u64 = 2_000;
/// The slot of tv2 that holds ticks 512 to 767, and the turn of tv1 before it.
const SLOT: u64 = 512;
const TURN: u64 = 256;

const LEFT: f64 = 92.0;
const RIGHT: f64 = 936.0;
const TOP: f64 = 132.0;
const BOTTOM: f64 = 352.0;

pub(crate) fn draw() -> String {
    let mut numbers = Numbers::new();
    let deadlines: Vec<u64> = (0..TIMERS).map(|_| SLOT + numbers.below(TURN)).collect();
    let (ours, textbook) = (our_moves(&deadlines), textbook_moves(&deadlines));
    let most = ours.iter().max().copied().unwrap_or(0);
    assert_eq!(ours.iter().sum::<u64>(), TIMERS);
    assert_eq!(textbook.iter().max(), Some(&TIMERS));

    let mut svg = Svg::new(440, "A feeder comes down by shares");
    let what = format!(
        "{} timers in the slot of tv2 that holds ticks 512 to 767, and how many of them are still there at each tick.",
        grouped(TIMERS)
    );
    svg.label(24.0, 58.0, 13, FAINT, Anchor::Start, &what);
    svg.label(24.0, 84.0, 13, TEXTBOOK, Anchor::Start, &format!("━ Linux: all {} in one jiffy", grouped(TIMERS)));
    svg.label(380.0, 84.0, 13, OURS, Anchor::Start, &format!("━ tickwheel: at most {most} in one tick, line by line"));

    // tv1's turns, as time goes through them.
    for (turn, name, fill) in [
        (0, "", "#f6f6f6"),
        (1, "tv1 goes through 256–511, and 512–767 is its next turn", "#eaf3f8"),
        (2, "512–767 fires", "#f6f6f6"),
    ] {
        let (left, right) = (x_of(turn * TURN).max(LEFT), x_of((turn + 1) * TURN).min(RIGHT));
        svg.rect(left, TOP - 24.0, right - left, BOTTOM - TOP + 24.0, fill);
        svg.label((left + right) / 2.0, TOP - 8.0, 12, FAINT, Anchor::Middle, name);
    }
    for left in [0, 500, 1_000, 1_500, 2_000] {
        svg.line((LEFT, y_of(left)), (RIGHT, y_of(left)), "#e2e2e2", 1.0);
        svg.label(LEFT - 8.0, y_of(left) + 4.0, 12, FAINT, Anchor::End, &grouped(left));
    }
    for tick in [256, 320, 384, 448, 512, 576] {
        svg.line((x_of(tick), BOTTOM), (x_of(tick), BOTTOM + 6.0), RULE, 1.0);
        svg.label(x_of(tick), BOTTOM + 22.0, 12, FAINT, Anchor::Middle, &tick.to_string());
    }
    svg.dashed((x_of(448), TOP), (x_of(448), BOTTOM), FAINT);
    svg.label(x_of(448) - 8.0, BOTTOM - 130.0, 12, FAINT, Anchor::End, "by now all are down");
    svg.label((LEFT + RIGHT) / 2.0, BOTTOM + 48.0, 13, INK, Anchor::Middle, "tick");
    svg.label(
        24.0,
        BOTTOM + 74.0,
        12,
        FAINT,
        Anchor::Start,
        "Counted by the wheel itself: TimerWheel::work().moved after each tick.",
    );
    draw_left(&mut svg, &textbook, TEXTBOOK);
    draw_left(&mut svg, &ours, OURS);
    svg.finish()
}

fn draw_left(svg: &mut Svg, moves: &[u64], stroke: &str) {
    let mut left = TIMERS;
    let mut points = vec![(LEFT, y_of(left))];
    for (tick, moved) in (0..).zip(moves).filter(|(_, moved)| **moved > 0) {
        points.push((x_of(tick), y_of(left)));
        left -= moved;
        points.push((x_of(tick), y_of(left)));
    }
    points.push((RIGHT, y_of(left)));
    svg.polyline(&points, stroke, 2.5);
}

fn x_of(tick: u64) -> f64 {
    LEFT + (tick as f64 - 216.0) * (RIGHT - LEFT) / (600.0 - 216.0)
}

fn y_of(left: u64) -> f64 {
    BOTTOM - left as f64 * (BOTTOM - TOP) / TIMERS as f64
}

/// Entries moved at each tick up to the last one before any is due.
fn our_moves(deadlines: &[u64]) -> Vec<u64> {
    let mut wheel = TimerWheel::new(Resolution::MILLISECOND);
    for deadline in deadlines {
        wheel.insert(at_tick(*deadline), ()).expect("there is room");
    }
    let mut moved_before = 0;
    let moves = (0..SLOT).map(|tick| {
        assert_eq!(wheel.turn(at_tick(tick)).count(), 0, "none is due");
        let moved = wheel.work().moved;
        moved - std::mem::replace(&mut moved_before, moved)
    });
    moves.collect()
}

fn textbook_moves(deadlines: &[u64]) -> Vec<u64> {
    let mut wheel = Textbook::new();
    deadlines.iter().for_each(|deadline| wheel.arm(*deadline));
    (0..=SLOT).map(|_| wheel.step().moved as u64).collect()
}
