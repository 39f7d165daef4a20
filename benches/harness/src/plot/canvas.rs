//! What all plots have in common: colors, fonts, and the key below.

use plotters::coord::Shift;
use plotters::prelude::*;

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(crate) type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

pub(crate) const FONT: &str = "sans-serif";
pub(crate) const LABEL_PX: i32 = 12;
const KEY_LINE_PX: u32 = 20;
const KEY_COLUMN_PX: u32 = 150;

/// A color for each contender of a bench, by its place in the bench's list: red, green and blue.
pub const PALETTE: [u32; 16] = [
    0xd61414, 0xf58214, 0x146ebe, 0x1ea03c, 0x8246b4, 0x784628, 0xeb5abe, 0x000000, 0x969614, 0x14b4c8, 0x001478,
    0x005a3c, 0x8c8c8c, 0x6ec814, 0x960050, 0xc8a06e,
];

pub(crate) fn color(place: usize) -> RGBColor {
    let [_, red, green, blue] = PALETTE[place].to_be_bytes();
    RGBColor(red, green, blue)
}

/// One entry of the key.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) color: RGBColor,
    pub(crate) bold: bool,
}

/// An SVG of `size` pixels and the key below it.
pub(crate) fn drawn(size: (u32, u32), keys: &[Key], draw: impl FnOnce(&Area<'_>) -> Drawn<'static>) -> String {
    let columns = (size.0 / KEY_COLUMN_PX).max(1) as usize;
    let key_px = keys.len().div_ceil(columns) as u32 * KEY_LINE_PX + LABEL_PX as u32;
    let mut svg = String::new();
    let whole = SVGBackend::with_string(&mut svg, (size.0, size.1 + key_px)).into_drawing_area();
    let (area, below) = whole.split_vertically(size.1);
    let all = || {
        whole.fill(&WHITE)?;
        draw(&area)?;
        for (place, key) in keys.iter().enumerate() {
            let (column, line) = ((place % columns) as i32, (place / columns) as i32);
            let (x, y) = (column * KEY_COLUMN_PX as i32 + 12, line * KEY_LINE_PX as i32 + 4);
            let font = (FONT, LABEL_PX, if key.bold { FontStyle::Bold } else { FontStyle::Normal });
            below.draw(&Rectangle::new([(x, y), (x + LABEL_PX, y + LABEL_PX)], key.color.filled()))?;
            below.draw(&Text::new(key.name, (x + LABEL_PX + 6, y), font.into_font().color(&BLACK)))?;
        }
        whole.present()
    };
    all().expect("a string takes everything");
    drop((whole, area, below));
    svg
}
