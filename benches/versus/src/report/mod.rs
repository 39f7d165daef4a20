//! The forms in which results are written down.

mod cost_plot;
mod distribution_plot;
mod json;
mod labels;
mod markdown;
mod notes;
mod style;
mod turns_plot;
mod write;

pub(crate) use write::write;
