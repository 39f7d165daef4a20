//! The histogram as a picture: the share of each interval's runs in each bin of lateness.

use std::error::Error;

use plotters::prelude::*;

use crate::histogram::{bins, bounds_ns, time};
use crate::line::Line;

const INK: RGBColor = RGBColor(38, 43, 51);
const GRID: RGBColor = RGBColor(228, 231, 235);
const COLOURS: [RGBColor; 6] = [
    RGBColor(31, 111, 180),
    RGBColor(221, 117, 32),
    RGBColor(60, 140, 80),
    RGBColor(190, 60, 60),
    RGBColor(130, 90, 170),
    RGBColor(110, 110, 110),
];

/// Draws all lines into one SVG.
pub(crate) fn draw(title: &str, lines: &[Line]) -> Result<String, Box<dyn Error>> {
    let all: Vec<Vec<u64>> = lines.iter().map(|line| bins(&line.seen())).collect();
    let is_used = |bin: &usize| all.iter().any(|bins| bins[*bin] > 0);
    let first = (0..all[0].len()).find(is_used).unwrap_or(0);
    let last = (0..all[0].len()).rev().find(is_used).unwrap_or(0);
    let bounds: Vec<_> = bounds_ns().collect();
    let name = |at: f64| {
        // Bars lie between two bounds, and the bounds have the labels.
        let bound = (at.fract() == 0.0 && at >= 1.0).then(|| bounds.get(at as usize - 1)).flatten();
        bound.map_or(String::new(), |bound| time(*bound))
    };
    let label = |at: &f64| name(*at);

    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (1080, 560)).into_drawing_area();
        root.fill(&WHITE)?;
        let font = |size: u32| ("sans-serif", size).into_font().color(&INK);
        let mut builder = ChartBuilder::on(&root);
        builder.margin(20).caption(format!("Lateness of periodic callbacks: {title}"), font(22));
        builder.x_label_area_size(56).y_label_area_size(72);
        let (left, right) = (first as f64, last as f64 + 1.0);
        let mut chart = builder.build_cartesian_2d((left..right).step(1.0), 0.0..105.0)?;
        let mut mesh = chart.configure_mesh();
        mesh.label_style(font(15)).axis_style(INK).bold_line_style(GRID).light_line_style(TRANSPARENT);
        mesh.x_labels(last - first + 2).x_label_formatter(&label).x_desc("from its moment to the run");
        mesh.y_label_formatter(&|share| format!("{share:.0} %")).y_desc("share of the runs").draw()?;

        let width = 0.9 / lines.len() as f64;
        for (at, (line, bins)) in lines.iter().zip(&all).enumerate() {
            let colour = COLOURS[at % COLOURS.len()];
            let count = bins.iter().sum::<u64>().max(1) as f64;
            let bars = bins.iter().enumerate().filter(|(_, runs)| **runs > 0).map(|(bin, runs)| {
                let left = bin as f64 + 0.05 + at as f64 * width;
                Rectangle::new([(left, 0.0), (left + width, 100.0 * *runs as f64 / count)], colour.filled())
            });
            let drawn = chart.draw_series(bars)?.label(format!("every {:?}", line.interval));
            drawn.legend(move |(x, y)| Rectangle::new([(x, y - 6), (x + 14, y + 6)], colour.filled()));
        }
        let mut legend = chart.configure_series_labels();
        legend.label_font(font(15)).position(SeriesLabelPosition::UpperRight).background_style(WHITE).draw()?;
        root.present()?;
    }
    Ok(svg)
}
