//! Contenders as bars, by where they come from.

use plotters::prelude::*;

use crate::plot::canvas::{Area, Drawn, FONT, Key, LABEL_PX, color, drawn};
use crate::tables::{Kind, Who, digits};

const WIDTH_PX: u32 = 900;
const BAR_PX: u32 = 22;
const AROUND_PX: u32 = 80;
const FIGURES_PX: i32 = 60;

/// A panel of bars, with the figure behind each.
pub struct Bars {
    pub title: &'static str,
    pub axis: &'static str,
    /// Whether the axis is logarithmic, and bars begin at half of the least figure.
    pub logarithmic: bool,
    pub bars: Vec<(Who, f64)>,
}

/// Panels below each other; nothing if one of them is empty.
pub fn bars(panels: &[Bars]) -> Option<String> {
    if panels.iter().any(|panel| panel.bars.is_empty()) {
        return None;
    }
    let key = |name, kind| Key { name, color: color_of(kind), bold: kind == Kind::Ours };
    let keys = [key("tickwheel", Kind::Ours), key("others", Kind::HandWritten), key("floor", Kind::Baseline)];
    let heights: Vec<_> = panels.iter().map(|panel| panel.bars.len() as u32 * BAR_PX + AROUND_PX).collect();
    Some(drawn((WIDTH_PX, heights.iter().sum()), &keys, |area| {
        let mut rest = area.clone();
        for (panel, height) in panels.iter().zip(heights) {
            let (top, below) = rest.split_vertically(height);
            panel.draw(&top)?;
            rest = below;
        }
        Ok(())
    }))
}

fn color_of(kind: Kind) -> RGBColor {
    color(match kind {
        Kind::Ours => 0,
        Kind::Published(_) | Kind::HandWritten => 2,
        Kind::Baseline => 12,
    })
}

impl Bars {
    fn draw(&self, area: &Area<'_>) -> Drawn<'static> {
        // Where a figure lies on the axis, and what stands there.
        let (place, value): (fn(f64) -> f64, fn(f64) -> f64) =
            if self.logarithmic { (f64::log2, f64::exp2) } else { (|figure| figure, |place| place) };
        let least = self.bars.iter().map(|bar| bar.1).fold(f64::MAX, f64::min);
        let greatest = self.bars.iter().map(|bar| bar.1).fold(f64::MIN_POSITIVE, f64::max);
        let from = if self.logarithmic { place(least / 2.0) } else { 0.0 };
        let count = self.bars.len();
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_right(FIGURES_PX)
            .caption(self.title, (FONT, 16))
            .x_label_area_size(36)
            .y_label_area_size(110)
            .build_cartesian_2d(from..place(greatest * 1.05), (0..count - 1).into_segmented())?;
        // The first one is at the top.
        let name = |row: &SegmentValue<usize>| match row {
            SegmentValue::CenterOf(row) => self.bars.get(count - 1 - row).map_or("", |bar| bar.0.name).to_owned(),
            _ => String::new(),
        };
        chart
            .configure_mesh()
            .disable_y_mesh()
            .x_desc(self.axis)
            .x_label_formatter(&|x| digits(value(*x)))
            .y_labels(count)
            .y_label_formatter(&name)
            .axis_desc_style((FONT, LABEL_PX))
            .label_style((FONT, LABEL_PX))
            .light_line_style(WHITE.mix(0.0))
            .bold_line_style(BLACK.mix(0.12))
            .draw()?;
        for (row, (who, figure)) in self.bars.iter().rev().enumerate() {
            let corners = [(from, SegmentValue::Exact(row)), (place(*figure), SegmentValue::Exact(row + 1))];
            let mut bar = Rectangle::new(corners, color_of(who.kind).filled());
            bar.set_margin(3, 3, 0, 0);
            let text = Text::new(digits(*figure), (6, -LABEL_PX / 2), (FONT, LABEL_PX).into_font().color(&BLACK));
            chart.draw_series([bar])?;
            chart.draw_series([EmptyElement::at((place(*figure), SegmentValue::CenterOf(row))) + text])?;
        }
        Ok(())
    }
}
