//! The picture: an SVG of six panels, one legend for all.
//!
//! Lateness beside the recording kernel's, pending timers over time, timers handed out by a turn over time, and how
//! long a turn takes; below them, by `plot_advice`, what other ticks and slack would do. Each panel names its units,
//! and what the two timers have in common lies over each other: the wheel as an area, the heap as a line.

use std::error::Error;
use std::ops::Range;

use plotters::chart::MeshStyle;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, Ranged};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::advice::Variant;
use crate::lateness::{BINS, Histogram, Lateness, Scale};
use crate::replay::{Outcome, SPANS};
use crate::report::grouped;
use crate::timing::{Call, Sorted};
use crate::trace::{Kind, Trace};
use crate::{Contender, plot_advice};

const SIZE: (u32, u32) = (1280, 1330);
const HEAD: i32 = 104;

const INK: RGBColor = RGBColor(38, 43, 51);
const FAINT: RGBColor = RGBColor(112, 119, 130);
const GRID: RGBColor = RGBColor(228, 231, 235);
const KERNEL: RGBColor = RGBColor(150, 156, 166);
pub(crate) const COLOURS: [RGBColor; 2] = [RGBColor(31, 111, 180), RGBColor(221, 117, 32)];

/// Points of the time axis: a screen has no room for more.
const COLUMNS: usize = 200;

pub(crate) type Drawn = Result<(), Box<dyn Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// What is drawn of one timer.
struct Series<'a> {
    name: &'static str,
    colour: RGBColor,
    outcome: &'a Outcome,
    late: Histogram,
    turns: Sorted,
}

/// Draws all replays of one trace.
pub(crate) fn draw(
    trace: &Trace,
    replays: &[(Contender, Outcome)],
    advice: &[Variant],
) -> Result<String, Box<dyn Error>> {
    let scale = Scale::of(trace);
    let mut kernel = Histogram::default();
    let mut all = Vec::new();
    for (contender, outcome) in replays {
        let lateness = Lateness::of(&outcome.book, &scale);
        kernel = lateness.kernel;
        let turns = outcome.samples.sorted(Call::FiringTurn);
        // By name, so that a timer has the same colour when it is drawn alone.
        let colour = COLOURS[usize::from(contender.name != "TimerWheel")];
        all.push(Series { name: contender.name, colour, outcome, late: lateness.ours, turns });
    }

    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let (head, panels) = root.split_vertically(HEAD);
        draw_head(&head, trace, &all)?;
        let panels = panels.margin(0, 12, 16, 16).split_evenly((3, 2));
        draw_lateness(&panels[0], &scale, &kernel, &all)?;
        draw_pending(&panels[1], trace, &all)?;
        draw_work(&panels[2], trace, &all)?;
        draw_turns(&panels[3], &all)?;
        plot_advice::draw(&panels[4], &panels[5], advice, trace.length().as_secs_f64())?;
        root.present()?;
    }
    Ok(svg)
}

pub(crate) fn font(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

fn draw_head(area: &Area<'_>, trace: &Trace, all: &[Series<'_>]) -> Drawn {
    let file = trace.file.file_name().map_or_else(|| trace.file.to_string_lossy(), |name| name.to_string_lossy());
    let kind = match trace.kind {
        Kind::Wheel => "a kernel's timer wheel".to_owned(),
        Kind::Hrtimer => format!("a {}'s high-resolution timers", trace.recorder()),
    };
    let recorder = format!("recording {}", trace.recorder());
    let names = all.iter().map(|series| series.name).collect::<Vec<_>>().join(" and ");
    let events = grouped(trace.events.len() as u64);
    let title = format!("{file} replayed through {names}");
    let seconds = trace.length().as_secs_f64();
    let subtitle = format!("{kind}: {seconds:.1} s, {events} events, replayed in virtual time");
    area.draw(&Text::new(title, (32, 18), font(30)))?;
    area.draw(&Text::new(subtitle, (32, 50), font(19).color(&FAINT)))?;

    let mut left = 32;
    let timers = all.iter().map(|series| (series.name, series.colour));
    for (name, colour) in std::iter::once((&*recorder, KERNEL)).chain(timers) {
        area.draw(&Rectangle::new([(left, 80), (left + 14, 94)], colour.filled()))?;
        area.draw(&Text::new(name, (left + 21, 78), font(18)))?;
        left += 60 + 8 * name.len() as i32;
    }
    Ok(())
}

pub(crate) type Chart<'a, X, Y> = ChartContext<
    'a,
    SVGBackend<'a>,
    Cartesian2d<<X as AsRangedCoord>::CoordDescType, <Y as AsRangedCoord>::CoordDescType>,
>;

