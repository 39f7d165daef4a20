//! The server as a process: what it says to wrong arguments, and to Ctrl-C.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn server() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command.args(["--port", "0", "--admin-port", "0"]);
    command
}

#[test]
fn numbers_that_are_no_times_are_an_error_and_no_panic() {
    for arguments in [["--seconds", "nan"], ["--seconds", "1e300"], ["--header-timeout", "1e19"], ["--drain", "inf"]] {
        let Output { status, stderr, .. } = server().args(arguments).output().unwrap();
        let told = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.starts_with("error: ") && told.contains(arguments[0]), "{arguments:?}: {told}");
    }
}

/// A server that drains for a long time, since a client waits for its answer.
struct Busy {
    server: Child,
    lines: BufReader<ChildStdout>,
    _client: TcpStream,
}

impl Busy {
    fn start() -> Self {
        let mut server = server().args(["--drain", "600"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap());
        let address = line(&mut lines, "serving ");
        let address = address.trim().trim_start_matches("http://").trim_end_matches('/');
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(b"GET /slow?ms=25000 HTTP/1.1\r\nHost: here\r\n\r\n").unwrap();
        // Until that has come there would be nothing to wait for. Each look is a request too.
        let has_come = (1..10_000).any(|looks| requests(address) > looks);
        assert!(has_come, "the request is not answered");
        Self { server, lines, _client: client }
    }

    fn interrupt(&self) {
        let sent = Command::new("kill").args(["-INT", &self.server.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// How many requests the server has seen, with this one.
fn requests(address: &str) -> u64 {
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(b"GET /timers HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str::<serde_json::Value>(body).unwrap()["requests"].as_u64().unwrap()
}

/// What the next line that begins with `label` goes on with.
fn line(lines: &mut impl BufRead, label: &str) -> String {
    loop {
        let mut line = String::new();
        assert!(lines.read_line(&mut line).unwrap() > 0, "the server ended before it said {label:?}");
        if let Some(rest) = line.strip_prefix(label) {
            return rest.to_owned();
        }
    }
}

#[test]
fn a_second_interrupt_ends_it_at_once() {
    let mut busy = Busy::start();
    busy.interrupt();
    line(&mut busy.lines, "draining ");
    let asked = Instant::now();
    busy.interrupt();
    let status = busy.server.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    assert!(asked.elapsed() < Duration::from_secs(10), "it waited for its client: {:?}", asked.elapsed());
}
