//! How long a client may keep a connection, whatever it does with it.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tickwheel::ManualClock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::http2::{DATA, PREFACE, Peer, WINDOW, question};
use super::{SECOND, get, rest, send, server, server_with, until_closed, until_pending};
use crate::options::TimerKind;
use crate::server::Server;

/// Both ports of a server.
fn ports(server: &Server) -> [SocketAddr; 2] {
    [server.address(), server.admin_address()]
}

/// Moves the clock on by so many seconds, one by one, with time in between for what each of them sets off.
async fn pass(clock: &ManualClock, seconds: u32) {
    for _ in 0..seconds {
        clock.advance(SECOND);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_connection_that_never_says_a_word_is_cut_at_the_header_limit() {
    let (server, clock) = server(TimerKind::Wheel).await;
    for port in ports(&server) {
        let mut silent = TcpStream::connect(port).await.unwrap();
        until_pending(&server, 1).await;
        clock.advance(9 * SECOND);
        let early = tokio::time::timeout(Duration::from_millis(20), silent.read_u8()).await;
        assert!(early.is_err(), "it has ten seconds");
        clock.advance(SECOND);
        assert_eq!(rest(&mut silent).await, "");
        until_pending(&server, 0).await;
    }
}

#[tokio::test]
async fn a_preface_of_http2_that_is_dribbled_is_cut_at_the_header_limit() {
    let (server, clock) = server(TimerKind::Wheel).await;
    for port in ports(&server) {
        let mut slow = TcpStream::connect(port).await.unwrap();
        until_pending(&server, 1).await;
        for byte in &PREFACE[..9] {
            slow.write_all(&[*byte]).await.unwrap();
            pass(&clock, 1).await;
        }
        until_pending(&server, 1).await;
        pass(&clock, 1).await;
        assert_eq!(rest(&mut slow).await, "");
        until_pending(&server, 0).await;
    }
}

#[tokio::test]
async fn a_first_request_over_http2_that_is_dribbled_is_cut_at_the_header_limit() {
    let (server, clock) = server(TimerKind::Wheel).await;
    let mut slow = Peer::connect(server.address(), WINDOW).await;
    for byte in &question("GET", "/", 1)[..9] {
        slow.write(&[*byte]).await;
        pass(&clock, 1).await;
    }
    assert_eq!(server.connections(), 1);
    pass(&clock, 1).await;
    until_closed(&server).await;
    until_pending(&server, 0).await;
}

#[tokio::test]
async fn a_second_request_over_http2_that_is_dribbled_is_cut_at_the_idle_limit() {
    // Its pings are not answered here, and must not be what cuts it.
    let (server, clock) = server_with(TimerKind::Wheel, &["--keep-alive", "1000"]).await;
    let mut slow = Peer::connect(server.address(), WINDOW).await;
    slow.ask("GET", "/", 1).await;
    while slow.next().await.expect("an answer").kind != DATA {}
    for byte in &question("GET", "/", 3)[..19] {
        slow.write(&[*byte]).await;
        pass(&clock, 3).await;
    }
    assert_eq!(server.connections(), 1);
    pass(&clock, 3).await;
    until_closed(&server).await;
    until_pending(&server, 0).await;
}

#[tokio::test]
async fn a_body_that_is_dribbled_is_cut_at_the_idle_limit() {
    for method in ["POST", "GET"] {
        let (server, clock) = server(TimerKind::Wheel).await;
        let head = format!("{method} / HTTP/1.1\r\nHost: here\r\nContent-Length: 1000000\r\n\r\n");
        let mut slow = send(&server, &head).await;
        for _ in 0..60 {
            // What is cut is not written to.
            let _ = slow.write_all(b"a").await;
            pass(&clock, 1).await;
        }
        until_closed(&server).await;
        until_pending(&server, 0).await;
    }
}

#[tokio::test]
async fn a_client_that_pipelines_and_never_reads_is_cut_at_the_idle_limit() {
    let (server, clock) = server(TimerKind::Wheel).await;
    for (port, path) in [(server.address(), "/timers"), (server.admin_address(), "/")] {
        // It has room for little, and asks for more than lies on the way.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let (mut answers, mut questions) = socket.connect(port).await.unwrap().into_split();
        let writing = tokio::spawn(async move {
            let hundred = format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n").repeat(100);
            for _ in 0..200 {
                if questions.write_all(hundred.as_bytes()).await.is_err() {
                    break;
                }
            }
            questions
        });
        until_stalled(&server).await;
        pass(&clock, 59).await;
        assert!(server.timers().handle().unwrap().pending() > 0, "it is cut at the limit, not before");
        pass(&clock, 1).await;
        until_pending(&server, 0).await;
        // What is on the way still comes, and then the end.
        rest(&mut answers).await;
        drop(writing.await);
    }
}

/// Waits until the server does nothing more.
async fn until_stalled(server: &Server) {
    let handle = server.timers().handle().unwrap().clone();
    let work = || handle.metrics().reset + handle.metrics().armed;
    let (mut before, mut same) = (0, 0);
    while same < 20 || before == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let now = work();
        same = if now == before { same + 1 } else { 0 };
        before = now;
    }
}

#[tokio::test]
async fn a_client_that_reads_its_answers_slowly_is_not_cut() {
    let (server, clock) = server(TimerKind::Wheel).await;
    let (mut answers, mut questions) = TcpStream::connect(server.address()).await.unwrap().into_split();
    let asked = 3_000;
    let writing = tokio::spawn(async move {
        let hundred = "GET /timers HTTP/1.1\r\nHost: here\r\n\r\n".repeat(asked / 100);
        for _ in 0..100 {
            questions.write_all(hundred.as_bytes()).await.unwrap();
        }
        questions
    });
    until_stalled(&server).await;
    let (mut read, mut bytes) = (0, vec![0; 1 << 20]);
    while read < asked {
        pass(&clock, 20).await;
        let len = tokio::time::timeout(20 * SECOND, answers.read(&mut bytes)).await.expect("an answer").unwrap();
        assert!(len > 0, "the connection was closed");
        read += bytes[..len].windows(8).filter(|window| *window == b"HTTP/1.1").count();
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn an_http2_client_that_takes_no_answers_is_cut_though_it_answers_pings() {
    let (server, clock) = server(TimerKind::Wheel).await;
    let mut stalled = Peer::connect(server.address(), 0).await;
    stalled.ask("GET", "/", 1).await;
    let asked = async {
        while server_requests(&server) == 0 {
            tokio::task::yield_now().await
        }
    };
    tokio::time::timeout(20 * SECOND, asked).await.unwrap();
    live_until_cut(stalled, &server, &clock).await;
}

#[tokio::test]
async fn an_http2_connection_without_requests_is_cut_though_its_client_answers_pings() {
    let (server, clock) = server(TimerKind::Wheel).await;
    let mut idle = Peer::connect(server.address(), WINDOW).await;
    idle.ask("GET", "/", 1).await;
    while idle.next().await.expect("an answer").kind != DATA {}
    live_until_cut(idle, &server, &clock).await;
}

fn server_requests(server: &Server) -> u64 {
    server.counts().requests.load(Ordering::Relaxed)
}

/// A client that answers every ping, and is cut after a minute all the same.
async fn live_until_cut(mut peer: Peer, server: &Server, clock: &ManualClock) {
    let living = tokio::spawn(async move { peer.until_closed().await });
    pass(clock, 58).await;
    assert_eq!(server.connections(), 1, "it is cut at the limit, not before");
    pass(clock, 3).await;
    until_closed(server).await;
    living.await.unwrap();
    until_pending(server, 0).await;
}

#[tokio::test]
async fn a_peer_that_answers_no_pings_is_cut() {
    let (server, clock) = server(TimerKind::Wheel).await;
    let mut dead = Peer::connect(server.address(), WINDOW).await;
    dead.ask("GET", "/slow?ms=50000", 1).await;
    pass(&clock, 29).await;
    assert_eq!(server.connections(), 1);
    // Twenty seconds to the ping, and as many for its answer: well before the idle limit.
    pass(&clock, 16).await;
    until_closed(&server).await;
    until_pending(&server, 0).await;
}

#[tokio::test]
async fn a_connection_stays_for_as_long_as_it_has_requests() {
    let (server, clock) = server(TimerKind::Wheel).await;
    let mut good = TcpStream::connect(server.address()).await.unwrap();
    for _ in 0..20 {
        assert!(get(&mut good, "/").await.starts_with("HTTP/1.1 200 OK"));
        pass(&clock, 9).await;
    }
}
