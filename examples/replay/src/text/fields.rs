//! The fields of an event: `key=value` or `key = value`, found by key, in any order and number.

/// What stands behind the event's name.
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self(text)
    }

    /// The value of `key`: what stands behind its `=`, up to a space, a comma or a bracket.
    pub(crate) fn get(&self, key: &[u8]) -> Option<&'a [u8]> {
        let mut from = 0;
        while let Some(at) = memchr::memchr(b'=', &self.0[from..]).map(|at| from + at) {
            let before = self.0[..at].trim_ascii_end();
            let is_key =
                before.strip_suffix(key).is_some_and(|front| front.last().is_none_or(|byte| !is_of_word(*byte)));
            if is_key {
                let value = self.0[at + 1..].trim_ascii_start();
                let end = value.iter().position(|byte| is_end(*byte)).unwrap_or(value.len());
                return Some(&value[..end]);
            }
            from = at + 1;
        }
        None
    }

    /// A whole number, decimal or with `0x`.
    pub(crate) fn number(&self, key: &[u8]) -> Option<u64> {
        let value = self.get(key)?;
        match value.strip_prefix(b"0x") {
            Some(digits) => parse(digits, 16),
            None => parse(value, 10),
        }
    }

    /// A whole number that may be negative.
    pub(crate) fn signed(&self, key: &[u8]) -> Option<i64> {
        let value = self.get(key)?;
        match value.strip_prefix(b"-") {
            Some(digits) => i64::try_from(parse(digits, 10)?).ok().map(|number| -number),
            None => i64::try_from(parse(value, 10)?).ok(),
        }
    }

    /// An address, with or without `0x`, and whether a 32-bit machine may have printed it.
    pub(crate) fn pointer(&self, key: &[u8]) -> Option<(u64, bool)> {
        let value = self.get(key)?;
        let digits = value.strip_prefix(b"0x").or_else(|| value.strip_prefix(b"0X")).unwrap_or(value);
        (digits.len() <= 16).then_some(())?;
        Some((parse(digits, 16)?, digits.len() <= 8))
    }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// A page that is a script has a backslash at the end of each line.
fn is_end(byte: u8) -> bool {
    byte.is_ascii_whitespace() || b",]})\\<\"".contains(&byte)
}

fn parse(digits: &[u8], radix: u32) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = char::from(*digit).to_digit(radix)?;
        number.checked_mul(radix.into())?.checked_add(digit.into())
    })
}
