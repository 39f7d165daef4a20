//! Contenders as bars, by where they come from.

use std::ops::Range;

use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
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
        let figures = || self.bars.iter().map(|bar| bar.1);
        let (least, greatest) = (figures().fold(f64::MAX, f64::min), figures().fold(f64::MIN_POSITIVE, f64::max));
        if self.logarithmic {
            self.draw_over(area, (least / 2.0..greatest * 1.1).log_scale(), least / 2.0)
        } else {
            let range: Range<f64> = 0.0..greatest * 1.05;
            self.draw_over(area, range, 0.0)
        }
    }

    fn draw_over<X>(&self, area: &Area<'_>, range: X, from: f64) -> Drawn<'static>
    where
        X: AsRangedCoord<Value = f64>,
        X::CoordDescType: ValueFormatter<f64>,
    {
        let count = self.bars.len();
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_right(FIGURES_PX)
            .caption(self.title, (FONT, 16))
            .x_label_area_size(36)
            .y_label_area_size(110)
            .build_cartesian_2d(range, (0..count - 1).into_segmented())?;
        // The first one is at the top.
        let name = |place: &SegmentValue<usize>| match place {
            SegmentValue::CenterOf(place) => self.bars.get(count - 1 - place).map_or("", |bar| bar.0.name).to_owned(),
            _ => String::new(),
        };
        chart
            .configure_mesh()
            .disable_y_mesh()
            .x_desc(self.axis)
            .x_label_formatter(&|value| digits(*value))
            .y_labels(count)
            .y_label_formatter(&name)
            .axis_desc_style((FONT, LABEL_PX))
            .label_style((FONT, LABEL_PX))
            .light_line_style(WHITE.mix(0.0))
            .bold_line_style(BLACK.mix(0.12))
            .draw()?;
        for (place, (who, figure)) in self.bars.iter().rev().enumerate() {
            let corners = [(from, SegmentValue::Exact(place)), (*figure, SegmentValue::Exact(place + 1))];
            let mut bar = Rectangle::new(corners, color_of(who.kind).filled());
            bar.set_margin(3, 3, 0, 0);
            let text = Text::new(digits(*figure), (6, -LABEL_PX / 2), (FONT, LABEL_PX).into_font().color(&BLACK));
            chart.draw_series([bar])?;
            chart.draw_series([EmptyElement::at((*figure, SegmentValue::CenterOf(place))) + text])?;
        }
        Ok(())
    }
}
