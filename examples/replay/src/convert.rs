//! Writes a trace as our own CSV, plain or, by its name, gzipped.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use tickwheel::Timestamp;

use crate::csv::{HRTIMER_HEADER, WHEEL_HEADER};
use crate::trace::{Action, Event, Kind, Trace};

/// Writes `trace` to `file`, or to standard output for `-`.
pub(crate) fn write(trace: &Trace, file: &Path) -> io::Result<()> {
    if file == Path::new("-") {
        return write_to(trace, &mut BufWriter::new(io::stdout().lock()));
    }
    let plain = BufWriter::with_capacity(1 << 16, File::create(file)?);
    if file.extension().is_some_and(|extension| extension == "gz") {
        let mut packed = BufWriter::with_capacity(1 << 16, GzEncoder::new(plain, Compression::default()));
        write_to(trace, &mut packed)?;
        return packed.into_inner().map_err(|error| error.into_error())?.finish()?.flush();
    }
    write_to(trace, &mut { plain })
}

pub(crate) fn write_to(trace: &Trace, to: &mut impl Write) -> io::Result<()> {
    let header = if trace.kind == Kind::Wheel { WHEEL_HEADER } else { HRTIMER_HEADER };
    writeln!(to, "{header}")?;
    for event in &trace.events {
        line(trace, event, to)?;
    }
    to.flush()
}

fn line(trace: &Trace, event: &Event, to: &mut impl Write) -> io::Result<()> {
    let Event { at, timer, .. } = *event;
    let at = at.as_nanos();
    let function = trace.functions[event.function as usize].as_str();
    let jiffy = |at: Timestamp| trace.jiffy.tick_before(at).get();
    match (trace.kind, event.action) {
        (Kind::Wheel, Action::Arm(deadline)) => {
            writeln!(to, "{at},start,{timer},{},{function}", jiffy(deadline.soft()))
        }
        (Kind::Wheel, Action::Expire { ran }) => writeln!(to, "{at},expire,{timer},{},{function}", jiffy(ran)),
        (Kind::Wheel, Action::Cancel | Action::OwnDequeue) => writeln!(to, "{at},cancel,{timer},,"),
        (Kind::Hrtimer, Action::Arm(deadline) | Action::ArmOnOtherClock(deadline)) => {
            let (soft, hard) = (deadline.soft().as_nanos(), deadline.hard().as_nanos());
            writeln!(to, "{at},start,{timer},{soft},{hard},{function}")
        }
        (Kind::Hrtimer, Action::Expire { ran }) => {
            writeln!(to, "{at},expire,{timer},{},,{function}", ran.as_nanos())
        }
        (Kind::Hrtimer, Action::Cancel) => writeln!(to, "{at},cancel,{timer},,,"),
        // In this format a cancel of an hrtimer is always a cancellation.
        (Kind::Hrtimer, Action::OwnDequeue) => Ok(()),
        (_, Action::Reset(_) | Action::ResetDone) | (Kind::Wheel, Action::ArmOnOtherClock(_)) => {
            unreachable!("a trace is written before its resets are told, and the wheel knows jiffies alone")
        }
    }
}
