//! Lines of contenders over a log–log panel, each named at its right end or in a legend.

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::report::style::{FONT, colour, is_ours, power, stroke};

/// The names' font size, and so the least distance between two of them.
const NAME_PX: i32 = 12;
const NAMES_WIDTH_PX: i32 = 100;

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A contender's points from left to right.
pub(crate) struct Line {
    pub(crate) contender: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

/// How its lines are told apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Few points, each with a dot; names at the ends of the lines.
    Dots,
    /// Curves that end all over the panel; names in a legend.
    Curves,
}

/// What a panel shows.
pub(crate) struct Panel<'a> {
    pub(crate) title: &'a str,
    pub(crate) x_title: &'a str,
    pub(crate) y_title: &'a str,
    pub(crate) x_label: fn(f64) -> String,
    pub(crate) y_label: fn(f64) -> String,
    pub(crate) style: Style,
}

type Failure<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

impl Panel<'_> {
    pub(crate) fn draw<'b>(&self, area: &Area<'b>, lines: &[Line]) -> Result<(), Failure<'b>> {
        let (x, y) = (range(lines, |point| point.0), range(lines, |point| point.1));
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_right(NAMES_WIDTH_PX)
            .caption(self.title, (FONT, 16))
            .x_label_area_size(36)
            .y_label_area_size(58)
            .build_cartesian_2d((x.0..x.1).log_scale(), (y.0..y.1).log_scale())?;
        chart
            .configure_mesh()
            .x_desc(self.x_title)
            .y_desc(self.y_title)
            .x_label_formatter(&|value| (self.x_label)(*value))
            .y_label_formatter(&|value| (self.y_label)(*value))
            .axis_desc_style((FONT, 12))
            .label_style((FONT, 12))
            .light_line_style(WHITE.mix(0.0))
            .bold_line_style(BLACK.mix(0.12))
            .draw()?;
        for line in lines {
            chart.draw_series(LineSeries::new(line.points.iter().copied(), stroke(line.contender)))?;
            if self.style == Style::Dots {
                let size = if is_ours(line.contender) { 4 } else { 2 };
                let dot = |&point| Circle::new(point, size, colour(line.contender).filled());
                chart.draw_series(line.points.iter().map(dot))?;
            }
        }
        if self.style == Style::Curves {
            return legend(area, lines);
        }
        let ends = lines.iter().filter_map(|line| Some((line.contender, chart.backend_coord(line.points.last()?))));
        names(area, ends.collect())
    }
}

/// Names all lines in the right margin, from the last drawn to the first: ours above.
fn legend<'b>(area: &Area<'b>, lines: &[Line]) -> Result<(), Failure<'b>> {
    const STEP_PX: i32 = 18;
    let left = area.dim_in_pixel().0 as i32 - NAMES_WIDTH_PX + 6;
    for (at, line) in lines.iter().rev().enumerate() {
        let y = (at as i32 + 2) * STEP_PX;
        area.draw(&PathElement::new(vec![(left, y), (left + 16, y)], stroke(line.contender)))?;
        name(area, line.contender, (left + 20, y))?;
    }
    Ok(())
}

/// Writes a contender's name, its middle at the given height.
fn name<'b>(area: &Area<'b>, contender: &'static str, (x, y): (i32, i32)) -> Result<(), Failure<'b>> {
    let weight = if is_ours(contender) { FontStyle::Bold } else { FontStyle::Normal };
    let font = (FONT, NAME_PX, weight).into_font().color(&colour(contender));
    area.draw(&Text::new(contender, (x, y - NAME_PX / 2 + 1), font))
}

/// Writes each name beside the end of its line, moved up or down until none covers another.
fn names<'b>(area: &Area<'b>, mut ends: Vec<(&'static str, (i32, i32))>) -> Result<(), Failure<'b>> {
    let (corner, (_, height)) = (area.get_base_pixel(), area.dim_in_pixel());
    let bottom = corner.1 + height as i32 - NAME_PX;
    ends.sort_by_key(|end| end.1.1);
    let mut heights: Vec<i32> = ends.iter().map(|end| end.1.1).collect();
    for at in 1..heights.len() {
        heights[at] = heights[at].max(heights[at - 1] + NAME_PX);
    }
    let mut lowest = bottom;
    for height in heights.iter_mut().rev() {
        *height = (*height).min(lowest);
        lowest = *height - NAME_PX;
    }
    for ((contender, (x, y)), height) in ends.into_iter().zip(heights) {
        let (from, to) = ((x - corner.0 + 4, y - corner.1), (x - corner.0 + 14, height - corner.1));
        area.draw(&PathElement::new(vec![from, to], colour(contender).mix(0.5).stroke_width(1)))?;
        name(area, contender, (to.0 + 3, to.1))?;
    }
    Ok(())
}

/// From the least to the greatest, with a little room.
fn range(lines: &[Line], coordinate: fn(&(f64, f64)) -> f64) -> (f64, f64) {
    let all = || lines.iter().flat_map(|line| &line.points).map(coordinate);
    let (least, greatest) = (all().fold(f64::MAX, f64::min), all().fold(f64::MIN_POSITIVE, f64::max));
    (least / 1.15, greatest * 1.15)
}

/// Draws an SVG of `size` pixels.
pub(crate) fn drawn(size: (u32, u32), draw: impl FnOnce(&Area<'_>) -> Result<(), String>) -> String {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE).expect("a string takes everything");
        draw(&area).expect("a string takes everything");
        area.present().expect("a string takes everything");
    }
    svg
}

/// Numbers of timers on an axis.
pub(crate) fn timers(value: f64) -> String {
    power(value)
}
