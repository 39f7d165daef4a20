//! Throws anything at the reader of recordings: it must neither panic nor take memory that its input does not account
//! for, and what it could read it can write and read again.
//!
//! ```text
//! cd examples/replay && cargo +nightly fuzz run read -- -rss_limit_mb=512 -max_len=65536
//! ```

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let hz = input.first().map(|first| [100, 250, 300, 1000][usize::from(*first % 4)]);
    for hz in [None, hz] {
        let _ = replay::read_and_write(input, hz);
    }
});
