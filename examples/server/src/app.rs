//! What the server answers.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use crate::admin;
use crate::timers::Timers;

pub(crate) type Answer = Response<Full<Bytes>>;

/// What all connections share.
pub(crate) struct App {
    pub(crate) timers: Timers,
    pub(crate) request_timeout: Duration,
    pub(crate) counts: Counts,
}

/// What is answered where: to clients, or to people that look at the timers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Site {
    Clients,
    Admin,
}

/// What clients did so far.
#[derive(Default)]
pub(crate) struct Counts {
    /// Connections that are open.
    pub(crate) open: AtomicU64,
    pub(crate) accepted: AtomicU64,
    pub(crate) requests: AtomicU64,
    /// Requests that were not answered by their deadline.
    pub(crate) late: AtomicU64,
}

/// An open connection, until it is dropped.
pub(crate) struct Open<'a>(Option<&'a Counts>);

impl Counts {
    /// Counts a connection as long as it is open, if it is a client's.
    pub(crate) fn connection(&self, site: Site) -> Open<'_> {
        let counts = (site == Site::Clients).then_some(self);
        if let Some(counts) = counts {
            counts.accepted.fetch_add(1, Ordering::Relaxed);
            counts.open.fetch_add(1, Ordering::Relaxed);
        }
        Open(counts)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if let Some(counts) = self.0 {
            counts.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl App {
    /// Answers a request by its deadline, with status 503 if there is no answer by then.
    pub(crate) async fn answer<B>(self: Arc<Self>, site: Site, request: Request<B>) -> Result<Answer, Infallible> {
        let is_head = request.method() == Method::HEAD;
        let answer = match site {
            Site::Clients => self.in_time(request).await,
            Site::Admin => admin::route(&self, &request),
        };
        Ok(if is_head { without_body(answer) } else { answer })
    }

    async fn in_time<B>(&self, request: Request<B>) -> Answer {
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
        let answered = self.timers.within(self.request_timeout, self.route(request)).await;
        answered.unwrap_or_else(|| {
            self.counts.late.fetch_add(1, Ordering::Relaxed);
            text(StatusCode::SERVICE_UNAVAILABLE, "the answer took too long\n")
        })
    }

    async fn route<B>(&self, request: Request<B>) -> Answer {
        let path = request.uri().path();
        match path {
            "/" | "/slow" | "/timers" if !is_read(request.method()) => not_allowed(),
            "/" => text(StatusCode::OK, "hello\n"),
            "/slow" => match wait_of(request.uri().query()) {
                Ok(wait) => {
                    self.timers.sleep(wait).await;
                    text(StatusCode::OK, "hello, slowly\n")
                }
                Err(why) => text(StatusCode::BAD_REQUEST, why),
            },
            "/timers" => json(admin::figures(self)),
            _ => text(StatusCode::NOT_FOUND, "there is /, /slow?ms=N and /timers\n"),
        }
    }
}

/// Whether a method only asks for what is at a path, as all here do.
pub(crate) fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// The `ms` of a query.
fn wait_of(query: Option<&str>) -> Result<Duration, &'static str> {
    let pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let ms = pairs.filter(|(name, _)| *name == "ms").map(|(_, value)| value).next();
    let ms = ms.ok_or("say how long: /slow?ms=250\n")?;
    ms.parse().map(Duration::from_millis).map_err(|_| "ms must be a whole number of milliseconds\n")
}

pub(crate) fn text(status: StatusCode, text: &'static str) -> Answer {
    answer(status, "text/plain; charset=utf-8", Bytes::from_static(text.as_bytes()))
}

/// The answer to a method that a path does not have.
pub(crate) fn not_allowed() -> Answer {
    let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here\n");
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    answer
}

/// An answer to HEAD: what GET is answered, without the body.
fn without_body(answer: Answer) -> Answer {
    let (mut head, body) = answer.into_parts();
    let length = body.size_hint().exact().expect("the body is there as a whole");
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    Response::from_parts(head, Full::default())
}

pub(crate) fn html(page: &'static str) -> Answer {
    answer(StatusCode::OK, "text/html; charset=utf-8", Bytes::from_static(page.as_bytes()))
}

pub(crate) fn json(value: serde_json::Value) -> Answer {
    answer(StatusCode::OK, "application/json", Bytes::from(value.to_string()))
}

fn answer(status: StatusCode, kind: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}
