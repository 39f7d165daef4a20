//! Clients that the server is tried with; they are plain blocking sockets, each on a thread of its own.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// How long a client waits for an answer, or for being cut once that is due, before it gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the chatty client saw.
pub(crate) struct Talk {
    pub(crate) answers: u32,
    /// From when it came to its last message.
    pub(crate) talked_for: Duration,
    /// From its last message to when it was cut.
    pub(crate) cut_after: Duration,
}

/// Says something four times in each `idle`, for three times that long, and then waits to be cut.
pub(crate) fn chatty(address: SocketAddr, idle: Duration) -> io::Result<Talk> {
    let came = Instant::now();
    let mut stream = connect(address, idle)?;
    let mut answers = 0;
    let mut last_message = came;
    while came.elapsed() < 3 * idle {
        let message = format!("message {answers}\n");
        last_message = Instant::now();
        let mut answer = vec![0; message.len()];
        let answered = stream.write_all(message.as_bytes()).and_then(|()| stream.read_exact(&mut answer));
        answered.map_err(|error| io::Error::other(format!("{message:?} was not answered: {error}")))?;
        if answer != message.as_bytes() {
            return Err(io::Error::other(format!("{message:?} was echoed as {:?}", String::from_utf8_lossy(&answer))));
        }
        answers += 1;
        thread::sleep(idle / 4);
    }
    let talked_for = last_message - came;
    wait_to_be_cut(&mut stream)?;
    Ok(Talk { answers, talked_for, cut_after: last_message.elapsed() })
}

/// Says nothing, and gives how long after it came it was cut.
pub(crate) fn silent(address: SocketAddr, idle: Duration) -> io::Result<Duration> {
    let came = Instant::now();
    let mut stream = connect(address, idle)?;
    wait_to_be_cut(&mut stream)?;
    Ok(came.elapsed())
}

fn connect(address: SocketAddr, idle: Duration) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(idle + PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn wait_to_be_cut(stream: &mut TcpStream) -> io::Result<()> {
    match stream.read(&mut [0; 64])? {
        0 => Ok(()),
        count => Err(io::Error::other(format!("{count} bytes came that nobody had asked for"))),
    }
}
