//! The longest turn and calls against the number of timers.

use crate::report::cost_plot::panels;
use crate::results::{Results, Unit};

/// Nothing if no such job was measured at more than one size.
pub(crate) fn svg(results: &Results) -> Option<String> {
    let figures = results.figures().into_iter().filter(|figure| {
        let rows = results.of(figure);
        rows.len() > 1 && rows[0].unit == Unit::NsLongest
    });
    panels(results, &figures.collect::<Vec<_>>(), "longest single call")
}
