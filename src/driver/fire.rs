//! How a timer that is due is fired: outside of every lock, and with nothing of the user's able to stop the driver.

use core::any::Any;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use super::callback::{Again, Callback};
use super::core::Core;
use super::metrics::TurnCounts;
use super::task::{Kind, Task};
use super::trace::{self, Scope};
use crate::clock::FiredKind;
use crate::sync::Arc;
use crate::time::Timestamp;
use crate::timer::{Expired, TimerId};

/// A callback that has left its shard.
pub(crate) struct Due {
    pub(crate) callback: Arc<Callback>,
    pub(crate) shard: u32,
    pub(crate) id: TimerId,
}

/// Fires a timer on this thread, or hands its callback to `pool`. Says what time it is if it took some.
pub(crate) fn fire(
    core: &Arc<Core>,
    shard: u32,
    expired: Expired<Task>,
    pool: Option<&mut dyn FnMut(Due)>,
) -> Option<Timestamp> {
    match expired.value.0 {
        Kind::Wake(waker) => {
            guarded(core, || waker.wake());
            None
        }
        Kind::Call(callback) => {
            let due = Due { callback, shard, id: expired.id };
            match pool.filter(|_| due.callback.kind() == FiredKind::Callback) {
                Some(pool) => {
                    pool(due);
                    None
                }
                None => Some(run(core, &due)),
            }
        }
    }
}

/// Runs a callback once, arms it again if it is to run again, and says what time it is afterwards. Once the driver was
/// shut down it is dropped instead.
pub(crate) fn run(core: &Arc<Core>, due: &Due) -> Timestamp {
    let Due { callback, shard, id } = due;
    if core.is_closed() {
        discard(core, Task::call(callback.clone()));
        return core.now();
    }
    let began = core.now();
    let Some((mut call, firing)) = callback.begin(*id, began) else { return began };
    // A message is no call of the user's, and nothing is said as it is sent.
    let is_users = callback.kind() == FiredKind::Callback;
    let _scope = if is_users { trace::callback(*shard, *id, &firing) } else { Scope::default() };
    let mut again = Again::Never; // what has panicked is not called again
    guarded(core, || again = call(firing));
    let now = core.now();
    let mut is_earlier = false;
    let arm = |deadline| core.shard(*shard).arm_call(deadline, callback, &mut is_earlier);
    let left = callback.end(call, again, began, now, arm);
    if is_earlier {
        // For an event loop this calls code of the user's.
        guarded(core, || core.tell_sleeper(*shard));
    }
    if let Some(call) = left {
        guarded(core, || drop(call));
        callback.over();
    }
    now
}

/// Ends the life of what was still armed when its driver was shut down: a future is woken, to find out, and a
/// callback's closure is dropped.
pub(crate) fn discard(core: &Core, task: Task) {
    match task.0 {
        Kind::Wake(waker) => guarded(core, || waker.wake()),
        Kind::Call(callback) => {
            if let (_, Some((_, call))) = callback.cancel() {
                guarded(core, || drop(call));
            }
        }
    }
}

/// Calls code of the user's. A panic of it is counted and reported, and goes no further.
fn guarded(core: &Core, call: impl FnOnce()) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(call)) else { return };
    TurnCounts::add(&core.counts.panics);
    trace::panicked(message(&*panic));
    if let Some(on_panic) = &core.on_panic {
        // One that panics itself is not called again for that.
        let _ = catch_unwind(AssertUnwindSafe(|| on_panic(&*panic)));
    }
    // What the panic carries may panic as it is dropped.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(panic)));
}

/// The words of a panic, if it has any.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<std::string::String>().map(|text| text.as_str())).unwrap_or("(no message)")
}
