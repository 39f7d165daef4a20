//! A cascade: the slots of tv1 and tv2 before and after tv1's ring has gone round once.

use tickwheel::geometry::{Small, shift};
use tickwheel::{Resolution, TimerExt, TimerWheel, WheelSnapshot};

use crate::at_tick;
use crate::numbers::Numbers;
use crate::svg::{Anchor, EMPTY, FAINT, INK, OURS, Svg, TEXTBOOK, WIDTH};

const LEFT: f64 = 76.0;
const RIGHT: f64 = 936.0;
const STRIP: f64 = 30.0;

pub(crate) fn draw() -> String {
    let mut wheel = TimerWheel::<_, Small>::with_geometry(Resolution::MILLISECOND);
    let turn = 1_u64 << shift::<Small>(1);
    let mut numbers = Numbers::new();
    // The turn of now is left empty of timers of its own, so that what tv1 holds afterwards all came down.
    for n in 0..130 {
        wheel.insert(at_tick(2 * turn + numbers.below(7 * turn)), n).expect("there is room");
    }
    // The next jiffy is the first of a turn: the moment at which Linux has just cascaded.
    assert_eq!(wheel.turn(at_tick(turn - 1)).count(), 0);
    let before = wheel.snapshot();
    assert_eq!(wheel.turn(at_tick(2 * turn - 1)).count(), 0);
    let after = wheel.snapshot();

    let slot = after.levels[1].index;
    let came_down = before.levels[1].timers[slot];
    assert_eq!(after.levels[0].timers.iter().sum::<usize>(), came_down, "the slot came down, and all of it");
    assert_eq!(after.levels[1].timers[slot], 0);

    let mut svg = Svg::new(478, "A cascade, before and after");
    let what = format!(
        "A real wheel of the small geometry (64 + 4 × 16). The {came_down} timers of tv2's slot {slot} come down into \
         tv1, each to its tick."
    );
    svg.label(24.0, 58.0, 13, FAINT, Anchor::Start, &what);
    draw_state(&mut svg, 92.0, "Before", &before, slot);
    draw_state(&mut svg, 292.0, "After", &after, slot);
    // From the slot to the ring that it fills.
    let cell = (RIGHT - LEFT) / 16.0;
    let (left, right) = (LEFT + cell * slot as f64, LEFT + cell * (slot + 1) as f64 - 2.0);
    svg.polygon(&[(left, 254.0), (right, 254.0), (RIGHT, 330.0), (LEFT, 330.0)], "#0072b218");
    svg.finish()
}

/// In the first state tv2 lies below tv1, next to the tv1 that it comes down into; in the second, tv2 lies below too.
fn draw_state(svg: &mut Svg, top: f64, name: &str, snapshot: &WheelSnapshot, cascading: usize) {
    let next = snapshot.next.get();
    svg.label(24.0, top + 12.0, 15, INK, Anchor::Start, name);
    svg.label(96.0, top + 12.0, 12, FAINT, Anchor::Start, &format!("the next jiffy is {next}"));
    for level in 0..2 {
        let y = top + 38.0 + 94.0 * level as f64;
        let timers = &snapshot.levels[level].timers;
        let cell = (RIGHT - LEFT) / timers.len() as f64;
        svg.label(24.0, y + 20.0, 15, INK, Anchor::Start, &format!("tv{}", level + 1));
        for (slot, count) in timers.iter().enumerate() {
            let x = LEFT + cell * slot as f64;
            let fill = match (level, *count) {
                (_, 0) => EMPTY,
                (1, _) if slot == cascading => OURS,
                (0, _) => OURS,
                _ => "#9bb9c9",
            };
            svg.rect(x, y, cell - 2.0, STRIP, fill);
            if *count > 0 {
                svg.label(x + cell / 2.0 - 1.0, y + 20.0, 12, "#fff", Anchor::Middle, &count.to_string());
            }
        }
        let index = snapshot.levels[level].index;
        let x = LEFT + cell * index as f64 + cell / 2.0 - 1.0;
        svg.pointer(x, y - 3.0, TEXTBOOK);
        let (x, anchor) = if index == 0 { (x + 8.0, Anchor::Start) } else { (x - 8.0, Anchor::End) };
        svg.label(x, y - 4.0, 11, TEXTBOOK, anchor, &format!("index {index}"));
        debug_assert!(x < f64::from(WIDTH));
    }
}
