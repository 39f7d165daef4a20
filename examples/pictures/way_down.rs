//! One timer's way down the levels: in this crate's wheel, by its own count of entries moved, and in the textbook's.

use tickwheel::{Resolution, TimerExt, TimerWheel};

use crate::at_tick;
use crate::svg::{Anchor, FAINT, INK, OURS, RULE, Svg, TEXTBOOK, grouped};
use crate::textbook::Textbook;

const EXPIRY: u64 = 3_000_000;
const LEFT: f64 = 136.0;
const RIGHT: f64 = 930.0;
const TOP: f64 = 112.0;
const ROW: f64 = 62.0;

/// At which tick the timer came to lie in which level.
type Way = Vec<(u64, usize)>;

pub(crate) fn draw() -> String {
    let (ours, textbook) = (our_way(), textbook_way());
    let mut svg = Svg::new(400, "A timer's way down");
    let what = format!(
        "Armed at tick 0 for tick {}: in which level it lies while its time draws near. The wheel is turned at every \
         tick.",
        grouped(EXPIRY)
    );
    svg.label(24.0, 58.0, 13, FAINT, Anchor::Start, &what);
    svg.label(24.0, 84.0, 13, TEXTBOOK, Anchor::Start, "━ Linux: comes down when its slot's time begins");
    svg.label(380.0, 84.0, 13, OURS, Anchor::Start, "━ tickwheel: a whole slot's time sooner, with its share");

    let bottom = TOP + 3.0 * ROW;
    for level in 0..4 {
        svg.tick_mark(LEFT, RIGHT, y_of(level), &format!("tv{}", level + 1));
    }
    for power in 0..=6 {
        let left = 10_u64.pow(power);
        svg.line((x_of(left), bottom + 24.0), (x_of(left), bottom + 30.0), RULE, 1.0);
        svg.label(x_of(left), bottom + 46.0, 12, FAINT, Anchor::Middle, &grouped(left));
    }
    svg.line((LEFT, bottom + 24.0), (RIGHT, bottom + 24.0), RULE, 1.0);
    svg.label((LEFT + RIGHT) / 2.0, bottom + 70.0, 13, INK, Anchor::Middle, "ticks left until it fires");

    draw_way(&mut svg, &textbook, TEXTBOOK, -1.5, (6.0, 20.0, Anchor::Start));
    draw_way(&mut svg, &ours, OURS, 1.5, (-6.0, 20.0, Anchor::End));
    svg.finish()
}

fn draw_way(svg: &mut Svg, way: &Way, stroke: &str, shift: f64, (dx, dy, anchor): (f64, f64, Anchor)) {
    let mut points = Vec::new();
    for step in way.windows(2) {
        let [(_, before), (tick, level)] = [step[0], step[1]];
        let x = x_of(EXPIRY - tick);
        points.push((x, y_of(before) + shift));
        points.push((x, y_of(level) + shift));
        svg.label(x + dx, y_of(before) + dy, 11, stroke, anchor, &format!("tick {}", grouped(tick)));
    }
    points.insert(0, (LEFT, y_of(way[0].1) + shift));
    points.push((x_of(1), y_of(0) + shift));
    svg.polyline(&points, stroke, 3.0);
}

fn y_of(level: usize) -> f64 {
    TOP + ROW * (3 - level) as f64
}

/// The time left, on a logarithmic scale: it runs out at the right.
fn x_of(left: u64) -> f64 {
    let scale = (RIGHT - LEFT) / (EXPIRY as f64).log10();
    RIGHT - scale * (left.max(1) as f64).log10()
}

fn textbook_way() -> Way {
    let mut wheel = Textbook::new();
    wheel.arm(EXPIRY);
    let mut way = vec![(0, wheel.level_of_only().expect("it is armed"))];
    for tick in 0..EXPIRY {
        if wheel.step().moved > 0 {
            way.push((tick, wheel.level_of_only().expect("it is not due")));
        }
    }
    assert_eq!(wheel.step().fired, [EXPIRY]);
    way
}

/// Each move that the wheel counts takes its only entry down a level, and it fires out of tv1.
fn our_way() -> Way {
    let mut wheel = TimerWheel::new(Resolution::MILLISECOND);
    wheel.insert(at_tick(EXPIRY), ()).expect("there is room");
    let mut moves = Vec::new();
    for tick in 1..EXPIRY {
        let before = wheel.work().moved;
        assert_eq!(wheel.turn(at_tick(tick)).count(), 0, "it is not due");
        moves.extend((before..wheel.work().moved).map(|_| tick));
    }
    assert_eq!(wheel.turn(at_tick(EXPIRY)).count(), 1);
    assert_eq!(wheel.work().moved, moves.len() as u64, "in its last tick it is in tv1 already");
    let start = (0, moves.len());
    std::iter::once(start).chain(moves.iter().zip((0..moves.len()).rev()).map(|(tick, level)| (*tick, level))).collect()
}
