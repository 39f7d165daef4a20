//! hyper's timeouts on a clock moved by hand, over io that lies in memory.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake};
use std::time::{Duration, Instant};

use ::hyper::body::Incoming;
use ::hyper::rt::{Sleep, Timer};
use ::hyper::server::conn::{http1, http2};
use ::hyper::service::service_fn;
use ::hyper::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use tickwheel::integrations::hyper::{HyperSleep, HyperTimer};
use tickwheel::{Driver, ManualClock, Resolution, TimerHeap, TimerWheel};

use crate::duplex::duplex;
use crate::runtimes::{on_each, settle};

type Bytes = ::hyper::body::Bytes;

fn driver() -> (ManualClock, Driver) {
    let clock = ManualClock::new();
    let wheel = TimerWheel::new(Resolution::MILLISECOND);
    let driver = Driver::builder().clock(clock.clone()).spawn(wheel).unwrap();
    (clock, driver)
}

async fn answer(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from("good day")))
}

#[test]
fn a_client_that_sends_its_header_too_slowly_is_cut_at_the_deadline() {
    on_each(|runtime| async move {
        let (clock, timers) = driver();
        let (server, client) = duplex();
        let mut http = http1::Builder::new();
        http.timer(HyperTimer::new(timers.handle())).header_read_timeout(Duration::from_secs(10));
        let connection = http.serve_connection(server, service_fn(answer));
        let over = Arc::new(Mutex::new(None));
        let result = over.clone();
        runtime.spawn(async move { *result.lock().unwrap() = Some(connection.await) });

        for byte in "GET / HTT".bytes() {
            client.send(&[byte]);
            settle().await;
            clock.advance(Duration::from_secs(1));
        }
        settle().await;
        assert!(over.lock().unwrap().is_none(), "9 s of 10 have gone by");
        clock.advance(Duration::from_millis(999));
        settle().await;
        assert!(over.lock().unwrap().is_none(), "9.999 s of 10 have gone by");
        clock.advance(Duration::from_millis(1));
        settle().await;
        let result = over.lock().unwrap().take().expect("the connection was cut");
        assert!(result.unwrap_err().is_timeout());
        assert!(client.is_closed());
        assert_eq!(timers.pending(), 0);
    });
}

#[test]
fn a_client_that_is_quick_is_answered_and_may_come_again() {
    on_each(|runtime| async move {
        let (clock, timers) = driver();
        let (server, client) = duplex();
        let mut http = http1::Builder::new();
        http.timer(HyperTimer::new(timers.handle())).header_read_timeout(Duration::from_secs(10));
        let connection = http.serve_connection(server, service_fn(answer));
        runtime.spawn(connection);
        for count in 1..=3 {
            client.send(b"GET / HTTP/1.1\r\n");
            settle().await;
            clock.advance(Duration::from_secs(9));
            client.send(b"host: here\r\n\r\n");
            settle().await;
            assert_eq!(client.received().matches("good day").count(), count);
        }
        assert!(!client.is_closed());
        drop(client);
        settle().await;
        assert_eq!(timers.pending(), 0, "who has gone leaves no timer");
    });
}

#[test]
fn http2_keep_alive_tells_who_is_there_from_who_is_not() {
    on_each(|runtime| async move {
        let (clock, timers) = driver();
        let (server, client) = duplex();
        let mut http = http2::Builder::new(runtime.clone());
        http.timer(HyperTimer::new(timers.handle()))
            .keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(5));
        let connection = http.serve_connection(server, service_fn(answer));
        let over = Arc::new(Mutex::new(None));
        let result = over.clone();
        runtime.spawn(async move { *result.lock().unwrap() = Some(connection.await) });

        let cable = client.cable();
        let (mut sender, client) = ::hyper::client::conn::http2::Builder::new(runtime.clone())
            .handshake::<_, Empty<Bytes>>(client)
            .await
            .unwrap();
        runtime.spawn(client);
        let response = sender.send_request(Request::new(Empty::new())).await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "good day");

        // The client answers each ping, for an hour.
        for _ in 0..3600 {
            clock.advance(Duration::from_secs(1));
            settle().await;
        }
        assert!(over.lock().unwrap().is_none(), "who answers is kept");

        // From now on its answers are lost.
        cable.cut();
        clock.advance(Duration::from_secs(20));
        settle().await;
        clock.advance(Duration::from_millis(4_999));
        settle().await;
        assert!(over.lock().unwrap().is_none(), "it has 5 s to answer");
        clock.advance(Duration::from_millis(1));
        settle().await;
        let result = over.lock().unwrap().take().expect("the connection was cut");
        assert!(result.unwrap_err().is_timeout());
        assert_eq!(timers.pending(), 0);
        drop(sender);
    });
}

