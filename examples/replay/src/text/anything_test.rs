//! Tests that the reader takes anything: samples with bytes changed, cut out, doubled and mixed.

use fastrand::Rng;

const SAMPLES: [&str; 5] = [
    include_str!("../../tests/data/ftrace-4.2-module.txt"),
    include_str!("../../tests/data/ftrace-4.19-arm-HZ100.txt"),
    include_str!("../../tests/data/ftrace-wakeup-tracer.txt"),
    include_str!("../../tests/data/ftrace-hrtimer-mode.txt"),
    include_str!("../../tests/data/trace-cmd-report-5.7.txt"),
];

const PIECES: [&str; 20] = [
    "timer_start: ",
    "hrtimer_start: ",
    "timer_cancel: ",
    "timer_expire_entry: ",
    "timer:",
    "timer=ffff8800b2000001 ",
    "expires=18446744073709551615 ",
    "now=0 ",
    "softexpires = 9223372036854775807 ",
    "[timeout=-9223372036854775808] ",
    "[23:59:59.9] (+0.1) h ",
    "{ ",
    " }, ",
    "/* ",
    "999999999999999999.999999999: ",
    "999999999999999999us: ",
    "\n",
    "CPU:1 [LOST 999999999999999999 EVENTS]\n",
    "at_ns,op,timer,soft_ns,hard_ns,function\n",
    "0,start,4294967295,0,18446744073709551615,f\n",
];

fn mutated(rng: &mut Rng) -> Vec<u8> {
    let mut bytes: Vec<u8> = rng.choice(SAMPLES).expect("there are some").into();
    for _ in 0..rng.usize(1..12) {
        let at = rng.usize(..=bytes.len());
        let end = at + rng.usize(..=(bytes.len() - at).min(40));
        match rng.u8(..6) {
            0 => drop(bytes.drain(at..end)),
            1 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = rng.u8(..)),
            2 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = b"0123456789=:[]{}, \n"[rng.usize(..18)]),
            3 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
            _ => drop(bytes.splice(at..at, rng.choice(PIECES).expect("there are some").bytes())),
        }
    }
    bytes
}

fn throw(seed: u64, count: u32) -> (u32, u32) {
    let mut rng = Rng::with_seed(seed);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..count {
        let bytes = mutated(&mut rng);
        let hz = [None, Some(100), Some(250), Some(300), Some(1000), Some(1_000_000)][rng.usize(..6)];
        match crate::read_and_write(&bytes, hz) {
            Ok(_) => read += 1,
            Err(_) => refused += 1,
        }
    }
    (read, refused)
}

#[test]
fn anything_is_read_or_refused_and_what_is_read_is_written_the_same() {
    let (read, refused) = throw(1, 3_000);
    assert!(read > 300 && refused > 300, "{read} were read and {refused} refused");
}

#[test]
#[ignore = "takes as long as SECONDS says, 60 unless set"]
fn anything_is_read_or_refused_for_a_long_time() {
    let seconds = std::env::var("SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    let (mut seed, mut all) = (fastrand::u64(..), 0_u64);
    while std::time::Instant::now() < end {
        println!("seed {seed}, after {all}");
        throw(seed, 10_000);
        (seed, all) = (seed.wrapping_add(1), all + 10_000);
    }
    println!("{all} inputs");
}
