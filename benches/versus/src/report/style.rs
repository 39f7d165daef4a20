//! How a contender is drawn: ours thick and in strong colours, the others thin and told apart by hue.

use plotters::style::{Color, RGBColor, ShapeStyle};

use crate::roster::{Kind, PEERS};

const OURS: [RGBColor; 2] = [RGBColor(208, 32, 32), RGBColor(232, 120, 0)];
const OTHERS: [RGBColor; 11] = [
    RGBColor(31, 119, 180),
    RGBColor(20, 90, 50),
    RGBColor(140, 86, 75),
    RGBColor(148, 103, 189),
    RGBColor(23, 160, 175),
    RGBColor(200, 90, 180),
    RGBColor(150, 150, 20),
    RGBColor(100, 100, 100),
    RGBColor(70, 160, 80),
    RGBColor(60, 70, 150),
    RGBColor(0, 0, 0),
];

pub(crate) const FONT: &str = "sans-serif";

pub(crate) fn is_ours(contender: &str) -> bool {
    PEERS.iter().any(|peer| peer.name() == contender && peer.kind == Kind::Ours)
}

pub(crate) fn colour(contender: &str) -> RGBColor {
    let place = PEERS.iter().position(|peer| peer.name() == contender).unwrap_or(PEERS.len() - 1);
    match place.checked_sub(OURS.len()) {
        Some(place) => OTHERS[place % OTHERS.len()],
        None => OURS[place],
    }
}

pub(crate) fn stroke(contender: &str) -> ShapeStyle {
    let colour = colour(contender);
    if is_ours(contender) { colour.stroke_width(3) } else { colour.mix(0.75).stroke_width(1) }
}

/// Powers of ten as people write them.
pub(crate) fn power(value: f64) -> String {
    match value {
        1e7.. => format!("{}M", value / 1e6),
        1e6.. => format!("{:.0}M", value / 1e6),
        1e3.. => format!("{:.0}k", value / 1e3),
        _ => format!("{value:.0}"),
    }
}