/// Counts how often it was woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn poll(sleep: &mut Pin<Box<dyn Sleep>>, woken: &Arc<Woken>) -> Poll<()> {
    sleep.as_mut().poll(&mut Context::from_waker(&woken.clone().into()))
}

#[test]
fn l19_moving_a_sleep_allocates_nothing() {
    let (clock, timers) = driver();
    let timer = HyperTimer::new(timers.handle());
    let woken = Arc::new(Woken::default());
    let start = timer.now();
    let mut sleep = timer.sleep(Duration::from_secs(1));
    assert!(poll(&mut sleep, &woken).is_pending());
    let place = std::ptr::from_ref(&*sleep).cast::<()>();
    for second in 2..100 {
        timer.reset(&mut sleep, start + Duration::from_secs(second));
        assert_eq!(std::ptr::from_ref(&*sleep).cast::<()>(), place);
    }
    assert_eq!((timers.metrics().armed, timers.metrics().reset), (1, 98));
    clock.advance(Duration::from_millis(98_999));
    assert_eq!(woken.0.load(Ordering::Relaxed), 0);
    assert!(poll(&mut sleep, &woken).is_pending());
    clock.advance(Duration::from_millis(1));
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    assert!(poll(&mut sleep, &woken).is_ready());

    // Also after it was ready.
    timer.reset(&mut sleep, timer.now() + Duration::from_secs(1));
    assert!(poll(&mut sleep, &woken).is_pending());
    clock.advance(Duration::from_secs(1));
    assert!(poll(&mut sleep, &woken).is_ready());
}

#[test]
fn a_sleep_of_another_timer_is_replaced() {
    struct Foreign;
    impl Sleep for Foreign {}
    impl Future for Foreign {
        type Output = ();
        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            std::pin::pin!(pending()).poll(context)
        }
    }
    let (clock, timers) = driver();
    let timer = HyperTimer::new(timers.handle());
    let woken = Arc::new(Woken::default());
    let mut sleep: Pin<Box<dyn Sleep>> = Box::pin(Foreign);
    timer.reset(&mut sleep, timer.now() + Duration::from_secs(1));
    assert!(sleep.is::<HyperSleep>());
    assert!(poll(&mut sleep, &woken).is_pending());
    clock.advance(Duration::from_secs(1));
    assert!(poll(&mut sleep, &woken).is_ready());
}

#[test]
fn what_time_it_is_says_the_drivers_clock() {
    let (clock, timers) = driver();
    let timer = HyperTimer::new(timers.handle());
    let start = timer.now();
    assert_eq!(timer.now(), start);
    clock.advance(Duration::from_secs(3600));
    assert_eq!(timer.clone().now(), start + Duration::from_secs(3600));
    let woken = Arc::new(Woken::default());
    assert!(poll(&mut timer.sleep_until(timer.now()), &woken).is_ready());
    assert!(poll(&mut timer.sleep_until(start), &woken).is_ready(), "the past has come");
}

#[test]
fn l31_a_sleep_of_a_driver_that_is_shut_down_stays_pending() {
    let (clock, timers) = driver();
    let timer = HyperTimer::new(timers.handle());
    let woken = Arc::new(Woken::default());
    let mut armed = timer.sleep(Duration::from_secs(1));
    assert!(poll(&mut armed, &woken).is_pending());
    let mut fresh = timer.sleep(Duration::from_secs(1));
    timers.shutdown();
    for sleep in [&mut armed, &mut fresh] {
        assert!(poll(sleep, &woken).is_pending());
        timer.reset(sleep, timer.now() + Duration::from_secs(2));
        assert!(poll(sleep, &woken).is_pending());
    }
    clock.advance(Duration::from_secs(1));
    assert!(poll(&mut armed, &woken).is_pending(), "its deadline has not come");
}

#[test]
fn c1_on_the_machines_clock_no_sleep_is_shorter_than_asked() {
    let timers = Driver::spawn(TimerHeap::new()).unwrap();
    let timer = HyperTimer::new(timers.handle());
    let start = Instant::now();
    let until = start + Duration::from_millis(3);
    smol::block_on(timer.sleep_until(until));
    assert!(Instant::now() >= until);
    smol::block_on(timer.sleep(Duration::from_millis(3)));
    assert!(start.elapsed() >= Duration::from_millis(6));
}
