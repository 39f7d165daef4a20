//! One line of text, as the kernel's tracers and the tools around them print it.
//!
//! An event is found from the right: `TIME: [timer:]EVENT: FIELDS`. What stands before TIME (task, process, processor,
//! flags) may hold spaces, dashes, brackets and colons, and is not needed. Only babeltrace's lines begin with their
//! TIME, in brackets. Nothing here allocates or fails: a line is an event, one that cannot be read, or none.

use memchr::memmem;

use super::fields::Fields;

/// What a line says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Line<'a> {
    /// Something else, to be skipped.
    Other,
    /// So many events were lost before this line; 0 where it does not say how many.
    Lost(u64),
    /// A timer's event that cannot be read.
    Unreadable,
    Event(Event<'a>),
}

/// A timer's event, in the line's own terms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Event<'a> {
    pub(crate) time: Time,
    /// Whether it is one of the wheel's timers, or an hrtimer.
    pub(crate) is_wheel: bool,
    /// The timer's address; only its identity counts.
    pub(crate) timer: u64,
    /// Whether the address was printed with no more digits than a 32-bit machine needs.
    pub(crate) is_narrow: bool,
    /// Empty where it is not told.
    pub(crate) function: &'a [u8],
    pub(crate) what: What,
}

/// What became of the timer; times are in jiffies for the wheel and in nanoseconds for hrtimers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    Start {
        soft: u64,
        hard: u64,
        /// From now to the expiry, where it is told.
        timeout: Option<i64>,
    },
    Cancel,
    Expire {
        now: u64,
    },
}

/// When a line was written, on the recorder's clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Time {
    pub(crate) nanos: u64,
    /// Whether it is the time of day, which begins anew each midnight.
    pub(crate) is_of_day: bool,
}

/// How many words that may be an event's name are looked at: functions have such names too.
const MOST_NAMES: u32 = 8;

/// How much of a function's name is kept; the kernel has none so long.
const LONGEST_NAME: usize = 512;

/// Reads one line.
pub(crate) fn read(line: &[u8]) -> Line<'_> {
    if line.first() == Some(&b'#') {
        return Line::Other;
    }
    let mut end = line.len();
    // In `timer_start` and `hrtimer_start` alike.
    for _ in 0..MOST_NAMES {
        let Some(at) = memmem::rfind(&line[..end], b"timer_") else { break };
        if let Some(found) = event_at(line, at) {
            return found;
        }
        end = at;
    }
    lost(line)
}

/// The event whose name has its `timer_` at `at`, if one stands there.
fn event_at(line: &[u8], at: usize) -> Option<Line<'_>> {
    let (op, after) = op_of(&line[at + b"timer_".len()..])?;
    let (is_wheel, start) = match line[..at].strip_suffix(b"hr") {
        Some(before) => (false, before.len()),
        None => (true, at),
    };
    let before = &line[..start];
    let time = if after.trim_ascii_start().starts_with(b"{") {
        time_in_brackets(before)
    } else if before.trim_ascii_end().ends_with(b"/*") {
        time_of_graph(before)
    } else {
        time_before(before.strip_suffix(b"timer:").unwrap_or(before))
    };
    let fields = Fields::new(after);
    let event = time.and_then(|time| Some((time, event(&fields, is_wheel, op)?)));
    match event {
        Some((time, event)) => Some(Line::Event(Event { time, ..event })),
        // Words of some message are no event, but a time or a timer makes it one.
        None if time.is_some() || fields.get(pointer_key(is_wheel)).is_some() => {
            is_word_start(before).then_some(Line::Unreadable)
        }
        None => None,
    }
}

#[derive(Clone, Copy)]
enum Op {
    Start,
    Cancel,
    Expire,
}

/// What follows `timer_`: the operation and a colon, and what stands behind that.
fn op_of(rest: &[u8]) -> Option<(Op, &[u8])> {
    let names: [(&[u8], Op); 3] = [(b"start:", Op::Start), (b"cancel:", Op::Cancel), (b"expire_entry:", Op::Expire)];
    names.into_iter().find_map(|(name, op)| Some((op, rest.strip_prefix(name)?)))
}

fn pointer_key(is_wheel: bool) -> &'static [u8] {
    if is_wheel { b"timer" } else { b"hrtimer" }
}

fn is_word_start(before: &[u8]) -> bool {
    before.last().is_none_or(|byte| byte.is_ascii_whitespace() || *byte == b':') || before.ends_with(b"timer_")
}

