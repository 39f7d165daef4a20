//! How a timer that is due is fired: outside of every lock, and with nothing of the user's able to stop the driver.

use super::callback::{Callback, Ended, Rearm};
use super::core::Core;
use super::task::{Kind, TimerTask};
use super::trace::{self, Scope};
use crate::clock::TaskKind;
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
    expired: Expired<TimerTask>,
    pool: Option<&mut dyn FnMut(Due)>,
) -> Option<Timestamp> {
    match expired.value.0 {
        Kind::Wake(waker) => {
            core.guarded(|| waker.wake());
            None
        }
        Kind::Call(callback) => {
            let due = Due { callback, shard, id: expired.id };
            match pool.filter(|_| due.callback.kind() == TaskKind::Callback) {
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
        discard(core, TimerTask::call(callback.clone()));
        return core.now_or_last();
    }
    let began = core.now_or_last();
    let Some((mut call, event)) = callback.begin(*id, began) else { return began };
    // A message is no call of the user's, and nothing is said as it is sent.
    let is_users = callback.kind() == TaskKind::Callback;
    let _scope = if is_users { trace::callback(*shard, *id, &event) } else { Scope::default() };
    let mut again = Rearm::Never; // what has panicked is not called again
    core.guarded(|| again = call(event));
    let now = core.now_or_last();
    let mut is_earlier = false;
    let arm = |deadline| core.shard(*shard).arm_call(deadline, callback, &mut is_earlier);
    // A timer of the user's may panic too.
    match core.guarded(|| callback.end(call, again, began, now, arm)) {
        Some(Ended::Armed) => {
            // For an event loop this calls code of the user's.
            core.guarded(|| core.tell_sleeper(*shard, is_earlier));
        }
        Some(Ended::Over(call)) => {
            core.guarded(|| drop(call));
            callback.over();
        }
        Some(Ended::Refused(call, reason)) => {
            core.guarded(|| drop(call));
            callback.refused();
            core.report_full(callback.kind(), reason);
        }
        None => callback.over(),
    }
    now
}

/// Ends the life of what was still armed when its driver was shut down: a future is woken, to find out, and a
/// callback's closure is dropped.
pub(crate) fn discard(core: &Core, task: TimerTask) {
    match task.0 {
        Kind::Wake(waker) => {
            core.guarded(|| waker.wake());
        }
        Kind::Call(callback) => {
            if let (_, Some((_, call))) = callback.cancel() {
                core.guarded(|| drop(call));
            }
        }
    }
}
