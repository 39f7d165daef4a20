//! What a driver says by way of `tracing`, with that feature; without it, nothing is compiled in.

/// A macro of `tracing`'s, or nothing.
macro_rules! event {
    ($level:ident, $($said:tt)*) => {
        #[cfg(feature = "tracing")]
        tracing::$level!(target: "tickwheel", $($said)*);
    };
}

pub(crate) fn panicked(message: &str) {
    event!(error, message, "a callback or waker panicked");
    let _ = message;
}