fn event<'a>(fields: &Fields<'a>, is_wheel: bool, op: Op) -> Option<Event<'a>> {
    let (timer, is_narrow) = fields.pointer(pointer_key(is_wheel))?;
    let what = match op {
        Op::Cancel => What::Cancel,
        Op::Expire => What::Expire { now: fields.number(b"now")? },
        Op::Start => {
            let expires = fields.number(b"expires")?;
            let soft = if is_wheel { expires } else { fields.number(b"softexpires")? };
            // LTTng tells the jiffy of now in place of the timeout.
            let left = |now: u64| i64::try_from(expires).ok()?.checked_sub(i64::try_from(now).ok()?);
            let timeout = fields.signed(b"timeout").or_else(|| fields.number(b"now").and_then(left));
            What::Start { soft, hard: expires.max(soft), timeout }
        }
    };
    let function = fields.get(b"function").unwrap_or_default();
    // `NAME/0x0`, as trace-cmd prints it where it has the symbols.
    let function = function.split(|byte| *byte == b'/').next().unwrap_or_default();
    let function = &function[..function.len().min(LONGEST_NAME)];
    let time = Time { nanos: 0, is_of_day: false };
    Some(Event { time, is_wheel, timer, is_narrow, function, what })
}

/// How much may stand between TIME and the event: a period of perf's, the time since the event before.
const WORDS_BETWEEN: usize = 2;

/// TIME at the end of `before`: `SECONDS.DECIMALS:`, `MICROSECONDSus:`, or the verbose `MILLISECONDSms (+…ms):`.
fn time_before(before: &[u8]) -> Option<Time> {
    let mut rest = before.trim_ascii_end();
    if rest.len() == before.len() {
        return None; // no word of its own
    }
    for _ in 0..=WORDS_BETWEEN {
        if let Some(before_colon) = rest.strip_suffix(b":") {
            return time_word(before_colon.trim_ascii_end());
        }
        rest = without_last_word(rest).trim_ascii_end();
    }
    None
}

fn without_last_word(text: &[u8]) -> &[u8] {
    &text[..text.iter().rposition(u8::is_ascii_whitespace).unwrap_or(0)]
}

fn time_word(text: &[u8]) -> Option<Time> {
    let mut text = text;
    if text.last() == Some(&b')') {
        text = text[..text.iter().rposition(|byte| *byte == b'(')?].trim_ascii_end();
    }
    // Latency tracers mark long delays behind the time.
    while let Some((b'+' | b'!' | b'#' | b'*' | b'@' | b'$', rest)) = text.split_last() {
        text = rest.trim_ascii_end();
    }
    let word = &text[without_last_word(text).len()..].trim_ascii_start();
    let nanos = if let Some(micros) = word.strip_suffix(b"us") {
        whole(micros)?.checked_mul(1_000)?
    } else if let Some(millis) = word.strip_suffix(b"ms") {
        decimal(millis, 1_000_000)?
    } else {
        decimal(word, 1_000_000_000)?
    };
    Some(Time { nanos, is_of_day: false })
}

/// TIME at the beginning of a line of babeltrace's: `[[DATE ]HH:MM:SS.DECIMALS]`, or seconds.
fn time_in_brackets(before: &[u8]) -> Option<Time> {
    let text = before.trim_ascii_start().strip_prefix(b"[")?;
    let text = &text[..memchr::memchr(b']', text)?];
    let word = &text[without_last_word(text).len()..].trim_ascii_start();
    let mut parts = word.split(|byte| *byte == b':');
    let (first, second, third) = (parts.next()?, parts.next(), parts.next());
    let (Some(minutes), Some(seconds), None) = (second, third, parts.next()) else {
        return Some(Time { nanos: decimal(word, 1_000_000_000)?, is_of_day: false });
    };
    let minutes = whole(first)?.checked_mul(60)?.checked_add(whole(minutes)?)?;
    let nanos = minutes.checked_mul(60_000_000_000)?.checked_add(decimal(seconds, 1_000_000_000)?)?;
    Some(Time { nanos, is_of_day: true })
}

/// TIME at the beginning of a line of the function_graph tracer's, which has it with `funcgraph-abstime`:
/// `SECONDS.DECIMALS |  1)  …  |  /* EVENT: FIELDS */`.
fn time_of_graph(before: &[u8]) -> Option<Time> {
    let text = before.trim_ascii_start();
    let (word, rest) = text.split_at(text.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'|')?);
    let is_time = rest.trim_ascii_start().starts_with(b"|");
    is_time.then(|| decimal(word, 1_000_000_000)).flatten().map(|nanos| Time { nanos, is_of_day: false })
}

