//! The timeout layer in tower's own stack, and in axum, beside tower's own layer.

use std::error::Error;
use std::fmt;
use std::future::{Ready, pending, ready};
use std::io;
use std::time::Duration;

use ::tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use axum::Router;
use axum::body::Body;
use axum::error_handling::HandleErrorLayer;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use axum::routing::get;
use tickwheel::integrations::tower::{Timeout, TimeoutError, TimeoutLayer};
use tickwheel::{Driver, Elapsed, ManualClock, Resolution, TimerError, TimerHeap, TimerWheel};

use crate::runtimes::{Runtime, on_each, settle};

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
        assert!(answer.try_recv().unwrap().unwrap_err().is::<Elapsed>(), "its time is over");
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
        let stuck = || service_fn(|()| pending::<Result<(), io::Error>>());
        let answer = Timeout::new(stuck(), timers.handle(), LIMIT).call(());
        let typed = Timeout::new(stuck(), timers.handle(), LIMIT).typed().call(());
        timers.shutdown();
        let error = answer.await.unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&TimerError::Closed));
        let error = typed.await.unwrap_err();
        assert!(matches!(error, TimeoutError::Timer(TimerError::Closed)));
        assert_eq!(error.to_string(), "the request's time limit could not be held: the driver was shut down");
        assert_eq!(error.source().unwrap().downcast_ref(), Some(&TimerError::Closed));
    });
}

/// An error of a service, with another behind it.
#[derive(Debug)]
struct Broken(io::Error);

impl Broken {
    fn new() -> Self {
        Self(io::Error::other("the disk is full"))
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing was written")
    }
}

impl Error for Broken {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// Fails in `poll_ready`, or in the call.
#[derive(Clone)]
struct Fails {
    is_ready: bool,
}

impl<R> Service<R> for Fails {
    type Response = ();
    type Error = Broken;
    type Future = Ready<Result<(), Broken>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Broken>> {
        std::task::Poll::Ready(if self.is_ready { Ok(()) } else { Err(Broken::new()) })
    }

    fn call(&mut self, _: R) -> Self::Future {
        ready(Err(Broken::new()))
    }
}

/// What a log shows: the error, and what is behind it.
fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    std::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string).collect()
}

#[test]
fn the_services_own_error_comes_through_as_it_does_with_towers_own_layer() {
    async fn shows<S>(service: S)
    where
        S: Service<(), Response = (), Error: Into<BoxError>>,
    {
        let error: BoxError = service.oneshot(()).await.unwrap_err().into();
        assert!(error.downcast_ref::<Broken>().is_some(), "{error:?}");
        assert_eq!(chain(&*error), ["nothing was written", "the disk is full"]);
        assert!(error.source().unwrap().is::<io::Error>());
    }
    on_each(|runtime| async move {
        let (_clock, timers) = driver();
        let ours = TimeoutLayer::new(timers.handle(), LIMIT);
        for is_ready in [false, true] {
            if let Runtime::Tokio = runtime {
                shows(::tower::timeout::TimeoutLayer::new(LIMIT).layer(Fails { is_ready })).await;
            }
            shows(ours.layer(Fails { is_ready })).await;
            // In a stack whose errors are boxed already, and boxed again.
            let boxed = ServiceBuilder::new().map_err(BoxError::from).layer(ours.clone()).map_err(BoxError::from);
            shows(boxed.service(Fails { is_ready })).await;
            shows(ours.layer(ours.layer(Fails { is_ready }))).await;
        }
    });
}

#[test]
fn a_typed_error_keeps_the_services_own_and_has_it_as_its_source() {
    on_each(|_| async {
        let (_clock, timers) = driver();
        let typed = TimeoutLayer::new(timers.handle(), LIMIT).typed();
        for is_ready in [false, true] {
            let error = typed.layer(Fails { is_ready }).oneshot(()).await.unwrap_err();
            assert!(matches!(&error, TimeoutError::Service(Broken(_))));
            assert_eq!(error.to_string(), "nothing was written");
            assert!(error.source().unwrap().is::<Broken>());
            assert_eq!(chain(&*error.into_boxed()), ["nothing was written", "the disk is full"]);
        }
        // Boxed by somebody else, it is still found behind.
        let boxed: BoxError = typed.layer(Fails { is_ready: true }).oneshot(()).await.unwrap_err().into();
        assert_eq!(chain(&*boxed).last().unwrap(), "the disk is full");
        let disk = TimeoutError::Service(io::Error::other("the disk is full"));
        assert_eq!(io::Error::from(disk).to_string(), "the disk is full");
        let elapsed: TimeoutError<io::Error> = TimeoutError::Elapsed(Elapsed::new());
        assert_eq!(elapsed.to_string(), "the request took longer than its time limit");
        assert_eq!(io::Error::from(elapsed).kind(), io::ErrorKind::TimedOut);
        assert!(TimeoutError::<Broken>::Elapsed(Elapsed::new()).source().is_none());
        assert!(TimeoutError::<Broken>::Elapsed(Elapsed::new()).into_boxed().is::<Elapsed>());
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
        assert!(service.oneshot(()).await.unwrap_err().is::<Elapsed>());
    });
}

/// As axum's docs have it for tower's own layer; which error says that the time is over is all that differs.
async fn handle_error<E: Error + 'static>(error: BoxError) -> (StatusCode, String) {
    if error.is::<E>() {
        return (StatusCode::REQUEST_TIMEOUT, "request took too long".to_owned());
    }
    let status = match error.downcast_ref::<Broken>() {
        Some(_) => StatusCode::INSUFFICIENT_STORAGE,
        None => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, chain(&*error).join(": "))
}

/// An axum application whose routes have the time limit of a layer, in the two ways of axum's docs.
macro_rules! app {
    ($layer:expr, $elapsed:ty) => {{
        let layers = || ServiceBuilder::new().layer(HandleErrorLayer::new(handle_error::<$elapsed>)).layer($layer);
        let broken = service_fn(|_: Request<Body>| ready(Err::<Response, _>(Broken::new())));
        Router::new()
            .route("/quick", get(async || "there"))
            .route("/stuck", get(async || pending::<&str>().await))
            .layer(layers())
            .route_service("/broken", layers().service(broken))
    }};
}

async fn ask(app: &Router, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let answer = app.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let body = axum::body::to_bytes(answer.into_body(), 1_000).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[test]
fn axums_usual_handling_works_with_either_layer() {
    let runtime = ::tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let (clock, timers) = driver();
    let towers = app!(::tower::timeout::TimeoutLayer::new(LIMIT), ::tower::timeout::error::Elapsed);
    let ours = app!(TimeoutLayer::new(timers.handle(), LIMIT), Elapsed);
    runtime.block_on(async {
        for (app, is_ours) in [(&towers, false), (&ours, true)] {
            assert_eq!(ask(app, "/quick").await, (StatusCode::OK, "there".to_owned()));
            let broken = (StatusCode::INSUFFICIENT_STORAGE, "nothing was written: the disk is full".to_owned());
            assert_eq!(ask(app, "/broken").await, broken);
            let late = async {
                settle().await;
                if is_ours {
                    clock.advance(LIMIT);
                }
            };
            let (stuck, ()) = ::tokio::join!(ask(app, "/stuck"), late);
            assert_eq!(stuck, (StatusCode::REQUEST_TIMEOUT, "request took too long".to_owned()));
        }
        timers.shutdown();
        let closed = (StatusCode::INTERNAL_SERVER_ERROR, "the driver was shut down".to_owned());
        assert_eq!(ask(&ours, "/stuck").await, closed);
    });
}
