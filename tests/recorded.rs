//! `Recorded`: what is done with a timer is written down, line by line, and nothing else of the program's.

#![cfg(not(tickwheel_loom))]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tickwheel::{Clock, Deadline, Driver, ManualClock, Recorded, Resolution, Timer, TimerExt, TimerHeap, TimerWheel};

/// A writer whose bytes can be looked at, and which fails from a given one on.
#[derive(Clone, Default)]
struct Shared {
    written: Arc<Mutex<Vec<u8>>>,
    limit: Option<usize>,
}

impl Shared {
    fn lines(&self) -> Vec<String> {
        String::from_utf8(self.written.lock().unwrap().clone()).unwrap().lines().map(str::to_owned).collect()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.written.lock().unwrap();
        if self.limit.is_some_and(|limit| written.len() + bytes.len() > limit) {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "the disk is full"));
        }
        written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const MS: Duration = Duration::from_millis(1);

#[test]
fn each_operation_is_a_line() {
    let (clock, to) = (ManualClock::new(), Shared::default());
    let mut timers = Recorded::new(TimerHeap::new(), clock.clone(), to.clone()).named(|name: &String| name);
    let recording = timers.recording();
    let start = clock.now();

    let idle = timers.insert(Deadline::at(start + 5 * MS).with_slack(MS), "idle".to_owned()).unwrap();
    let lease = timers.insert(start + 7 * MS, "lease, \"of\" one\n".to_owned()).unwrap();
    clock.advance(MS);
    assert!(timers.reset(idle, start + 3 * MS));
    assert!(timers.cancel(lease).is_some());
    assert!(timers.cancel(lease).is_none() && !timers.reset(lease, start), "stale ids do nothing");
    clock.advance(2 * MS);
    assert_eq!(timers.turn(clock.now()).count(), 1);
    // The place of a timer that has gone is used again, but not its number.
    let third = timers.insert(start + 9 * MS, String::new()).unwrap();
    assert!([idle.index(), lease.index()].contains(&third.index()));
    timers.clear();

    assert_eq!(recording.finish().unwrap(), 7);
    assert_eq!(
        to.lines(),
        [
            "at_ns,op,timer,soft_ns,hard_ns,function",
            "0,start,0,5000000,6000000,idle",
            "0,start,1,7000000,7000000,lease   of  one ",
            "1000000,start,0,3000000,3000000,idle",
            "1000000,cancel,1,,,",
            "3000000,expire,0,3000000,,idle",
            "3000000,start,2,9000000,9000000,",
            "3000000,cancel,2,,,",
        ]
    );
}

#[test]
fn values_are_not_written_unless_asked_for() {
    let (clock, to) = (ManualClock::new(), Shared::default());
    let mut timers = Recorded::new(TimerWheel::new(Resolution::MILLISECOND), clock.clone(), to.clone());
    timers.insert(clock.now() + MS, "a secret").unwrap();
    timers.turn(clock.advance(MS)).for_each(drop);
    timers.recording().finish().unwrap();
    assert!(to.lines().iter().all(|line| !line.contains("secret")), "{:?}", to.lines());
}

#[test]
fn siblings_share_one_recording_and_no_number() {
    let (clock, to) = (ManualClock::new(), Shared::default());
    let mut first = Recorded::new(TimerHeap::new(), clock.clone(), to.clone());
    let mut second = first.sibling();
    let ids = (first.insert(clock.now() + MS, 1).unwrap(), second.insert(clock.now() + MS, 2).unwrap());
    assert_eq!(ids.0.index(), ids.1.index());
    assert_eq!((second.cancel(ids.1), first.cancel(ids.0)), (Some(2), Some(1)));
    first.recording().finish().unwrap();
    let timers: Vec<_> = to.lines()[1..].iter().map(|line| line.split(',').nth(2).unwrap().to_owned()).collect();
    assert_eq!(timers, ["0", "1", "1", "0"]);
}

