//! A share in the budget that a runtime gives each task, so that a future that is ready again and again starves nobody.
//!
//! tokio's, with the feature `tokio`: a task may get so many things done in one poll, and is then polled again after
//! the others. Outside of a tokio task, and without the feature, there is no budget.

use core::task::{Context, Poll};

/// Polls `wait`, and takes one from the task's budget if it is ready. Pending, with the task woken for its next turn,
/// if the budget is used up.
#[cfg(feature = "tokio")]
pub(crate) fn poll<T>(context: &mut Context<'_>, wait: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    let unit = core::task::ready!(tokio::task::coop::poll_proceed(context));
    let polled = wait(context);
    if polled.is_ready() {
        unit.made_progress();
    }
    polled
}

#[cfg(not(feature = "tokio"))]
pub(crate) fn poll<T>(context: &mut Context<'_>, wait: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    wait(context)
}
