//! The lowest row of the picture: what other ticks and slack save in wake-ups and cost in lateness.

use std::time::Duration;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::advice::Variant;
use crate::plot::{COLOURS, Drawn, font, panel};
use crate::report::shown;
use crate::verdict::plain;

/// Draws both panels, one bar for each variant.
pub(crate) fn draw(
    wake_ups: &DrawingArea<SVGBackend<'_>, Shift>,
    lateness: &DrawingArea<SVGBackend<'_>, Shift>,
    advice: &[Variant],
    seconds: f64,
) -> Drawn {
    let rate = |variant: &Variant| variant.figures.wake_ups as f64 / seconds.max(1e-9);
    let late = |variant: &Variant| variant.figures.mean_late().as_nanos() as f64;
    let told_rate = |rate: f64| format!("{} per second", shown(Some(rate), usize::from(rate < 100.0)));
    let told_late = |nanos: f64| plain(Duration::from_nanos(nanos as u64));
    bars(wake_ups, "Wake-ups that other ticks and slack would leave", advice, &rate, &told_rate)?;
    bars(lateness, "Mean lateness that they would cost", advice, &late, &told_late)
}

fn bars(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    caption: &str,
    advice: &[Variant],
    value: &dyn Fn(&Variant) -> f64,
    told: &dyn Fn(f64) -> String,
) -> Drawn {
    let most = advice.iter().map(value).fold(0.0, f64::max).max(1e-9);
    let rows = advice.len() as f64;
    // Room for the names to the left and for the figures to the right.
    let mut chart = panel(area, caption, -0.3 * most..1.25 * most, 0.0..rows)?;
    for (row, variant) in advice.iter().enumerate() {
        let (bottom, top) = (rows - row as f64 - 0.8, rows - row as f64 - 0.2);
        let value = value(variant);
        let colour = COLOURS[usize::from(variant.name.starts_with("heap"))];
        let middle = (bottom + top) / 2.0;
        let left = font(15).pos(Pos::new(HPos::Right, VPos::Center));
        let right = font(15).pos(Pos::new(HPos::Left, VPos::Center));
        chart.draw_series([Rectangle::new([(0.0, bottom), (value, top)], colour.filled())])?;
        chart.draw_series([Text::new(variant.name.clone(), (-0.01 * most, middle), left)])?;
        chart.draw_series([Text::new(told(value), (value + 0.01 * most, middle), right)])?;
    }
    Ok(())
}
