//! Contenders as lines over logarithmic axes, in a grid of panels with one key.

use plotters::prelude::*;

use crate::plot::canvas::{Area, Drawn, FONT, Key, LABEL_PX, color, drawn};

const COLUMNS: usize = 2;

/// A contender's points from left to right.
#[derive(Clone)]
pub struct Line {
    pub name: &'static str,
    /// Its place in [`PALETTE`](crate::PALETTE).
    pub color: usize,
    /// Drawn thick, above the others.
    pub ours: bool,
    pub points: Vec<(f64, f64)>,
}

/// What a panel shows.
pub struct Panel {
    pub title: String,
    pub x_title: &'static str,
    pub y_title: &'static str,
    pub x_label: fn(f64) -> String,
    pub y_label: fn(f64) -> String,
    /// Whether there are so few points that each has a mark.
    pub marked: bool,
    pub lines: Vec<Line>,
}

/// A grid of panels, each of so many pixels; nothing if there is no panel.
pub fn panels(panels: &[Panel], panel_px: (u32, u32)) -> Option<String> {
    let columns = panels.len().min(COLUMNS);
    let rows = panels.len().div_ceil(columns.max(1));
    let mut shown: Vec<&Line> = panels.iter().flat_map(|panel| &panel.lines).collect();
    shown.sort_by_key(|line| line.color);
    shown.dedup_by_key(|line| line.color);
    let keys: Vec<_> =
        shown.iter().map(|line| Key { name: line.name, color: color(line.color), bold: line.ours }).collect();
    let size = (panel_px.0 * columns as u32, panel_px.1 * rows as u32);
    let draw = |area: &Area<'_>| {
        let areas = area.split_evenly((rows, columns));
        areas.iter().zip(panels).try_for_each(|(area, panel)| panel.draw(area))
    };
    (!panels.is_empty()).then(|| drawn(size, &keys, draw))
}

impl Panel {
    fn draw(&self, area: &Area<'_>) -> Drawn<'static> {
        let (x, y) = (self.range(|point| point.0), self.range(|point| point.1));
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_right(24)
            .caption(&self.title, (FONT, 16))
            .x_label_area_size(36)
            .y_label_area_size(64)
            .build_cartesian_2d(
                (x.0..x.1).log_scale().with_key_points(steps(x)),
                (y.0..y.1).log_scale().with_key_points(steps(y)),
            )?;
        chart
            .configure_mesh()
            .x_desc(self.x_title)
            .y_desc(self.y_title)
            .x_label_formatter(&|value| (self.x_label)(*value))
            .y_label_formatter(&|value| (self.y_label)(*value))
            .axis_desc_style((FONT, LABEL_PX))
            .label_style((FONT, LABEL_PX))
            .light_line_style(WHITE.mix(0.0))
            .bold_line_style(BLACK.mix(0.12))
            .draw()?;
        let (ours, others): (Vec<&Line>, Vec<&Line>) = self.lines.iter().partition(|line| line.ours);
        for line in others.into_iter().chain(ours) {
            let color = color(line.color);
            let (width, mark_px) = if line.ours { (3, 4) } else { (1, 3) };
            chart.draw_series(LineSeries::new(line.points.iter().copied(), color.stroke_width(width)))?;
            // Three kinds of marks, so that colors alone need not tell all apart.
            let mark = |&point: &(f64, f64)| match line.color % 3 {
                0 => Circle::new(point, mark_px, color.filled()).into_dyn(),
                1 => TriangleMarker::new(point, mark_px + 1, color.filled()).into_dyn(),
                _ => Cross::new(point, mark_px, color.stroke_width(1)).into_dyn(),
            };
            if self.marked {
                chart.draw_series(line.points.iter().map(mark))?;
            }
        }
        Ok(())
    }

    /// From the least to the greatest, with a little room.
    fn range(&self, coordinate: fn(&(f64, f64)) -> f64) -> (f64, f64) {
        let all = || self.lines.iter().flat_map(|line| &line.points).map(coordinate);
        let (least, greatest) = (all().fold(f64::MAX, f64::min), all().fold(f64::MIN_POSITIVE, f64::max));
        (least / 1.15, greatest * 1.15)
    }
}

/// Where an axis has its labels: at the powers of ten, and between them where these are few.
fn steps((least, greatest): (f64, f64)) -> Vec<f64> {
    let between: &[f64] = if greatest / least > 200.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let powers = least.log10().floor() as i32..=greatest.log10().ceil() as i32;
    let steps = powers.flat_map(|power| between.iter().map(move |step| step * 10f64.powi(power)));
    steps.filter(|step| (least..=greatest).contains(step)).collect()
}

/// Powers of ten as people write them.
pub fn power(value: f64) -> String {
    match value {
        1e6.. => format!("{}M", value / 1e6),
        1e3.. => format!("{}k", value / 1e3),
        _ => format!("{value}"),
    }
}
