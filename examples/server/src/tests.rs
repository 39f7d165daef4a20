//! The server with real clients, on a clock moved by hand; and its page in a real browser.

mod ending;
mod http2;
mod limits;
mod methods;

use std::process::Command;
use std::time::Duration;

use clap::Parser;
use tickwheel::ManualClock;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::options::{Options, TimerKind};
use crate::server::Server;
use crate::timers::Timers;
use http2::{Peer, WINDOW};

const SECOND: Duration = Duration::from_secs(1);

/// A server on a clock that stands, and that clock.
async fn server(kind: TimerKind) -> (Server, ManualClock) {
    server_with(kind, &[]).await
}

async fn server_with(kind: TimerKind, arguments: &[&str]) -> (Server, ManualClock) {
    let clock = ManualClock::new();
    let options = Options::parse_from([&["server", "--port", "0", "--admin-port", "0"], arguments].concat());
    let timers = Timers::on_clock(kind, clock.clone()).unwrap();
    (Server::with_timers(&options, timers).await.unwrap(), clock)
}

/// Waits until so many timers are pending: until the server has seen what was sent to it.
async fn until_pending(server: &Server, pending: usize) {
    let handle = server.timers().handle().unwrap().clone();
    let reached = async {
        while handle.pending() != pending {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let reached = tokio::time::timeout(20 * SECOND, reached).await;
    reached.unwrap_or_else(|_| panic!("{} timers are pending, and not {pending}", handle.pending()));
}

/// Waits until the server has closed all connections of its clients.
async fn until_closed(server: &Server) {
    let closed = async {
        while server.connections() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(20 * SECOND, closed).await.expect("the server closes the connection");
}

async fn send(server: &Server, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    stream
}

/// What comes until the server closes the connection.
async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(20 * SECOND, stream.read_to_end(&mut bytes)).await;
    // A reset is an end too.
    let _ = read.expect("the server closes the connection");
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn get(stream: &mut TcpStream, path: &str) -> String {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    while !answer.contains("hello") {
        let mut bytes = [0; 1024];
        let read = tokio::time::timeout(20 * SECOND, stream.read(&mut bytes)).await.expect("an answer").unwrap();
        assert!(read > 0, "the connection was closed after {answer:?}");
        answer.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
    answer
}

async fn slow_loris(kind: TimerKind) {
    let (server, clock) = server(kind).await;
    let mut good = TcpStream::connect(server.address()).await.unwrap();
    assert!(get(&mut good, "/").await.starts_with("HTTP/1.1 200 OK"));
    let mut loris = send(&server, "GET / HTTP/1.1\r\nX-Never: en").await;
    // An idle timer and one for the headers, for each of the two.
    until_pending(&server, 4).await;

    for _ in 0..9 {
        clock.advance(SECOND);
        loris.write_all(b"d").await.unwrap();
        get(&mut good, "/").await;
    }
    until_pending(&server, 4).await;
    clock.advance(SECOND);
    assert_eq!(rest(&mut loris).await, "", "a slow loris gets no answer");
    until_pending(&server, 2).await;
    assert!(get(&mut good, "/").await.starts_with("HTTP/1.1 200 OK"), "the good one is still served");

    drop(good);
    let farewell = server.drain().await;
    farewell.verdict().unwrap();
}

#[tokio::test]
async fn a_slow_loris_is_cut_at_its_deadline_and_a_good_client_is_not() {
    slow_loris(TimerKind::Wheel).await;
    slow_loris(TimerKind::Heap).await;
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered_with_503() {
    let (server, clock) = server(TimerKind::Wheel).await;
    let mut slow = send(&server, "GET /slow?ms=31000 HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n").await;
    // The idle timer, the request's deadline and its own sleep.
    until_pending(&server, 3).await;
    clock.advance(30 * SECOND);
    assert!(rest(&mut slow).await.starts_with("HTTP/1.1 503"));
    until_pending(&server, 0).await;
}

#[tokio::test]
async fn an_idle_timer_does_not_cut_a_request_that_is_being_answered() {
    let arguments = ["--request-timeout", "1000", "--header-timeout", "5"];
    let (server, clock) = server_with(TimerKind::Wheel, &arguments).await;
    let mut slow = send(&server, "GET /slow?ms=200000 HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n").await;
    until_pending(&server, 3).await;
    for _ in 0..20 {
        clock.advance(10 * SECOND);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(rest(&mut slow).await.ends_with("hello, slowly\n"));
}

#[tokio::test]
async fn draining_lets_requests_finish_and_leaves_nothing_pending() {
    let (server, clock) = server(TimerKind::Wheel).await;
    let mut slow = send(&server, "GET /slow?ms=5000 HTTP/1.1\r\nHost: here\r\n\r\n").await;
    until_pending(&server, 3).await;
    let draining = tokio::spawn(server.drain());
    let answered = tokio::spawn(async move { rest(&mut slow).await });
    while !answered.is_finished() {
        clock.advance(SECOND);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(answered.await.unwrap().ends_with("hello, slowly\n"));
    let farewell = draining.await.unwrap();
    farewell.verdict().unwrap();
    assert!(farewell.to_string().contains("answered  1 requests; 0 connections were cut"), "{farewell}");
}

#[test]
fn bad_arguments_are_told_plainly() {
    let told = |arguments: &[&str]| {
        let error = Options::try_parse_from(std::iter::once(&"server").chain(arguments)).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{arguments:?}");
        error.to_string()
    };
    assert!(told(&["--timer", "sundial"]).contains("possible values: wheel, heap, tokio"));
    assert!(told(&["--port", "70000"]).contains("70000 is not in 0..=65535"));
    let limits = ["--seconds", "--header-timeout", "--idle-timeout", "--request-timeout", "--keep-alive", "--drain"];
    for limit in limits {
        let told = |value: &str| told(&[&format!("{limit}={value}")]);
        assert!(told("soon").contains("it is not a number of seconds"), "{limit}");
        for value in ["0", "-0", "-1", "1e-30", "nan", "inf", "-inf", "1e300", "1e19", "1000000001"] {
            assert!(told(value).contains("more than zero seconds, and at most 1000000000"), "{limit}={value}");
        }
        Options::try_parse_from(["server", limit, "1e9"]).unwrap();
    }
}

#[tokio::test]
async fn the_longest_limits_serve() {
    for kind in ["wheel", "heap", "tokio"] {
        let most = "1e9";
        let options = Options::parse_from([
            "server",
            "--timer",
            kind,
            "--port",
            "0",
            "--admin-port",
            "0",
            "--seconds",
            most,
            "--header-timeout",
            most,
            "--idle-timeout",
            most,
            "--request-timeout",
            most,
            "--keep-alive",
            most,
            "--drain",
            most,
        ]);
        let server = Server::start(&options).await.unwrap();
        let mut client = TcpStream::connect(server.address()).await.unwrap();
        assert!(get(&mut client, "/").await.starts_with("HTTP/1.1 200 OK"));
        let _peer = Peer::connect(server.address(), WINDOW).await;
        drop(client);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_is_taken_is_named() {
    let (server, _) = server(TimerKind::Wheel).await;
    let port = server.address().port().to_string();
    let error = Server::start(&Options::parse_from(["server", "--port", &port, "--admin-port", "0"])).await;
    let told = error.err().expect("the port is taken").to_string();
    assert!(told.starts_with(&format!("port {port} of 127.0.0.1: ")), "{told}");
}

/// A headless browser, if there is one.
fn browser() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_the_timers_in_a_browser() {
    let Some(browser) = browser() else {
        assert!(std::env::var_os("CI").is_none(), "CI has no chromium to look at the page with");
        eprintln!("SKIPPED: there is no chromium to look at the page with");
        return;
    };
    let options = Options::parse_from(["server", "--port", "0", "--admin-port", "0"]);
    let server = Server::start(&options).await.unwrap();
    let mut client = TcpStream::connect(server.address()).await.unwrap();
    get(&mut client, "/").await;
    get(&mut client, "/slow?ms=20").await;

    let home = tempfile::tempdir().unwrap();
    let address = format!("http://{}/", server.admin_address());
    let profile = format!("--user-data-dir={}", home.path().display());
    let looked = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(browser);
        command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"]);
        command.args([&profile, &address]).output().unwrap()
    });
    let looked = tokio::time::timeout(60 * SECOND, looked).await.expect("the browser ends").unwrap();
    let page = String::from_utf8_lossy(&looked.stdout);
    assert!(page.contains("data-refreshed="), "the figures came: {page}\n{}", String::from_utf8_lossy(&looked.stderr));
    assert!(page.contains("armed = "), "the books are shown: {page}");
    for part in ["data-name=\"requests\"><b>2</b>", "data-pending=\"2\"", "data-timers=\"1\"", "data-name=\"armed\""] {
        assert!(page.contains(part), "{part} is in the page: {page}");
    }
    drop(client);
    server.drain().await.verdict().unwrap();
}
