//! A queue behind a mutex, on a driver with a thread of its own: others fill it while its consumer waits.

use std::future::poll_fn;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use tickwheel::{DelayQueue, Driver, Resolution, Timer, TimerHeap, TimerWheel, Timestamp};

const PRODUCERS: usize = 2;
const EACH: u64 = 3_000;

/// Leaves the queue and a processor to others for a while.
fn let_others(driver: &Driver, pause: Duration) {
    let until = driver.now() + pause;
    while driver.now() < until {
        std::thread::yield_now();
    }
}

/// Producers arm, move and take out values, due within a few hundred microseconds, while the consumer's alarm rings
/// again and again. Every value leaves once, none is early, and nobody waits for ever.
fn nothing_is_lost<C: Timer<Timestamp> + Send>(driver: &Driver, timer: C) {
    let queue = Mutex::new(DelayQueue::with_timer(driver, timer));
    let (removed, producing) = (AtomicUsize::new(0), AtomicUsize::new(PRODUCERS));
    let mut handed_out = 0;
    std::thread::scope(|scope| {
        for seed in 0..PRODUCERS as u64 {
            let (queue, removed, producing) = (&queue, &removed, &producing);
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed);
                for n in 0..EACH {
                    let mut locked = queue.lock().unwrap();
                    let mut deadline = locked.now() + Duration::from_micros(random.u64(..300));
                    let id = locked.insert_at(deadline, deadline).unwrap();
                    drop(locked);
                    let_others(driver, Duration::from_micros(random.u64(..100)));
                    let mut locked = queue.lock().unwrap();
                    match n % 4 {
                        0 => removed.fetch_add(usize::from(locked.remove(id).is_some()), Ordering::Relaxed),
                        1 | 2 => {
                            deadline = locked.now() + Duration::from_micros(random.u64(..300));
                            if let Some(value) = locked.get_mut(id) {
                                *value = deadline;
                                assert!(locked.reset_at(id, deadline));
                            }
                            0
                        }
                        _ => 0,
                    };
                }
                if producing.fetch_sub(1, Ordering::AcqRel) == 1 {
                    // The consumer looks again whether all are done, as nothing else may make it do so.
                    let mut locked = queue.lock().unwrap();
                    let now = locked.now();
                    locked.insert_at(now, now).unwrap();
                }
            });
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let consume = poll_fn(|context| {
            let mut locked = queue.lock().unwrap();
            loop {
                match locked.poll_expired(context) {
                    Poll::Ready(Some(expired)) => {
                        let (deadline, now) = (expired.unwrap().value, locked.now());
                        assert!(deadline <= now, "C1: {deadline:?} at {now:?}");
                        handed_out += 1;
                    }
                    Poll::Ready(None) if producing.load(Ordering::Acquire) == 0 => return Poll::Ready(()),
                    // Empty, but not for good: whoever puts something in wakes this task.
                    Poll::Ready(None) | Poll::Pending => return Poll::Pending,
                }
            }
        });
        let in_time = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), consume).await });
        // A panic in this scope would wait for the producers, who are not held up by the consumer.
        in_time.expect("L6: the consumer waits for ever");
    });
    let all = PRODUCERS * EACH as usize + 1;
    assert_eq!(handed_out + removed.into_inner(), all, "C4: each leaves once");
    assert!(handed_out > all / 2);
    let metrics = driver.metrics();
    assert!(metrics.fired > 50 && metrics.reset > 50, "the alarm rang, and was moved");
}

#[test]
fn l6_l7_nothing_is_lost_on_precise_timers() {
    let driver = Driver::spawn(TimerHeap::new()).unwrap();
    nothing_is_lost(&driver, TimerHeap::new());
    assert_eq!(driver.pending(), 0);
}

#[test]
fn l6_l7_nothing_is_lost_on_coarse_timers() {
    let driver = Driver::spawn(TimerWheel::new(Resolution::MICROSECOND)).unwrap();
    nothing_is_lost(&driver, TimerWheel::new(Resolution::MICROSECOND));
    assert_eq!(driver.pending(), 0);
}
