//! The day as a picture: connections that are open, and what happens to them, by quarters of an hour.

use std::error::Error;

use plotters::prelude::*;

use crate::Args;
use crate::book::{Counts, Outcome};

const INK: RGBColor = RGBColor(38, 43, 51);
const GRID: RGBColor = RGBColor(228, 231, 235);
const OPEN: RGBColor = RGBColor(31, 111, 180);

/// A line of the lower panel.
type Line = (&'static str, RGBColor, fn(&Counts) -> u64);

const LINES: [Line; 4] = [
    ("left", RGBColor(60, 140, 80), |counts| counts.left),
    ("idle timeouts", RGBColor(221, 117, 32), |counts| counts.idle),
    ("vanished", RGBColor(190, 60, 60), |counts| counts.vanished),
    ("retries", RGBColor(130, 90, 170), |counts| counts.retries),
];

/// Draws the day as an SVG.
pub(crate) fn draw(args: &Args, outcome: &Outcome) -> Result<String, Box<dyn Error>> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (1080, 760)).into_drawing_area();
        root.fill(&WHITE)?;
        let (upper, lower) = root.split_vertically(380);
        let title = format!("{} connections at once on a {}: those that are open", args.connections, args.timer.name());
        let most = outcome.quarters.iter().map(|counts| counts.open).max().unwrap_or(0);
        panel(&upper, &title, args.hours, most, &[("open", OPEN, |counts| counts.open)], outcome)?;
        let all = LINES.iter().flat_map(|line| outcome.quarters.iter().map(line.2));
        panel(&lower, "What happened in each quarter of an hour", args.hours, all.max().unwrap_or(0), &LINES, outcome)?;
        root.present()?;
    }
    Ok(svg)
}

fn panel(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    caption: &str,
    hours: u32,
    most: u64,
    lines: &[Line],
    outcome: &Outcome,
) -> Result<(), Box<dyn Error>> {
    let font = |size: u32| ("sans-serif", size).into_font().color(&INK);
    let mut builder = ChartBuilder::on(area);
    builder.margin(16).caption(caption, font(22)).x_label_area_size(40).y_label_area_size(72);
    let mut chart = builder.build_cartesian_2d(0.0..f64::from(hours), 0.0..most.max(1) as f64 * 1.08)?;
    let mut mesh = chart.configure_mesh();
    mesh.label_style(font(15)).axis_style(INK).bold_line_style(GRID).light_line_style(TRANSPARENT);
    mesh.x_labels(13).x_label_formatter(&|hour| format!("{hour:.0}:00"));
    mesh.y_label_formatter(&|count| format!("{count:.0}")).draw()?;
    for (name, colour, count) in lines {
        let colour = *colour;
        let points = outcome.quarters.iter().enumerate();
        let points = points.map(|(quarter, counts)| ((quarter + 1) as f64 / 4.0, count(counts) as f64));
        let drawn = chart.draw_series(LineSeries::new(points, colour.stroke_width(2)))?;
        drawn.label(*name).legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(3)));
    }
    let mut legend = chart.configure_series_labels();
    legend.label_font(font(15)).position(SeriesLabelPosition::UpperLeft).background_style(WHITE).draw()?;
    Ok(())
}