/// A panel with its caption and room for labelled axes, ready for its series.
pub(crate) fn panel<'a, X: AsRangedCoord, Y: AsRangedCoord>(
    area: &Area<'a>,
    caption: &str,
    x: X,
    y: Y,
) -> Result<Chart<'a, X, Y>, Box<dyn Error>> {
    area.draw(&Text::new(caption.to_owned(), (96, 12), font(21)))?;
    let mut builder = ChartBuilder::on(area);
    builder.margin(14).margin_top(46).margin_right(30).x_label_area_size(52).y_label_area_size(80);
    Ok(builder.build_cartesian_2d(x, y)?)
}

/// The look that all axes share.
fn dress<X: Ranged, Y: Ranged>(mesh: &mut MeshStyle<'_, '_, X, Y, SVGBackend<'_>>) {
    mesh.label_style(font(16)).axis_desc_style(font(17).color(&FAINT));
    mesh.axis_style(FAINT).bold_line_style(GRID).light_line_style(TRANSPARENT);
}

fn draw_lateness(area: &Area<'_>, scale: &Scale, kernel: &Histogram, all: &[Series<'_>]) -> Drawn {
    let mut chart = panel(area, "Lateness by design (virtual time), not a race", -0.5..BINS as f64 - 0.5, 0.0..112.0)?;
    let unit = if scale.unit == "µs" { "time" } else { scale.unit };
    let mut mesh = chart.configure_mesh();
    dress(&mut mesh);
    mesh.disable_x_mesh()
        .x_labels(BINS)
        .x_label_formatter(&|bin| bin_label(scale, *bin))
        .x_desc(format!("{unit} from the deadline to the call"))
        .y_labels(6)
        .y_label_formatter(&|share| if *share <= 100.0 { format!("{share:.0} %") } else { String::new() })
        .y_desc(format!("share of {} timers", grouped(kernel.count)))
        .draw()?;

    let bars: Vec<_> = std::iter::once((KERNEL, kernel)).chain(all.iter().map(|s| (s.colour, &s.late))).collect();
    let width = 0.94 / bars.len() as f64;
    for (at, (colour, late)) in bars.iter().enumerate() {
        for (bin, count) in late.bins.iter().enumerate().filter(|(_, count)| **count > 0) {
            let share = 100.0 * *count as f64 / late.count as f64;
            let left = bin as f64 - 0.47 + at as f64 * width;
            let bar = [(left, 0.0), (left + width * 0.94, share)];
            chart.draw_series([Rectangle::new(bar, colour.filled())])?;
            let style = font(12).pos(Pos::new(HPos::Center, VPos::Bottom));
            chart.draw_series([Text::new(percent(share), (left + width * 0.47, share + 1.5), style)])?;
        }
    }
    Ok(())
}

fn bin_label(scale: &Scale, at: f64) -> String {
    let bin = at.round();
    if (at - bin).abs() > 0.01 || bin < 0.0 {
        return String::new();
    }
    scale.labels.get(bin as usize).copied().unwrap_or_default().to_owned()
}

/// Short enough to stand above a bar; a share is never shown as none at all.
fn percent(share: f64) -> String {
    match share {
        share if share < 0.1 => "<0.1".to_owned(),
        share if share < 9.95 => format!("{share:.1}"),
        share => format!("{share:.0}"),
    }
}

fn draw_pending(area: &Area<'_>, trace: &Trace, all: &[Series<'_>]) -> Drawn {
    let lines: Vec<_> = all
        .iter()
        .map(|series| {
            let columns = series.outcome.pending.chunks(SPANS / COLUMNS);
            (series.colour, columns.map(|spans| spans.iter().copied().max().unwrap_or(0)).collect())
        })
        .collect();
    draw_over_time(area, trace, "Pending timers", "most pending at once", &lines)
}

fn draw_work(area: &Area<'_>, trace: &Trace, all: &[Series<'_>]) -> Drawn {
    let lines: Vec<_> = all.iter().map(|series| (series.colour, most_per_turn(trace, series.outcome))).collect();
    draw_over_time(area, trace, "Work: timers handed out by one turn", "most in one turn", &lines)
}

/// The most that one turn handed out, in each column of the time axis. What the drain does has no place there.
fn most_per_turn(trace: &Trace, outcome: &Outcome) -> Vec<usize> {
    let mut most = vec![0; COLUMNS];
    let length = trace.length().as_secs_f64();
    for (at, handed_out) in &outcome.work {
        let column = at.as_nanos() as f64 / 1e9 / length * COLUMNS as f64;
        if let Some(most) = most.get_mut(column as usize) {
            *most = (*most).max(*handed_out);
        }
    }
    most
}

