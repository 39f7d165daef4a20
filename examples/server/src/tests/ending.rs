//! Draining: nothing is left over, whatever is open.

use std::time::Duration;

use tokio::net::TcpStream;

use super::http2::{Peer, WINDOW};
use super::{get, server, until_pending};
use crate::options::TimerKind;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_connections_to_the_page_leave_nothing_pending() {
    for kind in [TimerKind::Wheel, TimerKind::Heap] {
        let (server, _clock) = server(kind).await;
        let mut open = Vec::new();
        for _ in 0..200 {
            open.push(TcpStream::connect(server.admin_address()).await.unwrap());
        }
        until_pending(&server, 200).await;
        server.drain().await.verdict().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_over_http2_that_are_cut_leave_nothing_pending() {
    for _ in 0..20 {
        let (server, clock) = server(TimerKind::Wheel).await;
        let mut peers = Vec::new();
        for _ in 0..4 {
            let mut peer = Peer::connect(server.address(), WINDOW).await;
            for stream in 0..10 {
                peer.ask("GET", "/slow?ms=29000", 2 * stream + 1).await;
            }
            peers.push(peer);
        }
        // For each connection its own timer and that of its pings, and two for each request.
        until_pending(&server, 4 * (2 + 2 * 10)).await;
        let draining = tokio::spawn(server.drain());
        while !draining.is_finished() {
            clock.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let farewell = draining.await.unwrap();
        farewell.verdict().unwrap();
        assert!(farewell.to_string().contains("; 4 connections were cut"), "{farewell}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_do_not_hold_up_draining() {
    let (server, _clock) = server(TimerKind::Wheel).await;
    let mut idle = TcpStream::connect(server.address()).await.unwrap();
    get(&mut idle, "/").await;
    // The clock stands: waiting for a limit would last for ever.
    let farewell = tokio::time::timeout(Duration::from_secs(20), server.drain()).await.expect("it drains at once");
    farewell.verdict().unwrap();
}
