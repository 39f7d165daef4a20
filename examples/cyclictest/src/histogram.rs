//! How late how many runs were, as text: bins of 1, 2 and 5 in each decade, a bar for each.

use std::fmt::Write;

use crate::line::{Line, Seen};

const WIDEST_BAR: u64 = 40;

/// The upper bounds of the bins, in nanoseconds: from 100 ns on; the last bin has none.
pub(crate) fn bounds_ns() -> impl Iterator<Item = u64> {
    let decades = (2..11).map(|decade| 10_u64.pow(decade));
    decades.flat_map(|decade_ns| [decade_ns, 2 * decade_ns, 5 * decade_ns])
}

/// How many runs there are in each bin: from the bound before it, included, to its own, excluded.
pub(crate) fn bins(seen: &Seen) -> Vec<u64> {
    let bounds: Vec<_> = bounds_ns().collect();
    let mut bins = vec![0; bounds.len() + 1];
    for value in seen.late_ns.iter_recorded() {
        bins[bounds.partition_point(|bound| *bound <= value.value_iterated_to())] += value.count_at_value();
    }
    bins
}

/// A time as short as it can be said.
pub(crate) fn time(ns: u64) -> String {
    match ns {
        ns if ns < 1_000 => format!("{ns} ns"),
        ns if ns < 1_000_000 => format!("{} µs", ns / 1_000),
        ns if ns < 1_000_000_000 => format!("{} ms", ns / 1_000_000),
        ns => format!("{} s", ns / 1_000_000_000),
    }
}

/// One histogram below the other.
pub(crate) fn text(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        let bins = bins(&line.seen());
        let most = bins.iter().copied().max().unwrap_or(0).max(1);
        writeln!(text, "every {:?}", line.interval).expect("a string takes all");
        let first = bins.iter().position(|count| *count > 0).unwrap_or(0);
        let last = bins.iter().rposition(|count| *count > 0).unwrap_or(0);
        for (bin, bound) in bounds_ns().map(Some).chain([None]).enumerate().take(last + 1).skip(first) {
            let bar = "▇".repeat((bins[bin] * WIDEST_BAR).div_ceil(most) as usize);
            let name = bound.map_or("more".to_owned(), |bound| format!("< {}", time(bound)));
            writeln!(text, "{}", format!("{name:>10} {:>8} {bar}", bins[bin]).trim_end()).expect("a string takes all");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{bounds_ns, time};

    #[test]
    fn bounds_ascend_and_have_short_names() {
        let bounds: Vec<_> = bounds_ns().collect();
        assert!(bounds.is_sorted());
        assert_eq!([bounds[0], bounds[4], bounds[26]].map(time), ["100 ns", "2 µs", "50 s"]);
    }
}
