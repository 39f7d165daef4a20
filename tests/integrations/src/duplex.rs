//! A connection that lies in memory, so that any runtime can have it.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use hyper::rt::{Read, ReadBufCursor, Write};

/// One end. What it reads is what was written at the other.
pub(crate) struct End {
    incoming: Arc<Mutex<Pipe>>,
    outgoing: Arc<Mutex<Pipe>>,
}

/// What an end writes to, from outside.
pub(crate) struct Cable(Arc<Mutex<Pipe>>);

#[derive(Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    is_closed: bool,
    /// What is written is lost, and nobody is told.
    budget_exhausted: bool,
    reader: Option<Waker>,
}

pub(crate) fn duplex() -> (End, End) {
    let (a, b) = (Arc::<Mutex<Pipe>>::default(), Arc::<Mutex<Pipe>>::default());
    (End { incoming: a.clone(), outgoing: b.clone() }, End { incoming: b, outgoing: a })
}

impl Pipe {
    fn close(&mut self) {
        self.is_closed = true;
        self.reader.take().into_iter().for_each(Waker::wake);
    }
}

impl Cable {
    /// From now on what is written is lost.
    pub(crate) fn cut(&self) {
        self.0.lock().unwrap().budget_exhausted = true;
    }
}

impl End {
    pub(crate) fn cable(&self) -> Cable {
        Cable(self.outgoing.clone())
    }

    /// Writes without waiting.
    pub(crate) fn send(&self, bytes: &[u8]) {
        let mut pipe = self.outgoing.lock().unwrap();
        if pipe.budget_exhausted {
            return;
        }
        pipe.bytes.extend(bytes);
        pipe.reader.take().into_iter().for_each(Waker::wake);
    }

    /// What has come by now.
    pub(crate) fn received(&self) -> String {
        let bytes: Vec<u8> = self.incoming.lock().unwrap().bytes.iter().copied().collect();
        String::from_utf8(bytes).unwrap()
    }

    /// Whether the other end was closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.incoming.lock().unwrap().is_closed
    }
}

impl Read for End {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, mut into: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let mut pipe = self.incoming.lock().unwrap();
        if pipe.bytes.is_empty() && !pipe.is_closed {
            pipe.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        let count = pipe.bytes.len().min(into.remaining());
        let bytes: Vec<u8> = pipe.bytes.drain(..count).collect();
        into.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl Write for End {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.send(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.lock().unwrap().close();
        Poll::Ready(Ok(()))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.outgoing.lock().unwrap().close();
        self.incoming.lock().unwrap().is_closed = true;
    }
}
