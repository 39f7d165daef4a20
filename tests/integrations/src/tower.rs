//! The timeout layer in tower's own stack.

use std::future::{Ready, pending, ready};
use std::io;
use std::time::Duration;

use ::tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn};
use tickwheel::integrations::tower::{Timeout, TimeoutError, TimeoutLayer};
use tickwheel::{Driver, ManualClock, Resolution, SleepError, TimerHeap, TimerWheel};

use crate::runtimes::{on_each, settle};

const LIMIT: Duration = Duration::from_secs(30);

fn driver() -> (ManualClock, Driver) {
    let clock = ManualClock::new();
    let wheel = TimerWheel::new(Resolution::MILLISECOND);
    let driver = Driver::builder().clock(clock.clone()).spawn(wheel).unwrap();
    (clock, driver)
}

#[test]
fn a_request_is_given_up_at_its_limit_and_no_earlier() {
    on_each(|runtime| async move {
        let (clock, timers) = driver();
        let service = ServiceBuilder::new()
            .layer(TimeoutLayer::new(timers.handle(), LIMIT))
            .service_fn(|(): ()| pending::<Result<(), io::Error>>());
        let (sender, answer) = std::sync::mpsc::channel();
        runtime.spawn(async move { sender.send(service.oneshot(()).await).unwrap() });
        settle().await;
        clock.advance(LIMIT - Duration::from_millis(1));
        settle().await;
        assert!(answer.try_recv().is_err(), "its time is not over");
        clock.advance(Duration::from_millis(1));
        settle().await;
        let Ok(Err(TimeoutError::Elapsed)) = answer.try_recv() else { panic!("its time is over") };
    });
}

#[test]
fn l18_an_answer_that_is_there_costs_no_timer() {
    on_each(|_| async {
        let (_clock, timers) = driver();
        let mut service = Timeout::new(service_fn(|x: u32| ready(Ok::<_, io::Error>(x + 1))), timers.handle(), LIMIT);
        assert_eq!(service.ready().await.unwrap().call(1).await.unwrap(), 2);
        assert_eq!(timers.metrics().armed, 0);
    });
}

#[test]
fn l33_an_answer_wins_over_a_limit_that_is_over_too() {
    on_each(|_| async {
        let (clock, timers) = driver();
        let mut service = Timeout::new(service_fn(|()| ready(Ok::<_, io::Error>("there"))), timers.handle(), LIMIT);
        let answer = service.ready().await.unwrap().call(());
        clock.advance(2 * LIMIT);
        assert_eq!(answer.await.unwrap(), "there");
    });
}

#[test]
fn dropping_the_answer_cancels_its_timer() {
    let (_clock, timers) = driver();
    let mut service = Timeout::new(service_fn(|()| pending::<Result<(), io::Error>>()), timers.handle(), LIMIT);
    let mut answer = Box::pin(service.call(()));
    assert!(smol::block_on(smol::future::poll_once(&mut answer)).is_none());
    assert_eq!(timers.pending(), 1);
    drop(answer);
    assert_eq!(timers.pending(), 0);
}

#[test]
fn l31_a_driver_that_is_shut_down_fails_the_request() {
    on_each(|_| async {
        let (_clock, timers) = driver();
        let mut service = Timeout::new(service_fn(|()| pending::<Result<(), io::Error>>()), timers.handle(), LIMIT);
        let answer = service.call(());
        timers.shutdown();
        let error = answer.await.unwrap_err();
        assert!(matches!(error, TimeoutError::Timer(SleepError::Closed)));
        assert_eq!(error.to_string(), "the request's time limit could not be held: the driver was shut down");
    });
}

#[test]
fn the_services_own_error_comes_through() {
    struct Broken;
    impl Service<()> for Broken {
        type Response = ();
        type Error = io::Error;
        type Future = Ready<io::Result<()>>;
        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<io::Result<()>> {
            std::task::Poll::Ready(Err(io::Error::other("the disk is full")))
        }
        fn call(&mut self, (): ()) -> Self::Future {
            ready(Err(io::Error::other("the disk is still full")))
        }
    }
    on_each(|_| async {
        let (_clock, timers) = driver();
        let mut service = Timeout::new(Broken, timers.handle(), LIMIT);
        let error = service.ready().await.err().unwrap();
        assert_eq!(error.to_string(), "the disk is full");
        let error = service.call(()).await.unwrap_err();
        assert_eq!(io::Error::from(error).to_string(), "the disk is still full");
    });
}

#[test]
fn it_stands_in_a_stack_of_boxed_errors() {
    on_each(|_| async {
        let timers = Driver::spawn(TimerHeap::new()).unwrap();
        let service = ServiceBuilder::new()
            .map_err(BoxError::from)
            .layer(TimeoutLayer::new(timers.handle(), Duration::from_millis(2)))
            .map_err(BoxError::from)
            .service_fn(|()| pending::<io::Result<()>>());
        let error = service.oneshot(()).await.unwrap_err();
        let error = error.downcast::<TimeoutError<BoxError>>().unwrap();
        assert!(matches!(*error, TimeoutError::Elapsed));
        let error: TimeoutError<io::Error> = TimeoutError::Elapsed;
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::TimedOut);
    });
}
