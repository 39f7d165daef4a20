//! What a driver says by way of `tracing`, with that feature; without it, nothing is compiled in.
//!
//! Nothing is said where a timer is armed, moved or cancelled, nor in a turn that fires nothing. A driver's life is
//! told at `debug`, each turn that fired something at `trace`, a panic of the user's code as an `error`, and the
//! first turn of a driver that takes very long as a `warn`. Two spans hold what is said on the way: `turn`, at
//! `trace`, from the first timer that a turn fires to its end, and `callback`, at `debug`, around each run of a
//! callback, so that what the callback says is found with the timer that it was. There is none for the life of a
//! driver's thread: all that a driver ever does would hang below it, in one trace that does not end.
//!
//! None of it is said under a lock, and a subscriber that panics stops nothing (L15).

use core::time::Duration;

use super::callback::TimerEvent;
use super::metrics::TurnCounts;
use crate::clock::TaskKind;
use crate::error::ArmErrorReason;
use crate::timer::TimerId;

/// A turn that takes longer is warned of.
#[cfg(feature = "tracing")]
const LONG_TURN: Duration = Duration::from_millis(100);

/// An event of `tracing`, or nothing.
macro_rules! event {
    ($level:ident, $($said:tt)*) => {
        #[cfg(feature = "tracing")]
        {
            told(|| tracing::$level!(target: "tickwheel", $($said)*));
        }
    };
}

/// Tells a subscriber something; `None` if it panicked.
#[cfg(feature = "tracing")]
fn told<R>(tell: impl FnOnce() -> R) -> Option<R> {
    std::panic::catch_unwind(core::panic::AssertUnwindSafe(tell)).ok()
}

/// Whether anybody listens at this level, for what is said often.
#[cfg(feature = "tracing")]
fn is_heard(level: tracing::Level) -> bool {
    level <= tracing::level_filters::LevelFilter::current()
}

/// A span that this thread is in until it is dropped; nothing without the feature, or if nobody listens.
#[derive(Default)]
pub(crate) struct Scope {
    #[cfg(feature = "tracing")]
    span: Option<tracing::Span>,
}

#[cfg(feature = "tracing")]
impl Scope {
    fn enter(level: tracing::Level, span: impl FnOnce() -> tracing::Span) -> Self {
        if !is_heard(level) {
            return Self::default();
        }
        let span = told(span).filter(|span| !span.is_disabled());
        if let Some(span) = &span {
            told(|| span.with_subscriber(|(id, subscriber)| subscriber.enter(id)));
        }
        Self { span }
    }
}

/// Each call of the subscriber by itself: one that panics as a span is left may do so again as it ends.
#[cfg(feature = "tracing")]
impl Drop for Scope {
    fn drop(&mut self) {
        if let Some(span) = self.span.take() {
            told(|| span.with_subscriber(|(id, subscriber)| subscriber.exit(id)));
            told(|| drop(span));
        }
    }
}

/// The span of a turn, which begins with the first timer that the turn fires.
#[derive(Default)]
pub(crate) struct TurnScope {
    #[cfg(feature = "tracing")]
    scope: Option<Scope>,
}

impl TurnScope {
    /// A timer is about to be fired.
    pub(crate) fn fires(&mut self) {
        #[cfg(feature = "tracing")]
        self.scope.get_or_insert_with(|| {
            Scope::enter(tracing::Level::TRACE, || tracing::trace_span!(target: "tickwheel", "turn"))
        });
    }
}

/// The span of a callback's run.
pub(crate) fn callback(shard: u32, id: TimerId, event: &TimerEvent) -> Scope {
    #[cfg(feature = "tracing")]
    return Scope::enter(tracing::Level::DEBUG, || {
        let TimerEvent { due, missed, .. } = *event;
        let late_ns = event.lateness().as_nanos() as u64;
        tracing::debug_span!(target: "tickwheel", "callback", shard, ?id, ?due, late_ns, missed)
    });
    #[cfg(not(feature = "tracing"))]
    {
        let _ = (shard, id, event);
        Scope::default()
    }
}

pub(crate) fn started(name: &str, shards: usize) {
    event!(debug, name, shards, "driver started");
    let _ = (name, shards);
}

pub(crate) fn paused(name: &str) {
    event!(debug, name, "driver paused");
    let _ = name;
}

pub(crate) fn resumed(name: &str) {
    event!(debug, name, "driver resumed");
    let _ = name;
}

/// `dropped` timers were still armed.
pub(crate) fn shut_down(dropped: usize) {
    event!(debug, dropped, "driver shut down");
    let _ = dropped;
}

pub(crate) fn panicked(message: &str) {
    event!(error, panic = message, "a callback or waker panicked");
    let _ = message;
}

pub(crate) fn not_rearmed(kind: TaskKind, reason: ArmErrorReason) {
    event!(error, ?kind, %reason, "a periodic timer could not be armed again, and is over");
    let _ = (kind, reason);
}

/// A turn has been made, in which `took` passed, and its span is left.
pub(crate) fn turned(scope: TurnScope, fired: u64, budget_exhausted: bool, took: Duration, counts: &TurnCounts) {
    #[cfg(feature = "tracing")]
    {
        if fired > 0 && is_heard(tracing::Level::TRACE) {
            let took_ns = took.as_nanos() as u64;
            event!(trace, fired, budget_exhausted, took_ns, "turn");
        }
        if took > LONG_TURN && counts.long_turns.fetch_add(1, crate::sync::Ordering::Relaxed) == 0 {
            let took_ms = took.as_millis() as u64;
            event!(
                warn,
                took_ms,
                "a turn took very long, and all timers were late meanwhile: give slow callbacks a callback_pool(), or \
                 a turn_time(); longer turns are not reported again, but Metrics::longest_turn has the longest"
            );
        }
    }
    let _ = (scope, fired, budget_exhausted, took, counts);
}
