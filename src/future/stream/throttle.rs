//! A least distance between the items of a stream.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::driver::Handle;
use crate::error::TimerError;
use crate::future::entry::TimerEntry;
use crate::time::Deadline;

pin_project! {
    /// A stream whose items keep their distance; made by [`StreamExt::throttle`](crate::StreamExt::throttle).
    ///
    /// ```text
    /// gap 3       0  1  2  3  4  5  6  7  8  9  10
    /// inner       a  b  .  .  .  .  .  c  .  d  .
    /// outer       a  .  .  b  .  .  .  c  .  .  d
    /// ```
    ///
    /// The first item comes as soon as it is there; the gap counts from the moment in which an item is handed out. The
    /// inner stream is not polled meanwhile, so that it is held back, as far as it can be, and nothing is lost. The end
    /// is told no earlier than the next item could come.
    ///
    /// # Errors
    ///
    /// Its last item is a [`TimerError`] if there was no waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use futures_util::{TryStreamExt, stream};
    /// use tickwheel::{Driver, StreamExt, TimerHeap};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let timers = Driver::spawn(TimerHeap::new())?;
    /// let start = timers.now();
    /// let paced = stream::iter([1, 2, 3]).throttle_on(&timers, Duration::from_millis(2));
    ///
    /// assert_eq!(paced.try_collect::<Vec<_>>().await?, [1, 2, 3]);
    /// assert!(timers.now() - start >= Duration::from_millis(4));
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "streams do nothing unless they are polled"]
    pub struct Throttle<S> {
        #[pin]
        stream: S,
        entry: TimerEntry,
        gap: Duration,
        stage: Stage,
    }
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The next item may come.
    Open,
    /// The gap after an item.
    Gap,
    Over,
}

impl<S> Throttle<S> {
    pub(crate) fn new(stream: S, timers: &Handle, gap: Duration) -> Self {
        Self { stream, entry: TimerEntry::new(timers.clone(), Deadline::at(timers.now())), gap, stage: Stage::Open }
    }

    /// Gives the inner stream back.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: Stream> Stream for Throttle<S> {
    type Item = Result<S::Item, TimerError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        match this.stage {
            Stage::Open => {}
            Stage::Gap => match ready!(this.entry.poll(context)) {
                Ok(()) => *this.stage = Stage::Open,
                Err(error) => {
                    *this.stage = Stage::Over;
                    return Poll::Ready(Some(Err(error)));
                }
            },
            Stage::Over => return Poll::Ready(None),
        }
        let item = ready!(this.stream.poll_next(context));
        if item.is_some() {
            this.entry.reset(Deadline::at(this.entry.now() + *this.gap));
            *this.stage = Stage::Gap;
        } else {
            *this.stage = Stage::Over;
        }
        Poll::Ready(item.map(Ok))
    }
}