fn draw_over_time(
    area: &Area<'_>,
    trace: &Trace,
    caption: &str,
    what: &str,
    lines: &[(RGBColor, Vec<usize>)],
) -> Drawn {
    let length = trace.length().as_secs_f64().max(1e-9);
    let most = lines.iter().flat_map(|(_, columns)| columns).copied().max().unwrap_or(0).max(1);
    let mut chart = panel(area, caption, 0.0..length, 0.0..most as f64 * 1.08)?;
    let mut mesh = chart.configure_mesh();
    dress(&mut mesh);
    mesh.x_labels(9)
        .x_label_formatter(&|seconds| short(*seconds))
        .x_desc("virtual time, s (the drain after it is not drawn)")
        .y_labels(6)
        .y_label_formatter(&|count| if count.fract() == 0.0 { grouped(*count as u64) } else { String::new() })
        .y_desc(what)
        .draw()?;
    for (at, (colour, columns)) in lines.iter().enumerate() {
        // A step for each column, so that what is drawn is what was counted.
        let step = length / columns.len() as f64;
        let steps = columns.iter().enumerate().flat_map(|(column, count)| {
            let left = column as f64 * step;
            [(left, *count as f64), (left + step, *count as f64)]
        });
        if at == 0 {
            chart.draw_series(AreaSeries::new(steps, 0.0, colour.mix(0.55)))?;
        } else {
            chart.draw_series(LineSeries::new(steps, colour.stroke_width(1)))?;
        }
    }
    Ok(())
}

fn short(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn draw_turns(area: &Area<'_>, all: &[Series<'_>]) -> Drawn {
    let longest = all.iter().filter_map(|series| series.turns.longest_ns()).max().unwrap_or(0);
    let shortest = all.iter().filter_map(|series| series.turns.quantile_ns(0.0)).min().unwrap_or(0);
    let most = all.iter().map(|series| series.turns.len()).max().unwrap_or(0);
    let times = decades(f64::from(shortest.max(10)), f64::from(longest.max(100)));
    let shares = decades(100.0 / most.max(10) as f64, 100.0);
    let caption = "Work: how long a turn takes that hands something out";
    let mut chart = panel(area, caption, times.clone().log_scale(), (shares.start..shares.end * 1.4).log_scale())?;
    let mut mesh = chart.configure_mesh();
    dress(&mut mesh);
    mesh.x_labels(8)
        .x_label_formatter(&|nanos| time_label(*nanos))
        .x_desc("time of the turn")
        .y_labels(8)
        .y_label_formatter(&|share| format!("{} %", short(*share)))
        .y_desc("turns that take at least so long")
        .draw()?;
    for (place, series) in (0..).zip(all) {
        chart.draw_series(LineSeries::new(tail(&series.turns), series.colour.stroke_width(3)))?;
        if let Some(longest) = series.turns.longest_ns() {
            let end = (f64::from(longest.max(1)), 100.0 / series.turns.len() as f64);
            chart.draw_series([Circle::new(end, 4, series.colour.filled())])?;
            // In the corner that a falling line leaves free, one below the other.
            let corner = (times.start, shares.start);
            let label = format!("longest {}", exact_time(longest));
            let text = Text::new(label, (14, 20 * place - 46), font(16).color(&series.colour));
            chart.draw_series([EmptyElement::at(corner) + text])?;
        }
    }
    Ok(())
}

/// The share of turns, in percent, that take at least as long: a point for each step of the eye, and the last one.
fn tail(turns: &Sorted) -> Vec<(f64, f64)> {
    let count = turns.len() as f64;
    let points = 400;
    let mut shares: Vec<_> = (0..=points).map(|at| count.max(1.0).powf(-f64::from(at) / f64::from(points))).collect();
    shares.dedup();
    shares
        .into_iter()
        .filter_map(|share| {
            // The longest of all is the one turn in `count` that takes at least as long as itself.
            let nanos = turns.quantile_ns(1.0 - share + 1.0 / count)?;
            Some((f64::from(nanos.max(1)), 100.0 * share))
        })
        .collect()
}

/// The powers of ten around a range.
fn decades(from: f64, to: f64) -> Range<f64> {
    10f64.powf(from.log10().floor())..10f64.powf(to.log10().ceil())
}

fn time_label(nanos: f64) -> String {
    match nanos {
        nanos if nanos < 1e3 => format!("{} ns", short(nanos)),
        nanos if nanos < 1e6 => format!("{} µs", short(nanos / 1e3)),
        nanos => format!("{} ms", short(nanos / 1e6)),
    }
}

fn exact_time(nanos: u32) -> String {
    match nanos {
        nanos if nanos < 1_000 => format!("{nanos} ns"),
        nanos if nanos < 1_000_000 => format!("{:.1} µs", f64::from(nanos) / 1e3),
        nanos => format!("{:.1} ms", f64::from(nanos) / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::{decades, percent, short, time_label};

    #[test]
    fn labels_are_short_and_never_hide_a_share() {
        assert_eq!([0.001, 0.3, 34.2, 100.0].map(percent), ["<0.1", "0.3", "34", "100"]);
        assert_eq!([0.5, 2.0, 1.25].map(short), ["0.5", "2", "1.25"]);
        assert_eq!([100.0, 1e4, 1e6].map(time_label), ["100 ns", "10 µs", "1 ms"]);
    }

    #[test]
    fn decades_hold_the_whole_range() {
        let range = decades(35.0, 2_500.0);
        assert!((range.start - 10.0).abs() < 1e-9 && (range.end - 10_000.0).abs() < 1e-6);
    }
}
