//! Slack in a real heap: soft and hard times, and the wake-ups that serve them all.

use std::time::Duration;

use tickwheel::{Deadline, Timer, TimerExt, TimerHeap, Timestamp};

use crate::svg::{Anchor, FAINT, INK, OURS, RULE, Svg, TEXTBOOK};

/// Soft and hard times in microseconds.
const TIMERS: [(u64, u64); 7] = [(50, 70), (60, 90), (80, 100), (55, 120), (95, 140), (150, 150), (130, 190)];

const LEFT: f64 = 92.0;
const RIGHT: f64 = 936.0;
const TOP: f64 = 116.0;
const ROW: f64 = 30.0;

pub(crate) fn draw() -> String {
    let micros = |us| Timestamp::ZERO + Duration::from_micros(us);
    let mut heap = TimerHeap::new();
    for (row, (soft, hard)) in TIMERS.into_iter().enumerate() {
        let slack = Duration::from_micros(hard - soft);
        heap.insert(Deadline::at(micros(soft)).with_slack(slack), row).expect("there is room");
    }
    // Asleep until each next turn.
    let (mut wake_ups, mut fired_at) = (Vec::new(), [0; TIMERS.len()]);
    while let Some(wake) = heap.next_turn() {
        let us = wake.as_nanos() / 1_000;
        wake_ups.push(us);
        heap.turn(wake).for_each(|timer| fired_at[timer.value] = us);
    }

    let bottom = TOP + ROW * TIMERS.len() as f64;
    let mut svg = Svg::new(bottom as u32 + 74, "Slack: timers share their wake-ups");
    let what = format!(
        "{} timers in a real heap, each from its soft time to its hard time, and the {} wake-ups that serve them.",
        TIMERS.len(),
        wake_ups.len()
    );
    svg.label(24.0, 58.0, 13, FAINT, Anchor::Start, &what);
    for us in (40..=200).step_by(20) {
        svg.line((x_of(us), TOP - 8.0), (x_of(us), bottom + 6.0), "#eee", 1.0);
        svg.label(x_of(us), bottom + 24.0, 12, FAINT, Anchor::Middle, &us.to_string());
    }
    svg.label((LEFT + RIGHT) / 2.0, bottom + 52.0, 13, INK, Anchor::Middle, "microseconds");
    svg.line((LEFT, bottom + 6.0), (RIGHT, bottom + 6.0), RULE, 1.0);
    for us in &wake_ups {
        svg.dashed((x_of(*us), TOP - 16.0), (x_of(*us), bottom + 6.0), TEXTBOOK);
        svg.label(x_of(*us), TOP - 22.0, 12, TEXTBOOK, Anchor::Middle, &format!("wake-up at {us}"));
    }
    for (row, ((soft, hard), fired)) in TIMERS.into_iter().zip(fired_at).enumerate() {
        assert!((soft..=hard).contains(&fired), "between soft and hard");
        let y = TOP + ROW * row as f64 + 6.0;
        svg.label(LEFT - 40.0, y + 13.0, 13, INK, Anchor::End, &char::from(b'A' + row as u8).to_string());
        svg.rect(x_of(soft), y, (x_of(hard) - x_of(soft)).max(3.0), 16.0, "#8fc0dd");
        svg.rect(x_of(fired) - 4.0, y - 1.0, 8.0, 18.0, OURS);
    }
    svg.finish()
}

fn x_of(us: u64) -> f64 {
    LEFT + (us as f64 - 40.0) * (RIGHT - LEFT) / 160.0
}
