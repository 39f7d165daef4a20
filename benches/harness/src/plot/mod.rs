//! Plots as SVG: lines over logarithmic axes, and bars.

mod bars;
mod canvas;
mod lines;

pub use bars::{Bars, bars};
pub use canvas::PALETTE;
pub use lines::{Line, Panel, panels, power};
