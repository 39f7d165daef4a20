//! A client that speaks HTTP/2 frame by frame, so that it can do what no library lets it.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The size of the window that a client usually has, and so how much of an answer it takes unasked.
pub(super) const WINDOW: u32 = 65_535;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;

pub(super) const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// What every connection begins with.
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
}

pub(super) struct Peer {
    stream: TcpStream,
}

impl Peer {
    /// Connects, says that it takes `window` bytes of each answer, and waits for what the server says to it.
    pub(super) async fn connect(address: SocketAddr, window: u32) -> Self {
        let mut peer = Self { stream: TcpStream::connect(address).await.unwrap() };
        peer.write(PREFACE).await;
        let [a, b, c, d] = window.to_be_bytes();
        peer.send(SETTINGS, 0, 0, &[0, 4, a, b, c, d]).await;
        while peer.next().await.expect("the server says its settings").kind != SETTINGS {}
        peer
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) {
        // That the server has cut the connection shows when it is read.
        let _ = self.stream.write_all(bytes).await;
    }

    async fn send(&mut self, kind: u8, flags: u8, stream: u8, payload: &[u8]) {
        self.write(&frame(kind, flags, stream, payload)).await;
    }

    /// Asks for `path`; `stream` is odd, and higher each time.
    pub(super) async fn ask(&mut self, method: &str, path: &str, stream: u8) {
        self.write(&question(method, path, stream)).await;
    }

    /// The next frame, or `None` at the end. Pings are answered.
    pub(super) async fn next(&mut self) -> Option<Frame> {
        let read = tokio::time::timeout(Duration::from_secs(20), self.read()).await;
        read.expect("the server says something, or closes the connection")
    }

    async fn read(&mut self) -> Option<Frame> {
        loop {
            let mut head = [0; 9];
            self.stream.read_exact(&mut head).await.ok()?;
            let [high, middle, low, kind, flags, ..] = head;
            let mut payload = vec![0; usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low)];
            self.stream.read_exact(&mut payload).await.ok()?;
            if kind == PING && flags & ACK == 0 {
                self.send(PING, ACK, 0, &payload).await;
            } else {
                return Some(Frame { kind, flags });
            }
        }
    }

    /// Answers pings until the server closes the connection.
    pub(super) async fn until_closed(&mut self) {
        while self.read().await.is_some() {}
    }
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0, 0, u8::try_from(payload.len()).unwrap(), kind, flags, 0, 0, 0, stream];
    frame.extend(payload);
    frame
}

/// A request for `path`, as it is sent.
pub(super) fn question(method: &str, path: &str, stream: u8) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &header_block(method, path))
}

/// A block of headers, packed without a table or Huffman's code.
fn header_block(method: &str, path: &str) -> Vec<u8> {
    const SCHEME_HTTP: u8 = 0x86;
    let mut block = vec![SCHEME_HTTP];
    let mut literal = |name: u8, value: &str| {
        block.extend([name, u8::try_from(value.len()).unwrap()]);
        block.extend(value.as_bytes());
    };
    // By their places in the static table: authority, method and path.
    literal(1, "here");
    literal(2, method);
    literal(4, path);
    block
}
