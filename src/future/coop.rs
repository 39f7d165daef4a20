//! A share in the budget that a runtime gives each task, so that a future that is ready again and again starves nobody.
//!
//! It is tokio's, with the feature `tokio`: a task may get so many things done in one poll, and is then polled again
//! after the others. Outside of a tokio task, and without the feature, there is no budget.
//!
//! A spent budget never hides a timer that has fired, nor a deadline that has come (L35): whatever spent it would then
//! decide when a sleep beside it ends. What can starve others is a row of waits that need no waiting, such as the ticks
//! of a bursting interval. Only these are counted once the budget is spent, and one of 128 lets the others
//! run.

use core::task::{Context, Poll};

use super::entry::TimerEntry;
use crate::error::TimerError;

/// Polls `entry`, and takes one from the task's budget if it is ready.
#[cfg(feature = "tokio")]
pub(crate) fn poll(entry: &mut TimerEntry, context: &mut Context<'_>) -> Poll<Result<(), TimerError>> {
    let has_waited = entry.has_waited();
    let waited = core::task::ready!(entry.poll(context));
    if budget::spend(context) || has_waited || budget::goes_on(context) {
        return Poll::Ready(waited);
    }
    // It is as ready at the next poll.
    Poll::Pending
}

#[cfg(not(feature = "tokio"))]
pub(crate) fn poll(entry: &mut TimerEntry, context: &mut Context<'_>) -> Poll<Result<(), TimerError>> {
    entry.poll(context)
}

#[cfg(feature = "tokio")]
mod budget {
    use core::cell::Cell;
    use core::task::{Context, Poll};
    use std::thread_local;

    use tokio::task::coop::{has_budget_remaining, poll_proceed};
    use tokio::task::{Id, try_id};

    /// How many deadlines that had come before their first poll a task may see in a row on a spent budget: as many as
    /// tokio's budget allows at first.
    const IN_A_ROW: u8 = 128;

    thread_local! {
        /// The task that saw such deadlines last, and how many.
        static OVERDRAWN: Cell<(Option<Id>, u8)> = const { Cell::new((None, 0)) };
    }

    /// Takes one from the task's budget; `false` if it is spent.
    pub(super) fn spend(context: &mut Context<'_>) -> bool {
        if !has_budget_remaining() {
            return false;
        }
        if let Poll::Ready(unit) = poll_proceed(context) {
            unit.made_progress();
        }
        OVERDRAWN.set((None, 0));
        true
    }

    /// Whether a task with a spent budget may go on all the same. If not, it is woken for its next turn.
    pub(super) fn goes_on(context: &mut Context<'_>) -> bool {
        let (last, seen) = OVERDRAWN.get();
        let task = try_id();
        let seen = if last == task { seen } else { 0 };
        if seen < IN_A_ROW {
            OVERDRAWN.set((task, seen + 1));
            return true;
        }
        OVERDRAWN.set((None, 0));
        // It wakes the task, once the runtime has looked after the others.
        poll_proceed(context).is_ready()
    }
}
