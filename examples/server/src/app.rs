//! What the server answers.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use crate::admin::figures;
use crate::timers::Timers;

pub(crate) type Answer = Response<Full<Bytes>>;

/// What all connections share.
pub(crate) struct App {
    pub(crate) timers: Timers,
    pub(crate) request_timeout: Duration,
    pub(crate) counts: Counts,
}

/// What the server has seen.
#[derive(Default)]
pub(crate) struct Counts {
    /// Connections that are open.
    pub(crate) open: AtomicU64,
    pub(crate) accepted: AtomicU64,
    pub(crate) requests: AtomicU64,
    /// Requests that were not answered by their deadline.
    pub(crate) late: AtomicU64,
}

impl App {
    /// Answers a request by its deadline, with status 503 if there is no answer by then.
    pub(crate) async fn answer<B>(self: Arc<Self>, request: Request<B>) -> Result<Answer, Infallible> {
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
        let answered = self.timers.within(self.request_timeout, self.route(request)).await;
        Ok(answered.unwrap_or_else(|| {
            self.counts.late.fetch_add(1, Ordering::Relaxed);
            text(StatusCode::SERVICE_UNAVAILABLE, "the answer took too long\n")
        }))
    }

    async fn route<B>(&self, request: Request<B>) -> Answer {
        if request.method() != Method::GET {
            return text(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here\n");
        }
        match request.uri().path() {
            "/" => text(StatusCode::OK, "hello\n"),
            "/slow" => match wait_of(request.uri().query()) {
                Ok(wait) => {
                    self.timers.sleep(wait).await;
                    text(StatusCode::OK, "hello, slowly\n")
                }
                Err(why) => text(StatusCode::BAD_REQUEST, why),
            },
            "/timers" => json(figures(self)),
            _ => text(StatusCode::NOT_FOUND, "there is /, /slow?ms=N and /timers\n"),
        }
    }
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
