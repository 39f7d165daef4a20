//! The crowd as bars: how late 99 % of it were at most, and what each cost.

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::job::Job;
use crate::report::digits;
use crate::results::{Results, Row};
use crate::roster::{CONTENDERS, Kind};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const WIDTH_PX: u32 = 900;
const PANEL_PX: u32 = 300;
const NAMES_PX: u32 = 110;
const FIGURES_PX: u32 = 70;
const FONT: &str = "sans-serif";
const OURS: RGBColor = RGBColor(208, 32, 32);
const OTHERS: RGBColor = RGBColor(31, 119, 180);
const FLOOR: RGBColor = RGBColor(150, 150, 150);

/// Nothing if there was no crowd.
pub(crate) fn svg(results: &Results) -> Option<String> {
    let late = results.row(Job::Crowd, "p99 late")?;
    let cpu = results.row(Job::Crowd, "CPU each")?;
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH_PX, 2 * PANEL_PX)).into_drawing_area();
        area.fill(&WHITE).expect("a string takes everything");
        let halves = area.split_evenly((2, 1));
        bars(&halves[0], late, "99 % of a crowd's tasks were at most so late, ms (logarithmic)", 1e6, f64::log10);
        bars(&halves[1], cpu, "CPU of the whole process for each task of a crowd, µs", 1e3, |us| us);
        area.present().expect("a string takes everything");
    }
    Some(svg)
}

/// A bar for each contender, as long as `scale` makes its figure in its unit, which is written behind it.
fn bars(area: &Area<'_>, row: &Row, title: &str, ns_in_unit: f64, scale: fn(f64) -> f64) {
    let shown: Vec<_> =
        CONTENDERS.iter().filter_map(|contender| Some((contender, row.value(contender.name)? / ns_in_unit))).collect();
    if shown.is_empty() {
        return;
    }
    // On a logarithmic scale bars begin at half of the least figure.
    let least = shown.iter().map(|bar| bar.1).fold(f64::MAX, f64::min);
    let greatest = shown.iter().map(|bar| bar.1).fold(f64::MIN, f64::max);
    let from = scale(least / 2.0).min(0.0);
    let longest = (scale(greatest) - from).max(f64::MIN_POSITIVE);
    let area = area.titled(title, (FONT, 16)).expect("a string takes everything");
    let (width, height) = area.dim_in_pixel();
    let (step, room) = (height as f64 / shown.len() as f64, f64::from(width - NAMES_PX - FIGURES_PX));
    for (place, (contender, figure)) in shown.iter().enumerate() {
        let colour = match contender.kind {
            Kind::Ours => OURS,
            Kind::Published(_) => OTHERS,
            Kind::Floor => FLOOR,
        };
        let top = (place as f64 * step) as i32;
        let left = NAMES_PX as i32;
        let right = left + ((scale(*figure) - from) / longest * room) as i32;
        let bar = Rectangle::new([(left, top + 3), (right, top + step as i32 - 3)], colour.filled());
        area.draw(&bar).expect("a string takes everything");
        let text = |text: String, x: i32| {
            let text = Text::new(text, (x, top + step as i32 / 2 - 6), (FONT, 12).into_font().color(&BLACK));
            area.draw(&text).expect("a string takes everything");
        };
        text(contender.name.to_owned(), 8);
        text(digits(*figure), right + 6);
    }
}
