//! The figures of the timers, as JSON and as a page for people, on a port of its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::{Request, StatusCode};
use serde_json::{Value, json};
use tickwheel::geometry::{self, Standard};
use tickwheel::{Handle, Resolution};

use crate::app::{self, Answer, App};

/// The page asks for the figures once a second and draws them; it needs nothing from elsewhere.
const PAGE: &str = include_str!("page.html");

pub(crate) fn route<B>(app: &App, request: &Request<B>) -> Answer {
    match request.uri().path() {
        "/" | "/timers" if !app::is_read(request.method()) => app::not_allowed(),
        "/" => app::html(PAGE),
        "/timers" => app::json(figures(app)),
        _ => app::text(StatusCode::NOT_FOUND, "there is the page at / and its figures at /timers\n"),
    }
}

/// What the server and its timers have done so far, and what is pending.
pub(crate) fn figures(app: &App) -> Value {
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let counts = &app.counts;
    json!({
        "connections": count(&counts.open),
        "accepted": count(&counts.accepted),
        "requests": count(&counts.requests),
        "late_requests": count(&counts.late),
        "timers": app.timers.handle().map(of_timers),
    })
}

fn of_timers(handle: &Handle) -> Value {
    let metrics = handle.metrics();
    let micros = |duration: Duration| duration.as_nanos() as f64 / 1e3;
    let quantile = |quantile| micros(metrics.lateness.quantile(quantile));
    json!({
        "now_ms": handle.now().as_nanos() as f64 / 1e6,
        "armed": metrics.armed,
        "cancelled": metrics.cancelled,
        "moved": metrics.reset,
        "fired": metrics.fired,
        "pending": metrics.pending,
        "levels": levels(handle),
        "turns": metrics.turns,
        "empty_turns": metrics.empty_turns,
        "longest_turn_us": micros(metrics.longest_turn),
        "wake_ups": {
            "time": metrics.wake_ups.time,
            "earlier": metrics.wake_ups.earlier,
            "signal": metrics.wake_ups.signal,
        },
        "late_us": {
            "p50": quantile(0.5),
            "p99": quantile(0.99),
            "p999": quantile(0.999),
            "max": micros(metrics.lateness.max()),
            "buckets": late_by_decade(&metrics.lateness),
        },
    })
}

/// How many timers were late by up to 1 µs, 2, 5, 10 and so on, as pairs of the bound in µs and the number.
fn late_by_decade(lateness: &tickwheel::Lateness) -> Vec<(f64, u64)> {
    let bounds = (0..6).flat_map(|decade| [1.0, 2.0, 5.0].map(|step| step * 10_f64.powi(decade)));
    let mut buckets: Vec<_> = bounds.map(|bound| (bound, 0)).collect();
    let last = buckets.len() - 1;
    for (late, timers) in lateness.buckets() {
        let place = buckets.partition_point(|(bound, _)| *bound * 1e3 < late.as_nanos() as f64);
        buckets[place.min(last)].1 += timers;
    }
    buckets
}

/// The pending timers by the level of Linux's wheel at which they would lie, at a tick of a millisecond: also for the
/// heap, which has no levels, to see how far off its timers are.
fn levels(handle: &Handle) -> Vec<Value> {
    let resolution = Resolution::MILLISECOND;
    let next = resolution.tick_before(handle.now());
    let mut pending = [0_u64; 5];
    for expiry in handle.expiries() {
        pending[geometry::home::<Standard>(next, resolution.tick_after(expiry)).level] += 1;
    }
    let reach = ["256 ms", "16 s", "17 min", "19 h", "50 days"];
    let levels = (1..).zip(reach.into_iter().zip(pending));
    let shown = |(level, (within, pending))| {
        let name = format!("tv{level}");
        json!({ "name": name, "within": within, "pending": pending })
    };
    levels.map(shown).collect()
}
