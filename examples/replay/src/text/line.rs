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
            What::Start { soft, hard: expires.max(soft), timeout: fields.signed(b"timeout") }
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
