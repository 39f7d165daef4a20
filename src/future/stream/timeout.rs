//! A limit to the time that each item of a stream may take.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::driver::Handle;
use crate::error::TimeoutError;
use crate::future::entry::TimerEntry;
use crate::time::Deadline;

pin_project! {
    /// A stream that says so where its next item is long in coming; made by
    /// [`StreamExt::timeout`](crate::StreamExt::timeout).
    ///
    /// ```text
    /// limit 3     0  1  2  3  4  5  6  7  8  9  10
    /// inner       .  a  .  .  .  .  .  .  b  .  c
    /// outer       .  a  .  .  E  .  .  .  b  .  c
    /// ```
    ///
    /// The limit counts from the first poll that finds no item: not from the item before, so that a stream is not
    /// blamed for what a slow consumer took. An item that is there wins over a limit that is over (L33). After an
    /// [`Elapsed`] it waits for the next item as long as that takes, and the limit counts again for the one after.
    ///
    /// # Errors
    ///
    /// Its items are [`TimeoutError::Elapsed`] where an item was too long in coming, and the stream goes on;
    /// [`TimeoutError::Timer`] if there was no waiting, as the last item.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use futures_util::{StreamExt as _, stream};
    /// use tickwheel::{Driver, StreamExt, TimerHeap};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), std::io::Error> {
    /// let timers = Driver::spawn(TimerHeap::new())?;
    /// let stuck = stream::iter([1]).chain(stream::pending());
    /// let mut limited = stuck.timeout_on(&timers, Duration::from_millis(2));
    ///
    /// assert_eq!(limited.next().await, Some(Ok(1)));
    /// assert!(limited.next().await.unwrap().unwrap_err().is_elapsed());
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "streams do nothing unless they are polled"]
    pub struct StreamTimeout<S> {
        #[pin]
        stream: S,
        entry: TimerEntry,
        limit: Duration,
        stage: Stage,
    }
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// No poll has found the next item missing yet.
    Fresh,
    /// The limit counts.
    Limited,
    /// It was over, and is not said again.
    Elapsed,
    Over,
}

impl<S> StreamTimeout<S> {
    pub(crate) fn new(stream: S, timers: &Handle, limit: Duration) -> Self {
        Self { stream, entry: TimerEntry::new(timers.clone(), Deadline::at(timers.now())), limit, stage: Stage::Fresh }
    }

    /// Gives the inner stream back.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: Stream> Stream for StreamTimeout<S> {
    type Item = Result<S::Item, TimeoutError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        if let Stage::Over = this.stage {
            return Poll::Ready(None);
        }
        match this.stream.poll_next(context) {
            Poll::Ready(Some(item)) => {
                *this.stage = Stage::Fresh;
                return Poll::Ready(Some(Ok(item)));
            }
            Poll::Ready(None) => {
                *this.stage = Stage::Over;
                this.entry.cancel();
                return Poll::Ready(None);
            }
            Poll::Pending => {}
        }
        match this.stage {
            Stage::Fresh => {
                this.entry.reset(Deadline::at(this.entry.now() + *this.limit));
                *this.stage = Stage::Limited;
            }
            Stage::Limited => {}
            Stage::Elapsed | Stage::Over => return Poll::Pending,
        }
        let waited = ready!(this.entry.poll(context));
        *this.stage = if waited.is_ok() { Stage::Elapsed } else { Stage::Over };
        Poll::Ready(Some(Err(TimeoutError::after(waited))))
    }
}
