//! The server: one thread, one poll, one `LoopDriver`.
//!
//! Each connection has a timer that sends its token into a channel. A message of the client's moves the timer on, which
//! for the wheel is one store; the loop takes out of the channel what has run out, and closes it. The poll waits until
//! the timers want their next turn, and no longer.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use tickwheel::channel::{Receiver, Sender, unbounded};
use tickwheel::{Driver, LoopDriver, MessageGuard, Resolution, TimerHeap, TimerWheel, Timestamp};

use crate::Kind;

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);

/// How often a connection is read before the others have their turn.
const READS_AT_ONCE: usize = 16;

pub(crate) struct Server {
    poll: Poll,
    waker: Arc<Waker>,
    is_stopped: Arc<AtomicBool>,
    listener: TcpListener,
    timers: LoopDriver,
    idle: Duration,
    /// Where the timers put the tokens of connections that were idle for too long.
    run_out: Sender<Token>,
    ran_out: Receiver<Token>,
    connections: HashMap<Token, Connection>,
    /// Tokens are never used again: one that comes out of the channel late names nobody else.
    next_token: usize,
}

struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    /// What is still to be echoed.
    out: Vec<u8>,
    timeout: MessageGuard<Token>,
    opened: Timestamp,
    last_message: Timestamp,
}

/// Ends a server that runs on another thread.
pub(crate) struct Stopper(Arc<AtomicBool>, Arc<Waker>);

/// Why a connection has ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    /// It was silent for too long.
    Idle,
    /// The client closed it.
    ByClient,
    /// It broke.
    Broken(io::ErrorKind),
}

/// A connection that has ended.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) peer: SocketAddr,
    pub(crate) why: Ended,
    pub(crate) open_for: Duration,
    /// From its last message, or from when it was opened.
    pub(crate) silent_for: Duration,
}

impl Server {
    pub(crate) fn bind(address: SocketAddr, kind: Kind, idle: Duration) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let mut listener = TcpListener::bind(address)?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;

        // A timer that is armed on another thread, and is due before what the poll waits for, must wake the poll. All
        // of this server's own are armed between two polls, so for them it would not be needed.
        let woken = waker.clone();
        let on_earlier = move || woken.wake().expect("a poll can be woken as long as it is open");
        let timers = match kind {
            Kind::Wheel => Driver::builder().for_event_loop(TimerWheel::new(Resolution::MILLISECOND), on_earlier)?,
            Kind::Heap => Driver::builder().for_event_loop(TimerHeap::new(), on_earlier)?,
        };
        let (run_out, ran_out) = unbounded();
        let is_stopped = Arc::new(AtomicBool::new(false));
        let connections = HashMap::new();
        Ok(Self { poll, waker, is_stopped, listener, timers, idle, run_out, ran_out, connections, next_token: 2 })
    }

    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    pub(crate) fn stopper(&self) -> Stopper {
        Stopper(self.is_stopped.clone(), self.waker.clone())
    }

    /// How many timers are armed.
    pub(crate) fn pending(&self) -> usize {
        self.timers.pending()
    }

    /// Serves until it is stopped, says which connections end, and gives how often it has polled.
    pub(crate) fn run(&mut self, mut closed: impl FnMut(Closed)) -> io::Result<u64> {
        let mut events = Events::with_capacity(256);
        let mut polls = 0;
        // Connections that had more to read than they may at once.
        let mut unfinished: Vec<Token> = Vec::new();
        while !self.is_stopped.load(Ordering::Acquire) {
            let timeout = if unfinished.is_empty() { self.timers.timeout() } else { Some(Duration::ZERO) };
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            polls += 1;

            // First what came in, then the timers: a message that is there already counts, even if the deadline has
            // passed as well.
            let mut ready = std::mem::take(&mut unfinished);
            for event in &events {
                match event.token() {
                    LISTENER => self.accept()?,
                    WAKER => {}
                    token => ready.push(token),
                }
            }
            for token in ready {
                let Some(connection) = self.connections.get_mut(&token) else { continue };
                match connection.pump(self.timers.now(), self.idle) {
                    Ok(Pumped::Dry) => {}
                    Ok(Pumped::More) => unfinished.push(token),
                    Ok(Pumped::Closed) => self.close(token, Ended::ByClient, &mut closed),
                    Err(error) => self.close(token, Ended::Broken(error.kind()), &mut closed),
                }
            }

            // What its budget leaves over makes the next timeout zero.
            let _ = self.timers.turn(self.timers.now());
            while let Ok(token) = self.ran_out.try_recv() {
                self.close(token, Ended::Idle, &mut closed);
            }
        }
        Ok(polls)
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let (mut stream, peer) = match self.listener.accept() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // The client has thought better of it; there may be more behind.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                accepted => accepted?,
            };
            let token = Token(self.next_token);
            self.next_token += 1;
            self.poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
            let opened = self.timers.now();
            let armed = self.timers.send_at(self.run_out.clone(), token, opened + self.idle);
            let timeout = armed.map_err(io::Error::other)?;
            let (out, last_message) = (Vec::new(), opened);
            self.connections.insert(token, Connection { stream, peer, out, timeout, opened, last_message });
        }
    }

    /// Closes a connection; its timer goes with it.
    fn close(&mut self, token: Token, why: Ended, closed: &mut impl FnMut(Closed)) {
        if let Some(Connection { peer, opened, last_message, .. }) = self.connections.remove(&token) {
            let now = self.timers.now();
            closed(Closed { peer, why, open_for: now - opened, silent_for: now - last_message });
        }
    }
}

/// What is left to do for a connection.
enum Pumped {
    /// Nothing, until the poll says so.
    Dry,
    /// There may be more to read.
    More,
    Closed,
}

impl Connection {
    /// Echoes what there is, as far as it goes, and moves the timeout on if something came.
    fn pump(&mut self, now: Timestamp, idle: Duration) -> io::Result<Pumped> {
        let mut buffer = [0; 4096];
        for _ in 0..READS_AT_ONCE {
            // Nothing is read while something is still to be written, so a client that does not read fills no memory.
            while !self.out.is_empty() {
                match self.stream.write(&self.out) {
                    Ok(count) => drop(self.out.drain(..count)),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Pumped::Dry),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(Pumped::Closed),
                Ok(count) => {
                    self.out.extend_from_slice(&buffer[..count]);
                    self.last_message = now;
                    self.timeout.reset(now + idle);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Pumped::Dry),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Pumped::More)
    }
}

impl Stopper {
    pub(crate) fn stop(&self) {
        self.0.store(true, Ordering::Release);
        self.1.wake().expect("a poll can be woken as long as it is open");
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { peer, why, open_for, silent_for } = self;
        match why {
            Ended::Idle => write!(f, "{peer}: cut, silent for {silent_for:?}, open for {open_for:?}"),
            Ended::ByClient => write!(f, "{peer}: closed by the client, open for {open_for:?}"),
            Ended::Broken(kind) => write!(f, "{peer}: broke ({kind}), open for {open_for:?}"),
        }
    }
}
