//! What other methods than GET are answered, over both versions of HTTP.

use std::net::SocketAddr;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::http2::{DATA, END_STREAM, HEADERS, Peer, WINDOW};
use super::{rest, server};
use crate::options::TimerKind;
use crate::server::Server;

const ROUTES: &[(Port, &str)] = &[
    (Port::Clients, "/"),
    (Port::Clients, "/slow?ms=0"),
    (Port::Clients, "/slow"),
    (Port::Clients, "/timers"),
    (Port::Clients, "/nowhere"),
    (Port::Admin, "/"),
    (Port::Admin, "/timers"),
    (Port::Admin, "/nowhere"),
];

#[derive(Clone, Copy, Debug)]
enum Port {
    Clients,
    Admin,
}

fn address(server: &Server, port: Port) -> SocketAddr {
    match port {
        Port::Clients => server.address(),
        Port::Admin => server.admin_address(),
    }
}

/// The status, the headers below it, and the body.
async fn ask(server: &Server, port: Port, method: &str, path: &str) -> (String, Vec<String>, String) {
    let mut stream = TcpStream::connect(address(server, port)).await.unwrap();
    let question = format!("{method} {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole answer");
    let mut lines = head.split("\r\n").map(str::to_owned);
    let status = lines.next().unwrap();
    // Numbers in what is told of the timers may differ by a digit from one question to the next.
    let mut headers: Vec<_> = lines.filter(|line| !line.starts_with("date") && !path.starts_with("/timers")).collect();
    headers.sort_unstable();
    (status, headers, body.to_owned())
}

#[tokio::test]
async fn head_is_answered_like_get_but_without_a_body() {
    let (server, _clock) = server(TimerKind::Wheel).await;
    for (port, path) in ROUTES {
        let (status, headers, body) = ask(&server, *port, "GET", path).await;
        assert!(!body.is_empty(), "{path}");
        let (head_status, head_headers, no_body) = ask(&server, *port, "HEAD", path).await;
        assert_eq!((head_status, head_headers, no_body.as_str()), (status, headers, ""), "{port:?} {path}");
    }
}

#[tokio::test]
async fn head_is_answered_without_a_body_over_http2_too() {
    let (server, _clock) = server(TimerKind::Wheel).await;
    for (port, path) in ROUTES {
        let mut peer = Peer::connect(address(&server, *port), WINDOW).await;
        peer.ask("HEAD", path, 1).await;
        peer.ask("GET", path, 3).await;
        let (mut ends, mut data) = (Vec::new(), 0);
        while data == 0 {
            let frame = peer.next().await.expect("two answers");
            match frame.kind {
                HEADERS => ends.push(frame.flags & END_STREAM != 0),
                DATA => data += 1,
                _ => {}
            }
        }
        ends.sort_unstable();
        assert_eq!(ends, [false, true], "{port:?} {path}: one answer has a body");
    }
}

#[tokio::test]
async fn other_methods_are_told_which_there_are() {
    let (server, _clock) = server(TimerKind::Wheel).await;
    for (port, path) in ROUTES {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"] {
            let (status, headers, _) = ask(&server, *port, method, path).await;
            if *path == "/nowhere" {
                assert_eq!(status, "HTTP/1.1 404 Not Found", "{method} {path}");
                continue;
            }
            assert_eq!(status, "HTTP/1.1 405 Method Not Allowed", "{port:?} {method} {path}");
            if !path.starts_with("/timers") {
                assert!(headers.contains(&"allow: GET, HEAD".to_owned()), "{port:?} {method} {path}: {headers:?}");
            }
        }
    }
}