/// A whole number of at most 18 digits.
fn whole(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

/// A number with 1 to 9 decimals, in nanoseconds where its unit has so many.
fn decimal(text: &[u8], unit: u64) -> Option<u64> {
    let point = memchr::memchr(b'.', text)?;
    let (integer, decimals) = (whole(&text[..point])?, &text[point + 1..]);
    if decimals.len() > 9 {
        return None;
    }
    let part = whole(decimals)? * unit / 10_u64.pow(decimals.len() as u32);
    integer.checked_mul(unit)?.checked_add(part)
}

/// `CPU:0 [LOST 12 EVENTS]` of the kernel's, `CPU 0: 12 EVENTS DROPPED` of trace-cmd's, `PERF_RECORD_LOST lost 12`.
fn lost(line: &[u8]) -> Line<'_> {
    let number_in = |text: &[u8]| {
        let digits = text.split(|byte| !byte.is_ascii_digit()).find(|digits| !digits.is_empty());
        digits.and_then(whole).unwrap_or(0)
    };
    let upper = |text: &[u8]| memmem::rfind(line, text);
    if let Some(at) = upper(b"LOST ").filter(|at| memmem::find(&line[*at..], b"EVENT").is_some()) {
        return Line::Lost(number_in(&line[at..]));
    }
    if let Some(at) = upper(b" EVENTS DROPPED") {
        let start = line[..at].iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |at| at + 1);
        return Line::Lost(number_in(&line[start..at]));
    }
    if let Some(at) = upper(b"PERF_RECORD_LOST lost ").map(|at| at + b"PERF_RECORD_LOST".len()) {
        return Line::Lost(number_in(&line[at..]));
    }
    Line::Other
}

#[cfg(test)]
mod tests {
    use super::{Event, Line, What, read};

    fn event(line: &str) -> Event<'_> {
        let Line::Event(event) = read(line.as_bytes()) else { panic!("no event: {line}") };
        event
    }

    #[test]
    fn the_function_graph_tracer_has_events_as_comments() {
        let line =
            "  1140567.102754 |   0)   <idle>-0    |               |  /* timer_cancel: timer=ffff8800b2000001 */";
        let found = event(line);
        assert_eq!((found.time.nanos, found.timer), (1_140_567_102_754_000, 0xffff_8800_b200_0001));
        let without_time = " 0)               |  /* timer_cancel: timer=ffff8800b2000001 */";
        assert_eq!(read(without_time.as_bytes()), Line::Unreadable);
    }

    #[test]
    fn a_start_of_lttngs_tells_the_jiffy_of_now() {
        let line = "[13:37:01.5] (+0.1) host timer_start: { cpu_id = 1 }, { timer = 0xFFFF88801F51C6C0, \
                    function = 0xFFFFFFFF8110, expires = 4295062931, now = 4295062681 }";
        let What::Start { soft, timeout, .. } = event(line).what else { panic!("{line}") };
        assert_eq!((soft, timeout), (4_295_062_931, Some(250)));
    }

    #[test]
    fn what_only_looks_like_an_event_is_none() {
        for line in [
            "a-1 [000] 1.5: alarmtimer_start: alarmtimer:ffff8800b2000001 type:ALARM_BOOTTIME expires:1",
            "a-1 [000] 1.5: tracing_mark_write: in timer_start: nothing",
            "a-1 [000] 1.5: timer_init: timer=ffff8800b2000001",
            "a-1 [000] 1.5: my_timer_start: timer_id=1",
            "\tffffffff8110 timer_start+0x10 ([kernel.kallsyms])",
            "# timer_start: timer=ffff8800b2000001",
            "",
        ] {
            assert_eq!(read(line.as_bytes()), Line::Other, "{line}");
        }
    }

    #[test]
    fn events_that_were_lost_are_counted_where_the_line_says_how_many() {
        for (line, lost) in [
            ("CPU:1 [LOST 5 EVENTS]", 5),
            ("CPU:1 [LOST EVENTS]", 0),
            ("CPU 1: 7 EVENTS DROPPED", 7),
            ("CPU:1 [9 EVENTS DROPPED]", 9),
            ("a 1 [000] 2.5: PERF_RECORD_LOST lost 12", 12),
        ] {
            assert_eq!(read(line.as_bytes()), Line::Lost(lost), "{line}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_from_what_is_no_event() {
        for line in [
            "a-1 [000] 1.5: timer_start: timer=ffff8800b2000001 function=f",
            "a-1 [000] 1.5: hrtimer_start: hrtimer=ffff8800b2000001 expires=5",
            "a-1 [000] 1.5: timer_cancel: timer=(____ptrval____)",
            "a-1 [000] 1.5: timer_expire_entry: timer=ffff8800b2000001 now=18446744073709551616",
            "a-1 [000] 1234: timer_cancel: timer=ffff8800b2000001",
        ] {
            assert_eq!(read(line.as_bytes()), Line::Unreadable, "{line}");
        }
    }
}