#[test]
fn timers_that_were_armed_before_are_armed_at_the_start() {
    let (clock, to) = (ManualClock::new(), Shared::default());
    let mut heap = TimerHeap::new();
    let id = heap.insert(clock.now() + 2 * MS, ()).unwrap();
    let mut timers = Recorded::new(heap, clock, to.clone());
    timers.cancel(id).unwrap();
    timers.recording().finish().unwrap();
    assert_eq!(to.lines()[1..], ["0,start,0,2000000,2000000,", "0,cancel,0,,,"]);
}

#[test]
fn an_error_of_the_writer_is_kept_and_the_timers_go_on() {
    let (clock, to) = (ManualClock::new(), Shared { limit: Some(100_000), ..Shared::default() });
    let mut timers = Recorded::new(TimerHeap::new(), clock.clone(), to.clone());
    for _ in 0..10_000 {
        let id = timers.insert(clock.now() + MS, ()).unwrap();
        timers.cancel(id).unwrap();
    }
    let recording = timers.recording();
    for _ in 0..2 {
        let error = recording.finish().unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::StorageFull, "the disk is full"));
    }
    // What was written before is whole lines.
    let written = to.written.lock().unwrap();
    assert!(written.len() > 50_000 && written.ends_with(b"\n"));
}

#[test]
fn a_line_is_at_most_a_second_late() {
    let (clock, to) = (ManualClock::new(), Shared::default());
    let mut timers = Recorded::new(TimerHeap::new(), clock.clone(), to.clone());
    timers.insert(clock.now() + MS, ()).unwrap();
    assert_eq!(to.lines().len(), 0);
    clock.advance(Duration::from_secs(1));
    timers.insert(clock.now() + MS, ()).unwrap();
    assert_eq!(to.lines().len(), 3, "written out without a word");
}

#[test]
fn a_driver_takes_it_and_its_shards_write_to_one_recording() {
    let (clock, to) = (ManualClock::new(), Shared::default());
    let timers = Recorded::new(TimerHeap::new(), clock.clone(), to.clone());
    let recording = timers.recording();
    let driver = Driver::builder().clock(clock.clone()).shards(4).spawn(timers).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    driver.call_after(MS, |_| ()).unwrap().detach();
                    driver.call_after(MS, |_| ()).unwrap().cancel();
                }
            });
        }
    });
    clock.advance(MS);
    driver.shutdown();
    assert_eq!(recording.finish().unwrap(), 1_600);
    let count = |op: &str| to.lines().iter().filter(|line| line.contains(op)).count();
    assert_eq!((count(",start,"), count(",cancel,"), count(",expire,")), (800, 400, 400));
}

#[test]
fn record_is_one_line_and_says_what_is_set_off() {
    let file = std::env::temp_dir().join(format!("tickwheel-recorded-{}.csv", std::process::id()));
    let clock = ManualClock::new();
    let driver = Driver::builder().record(&file).clock(clock.clone()).shards(2).spawn(TimerHeap::new()).unwrap();
    driver.call_after(2 * MS, |_| ()).unwrap().detach();
    let left = driver.call_after(5 * MS, |_| ()).unwrap();
    let after = driver.after(3 * MS).unwrap();
    let mut sleep = Box::pin(driver.sleep(MS));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(sleep.as_mut().poll(&mut context).is_pending());
    clock.advance(3 * MS);
    driver.shutdown();
    drop((left, after));
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let fired: Vec<_> = text.lines().filter(|line| line.contains(",expire,")).collect();
    let words: Vec<_> = fired.iter().map(|line| line.rsplit(',').next().unwrap()).collect();
    assert_eq!(words, ["waker", "callback", "message"], "{text}");
    assert_eq!(text.lines().filter(|line| line.contains(",cancel,")).count(), 1, "what the shutdown drops: {text}");

    let nowhere = Driver::builder().record(file.join("below/a/file")).spawn(TimerHeap::new());
    let error = nowhere.expect_err("there is no such folder").to_string();
    assert!(error.contains("below/a/file"), "{error}");
}
