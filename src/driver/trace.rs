//! What a driver says by way of `tracing`, with that feature; without it, nothing is compiled in.
//!
//! Nothing is said where a timer is armed, moved or cancelled. A driver's life is told at `debug`, each turn that fired
//! something at `trace`, a panic of the user's code as an `error`, and the first turn of a driver that takes very long
//! as a `warn`. None of it is said under a lock, and a subscriber that panics stops nothing (L15).

use core::time::Duration;

use super::core::Turned;
use super::metrics::TurnCounts;

/// A turn that takes longer is warned of.
#[cfg(feature = "tracing")]
const LONG_TURN: Duration = Duration::from_millis(100);

/// An event of `tracing`, or nothing.
macro_rules! event {
    ($level:ident, $($said:tt)*) => {
        #[cfg(feature = "tracing")]
        {
            let say = || tracing::$level!(target: "tickwheel", $($said)*);
            let _ = std::panic::catch_unwind(core::panic::AssertUnwindSafe(say));
        }
    };
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

/// A turn has been made, in which `took` passed.
pub(crate) fn turned(turned: Turned, took: Duration, counts: &TurnCounts) {
    #[cfg(feature = "tracing")]
    {
        if turned.fired > 0 {
            let (fired, is_cut, took_ns) = (turned.fired, turned.is_cut, took.as_nanos() as u64);
            event!(trace, fired, is_cut, took_ns, "turn");
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
    let _ = (turned, took, counts);
}
