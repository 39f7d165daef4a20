//! Just enough SVG to draw with: text that is the same on every run, on white, so that it reads in light and in dark.

use std::fmt::Write;

/// What this crate's wheel does.
pub(crate) const OURS: &str = "#0072b2";
/// What the textbook's wheel does.
pub(crate) const TEXTBOOK: &str = "#d55e00";
pub(crate) const INK: &str = "#222";
pub(crate) const FAINT: &str = "#666";
pub(crate) const RULE: &str = "#ccc";
/// A slot without timers.
pub(crate) const EMPTY: &str = "#eee";

/// The width of every picture.
pub(crate) const WIDTH: u32 = 960;

/// Which end of a text lies at its point.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture under way.
pub(crate) struct Svg {
    height: u32,
    title: &'static str,
    body: String,
}

impl Svg {
    pub(crate) fn new(height: u32, title: &'static str) -> Self {
        let mut svg = Self { height, title, body: String::new() };
        svg.rect(0.0, 0.0, f64::from(WIDTH), f64::from(height), "#fff");
        svg.label(24.0, 34.0, 18, INK, Anchor::Start, title);
        svg
    }

    pub(crate) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, fill: &str) {
        let [x, y, width, height] = [x, y, width, height].map(number);
        self.push(&format!("<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>"));
    }

    pub(crate) fn label(&mut self, x: f64, y: f64, size: u32, fill: &str, anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let (x, y, text) = (number(x), number(y), escaped(text));
        self.push(&format!("<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{fill}\"{anchor}>{text}</text>"));
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &str, width: f64) {
        self.stroke(&[from, to], stroke, width, "");
    }

    pub(crate) fn dashed(&mut self, from: (f64, f64), to: (f64, f64), stroke: &str) {
        self.stroke(&[from, to], stroke, 1.0, " stroke-dasharray=\"4 4\"");
    }

    /// A line through all points.
    pub(crate) fn polyline(&mut self, points: &[(f64, f64)], stroke: &str, width: f64) {
        self.stroke(points, stroke, width, "");
    }

    fn stroke(&mut self, points: &[(f64, f64)], stroke: &str, width: f64, more: &str) {
        let (path, width) = (path(points), number(width));
        self.push(&format!("<path d=\"{path}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\"{more}/>"));
    }

    pub(crate) fn polygon(&mut self, points: &[(f64, f64)], fill: &str) {
        self.push(&format!("<path d=\"{}z\" fill=\"{fill}\"/>", path(points)));
    }

    /// Upright bars on one base line, each `(x, top)`, in a single path.
    pub(crate) fn bars(&mut self, bars: &[(f64, f64)], base: f64, width: f64, stroke: &str) {
        let mut path = String::new();
        for &(x, top) in bars {
            write!(path, "M{} {}V{}", number(x), number(base), number(top)).expect("a string takes all");
        }
        let width = number(width);
        self.push(&format!("<path d=\"{path}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\"/>"));
    }

    /// A small mark above a slot, pointing down at it.
    pub(crate) fn pointer(&mut self, x: f64, y: f64, fill: &str) {
        self.polygon(&[(x, y), (x - 4.5, y - 8.0), (x + 4.5, y - 8.0)], fill);
    }

    /// A frame's faint level line, with its value at the left.
    pub(crate) fn tick_mark(&mut self, left: f64, right: f64, y: f64, value: &str) {
        self.line((left, y), (right, y), EMPTY, 1.0);
        self.label(left - 8.0, y + 4.0, 12, FAINT, Anchor::End, value);
    }

    pub(crate) fn finish(self) -> String {
        let Self { height, title, body } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
             viewBox=\"0 0 {WIDTH} {height}\" \
             font-family=\"system-ui, 'Segoe UI', Helvetica, Arial, sans-serif\" role=\"img\">\n\
             <title>{}</title>\n{body}</svg>\n",
            escaped(title)
        )
    }

    fn push(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }
}

fn path(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (n, &(x, y)) in points.iter().enumerate() {
        write!(path, "{}{} {}", if n == 0 { 'M' } else { 'L' }, number(x), number(y)).expect("a string takes all");
    }
    path
}

/// A coordinate to a tenth, as short as it can be written.
fn number(x: f64) -> String {
    let text = format!("{x:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A count with its thousands set apart.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
