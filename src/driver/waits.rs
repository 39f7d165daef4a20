//! Which thread waits for which callback to end: so that callbacks that wait for one another do not wait for ever.
//!
//! A callback that is waited for was cancelled while it ran, so it stays on the thread that it runs on until it is
//! over. A circle of threads that wait for each other's callbacks is closed by the last wait that begins; and as waits
//! begin one at a time, under one lock for all drivers, that one sees it and does not wait.

use std::vec::Vec;

use super::callback::Callback;
use crate::sync::{Arc, Mutex, global, thread};

struct Wait {
    thread: thread::ThreadId,
    callback: Arc<Callback>,
}

global! {
    /// Those that wait now.
    WAITS: Mutex<Vec<Wait>> = Mutex::new(Vec::new());
}

/// Waits until a callback that was cancelled is not running any more. It returns at once where that would be for ever:
/// in the callback itself, and in one that it waits for, directly or by way of others.
pub(crate) fn wait_for(callback: &Arc<Callback>) {
    let thread = thread::current().id();
    {
        let mut waits = WAITS.lock();
        if is_waited_for(&waits, thread, callback) {
            return;
        }
        waits.push(Wait { thread, callback: callback.clone() });
    }
    callback.wait_for_the_run();
    WAITS.lock().retain(|wait| wait.thread != thread);
}

/// Whether `callback` runs on `thread`, or waits for what does.
fn is_waited_for(waits: &[Wait], thread: thread::ThreadId, callback: &Arc<Callback>) -> bool {
    let mut callback = callback;
    loop {
        let Some(runner) = callback.runner() else { return false };
        if runner == thread {
            return true;
        }
        let Some(wait) = waits.iter().find(|wait| wait.thread == runner) else { return false };
        callback = &wait.callback;
    }
}
