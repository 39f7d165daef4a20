//! Raw operations on several containers at once, each against a model.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tickwheel_fuzz::Program;

fuzz_target!(|program: Program| program.run());
