//! Activity before an item of a stream is handed out.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::driver::Handle;
use crate::error::TimerError;
use crate::future::entry::TimerEntry;
use crate::time::Deadline;

/// How many items are taken from the inner stream before the executor has its turn.
const COOPERATION: usize = 128;

pin_project! {
    /// A stream of the items after which it was quiet for a while; made by
    /// [`StreamExt::debounce`](crate::StreamExt::debounce).
    ///
    /// ```text
    /// quiet 3     0  1  2  3  4  5  6  7  8  9  10
    /// inner       a  b  .  c  .  .  .  .  d  |
    /// outer       .  .  .  .  .  .  c  .  .  d|
    /// ```
    ///
    /// Each item takes the place of the one before, which is dropped, and has the quiet count anew. Where the inner
    /// stream ends, the item that waits is handed out at once. One whose items always come too soon hands out none
    /// until it ends.
    ///
    /// Time is taken where this stream is polled: what has come by then counts, also if the quiet was over before.
    ///
    /// # Errors
    ///
    /// If there is no waiting, the item that waits is handed out at once, and the last item is a [`TimerError`].
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
    /// let mut saves = stream::iter(["s", "sa", "sav", "save"]).debounce_on(&timers, Duration::from_millis(2));
    /// assert_eq!(saves.try_next().await?, Some("save"));
    /// assert_eq!(saves.try_next().await?, None);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "streams do nothing unless they are polled"]
    pub struct Debounce<S: Stream> {
        #[pin]
        stream: S,
        entry: TimerEntry,
        activity: Duration,
        waiting: Option<S::Item>,
        stage: Stage,
    }
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The quiet counts, if an item waits.
    Activity,
    /// An item has come since.
    Fresh,
    /// The last item is still to come.
    Failed(TimerError),
    Over,
}

impl<S: Stream> Debounce<S> {
    pub(crate) fn new(stream: S, timers: &Handle, activity: Duration) -> Self {
        let entry = TimerEntry::new(timers.clone(), Deadline::at(timers.now()));
        Self { stream, entry, activity, waiting: None, stage: Stage::Activity }
    }

    /// Gives the inner stream back. An item that waits is dropped.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: Stream> Stream for Debounce<S> {
    type Item = Result<S::Item, TimerError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        match *this.stage {
            Stage::Activity | Stage::Fresh => {}
            Stage::Failed(error) => {
                *this.stage = Stage::Over;
                return Poll::Ready(Some(Err(error)));
            }
            Stage::Over => return Poll::Ready(None),
        }
        for _ in 0..COOPERATION {
            match this.stream.as_mut().poll_next(context) {
                Poll::Ready(Some(item)) => {
                    *this.waiting = Some(item);
                    *this.stage = Stage::Fresh;
                }
                Poll::Ready(None) => {
                    *this.stage = Stage::Over;
                    this.entry.cancel();
                    return Poll::Ready(this.waiting.take().map(Ok));
                }
                Poll::Pending => {
                    if this.waiting.is_none() {
                        return Poll::Pending;
                    }
                    if let Stage::Fresh = this.stage {
                        this.entry.reset(Deadline::at(this.entry.now() + *this.activity));
                        *this.stage = Stage::Activity;
                    }
                    if let Err(error) = ready!(this.entry.poll(context)) {
                        *this.stage = Stage::Failed(error);
                    }
                    return Poll::Ready(this.waiting.take().map(Ok));
                }
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S: Stream + fmt::Debug> fmt::Debug for Debounce<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Debounce")
            .field("stream", &self.stream)
            .field("activity", &self.activity)
            .field("has_waiting", &self.waiting.is_some())
            .finish_non_exhaustive()
    }
}
