//! The command line.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// A web server whose every timeout runs on one of tickwheel's timers.
#[derive(Parser, Clone, Debug)]
#[command(version, about)]
pub(crate) struct Options {
    /// Which timers to run on.
    #[arg(long, value_enum, default_value_t = TimerKind::Wheel)]
    pub(crate) timer: TimerKind,

    /// Port on 127.0.0.1 for clients; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,

    /// Port on 127.0.0.1 for the page that shows the timers; 0 takes a free one.
    #[arg(long, default_value_t = 8081)]
    pub(crate) admin_port: u16,

    /// How long a client may take to send the headers of a request, its silence before them included, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(crate) header_timeout: Duration,

    /// How long a client may let a connection wait for its next request, or for it to take more of an answer, in
    /// seconds.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub(crate) idle_timeout: Duration,

    /// How long a request may take to be answered before it gets status 503, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(crate) request_timeout: Duration,

    /// How often HTTP/2 connections are asked whether they still live, in seconds; an answer may take as long again.
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = seconds)]
    pub(crate) keep_alive: Duration,

    /// How long draining may take after Ctrl-C before what is open is cut, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(crate) drain: Duration,

    /// Record what is done with the timers to this file, for `replay`.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Drain by itself after so many seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) seconds: Option<Duration>,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TimerKind {
    /// tickwheel's coarse timer, good to a millisecond.
    Wheel,
    /// tickwheel's precise timer.
    Heap,
    /// tokio's own timers, to compare; it has no figures to show.
    Tokio,
}

impl fmt::Display for TimerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wheel => "wheel",
            Self::Heap => "heap",
            Self::Tokio => "tokio",
        })
    }
}

/// Some 31 years: whatever clock it is added to, the sum is a time that there is.
const MOST_SECONDS: u64 = 1_000_000_000;

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() && duration <= Duration::from_secs(MOST_SECONDS) => Ok(duration),
        _ => Err(format!("it must be more than zero seconds, and at most {MOST_SECONDS}")),
    }
}
